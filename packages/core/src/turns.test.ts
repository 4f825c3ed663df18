import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { atOnce, inStretches, inTurns } from './turns.ts';
import { turn } from './turn.ts';

const sizes = fc.integer({ min: 0, max: 40 });

it('is the same at once and by turns: every stretch, in order', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), async (length, stretch) => {
      const seen = (into: [number, number][]) => inStretches(length, (from, to) => into.push([from, to]), stretch);
      const [here, there]: [number, number][][] = [[], []];
      atOnce(seen(here));
      await inTurns(seen(there));
      expect(there).toEqual(here);
      expect(here.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(
        Array.from({ length }, (_, i) => i),
      );
      for (const [from, to] of here) expect(to - from).toBeLessThanOrEqual(stretch);
    }),
    { numRuns: 50 },
  );
});

it('lets the event loop take a turn between any two stretches, and none for one', async () => {
  const order: (number | 'turn')[] = [];
  let going = true;
  const next = () => void (going && (order.push('turn'), void turn().then(next)));
  void turn().then(next);
  await inTurns(inStretches(3, (from) => order.push(from), 1));
  going = false;
  expect(order.filter((entry) => entry !== 'turn')).toEqual([0, 1, 2]);
  for (const stretch of [1, 2]) expect(order[order.indexOf(stretch) - 1]).toBe('turn');

  const before = order.length;
  void turn().then(() => order.push('turn'));
  await inTurns(inStretches(3, () => {}, 3));
  expect(order.length).toBe(before);
});

it('ends where the work throws', async () => {
  const failing = () =>
    inStretches(
      2,
      (from) => {
        if (from === 1) throw new Error('here');
      },
      1,
    );
  expect(() => atOnce(failing())).toThrow('here');
  await expect(inTurns(failing())).rejects.toThrow('here');
});
