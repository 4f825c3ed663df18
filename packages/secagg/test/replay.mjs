// Replays the published transcripts on this engine and says whether every byte is the same. After a build:
// node, npx bun or npx deno run -A, then packages/secagg/test/replay.mjs [--stripped, of native cryptography]
import { readFileSync } from 'node:fs';

if (globalThis.process.argv.includes('--stripped')) {
  // What is left where there is neither WebCrypto nor Node, as in Hermes: a random source.
  const getRandomValues = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues } });
  globalThis.process.getBuiltinModule = () => undefined;
  for (const name of ['WebAssembly', 'TextEncoder', 'TextDecoder']) delete globalThis[name];
}
const { replayEdges, replayRounds } = await import('./replay-rounds.mjs');

const read = (name) => JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), 'utf8'));
for (const line of [...(await replayRounds(read('transcripts'))), await replayEdges(read('curve-edges'))]) {
  globalThis.process.stdout.write(`${line}\n`);
  if (line.includes('DIFFERENT')) globalThis.process.exitCode = 1;
}
