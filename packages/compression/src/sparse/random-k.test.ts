import { expect, it } from 'vitest';
import { contextOf } from '../../test/support.ts';
import { commonRange, pipe, randomK } from '../index.ts';

// Seeded: the mean has a standard error of 2.6 in the unit of these numbers, where 322 was stated, 378 is lost and 392 are stated now.
it('states the error of a grid at sizes whose share rounds down: one place of 14 at a tenth', () => {
  const [size, draws] = [14, 20_000];
  const grid = commonRange({ bits: 16, range: 8, contributors: 1 });
  const codec = pipe(randomK({ density: 0.1 }), grid);
  const { guarantee } = codec;
  if (guarantee?.kind !== 'variance' || grid.guarantee?.kind !== 'bounded') throw new Error('a variance of a grid');
  // Halfway between two steps, where rounding at random errs most.
  const half = grid.guarantee.error;
  const values = new Float32Array(size).fill(half);
  let lost = 0;
  for (let draw = 0; draw < draws; draw++) {
    const context = contextOf(draw);
    const decoded = codec.decode(codec.encode(values, context), context);
    lost += decoded.reduce((sum, value, i) => sum + (value - values[i]) ** 2, 0) / draws;
  }
  const stated = guarantee.omega(size) * size * half ** 2 + size * (guarantee.error ?? 0) ** 2;
  expect(lost / half ** 2).toBeLessThanOrEqual(stated / half ** 2);
});
