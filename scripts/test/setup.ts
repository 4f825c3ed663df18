// Runs before every test file: time limits that fit the machine, seeded laws, and no unseeded draw whose odds are not stated.
import { slowness } from '../../packages/core/test/slowness.ts';
import * as fc from 'fast-check';
import { beforeEach, vi } from 'vitest';
import { seedOf } from './repeats.ts';
import './seeded-platform.ts';

vi.setConfig({ testTimeout: 120_000 * slowness(), hookTimeout: 120_000 * slowness() });

// Every law draws from one seed, so that a failure repeats; `repeat seeds` runs the laws with others.
beforeEach(({ task }) => {
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: seedOf(task) });
});
