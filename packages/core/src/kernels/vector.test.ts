import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactSum } from '../../test/support/exact.ts';
import { seededRng } from '../random.ts';
import { coreKernels, padded } from './core-module.ts';
import { clipL2, dot, l1Norm, l2Norm, maxNorm, scale } from './index.ts';
import * as plain from './plain.ts';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const vector = fc.array(finite, { maxLength: 70 }).map((values) => Float32Array.from(values));
const rng = seededRng('vectors');
const long = (size: number) => Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * 2 ** rng.below(20));

function lanesOf(work: (lanes: Float64Array) => void): number {
  const lanes = new Float64Array(8);
  work(lanes);
  return lanes[0] + lanes[4] + (lanes[2] + lanes[6]) + (lanes[1] + lanes[5] + (lanes[3] + lanes[7]));
}

describe('WebAssembly and plain twins give the same bits', () => {
  it('runs WebAssembly here', () => {
    expect(coreKernels(1)).toBeDefined();
  });

  it.each([0, 1, 7, 8, 9, 32_767, 32_768, 32_769, 70_001])('on %s values', (size) => {
    const x = long(size);
    const y = long(size);
    expect(dot(x, y)).toBe(lanesOf((lanes) => plain.dot(x, y, lanes)));
    expect(l2Norm(x)).toBe(Math.sqrt(lanesOf((lanes) => plain.dot(x, x, lanes))));
    expect(l1Norm(x)).toBe(lanesOf((lanes) => plain.absoluteSum(x, lanes)));
    expect(maxNorm(x)).toBe(plain.absoluteMaximum(x));
    const out = new Float32Array(size);
    plain.scale(x, 1 / 3, out);
    expect(scale(x, 1 / 3)).toEqual(out);
  });

  it('on any values', () => {
    fc.assert(
      fc.property(vector, fc.double({ noNaN: true, min: -1, max: 1 }), (x, factor) => {
        const out = new Float32Array(x.length);
        plain.scale(x, factor, out);
        expect(scale(x, factor)).toEqual(out);
        expect(dot(x, out)).toBe(lanesOf((lanes) => plain.dot(x, out, lanes)));
        expect(l1Norm(x)).toBe(lanesOf((lanes) => plain.absoluteSum(x, lanes)));
        expect(maxNorm(x)).toBe(plain.absoluteMaximum(x));
      }),
    );
  });

  const options = { minLength: 1, maxLength: 70 };
  it('in folds, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.float(), options), fc.float({ noNaN: true }), (list, weight) => {
        const x = Float32Array.from(list);
        const count = padded(x.length);
        const instance = coreKernels(65_536);
        if (instance === undefined) throw new Error('no WebAssembly');
        const { buffer } = instance.memory;
        new Float32Array(buffer, 0, count).set(x);
        const high = new Float64Array(buffer, 1024, x.length);
        const low = new Float64Array(buffer, 2048, x.length);
        const [from, to] = [new Float32Array(buffer, 4096, x.length), new Float32Array(buffer, 8192, x.length)];
        const twins = [new Float64Array(x.length), new Float64Array(x.length)];
        const twin = new Float32Array(x.length);
        const w = Number.isFinite(weight) ? weight : 1;
        const ranges = [65_536, 1.5 * 2 ** 51, 1.5 * 2 ** 17] as const;
        const good = instance.exports.foldReproducible(0, count, 1024, 2048, w, ...ranges) === 1;
        expect(plain.foldReproducible(x, twins[0], twins[1], 0, w, ...ranges)).toBe(good);
        expect([high, low]).toEqual(twins);
        from.fill(0.1);
        const start = from.slice();
        expect(instance.exports.foldFloat32(0, count, 4096, 8192, w, 65_536) === 1).toBe(good);
        expect(plain.foldFloat32(x, start, twin, 0, w, 65_536)).toBe(good);
        expect(to).toEqual(twin);
      }),
      { numRuns: 300 },
    );
  });
});

describe('norms and products', () => {
  it('have their values', () => {
    const x = Float32Array.of(3, -4, 0);
    expect([l1Norm(x), l2Norm(x), maxNorm(x), dot(x, Float32Array.of(1, 2, 3))]).toEqual([7, 5, 4, -5]);
    expect([l1Norm(new Float32Array()), l2Norm(new Float32Array()), maxNorm(new Float32Array())]).toEqual([0, 0, 0]);
  });

  it('do not overflow where float32 would', () => {
    const x = Float32Array.of(3e38, 3e38);
    expect(l2Norm(x) / (3e38 * Math.SQRT2)).toBeCloseTo(1, 6);
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuse %s', (bad) => {
    const x = new Float32Array(20_000);
    x[19_999] = bad;
    const refused = expect.objectContaining({ code: 'OUT_OF_RANGE' });
    for (const norm of [l1Norm, l2Norm, maxNorm, (v: Float32Array) => dot(v, v), (v: Float32Array) => scale(v, 1)]) {
      expect(() => norm(x)).toThrow(refused);
    }
    expect(() => clipL2(x, 1)).toThrow(refused);
  });

  it('refuse other lengths, factors and overflow, leaving the output as it was', () => {
    const out = Float32Array.of(7, 7);
    expect(() => dot(out, Float32Array.of(1))).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    expect(() => scale(out, Number.NaN)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
    expect(() => scale(Float32Array.of(0, 3e38), 2, out)).toThrow(expect.objectContaining({ code: 'OVERFLOW' }));
    expect(out).toEqual(Float32Array.of(7, 7));
    expect(scale(out, 2, out)).toBe(out);
    expect(out).toEqual(Float32Array.of(14, 14));
  });
});

describe('clipL2', () => {
  it('leaves a short vector as it is, in a copy', () => {
    const x = Float32Array.of(3, 4);
    const { values, norm, clipped } = clipL2(x, 5);
    expect({ values, norm, clipped }).toEqual({ values: x, norm: 5, clipped: false });
    expect(values).not.toBe(x);
  });

  it('bounds the exact norm of a long one, within a few float32 roundings of it', () => {
    fc.assert(
      fc.property(vector, fc.double({ min: 2 ** -100, max: 1e30, noNaN: true }), (x, maxNorm) => {
        const { values, norm, clipped } = clipL2(x, maxNorm);
        if (!clipped) return;
        const square = exactSum(values, values);
        const bound = exactSum([maxNorm], [maxNorm]);
        expect(square <= bound).toBe(true);
        expect(l2Norm(values) / maxNorm).toBeGreaterThan(1 - 2 ** -20);
        expect(norm).toBe(l2Norm(x));
      }),
      { numRuns: 500 },
    );
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** -101])('refuses the bound %s', (bound) => {
    expect(() => clipL2(Float32Array.of(1), bound)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});
