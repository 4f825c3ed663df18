// Runs before every test file: time limits that fit the machine, seeded laws, no unseeded draw whose odds are not stated, neither of a
// process or thread that it starts, and no listener too many.
import { slowness } from '../../packages/core/test/slowness.ts';
import * as fc from 'fast-check';
import { afterAll, beforeEach, expect, vi } from 'vitest';
import { seedOf } from './repeats.ts';
import './seeded-platform.ts';
import './unseeded-children.ts';

vi.setConfig({ testTimeout: 120_000 * slowness(), hookTimeout: 120_000 * slowness() });

// Every law draws from one seed, so that a failure repeats; `repeat seeds` runs the laws with others.
beforeEach(({ task }) => {
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedOf(task) });
});

// Node warns where eleven hear one thing. Of ours, one does; what the test runner does as it repeats a test is not ours.
const OURS = /\/(?:packages|examples|bench|scripts)\/(?!.*node_modules)/;
const crowds: string[] = [];
const note = ({ name, stack = '' }: Error): void => {
  if (name === 'MaxListenersExceededWarning' && OURS.test(stack)) crowds.push(stack);
};
process.on('warning', note);
afterAll(async () => {
  // Warnings come a tick after what they warn of.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(crowds).toEqual([]);
});
