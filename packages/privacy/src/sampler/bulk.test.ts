import { sameBytes } from '@fedkit/core/extend';
import { describe, expect, it } from 'vitest';
import { insecureTestRng } from '../../test/insecure-rng.ts';
import { gaussianTable } from './discrete-gaussian.ts';
import { laplaceTable } from './discrete-laplace.ts';
import { integerSampler } from './integer-sampler.ts';

const tables = [
  ...[0.05, 0.5, 3, 100, 1e4, 1e6, 1e9, 2 ** 60].map(
    (variance) => [`Gaussian of variance ${variance}`, () => gaussianTable(variance)] as const,
  ),
  ...[0.1, 1, 40, 1e5, 2 ** 30].map((scale) => [`Laplace of scale ${scale}`, () => laplaceTable(scale)] as const),
];

describe('many samples at once', () => {
  it.each(tables)('are those drawn one by one, bit for bit: %s', (_, make) => {
    const { draw, addSamples } = make();
    const [fast, plain] = [integerSampler(draw, addSamples), integerSampler(draw)];
    for (const size of [1, 2, 3, 1000, 40_000]) {
      const [many, single] = [new Float64Array(size).fill(7), new Float64Array(size).fill(7)];
      fast.addTo(many, insecureTestRng(`bulk ${size}`));
      plain.addTo(single, insecureTestRng(`bulk ${size}`));
      expect(sameBytes(new Uint8Array(many.buffer), new Uint8Array(single.buffer))).toBe(true);
    }
  });
});
