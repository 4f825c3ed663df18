/**
 * Tests that run FEDKIT_TIMES times in one process, each time from the next seed: what `scripts/repeat.mjs` asks for.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { afterEach, beforeAll, beforeEach, type RunnerTask, type RunnerTestCase } from 'vitest';

const FIRST = Number(process.env.FEDKIT_SEED ?? 1);
const TIMES = Number(process.env.FEDKIT_TIMES ?? 1);

/** The seed of this run of a test: FEDKIT_SEED, and one more each time. */
export function seedOf({ result }: Readonly<RunnerTestCase>): number {
  return FIRST + (result?.repeatCount ?? 0);
}

function testsOf(task: RunnerTask): RunnerTestCase[] {
  return task.type === 'suite' ? task.tasks.flatMap(testsOf) : [task];
}

if (TIMES > 1) {
  // biome-ignore lint/correctness/noEmptyPattern: the first argument of a hook has to be a pattern.
  // oxlint-disable-next-line no-empty-pattern
  beforeAll(({}, { file }) => {
    for (const test of file.tasks.flatMap(testsOf)) test.repeats = TIMES - 1;
  });
  // The runner adds a listener each time.
  beforeEach(({ signal }) => setMaxListeners(0, signal));
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(`FEDKIT_SEED=${seedOf(task)} fails: ${task.name}`);
  });
}
