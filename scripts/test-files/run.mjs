// Runs test files on the engine that loads this module, by vitest's own runner and assertions.
import { config } from './state.mjs';
import { seededRng } from '../../packages/core/src/random.ts';
import * as fc from 'fast-check';
import { beforeEach, TestRunner } from 'vitest';
import { startTests, Traces } from 'vitest/internal/browser';

const { crypto } = globalThis;
const own = crypto?.getRandomValues.bind(crypto);

/** Laws and the platform's generator begin anew with every test, as `scripts/test/setup.ts` has it on Node. */
function setUp(file, seeded) {
  beforeEach(({ task }) => {
    fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
    if (crypto === undefined) return;
    const stream = seededRng(`${file}\n${task.suite?.name ?? ''}\n${task.name}`);
    const draw = (view) => {
      stream.fill(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      return view;
    };
    const value = seeded ? draw : own;
    Object.defineProperty(crypto, 'getRandomValues', { value, configurable: true, writable: true });
  });
}

/** The name of the test that runs now. */
export const now = { test: '' };

class FileRunner extends TestRunner {
  #load;
  #setUp;
  constructor(load, begin, slowness) {
    super({ ...config, testTimeout: slowness * config.testTimeout, hookTimeout: slowness * config.hookTimeout });
    this.#load = load;
    this.#setUp = begin;
    this.__setTraces(new Traces({ enabled: false }));
  }
  onBeforeTryTask(test, ...rest) {
    now.test = test.name;
    return super.onBeforeTryTask(test, ...rest);
  }
  async importFile(path, source) {
    if (source === 'setup') this.#setUp();
    else await this.#load(path);
  }
}

function testsOf(task, name = []) {
  if (task.type !== 'suite') return [{ task, name: [...name, task.name].join(' > ') }];
  const below = 'filepath' in task ? [] : [...name, task.name];
  const ownFault = task.result?.errors?.length > 0 ? [{ task, name: below.join(' > ') || 'the file' }] : [];
  return [...ownFault, ...task.tasks.flatMap((one) => testsOf(one, below))];
}

/** What an error says and where: the stack of a test that ran out of time does not say so. */
function said({ message = 'no error', stack = '' } = {}) {
  return stack.includes(message) ? stack : `${message}\n${stack}`;
}

/**
 * Runs one file.
 *
 * @param load - Imports the module of a test file.
 * @param slowness - How many times longer a test may take than on a quiet machine.
 * @returns How many tests passed and were skipped, what failed with its message, and the milliseconds it took.
 */
export async function runFile(file, { load, seeded, slowness }) {
  const start = performance.now();
  const runner = new FileRunner(load, () => setUp(file, seeded), slowness);
  const [result] = await startTests([{ filepath: file, testLocations: undefined }], runner);
  const tests = testsOf(result);
  const count = (state) => tests.filter(({ task }) => (task.result?.state ?? task.mode) === state).length;
  const failed = tests
    .filter(({ task }) => task.result?.state === 'fail')
    .map(({ task, name }) => ({
      name,
      message: said(task.result.errors?.[0]),
    }));
  return {
    file,
    passed: count('pass'),
    skipped: count('skip'),
    failed,
    milliseconds: Math.round(performance.now() - start),
  };
}
