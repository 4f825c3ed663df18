// The most f32x4 multiplications and additions a second that this engine's WebAssembly can reach: a loop over registers.
import { setFlagsFromString } from 'node:v8';
import asc from 'assemblyscript/asc';

const SOURCE = `
export function loop(n: i32): f32 {
  let a = f32x4.splat(1), b = a, c = a, d = a, e = a, f = a, g = a, h = a, x = a, y = a;
  const p = f32x4.splat(0.1), q = f32x4.splat(0.2), r = f32x4.splat(0.3), s = f32x4.splat(0.4);
  for (let i = 0; i < n; i++) {
    a = f32x4.add(a, f32x4.mul(x, p)); b = f32x4.add(b, f32x4.mul(x, q));
    c = f32x4.add(c, f32x4.mul(x, r)); d = f32x4.add(d, f32x4.mul(x, s));
    e = f32x4.add(e, f32x4.mul(y, p)); f = f32x4.add(f, f32x4.mul(y, q));
    g = f32x4.add(g, f32x4.mul(y, r)); h = f32x4.add(h, f32x4.mul(y, s));
    // So that no product is the same twice and none can be taken out of the loop.
    x = f32x4.add(x, p); y = f32x4.sub(y, p);
  }
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  return f32x4.extract_lane(a, 0);
}`;

/** Operations of one call: eight registers of four lanes, a product and a sum each; the two that turn the loop are not counted. */
export function operations(n: number): number {
  return n * 8 * 4 * 2;
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
  setFlagsFromString('--liftoff');
  return module;
}
