// Prints one line of JSON: which kernels run here, and the golden digests. `--stripped` takes away first what React
// Native's Hermes lacks.
import { golden } from '../packages/core/test/golden/golden.mjs';
import { languageGolden } from '../packages/llm/test/golden/golden.mjs';
import { privacyGolden } from '../packages/privacy/test/golden/golden.mjs';

if (globalThis.process?.argv.includes('--stripped')) {
  for (const name of ['WebAssembly', 'crypto', 'TextEncoder', 'TextDecoder']) delete globalThis[name];
}

const dist = '../packages/core/dist';
const [core, math, kernels, simulation, privacy, llm, { wasmHex }] = await Promise.all([
  import(`${dist}/index.js`),
  import(`${dist}/math/index.js`),
  import(`${dist}/kernels/index.js`),
  import(`${dist}/simulation/index.js`),
  import('../packages/privacy/dist/index.js'),
  import('../packages/llm/dist/index.js'),
  import(`${dist}/kernels/module.wasm.js`),
]);
const engine = kernels.instantiateKernels(wasmHex, 1) === undefined ? 'plain' : 'WebAssembly';
const digests = {
  ...(await golden({ core, math, kernels, simulation })),
  ...privacyGolden({ privacy, seededRng: core.seededRng }),
  ...(await languageGolden({ core, llm })),
};
console.log(JSON.stringify({ kernels: engine, digests }));
