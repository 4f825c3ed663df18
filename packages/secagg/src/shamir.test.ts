import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRIME, invert, multiply, reduce, subtract } from './field31.ts';
import {
  MAXIMUM_ABSCISSA,
  SHARE_BYTES,
  checkShare,
  combineAll,
  combineShares,
  combineWords,
  dealShares,
  interpolationWeights,
  shareWords,
} from './shamir.ts';

const P = BigInt(PRIME);
const element = fc.integer({ min: 0, max: PRIME - 1 });

describe('the field of 2^31 − 1', () => {
  it('is BigInt arithmetic modulo p', () => {
    fc.assert(
      fc.property(element, element, (a, b) => {
        expect(BigInt(multiply(a, b))).toBe((BigInt(a) * BigInt(b)) % P);
        expect(BigInt(subtract(a, b))).toBe((((BigInt(a) - BigInt(b)) % P) + P) % P);
      }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), (value) => {
        expect(BigInt(reduce(Number(value)))).toBe(value % P);
      }),
    );
    for (const edge of [0, 1, 2, PRIME - 1, PRIME - 2, 65535, 65536]) {
      expect(multiply(edge, PRIME - 1)).toBe(edge === 0 ? 0 : PRIME - edge);
    }
  });

  it('inverts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PRIME - 1 }), (a) => {
        expect(multiply(a, invert(a))).toBe(1);
      }),
    );
  });
});

/** Interpolation at zero in BigInt, straight from Lagrange's formula: another path to the same secret. */
function combineBig(abscissas: readonly number[], shares: readonly Uint8Array[]): bigint {
  let secret = 0n;
  for (let limb = 0; limb < 9; limb++) {
    let sum = 0n;
    abscissas.forEach((x, i) => {
      let term = BigInt(shareWords(shares[i])[limb]);
      for (const other of abscissas) {
        if (other !== x) term = (term * BigInt(other) * power(BigInt(other - x), P - 2n)) % P;
      }
      sum += term;
    });
    secret += (((sum % P) + P) % P) << BigInt(29 * limb);
  }
  return secret;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = ((base % P) + P) % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) {
    if ((e & 1n) === 1n) result = (result * b) % P;
  }
  return result;
}

const toBig = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n);
const shareAt = (shares: Uint8Array, i: number): Uint8Array => shares.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES);

describe('sharing', () => {
  it('rebuilds every secret from any t shares, as BigInt interpolation does', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uniqueArray(fc.integer({ min: 1, max: MAXIMUM_ABSCISSA - 1 }), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 0, max: 1000 }),
        (secret, xs, seed) => {
          const rng = seededRng(seed);
          const threshold = 2 + rng.below(xs.length - 1);
          const [shares] = dealShares([secret], threshold, Uint32Array.from(xs), rng);
          const start = rng.below(xs.length - threshold + 1);
          const chosen = xs.slice(start, start + threshold);
          const theirs = chosen.map((_, i) => shareAt(shares, start + i));
          expect(combineShares(interpolationWeights(Uint32Array.from(chosen)), theirs)).toEqual(secret);
          expect(combineBig(chosen, theirs)).toBe(toBig(secret));
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each(['00', 'ff', '80', '01'])('keeps a secret of bytes %s', (byte) => {
    const secret = new Uint8Array(32).fill(Number.parseInt(byte, 16));
    const [shares] = dealShares([secret], 3, Uint32Array.of(5, 6, 7), seededRng(1));
    const all = [0, 1, 2].map((i) => shareAt(shares, i));
    expect(combineShares(interpolationWeights(Uint32Array.of(5, 6, 7)), all)).toEqual(secret);
  });

  it('takes large and small abscissas in one set, and lists that four does not divide', () => {
    const xs = Uint32Array.of(1, 2000, 2001, MAXIMUM_ABSCISSA - 1, 7, 1999, 3);
    const secret = seededRng(4).fill(new Uint8Array(32));
    for (const threshold of [2, 3, 6, 7]) {
      const [shares] = dealShares([secret], threshold, xs, seededRng(5));
      const chosen = xs.slice(xs.length - threshold);
      const theirs = Array.from(chosen, (_, i) => shareAt(shares, xs.length - threshold + i));
      expect(combineShares(interpolationWeights(chosen), theirs)).toEqual(secret);
    }
  });

  it.each([2047, 2048, MAXIMUM_ABSCISSA - 2])('weighs as the formula says where abscissas are %d apart', (apart) => {
    const rng = seededRng(apart);
    const between = Array.from({ length: 41 }, (_, i) => 2 + i * Math.floor((apart - 1) / 41) + rng.below(40));
    const xs = [...between.slice(20), 1 + apart, ...between.slice(0, 20), 1];
    const p = 2147483647n;
    const modulo = (value: bigint): bigint => ((value % p) + p) % p;
    const power = (value: bigint, left: bigint): bigint =>
      left === 0n ? 1n : modulo(power(modulo(value * value), left >> 1n) * ((left & 1n) === 1n ? value : 1n));
    const wanted = xs.map((x) => {
      const others = xs.filter((other) => other !== x).map(BigInt);
      const numerator = others.reduce((product, other) => modulo(product * other), 1n);
      const denominator = others.reduce((product, other) => modulo(product * (other - BigInt(x))), 1n);
      return Number(modulo(numerator * power(denominator, p - 2n)));
    });
    expect([...interpolationWeights(Uint32Array.from(xs))]).toEqual(wanted);
    expect(interpolationWeights(new Uint32Array(0))).toHaveLength(0);
  });

  it('draws coefficients below the prime alone, each as likely as the others', () => {
    const bits = [0xffffffff, 0xffffffff, 0xfffffffd];
    const rng = {
      ...seededRng(1),
      fill: <T extends Uint8Array>(bytes: T) => bytes.fill(255),
      uint32: () => bits.shift() ?? 2,
    };
    const [shares] = dealShares([new Uint8Array(32)], 2, Uint32Array.of(1, 2), rng);
    // Of a secret of zeros, the share at 1 is the coefficient: 31 bits, those that are the prime drawn again.
    expect([...shareWords(shareAt(shares, 0))]).toEqual([PRIME - 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('says nothing with t − 1 shares: every secret is possible', () => {
    const [shares] = dealShares([new Uint8Array(32)], 3, Uint32Array.of(1, 2, 3), seededRng(6));
    // Two points and any value at zero lie on one parabola.
    const weights = interpolationWeights(Uint32Array.of(1, 2));
    const wrong = combineShares(weights, [shareAt(shares, 0), shareAt(shares, 1)]);
    expect(wrong === undefined || wrong.some((byte) => byte !== 0)).toBe(true);
  });

  it('has shares that are never the secret and differ from deal to deal', () => {
    const secret = seededRng(7).fill(new Uint8Array(32));
    const rng = seededRng(8);
    const [first] = dealShares([secret], 2, Uint32Array.of(1, 2), rng);
    const [second] = dealShares([secret], 2, Uint32Array.of(1, 2), rng);
    expect(first).not.toEqual(second);
    expect(toBig(first.subarray(0, 32))).not.toBe(toBig(secret));
  });

  it.each([-1, 0, 1, 4, Number.NaN])('refuses the threshold %s of three holders', (threshold) => {
    const deal = () => dealShares([new Uint8Array(32)], threshold, Uint32Array.of(1, 2, 3), seededRng(1));
    expect(deal).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });

  it.each([[[0, 1]], [[1, 1]], [[1, MAXIMUM_ABSCISSA]]])('refuses the abscissas %s', (xs) => {
    const refusal = expect.objectContaining({ code: 'DECODE_FAILED' });
    expect(() => dealShares([new Uint8Array(32)], 2, Uint32Array.from(xs), seededRng(1))).toThrow(refusal);
    expect(() => interpolationWeights(Uint32Array.from(xs))).toThrow(refusal);
  });

  it('refuses shares that are not canonical, or too few', () => {
    const share = new Uint8Array(SHARE_BYTES);
    new DataView(share.buffer).setUint32(8, PRIME, true);
    const refusal = expect.objectContaining({ code: 'DECODE_FAILED' });
    expect(() => checkShare(share)).toThrow(refusal);
    expect(() => checkShare(new Uint8Array(35))).toThrow(refusal);
    expect(() => combineShares(Uint32Array.of(1, 2), [new Uint8Array(36)])).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }),
    );
    expect(() => dealShares([new Uint8Array(31)], 2, Uint32Array.of(1, 2), seededRng(1))).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });

  it('notices limbs that no 32-byte secret has', () => {
    const share = new Uint8Array(SHARE_BYTES);
    new DataView(share.buffer).setUint32(32, 2 ** 24, true);
    expect(combineShares(Uint32Array.of(1), [share])).toBeUndefined();
  });
});

describe('combineAll', () => {
  it('gives what combineWords gives one by one, wrong shares included', () => {
    const rng = seededRng('all');
    for (const [threshold, holders, count] of [
      [2, 3, 1],
      [31, 33, 3],
      [32, 40, 2],
      [33, 40, 5],
      [200, 201, 7],
    ]) {
      const secrets = Array.from({ length: count }, () => rng.fill(new Uint8Array(32)));
      const abscissas = Uint32Array.from({ length: holders }, (_, i) => 1 + 7 * i);
      const dealt = dealShares(secrets, threshold, abscissas, rng);
      const lists = Array.from({ length: threshold }, (_, holder) => {
        const shares = dealt.map((all) => shareWords(all.subarray(holder * SHARE_BYTES, (holder + 1) * SHARE_BYTES)));
        return Uint32Array.from(shares.flatMap((share) => [...share]));
      });
      if (count > 2) lists[1][9] = PRIME - 1;
      const weights = interpolationWeights(abscissas.subarray(0, threshold));
      const one = secrets.map((_, i) => combineWords(weights, lists, new Uint32Array(threshold).fill(i)));
      expect(combineAll(weights, lists, count)).toEqual(one);
      expect(one[0]).toEqual(secrets[0]);
      if (count > 2) expect(one[1]).not.toEqual(secrets[1]);
    }
  });
});
