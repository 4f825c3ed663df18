/** What the tests of this package share: input laws, contexts, and one codec of every kind. */
import { seededRng, type SeededRng } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { sameBytes } from '@fedkit/core/extend';
import {
  chunkedTopK,
  codebook,
  commonRange,
  cosine,
  dithered,
  eden,
  float16,
  float32,
  natural,
  pipe,
  qsgd,
  randomK,
  rotated,
  scaledSign,
  signSgd,
  sparseLoCo,
  stc,
  ternary,
  threshold,
  topK,
  uniform,
  wrapped,
} from '../src/index.ts';

export function normals(n: number, rng: SeededRng): Float32Array {
  return Float32Array.from({ length: n }, () => normal(rng));
}

function normal(rng: SeededRng): number {
  return Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());
}

/** Bit for bit the same, −0 apart from 0; on long arrays far quicker than a deep comparison. */
export function same(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (x: ArrayBufferView) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  return a.constructor === b.constructor && sameBytes(bytes(a), bytes(b));
}

/** The four input laws of the reference table, one draw each. */
export const LAWS: Record<string, (n: number, rng: SeededRng) => Float32Array> = {
  normal: normals,
  laplace: (n, rng) =>
    Float32Array.from({ length: n }, () => (rng.uniform() < 0.5 ? -1 : 1) * -Math.log(1 - rng.uniform())),
  lognormal: (n, rng) => Float32Array.from({ length: n }, () => (rng.uniform() < 0.5 ? -1 : 1) * Math.exp(normal(rng))),
  'student-t(3)': (n, rng) =>
    Float32Array.from({ length: n }, () => {
      const square = () => normal(rng) ** 2;
      return normal(rng) / Math.sqrt((square() + square() + square()) / 3);
    }),
};

/** Seeds and stream of one encoding; `name` separates encodings. */
export function contextOf(name: string | number) {
  const rng = seededRng('compression tests').fork(name);
  return {
    sharedSeed: rng.fork('shared').fill(new Uint8Array(32)),
    clientSeed: rng.fork('client').fill(new Uint8Array(32)),
    rng: rng.fork('rounding'),
  };
}

/** One of every kind, and the usual pipelines. */
export const CODECS: Record<string, Codec> = {
  float32: float32(),
  float16: float16(),
  'uniform 8': uniform({ bits: 8 }),
  'uniform 3': uniform({ bits: 3 }),
  'uniform 12': uniform({ bits: 12 }),
  qsgd: qsgd({ bits: 4, bucket: 32 }),
  signSgd: signSgd(),
  scaledSign: scaledSign(),
  ternary: ternary(),
  natural: natural(),
  codebook: codebook({ bits: 4 }),
  dithered: dithered({ step: 0.25 }),
  'eden 4': eden({ bits: 4 }),
  'eden 2.5 min-mse': eden({ bits: 2.5, scale: 'min-mse' }),
  'eden 1 norm': eden({ bits: 1, scale: 'norm' }),
  'eden 0.5': eden({ bits: 0.5 }),
  topK: topK({ density: 0.2 }),
  chunkedTopK: chunkedTopK({ keep: 2, chunk: 16 }),
  threshold: threshold({ magnitude: 0.5 }),
  stc: stc({ density: 0.1 }),
  sparseLoCo: sparseLoCo({ keep: 2, chunk: 16 }),
  randomK: randomK({ density: 0.3 }),
  'topK | eden': pipe(topK({ density: 0.5 }), eden({ bits: 2 })),
  'randomK | uniform': pipe(randomK({ density: 0.5 }), uniform({ bits: 4 })),
  'rotated uniform': rotated(uniform({ bits: 4 })),
  'rotated topK': rotated(topK({ density: 0.5 })),
  'cosine topK': cosine(topK({ density: 0.3 }), { chunk: 16 }),
  commonRange: commonRange({ bits: 16, range: 8, contributors: 16 }),
  'randomK | commonRange': pipe(randomK({ density: 0.5 }), commonRange({ bits: 16, range: 8, contributors: 16 })),
  'rotated wrapped': rotated(wrapped({ bits: 12, spread: 4 })),
};
