import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Rng, type SecureRng, secureRng, seededRng, shuffle } from './random.ts';

describe('seededRng', () => {
  it('gives the same stream for ever', () => {
    const rng = seededRng(42);
    expect([rng.uint32(), rng.uint32(), rng.uint32()]).toMatchInlineSnapshot(`
      [
        1028435206,
        222565579,
        1673283439,
      ]
    `);
    expect(seededRng('42').uint32()).not.toBe(seededRng(42).uint32());
  });

  it('forks by label alone', () => {
    const fresh = seededRng(7).fork('client', 3).uint32();
    const used = seededRng(7);
    used.uint32();
    expect(used.fork('client', 3).uint32()).toBe(fresh);
    expect(seededRng(7).fork('client', 4).uint32()).not.toBe(fresh);
    expect(seededRng(7).fork('client3').uint32()).not.toBe(fresh);
  });

  it('draws below a bound without bias', () => {
    const rng = seededRng(1);
    const counts = new Float64Array(6);
    for (let i = 0; i < 60_000; i++) counts[rng.below(6)]++;
    // Chi-square with 5 degrees of freedom exceeds 41 with probability 1e-7.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(41);
    expect(() => rng.below(0)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });

  it('shuffles to a permutation', () => {
    const items = shuffle(
      Uint32Array.from({ length: 100 }, (_, i) => i),
      seededRng(3),
    );
    expect([...items].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(items[0]).toBeGreaterThan(0);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => seededRng(seed)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('secureRng', () => {
  it('fills any length and differs between calls', () => {
    const one = secureRng().fill(new Uint8Array(70_001));
    expect(one.subarray(65_536).some((byte) => byte !== 0)).toBe(true);
    expect(secureRng().uint32() === secureRng().uint32() && secureRng().uint32() === secureRng().uint32()).toBe(false);
  });

  it('is a type that a seeded stream is not', () => {
    expectTypeOf<SecureRng>().toExtend<Rng>();
    expectTypeOf(seededRng(1)).not.toExtend<SecureRng>();
  });
});
