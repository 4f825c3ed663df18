import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdOut } from './hold-out.ts';

describe('holdOut', () => {
  it('puts every example on one side, and leaves it there as others come', () => {
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.nat(500),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.string(),
        (a, b, fraction, seed) => {
          const [before, after] = [a, a + b].map((count) => holdOut(count, { fraction, seed }));
          expect([...after.training, ...after.heldOut].sort((x, y) => x - y)).toEqual([...Array(a + b).keys()]);
          expect(after.heldOut.filter((row) => row < a)).toEqual(before.heldOut);
          expect(after.training.filter((row) => row < a)).toEqual(before.training);
        },
      ),
    );
  });

  it('holds out the share that is asked for', () => {
    // A binomial of 10,000 draws: seeded, four standard deviations.
    expect(Math.abs(holdOut(10_000, { fraction: 0.3, seed: 'a' }).heldOut.length - 3000)).toBeLessThan(4 * 45.9);
    expect(holdOut(10, { fraction: 0, seed: 1 }).heldOut.length).toBe(0);
    expect(holdOut(10, { fraction: 1, seed: 1 }).training.length).toBe(0);
    expect(holdOut(100, { fraction: 0.5, seed: 'a' }).heldOut).not.toEqual(
      holdOut(100, { fraction: 0.5, seed: 'b' }).heldOut,
    );
  });

  it('refuses by name what has no meaning', () => {
    expect(() => holdOut(3, { fraction: 1.5, seed: 1 })).toThrow(/holdOut: fraction: expected/);
    expect(() => holdOut(-1, { fraction: 0.5, seed: 1 })).toThrow(/holdOut: count/);
    expect(() => holdOut(3, { fraction: 0.5, sede: 1 } as never)).toThrow(/sede/);
  });
});
