import { expect, it } from 'vitest';
import { atomicPair } from './atomic-pair.ts';
import { isBelow } from './direction.ts';
import { survey } from './survey.ts';
import { runTask } from './task.ts';

it('counts a direction as covered above its largest loss, and not a hair below it', () => {
  // A loss of 1 for certain: δ(ε) = 1 − exp(ε − 1), 0 from 1 on.
  const parts = [{ survey: survey(atomicPair([{ loss: 1, mass: 1 }])), count: 1 }];
  const covered = (rival: number, delta: number) => runTask(isBelow(parts, delta, rival));
  expect(covered(1 + 2 ** -39, 1e-200)).toBe(true);
  expect(covered(1 - 2 ** -41, 1e-20)).toBe(false);
  expect(covered(1 - 2 ** -41, 1e-9)).toBe(true);
});
