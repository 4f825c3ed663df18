// How fast one update is folded into the mean, against the copy of its bytes and against numpy.
// pnpm bench mean [values, default 10000000] [rounds, default 15]
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRng, weightedMean } from '@fedkit/core';
import { interleave, table, timed, type Timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

const DEFAULT_SIZE = 10_000_000;
const size = Number(process.argv[2] ?? DEFAULT_SIZE);
const rounds = Number(process.argv[3] ?? 15);
const CLIENTS = 5;

const rng = seededRng('bench mean');
const values = Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
const target = new Float32Array(size);

/** A fold into an accumulator that keeps to one engine. */
function fold(precision: 'reproducible' | 'float32', engine: 'WebAssembly' | 'plain'): Timed {
  const rule = weightedMean<number>(size, { precision });
  const held = globalThis.WebAssembly;
  if (engine === 'plain') Reflect.deleteProperty(globalThis, 'WebAssembly');
  const accumulator = rule.create();
  globalThis.WebAssembly = held;
  return timed(() => rule.accumulate(accumulator, { values, weight: 3 }));
}

const peer = await startPeer(join(dirname(fileURLToPath(import.meta.url)), 'flower_mean.py'), `${size}`, `${CLIENTS}`);
const candidates: Record<string, Timed> = {
  copy: timed(() => target.set(values)),
  float32: fold('float32', 'WebAssembly'),
  float32Plain: fold('float32', 'plain'),
  reproducible: fold('reproducible', 'WebAssembly'),
  reproduciblePlain: fold('reproducible', 'plain'),
};
if (peer !== undefined) candidates.numpy = async () => Number(await peer.ask('average'));
const times = await interleave(candidates, rounds);
peer?.end();

const rows = [
  ['TypedArray.set (the limit)', 'copy'],
  ['float32 fold', 'float32'],
  ['float32 fold, plain twin', 'float32Plain'],
  ['reproducible fold', 'reproducible'],
  ['reproducible fold, plain twin', 'reproduciblePlain'],
  [peer === undefined ? 'numpy, as Flower averages' : `${peer.greeting}, as Flower averages`, 'numpy'],
].map(([title, name]) =>
  name in times ? [title, times[name].toFixed(2), (times.copy / times[name]).toFixed(3)] : [title, 'absent', 'absent'],
);
const ratios = {
  float32OfCopy: times.copy / times.float32,
  reproducibleOfCopy: times.copy / times.reproducible,
  float32OfPlain: times.float32Plain / times.float32,
  reproducibleOfPlain: times.reproduciblePlain / times.reproducible,
  ...(peer !== undefined && {
    float32OfNumpy: times.numpy / times.float32,
    reproducibleOfNumpy: times.numpy / times.reproducible,
  }),
};
const goals: Partial<Record<string, number>> = {
  float32OfCopy: 0.4,
  reproducibleOfCopy: 0.2,
  float32OfPlain: 1.3,
  reproducibleOfPlain: 1.3,
};

console.log(
  `One update of ${size} float32 values into the mean; processor time,\nmedians of ${rounds} interleaved rounds.\n`,
);
console.log(table(['fold', 'ms', 'speed / copy'], rows));
console.log();
console.log(
  table(
    ['ratio', 'measured', 'goal'],
    Object.entries(ratios).map(([name, ratio]) => [
      name,
      ratio.toFixed(3),
      goals[name] === undefined ? '' : `≥ ${goals[name]}`,
    ]),
  ),
);
// Other sizes are for looking; the kept results are of one size.
if (size === DEFAULT_SIZE)
  writeResults('mean', { size, rounds, peer: peer?.greeting ?? 'absent', milliseconds: times, ratios, goals });
