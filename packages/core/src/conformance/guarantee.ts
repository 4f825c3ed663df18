/**
 * The law of a codec's guarantee, on vectors that are hard on codecs.
 *
 * @module
 */
import type { Codec, CodecContext } from '../codec/contract.ts';
import type { Guarantee } from '../codec/guarantee.ts';
import { seededRng } from '../random.ts';
import { ensure, type Law } from './law.ts';

/** Encodings of one vector by a codec that draws. */
const DRAWS = 40;
/** The longest vector: longer ones say nothing else and take long. */
const LONGEST = 64;
/** What rounding to float32 may add, relative to ‖x‖². */
const ROUNDING = 1e-5;

const SHAPES: Readonly<Record<string, (size: number) => (i: number) => number>> = {
  'one spike': (size) => (i) => (i === size >> 1 ? 1 : 0),
  'a spike above ties': (size) => (i) => (i === 0 ? 1 : 1 / (1 + Math.sqrt(size))),
  ties: () => () => 1,
  'alternating signs': () => (i) => (i % 2 === 0 ? 1 : -1),
  'two against each other': () => (i) => (i < 2 ? 1 - 2 * i : 0),
  'four alike': () => (i) => (i < 4 ? 1 : 0),
  falling: () => (i) => 2 ** -i,
  anything: (size) => {
    const rng = seededRng('guarantee').fork(size);
    const drawn = Array.from({ length: size }, () => 2 * rng.uniform() - 1);
    return (i) => drawn[i];
  },
};

/** The vectors of one size. */
function hardVectors(size: number): [shape: string, values: Float32Array][] {
  return Object.entries(SHAPES).map(([shape, of]) => {
    const value = of(size);
    return [shape, Float32Array.from({ length: size }, (_, i) => value(i))];
  });
}

/** The most that ‖x − Ĉ(x)‖² may be. */
function allowed(guarantee: Guarantee, values: Float32Array, energy: number): number {
  const { error = 0 } = guarantee;
  const absolute = values.length * error ** 2;
  if (guarantee.kind === 'contraction') return (1 - guarantee.delta(values.length)) * energy + absolute;
  return guarantee.kind === 'variance' ? guarantee.omega(values.length) * energy + absolute : absolute;
}

/**
 * For every encoding where the guarantee is pathwise; else for the mean over seeds, at six of its standard errors: fixed seeds, of which
 * one in 10^7 would fail.
 */
export function guaranteeLaw(
  codec: Codec,
  sizes: readonly number[],
  context: (label: string | number, seed: string | number) => CodecContext,
): Law {
  return {
    name: 'what it loses stays within its guarantee',
    run() {
      const { guarantee } = codec;
      if (guarantee === undefined) return;
      ensure(guarantee.kind !== 'variance' || codec.unbiased, 'a variance to be stated of unbiased codecs alone');
      // Within a range whatever the rotation.
      const scale = guarantee.kind === 'bounded' ? Math.min(1, guarantee.range) : 1;
      const draws = guarantee.kind === 'contraction' && guarantee.pathwise ? 3 : DRAWS;
      for (const size of new Set(sizes.map((length) => Math.min(length, LONGEST)))) {
        for (const [shape, unit] of hardVectors(size)) {
          const norm = guarantee.kind === 'bounded' ? Math.sqrt(unit.reduce((sum, v) => sum + v * v, 0)) : 1;
          const values = unit.map((value) => (value * scale) / norm);
          const energy = values.reduce((sum, value) => sum + value * value, 0);
          let [sum, squares] = [0, 0];
          for (let draw = 0; draw < draws; draw++) {
            const own = context(`${shape} ${draw}`, `${shape} ${draw}`);
            const decoded = codec.decode(codec.encode(values, own), own);
            const lost = decoded.reduce((total, value, i) => total + (value - values[i]) ** 2, 0);
            sum += lost;
            squares += lost * lost;
          }
          const mean = sum / draws;
          // One draw more that lost nothing: what is rare may not have come.
          const [center, square] = [sum / (draws + 1), squares / (draws + 1)];
          const deviation = Math.sqrt(Math.max(0, square - center * center) / draws);
          const most = allowed(guarantee, values, energy) + 6 * deviation + ROUNDING * energy;
          ensure(mean <= most, `‖x − Ĉ(x)‖² of at most ${most} for ${size} values, ${shape}, got ${mean}`);
        }
      }
    },
  };
}
