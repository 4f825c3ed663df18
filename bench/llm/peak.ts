// The most f32x4 multiplications and additions a second that this engine's WebAssembly can reach: a loop over registers.
import { setFlagsFromString } from 'node:v8';
import asc from 'assemblyscript/asc';

/** As many chains as V8 keeps in registers beside two constants: enough for the latency of a multiplication and an addition. */
const CHAINS = 12;
/** Times that each grows in a turn of the loop, whose own instructions then weigh little. */
const UNROLLED = 4;
const chains = Array.from({ length: CHAINS }, (_, i) => `a${i}`);
const grown = chains.map((a) => `${a} = f32x4.add(f32x4.mul(${a}, p), q);`).join(' ');

// Chains begin apart, so that none is another; all of them end at 1.5, far from what is slow.
const SOURCE = `
export function loop(n: i32): f32 {
  ${chains.map((a, i) => `let ${a} = f32x4.splat(${i + 1});`).join(' ')}
  const p = f32x4.splat(0.5), q = f32x4.splat(0.75);
  for (let i = 0; i < n; i++) {
    ${Array.from({ length: UNROLLED }, () => grown).join('\n    ')}
  }
  return f32x4.extract_lane(${chains.reduce((sum, a) => `f32x4.add(${sum}, ${a})`)}, 0);
}`;

/** Operations of one call: four lanes, a product and a sum each. */
export function operations(n: number): number {
  return n * UNROLLED * CHAINS * 4 * 2;
}

/** The loop, compiled here. */
export async function peakLoop(): Promise<(n: number) => number> {
  return loopOf(await peakModule());
}

/** The loop of a module of {@link peakModule}. */
function loopOf(module: WebAssembly.Module): (n: number) => number {
  const { exports } = new WebAssembly.Instance(module, { env: { abort: () => {} } });
  return exports.loop as (n: number) => number;
}

/** Its module: by V8's optimizing compiler alone, since its baseline is ten times slower and may stay for long. */
export async function peakModule(): Promise<WebAssembly.Module> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error } = await asc.main(['peak.ts', '-o', 'peak.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd'], {
    readFile: (name) => (name === 'peak.ts' ? SOURCE : null),
    writeFile: (_, contents) => {
      binary = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) throw error ?? new Error('no module');
  setFlagsFromString('--no-liftoff');
  const module = new WebAssembly.Module(binary);
  // Functions are compiled as they are called first.
  loopOf(module)(1);
  setFlagsFromString('--liftoff');
  return module;
}
