import { describe, expect, it } from 'vitest';
import { ringOf, Round } from '../../test/harness.ts';
import { runRound } from '../testing/index.ts';

describe('unmasking', () => {
  // A task takes the masks of 64 survivors: one full, one more, two full and one more.
  it.each([64, 65, 129])('takes the mask of every survivor away, of %s too', async (clients) => {
    const ids = Array.from({ length: clients }, (_, i) => `c${i}`);
    const { sums, survivors } = await runRound({
      inputs: Object.fromEntries(ids.map((id) => [id, Round.input(id)])),
      config: ringOf(clients, 4, 2, { vectors: { update: { length: 3, bound: 200 } } }),
      seed: 5,
    });
    expect(survivors).toEqual(ids);
    expect(sums.update).toEqual(Round.sum(ids));
  });
});
