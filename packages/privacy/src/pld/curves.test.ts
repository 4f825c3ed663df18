import { expect, it } from 'vitest';
import { TARGET_WIDTH, refine } from './curves.ts';
import { gaussianPair } from './gaussian-pair.ts';
import { survey } from './survey.ts';
import { runTask } from './task.ts';

it.each([2.5, 10, 100])(
  'where the width goes as the square of the step, %s times the width wanted is narrow at the second try',
  (times) => {
    const parts = [{ survey: survey(gaussianPair(1)), count: 1 }];
    const plan = { theta: 1, epsilon: 1.5, low: -8, high: 12, chernoffLow: -0.5, chernoffHigh: 1, step: 0.05 };
    const steps: number[] = [];
    const { lower, upper } = runTask(
      refine(parts, plan, undefined, ({ step }) => {
        steps.push(step);
        return { lower: 1, upper: 1 + times * TARGET_WIDTH * (step / plan.step) ** 2 };
      }),
    );
    expect(steps).toHaveLength(2);
    expect(steps[0]).toBeCloseTo(plan.step, 12);
    expect(upper - lower).toBeLessThanOrEqual(2 * TARGET_WIDTH);
    // Nor much finer than it has to be.
    expect(upper - lower).toBeGreaterThan(0.3 * TARGET_WIDTH);
  },
);
