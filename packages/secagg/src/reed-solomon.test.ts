import { type Rng, seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRIME, multiply } from './field31.ts';
import { ErrorLocator, gaoDecode } from './reed-solomon.ts';
import { ShareDecoder } from './share-decoder.ts';
import { LIMBS, SHARE_BYTES, dealShares, shareWords } from './shamir.ts';

interface Word {
  readonly abscissas: Uint32Array;
  readonly coefficients: readonly number[];
  readonly values: Uint32Array;
  readonly wrong: readonly number[];
}

/** `count` distinct numbers below `bound`, ascending. */
function distinct(rng: Rng, count: number, bound: number): number[] {
  const found = new Set<number>();
  while (found.size < count) found.add(rng.below(bound));
  return [...found].sort((a, b) => a - b);
}

function word(rng: Rng, r: number, t: number, errors: number): Word {
  const abscissas = Uint32Array.from(distinct(rng, r, 2 ** 22 - 1), (x) => x + 1);
  const coefficients = Array.from({ length: t }, () => rng.below(PRIME));
  const values = abscissas.map((x) => {
    let value = 0n;
    for (const c of [...coefficients].reverse()) value = (value * BigInt(x) + BigInt(c)) % BigInt(PRIME);
    return Number(value);
  });
  const wrong = distinct(rng, errors, r);
  for (const place of wrong) values[place] = (values[place] + 1 + rng.below(PRIME - 1)) % PRIME;
  return { abscissas, coefficients, values, wrong };
}

const shape = fc
  .record({ t: fc.integer({ min: 2, max: 12 }), extra: fc.integer({ min: 0, max: 12 }), seed: fc.nat() })
  .map(({ t, extra, seed }) => ({ t, r: t + extra, capacity: Math.floor(extra / 2), rng: seededRng(seed) }));

describe('decoding', () => {
  it('finds polynomial and errors up to (r − t)/2, and both ways agree', () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ t, r, capacity, rng }, pick) => {
        const { abscissas, coefficients, values, wrong } = word(rng, r, t, pick % (capacity + 1));
        const decoded = gaoDecode(abscissas, values, t);
        expect(decoded?.errors).toEqual(wrong);
        expect(Array.from({ length: t }, (_, k) => decoded?.polynomial[k] ?? 0)).toEqual(coefficients);
        expect(new ErrorLocator(abscissas, t).locate(values)).toEqual(wrong);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('beyond (r − t)/2 both refuse, or both name the same other polynomial', () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ t, r, capacity, rng }, pick) => {
        const errors = Math.min(r, capacity + 1 + (pick % 5));
        const { abscissas, values, wrong } = word(rng, r, t, errors);
        const decoded = gaoDecode(abscissas, values, t);
        expect(new ErrorLocator(abscissas, t).locate(values)).toEqual(decoded?.errors);
        expect(decoded?.errors).not.toEqual(wrong);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it('takes the zero polynomial and words without redundancy', () => {
    const abscissas = Uint32Array.of(1, 2, 3, 4);
    expect(gaoDecode(abscissas, new Uint32Array(4), 2)).toEqual({ polynomial: [], errors: [] });
    expect(gaoDecode(abscissas, Uint32Array.of(0, 5, 0, 0), 2)).toEqual({ polynomial: [], errors: [1] });
    expect(new ErrorLocator(abscissas, 2).locate(Uint32Array.of(0, 5, 0, 0))).toEqual([1]);
    expect(gaoDecode(abscissas, Uint32Array.of(9, 1, 4, 4), 4)?.errors).toEqual([]);
    expect(new ErrorLocator(abscissas, 4).locate(Uint32Array.of(9, 1, 4, 4))).toEqual([]);
  });
});

describe('a secret', () => {
  const deal = (rng: Rng, r: number, t: number) => {
    const abscissas = Uint32Array.from(distinct(rng, r, 5000), (x) => x + 1);
    const secret = rng.fill(new Uint8Array(32));
    const [bytes] = dealShares([secret], t, abscissas, rng);
    const shares = Array.from({ length: r }, (_, i) =>
      shareWords(bytes.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES)),
    );
    return { abscissas, secret, shares };
  };

  it('is rebuilt from shares of which up to (r − t)/2 are wrong in any of their words', () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ t, r, capacity, rng }, pick) => {
        const { abscissas, secret, shares } = deal(rng, r, t);
        const wrong = distinct(rng, pick % (capacity + 1), r);
        for (const place of wrong) {
          for (let left = 1 + rng.below(LIMBS); left > 0; left--) {
            const limb = rng.below(LIMBS);
            shares[place][limb] = (shares[place][limb] + 1 + rng.below(PRIME - 2)) % PRIME;
          }
        }

        const decoded = new ShareDecoder(abscissas, t).decode(shares, new Uint32Array(r), rng);
        expect(decoded?.secret).toEqual(secret);
        for (const place of decoded?.wrong ?? []) expect(wrong).toContain(place);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it('is the same from any right shares, however many are left out', () => {
    const rng = seededRng('left out');
    const { abscissas, secret, shares } = deal(rng, 21, 7);
    for (let errors = 0; errors <= 7; errors++) {
      const held = shares.map((share) => share.slice());
      for (let i = 0; i < errors; i++) held[3 * i].fill(multiply(i + 1, 77));
      const decoded = new ShareDecoder(abscissas, 7).decode(held, new Uint32Array(21), rng);
      expect(decoded?.secret).toEqual(secret);
      expect(decoded?.wrong).toEqual(Array.from({ length: errors }, (_, i) => 3 * i));
    }
  });

  it('is never rebuilt as if right where one more is wrong', () => {
    const rng = seededRng('beyond');
    for (let run = 0; run < 50; run++) {
      const { abscissas, secret, shares } = deal(rng, 12, 6);
      for (const place of distinct(rng, 4, 12)) rng.fill(new Uint8Array(shares[place].buffer));
      for (const share of shares) share.forEach((value, limb) => (share[limb] = value % PRIME));
      const decoded = new ShareDecoder(abscissas, 6).decode(shares, new Uint32Array(12), rng);
      expect(decoded?.secret).not.toEqual(secret);
    }
  });
});
