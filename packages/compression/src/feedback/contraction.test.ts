import { seededRng } from '@fedkit/core';
import type { Codec, Contraction, Guaranteed, Settling } from '@fedkit/core/codec';
import { checkLaws, codecLaws } from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import {
  chunkedTopK,
  commonRange,
  contraction,
  downlink,
  eden,
  errorFeedback,
  feedbackCodec,
  natural,
  pipe,
  qsgd,
  randomK,
  rotated,
  scaledSign,
  signSgd,
  sparseLoCo,
  stc,
  topK,
  uniform,
  wrapped,
} from '../index.ts';

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

describe('contraction', () => {
  const unbiased = {
    'EDEN-½': eden({ bits: 0.5 }),
    QSGD: qsgd(),
    'random-k .1': randomK({ density: 0.1 }),
    'rotated min-max': rotated(uniform({ bits: 1 })),
    'random-k of natural': pipe(randomK({ density: 0.3 }), natural()),
  };
  describe.each(Object.entries(unbiased))('of %s', (_name, codec) => {
    checkLaws(it, codecLaws({ codec: contraction(codec) as Codec, draws: 1, sizes: [1, 7, 64, 300] }));

    it('leaves wire and decoder as they are', () => {
      const values = normals(500, seededRng(1));
      const bytes = contraction(codec).encode(values, contextOf(1));
      const decoded = codec.decode(bytes, contextOf(1));
      expect(contraction(codec).decode(bytes, contextOf(1))).toEqual(decoded);
    });
  });

  it('takes EDEN to its scale of least error, and leaves contractions, rings and grids alone', () => {
    const values = normals(500, seededRng(2));
    const best = eden({ bits: 1, scale: 'min-mse' });
    expect(contraction(eden({ bits: 1 })).encode(values, contextOf(1))).toEqual(best.encode(values, contextOf(1)));
    for (const codec of [best, topK({ density: 0.1 }), rotated(wrapped({ bits: 12, spread: 1 }))]) {
      expect(contraction(codec)).toBe(codec);
    }
  });

  it('keeps integers that add', () => {
    const grid = commonRange({ bits: 24, range: 8, contributors: 4 });
    const codec = contraction(pipe(randomK({ density: 0.25 }), grid));
    const values = normals(400, seededRng(3));
    const integers = codec.encodeIntegers(values, contextOf(1));
    const { sharedSeed } = contextOf(1);
    const sum = codec.decodeSum(integers, { contributors: 1, context: { sharedSeed, expectedSize: 400 } });
    // d/k times k/d: the values kept are kept as they are.
    const kept = sum.reduce((count, value, i) => count + (Math.abs(value - values[i]) < 1e-4 ? 1 : 0), 0);
    expect(kept).toBe(100);
  });

  it('refuses what states no guarantee', () => {
    expect(() => contraction(signSgd())).toThrow(refused);
    expect(() => contraction(pipe(topK({ density: 0.1 }), signSgd() as never))).toThrow(refused);
  });
});

describe('memory of what a codec lost', () => {
  const size = 300;
  // Of norm √d each, as the bound takes them.
  const updates: Record<string, (round: number) => Float32Array> = {
    normal: (round) => normals(size, seededRng(`memory ${round}`)),
    spikes: (round) => new Float32Array(size).fill(0).map((_, i) => (i === round % 7 ? Math.sqrt(size) : 0)),
    ties: () => new Float32Array(size).fill(1),
    alternating: (round) => new Float32Array(size).map((_, i) => ((i + round) % 2 === 0 ? 1 : -1)),
    // A device that is away for nine rounds of ten.
    absences: (round) => normals(size, seededRng(`memory ${round}`)).map((value) => (round % 10 === 0 ? value : 0)),
  };

  /** ‖e‖ over the largest update after some rounds. */
  function residual(codec: Codec & Guaranteed<Settling>, law: string, seed: number, rounds: number): number {
    const feedback = errorFeedback(codec, { size });
    let largest = 0;
    for (let round = 0; round < rounds; round++) {
      const update = updates[law](round);
      largest = Math.max(largest, norm(update));
      feedback.encode(update, contextOf(`${seed} ${round}`)).commit();
    }
    return norm(feedback.residual) / largest;
  }

  const bound = ({ guarantee }: Guaranteed<Contraction>) => {
    const left = Math.sqrt(1 - guarantee.delta(size));
    return left / (1 - left);
  };

  const deterministic = {
    topK: topK({ density: 0.1 }),
    chunked: chunkedTopK({ keep: 8, chunk: 64 }),
    stc: stc({ density: 0.05 }),
    loco: sparseLoCo(),
    sign: scaledSign(),
  };
  it.each(Object.entries(deterministic))('stays within the bound in every round: %s', (_name, codec) => {
    for (const law of Object.keys(updates)) expect(residual(codec, law, 0, 60)).toBeLessThanOrEqual(bound(codec));
  });

  const random = {
    'EDEN-½': contraction(eden({ bits: 0.5 })),
    'EDEN-¼': contraction(eden({ bits: 0.25 })),
    'random-k .1': contraction(randomK({ density: 0.1 })),
    'QSGD of one norm': contraction(qsgd({ bits: 2, bucket: 4096 })),
  };
  // Root mean squares over 4 fixed seeds below bounds that the truth is at most .8 of.
  it.each(Object.entries(random))('stays within the bound in root mean square: %s', (_name, codec) => {
    for (const law of Object.keys(updates)) {
      const squares = Array.from({ length: 4 }, (_, seed) => residual(codec, law, seed, 50) ** 2);
      expect(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / 4)).toBeLessThanOrEqual(bound(codec));
    }
  });

  it('explodes with the unbiased codecs themselves, which neither the types nor the functions take', () => {
    const exploding = [eden({ bits: 0.5 }), qsgd(), randomK({ density: 0.4 })];
    for (const codec of exploding) {
      // @ts-expect-error: a variance is no contraction
      expect(() => errorFeedback(codec, { size })).toThrow(refused);
      expect(() => feedbackCodec()(codec as never, { size })).toThrow(refused);
      // @ts-expect-error: a variance is no contraction
      expect(() => downlink(codec, { size })).toThrow(refused);
    }
    // @ts-expect-error: signs say nothing of their error
    expect(() => errorFeedback(signSgd(), { size })).toThrow(refused);
    // What the refusal is for.
    const forced = { ...eden({ bits: 0.5 }), guarantee: contraction(eden({ bits: 0.5 })).guarantee };
    expect(residual(forced, 'normal', 0, 60)).toBeGreaterThan(1e6);
  });
});

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
