// How fast kernels and codecs are on 2^20 values, as multiples of copying them, the plain twin beside; top-k against numpy.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dithered, eden, sparseLoCo, topK, uniform, walshHadamard } from '@fedkit/compression';
import { seededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { tile, withPlainTile } from '../../packages/compression/src/kernels/tile.ts';
import { interleave, table, timed, type Timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';
import { normalValues } from './values.ts';

const SIZE = 2 ** 20;
const K = Math.round(SIZE / 100);
const rounds = Number(process.argv[3] ?? 15);

const values = normalValues(SIZE, 'bench compression');
const target = new Float32Array(SIZE);
const context = { sharedSeed: new Uint8Array(32).fill(1), rng: seededRng(1) };
const selector = topK({ density: K / SIZE });

const script = join(dirname(fileURLToPath(import.meta.url)), 'argpartition.py');
const peer = await startPeer(script, `${SIZE}`);
// The same without the SIMD sorts that numpy dispatches to on the x86 processors that have AVX2 or AVX-512.
process.env.NPY_DISABLE_CPU_FEATURES = 'X86_V3 X86_V4 AVX512_ICL AVX512_SPR';
const scalarPeer = await startPeer(script, `${SIZE}`);
const sink = {
  dense: (offset: number, chunk: Float32Array) => target.set(chunk, offset),
  sparse: (indices: Uint32Array, chunk: Float32Array) => {
    for (let i = 0; i < indices.length; i++) target[indices[i]] = chunk[i];
  },
};
const plainly = (work: () => unknown) => timed(() => void withPlainTile(work));

const candidates: Record<string, Timed> = {
  copy: timed(() => target.set(values)),
  // Zeros all along would be quick for no good reason, growing values slow: the input is fresh each time, its copy not timed.
  fwht: transform((work) => work()),
  fwhtPlain: transform(withPlainTile),
  topK: timed(() => void selector.support(values, context)),
};
const codecs: Record<string, Codec> = {
  eden1: eden({ bits: 1 }),
  eden4: eden({ bits: 4 }),
  uniform8: uniform({ bits: 8 }),
  dithered: dithered({ step: 0.5 }),
  topK1: selector,
  sparseLoCo: sparseLoCo(),
};
for (const [name, codec] of Object.entries(codecs)) {
  const bytes = codec.encode(values, context);
  candidates[`${name} encode`] = timed(() => void codec.encode(values, context));
  candidates[`${name} decode`] = timed(() => codec.visit(bytes, sink, context));
  if (name !== 'eden4') continue;
  candidates[`${name} encode, plain twin`] = plainly(() => codec.encode(values, context));
  candidates[`${name} decode, plain twin`] = plainly(() => codec.visit(bytes, sink, context));
}
if (peer !== undefined) candidates.argpartition = async () => Number(await peer.ask(`${K}`));
if (scalarPeer !== undefined) candidates.argpartitionScalar = async () => Number(await scalarPeer.ask(`${K}`));

const times = await interleave(candidates, rounds);
peer?.end();
scalarPeer?.end();

const titles: Record<string, string> = {
  copy: 'TypedArray.set (the limit)',
  fwht: 'Walsh-Hadamard transform',
  fwhtPlain: 'Walsh-Hadamard transform, plain twin',
  topK: 'top 1 % selected',
  argpartition: peer === undefined ? 'numpy argpartition' : `${peer.greeting} argpartition`,
  argpartitionScalar: 'numpy argpartition without its SIMD sorts',
};
const goals: Record<string, string> = {
  fwht: '≤ 24',
  'eden4 encode': '≤ 100',
  'eden4 decode': '≤ 100',
};
console.log(
  `${SIZE} normal float32 values; medians of ${rounds} interleaved rounds. SIMD kernels: ${tile().constructor.name !== 'PlainTile'}.\n`,
);
console.log(
  table(
    ['work', 'ms', 'times a copy', 'goal'],
    [...Object.keys(candidates), ...['argpartition', 'argpartitionScalar'].filter((name) => !(name in times))].map(
      (name) =>
        name in times
          ? [titles[name] ?? name, times[name].toFixed(2), (times[name] / times.copy).toFixed(1), goals[name] ?? '']
          : [titles[name], 'absent', 'absent', ''],
    ),
  ),
);
const over = (name: string) => (name in times ? `${(times[name] / times.topK).toFixed(2)} times` : 'absent');
console.log(
  `\ntop 1 %: numpy argpartition takes ${over('argpartition')} as long, without its SIMD sorts ${over('argpartitionScalar')} (goal ≥ 3)`,
);
writeResults('compression-speed', { size: SIZE, rounds, milliseconds: times, peer: peer?.greeting ?? 'absent' });

/** A transform of the same values every time. */
function transform(run: (work: () => Float32Array) => Float32Array): Timed {
  const scratch = new Float32Array(SIZE);
  return () => {
    scratch.set(values);
    return timed(() => void run(() => walshHadamard(scratch)))();
  };
}
