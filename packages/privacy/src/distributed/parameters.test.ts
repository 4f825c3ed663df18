import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/mechanisms.json' with { type: 'json' };
import { integerL1Bound, modularScale, roundedNormBound, standardDeviationsFor } from './parameters.ts';

const relative = (got: number, value: number) => Math.abs(got / value - 1);
const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });

describe('published formulas', () => {
  it.each(vectors.rounded_l2_norm_bound)('norm after rounding, $params', ({ params, value }) => {
    const { l2_norm_bound: norm, dim: size, beta } = params;
    expect(relative(roundedNormBound({ norm, size, beta }), value)).toBeLessThan(1e-12);
  });

  it.each(vectors.ddp_heuristic_scale_factor)('scale, $params', ({ params, value }) => {
    const scale = modularScale({
      localNoiseStd: params.local_stddev,
      clip: params.l2_clip,
      bits: params.bits,
      contributors: params.num_clients,
      size: params.dim,
      standardDeviations: params.k_stddevs,
      spread: params.rho,
    });
    expect(relative(scale, value)).toBeLessThan(1e-12);
  });
});

describe('the other parameters', () => {
  it('bounds L1 by L2 on integers, attained on both sides', () => {
    expect(integerL1Bound({ norm: 10, size: 4 })).toBe(20);
    expect(integerL1Bound({ norm: 3, size: 1e6 })).toBe(9);
    const outOfRange = expect.objectContaining({ code: 'OUT_OF_RANGE' });
    for (const options of [
      { norm: Number.NaN, size: 4 },
      { norm: -1, size: 4 },
      { norm: 1, size: 0.5 },
    ]) {
      expect(() => integerL1Bound(options)).toThrow(outOfRange);
    }
  });

  it.each([
    [0.31731050786291415, 1],
    [0.002699796063260189, 3],
    [5.733031437583869e-7, 5],
  ])('wraps with probability %d beyond %d standard deviations', (probability, k) => {
    expect(relative(standardDeviationsFor(probability), k)).toBeLessThan(1e-12);
  });

  it('grows with bits and falls with clients, norm and noise', () => {
    const base = {
      localNoiseStd: 0.1,
      clip: 1,
      bits: 16,
      contributors: 100,
      size: 4096,
      standardDeviations: 4,
    };
    const scale = modularScale(base);
    expect(modularScale({ ...base, bits: 18 })).toBeGreaterThan(3.9 * scale);
    for (const worse of [
      { contributors: 200 },
      { clip: 2 },
      { localNoiseStd: 0.3 },
      { standardDeviations: 5 },
      { spread: 2 },
    ]) {
      expect(modularScale({ ...base, ...worse })).toBeLessThan(scale);
    }
  });

  it('refuses what does not fit and what makes no sense', () => {
    const base = { localNoiseStd: 1, clip: 1, bits: 4, contributors: 100, size: 16, standardDeviations: 4 };
    expect(() => modularScale(base)).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
    expect(() => modularScale({ ...base, bits: 31 })).toThrow(outOfRange);
    expect(() => roundedNormBound({ norm: -1, size: 1, beta: 0 })).toThrow(outOfRange);
    expect(() => roundedNormBound({ norm: 1, size: 1, beta: 1 })).toThrow(outOfRange);
    expect(() => standardDeviationsFor(0)).toThrow(outOfRange);
  });
});
