/**
 * The MNIST recipe by an earlier version, by this one, and by this one on two threads, turn by turn in one run.
 *
 * @module
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, place, ROOT } from '../shared/checkout.ts';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import type { Turn } from './recipe-run.ts';

const FILE = 'bench/simulation/recipe-run.ts';
/** The other checkout needs them too. */
const FILES = [FILE, 'bench/shared/standardized-digits.ts'];

/** A process that runs the recipe whenever it is asked. */
class Runner {
  readonly #child: ChildProcess;
  readonly #gone: Promise<never>;
  /** Settled once it can be asked. */
  readonly ready: Promise<unknown>;
  readonly turns: Turn[] = [];

  constructor(root: string, threads: number) {
    this.#child = fork(join(root, FILE), [`${threads}`], {
      cwd: root,
      execArgv: ['--import', 'tsx', '--conditions=@fedkit/source'],
    });
    this.#gone = new Promise((_, reject) => {
      this.#child.once('exit', (code) => reject(new Error(`a version ended with ${code}`)));
    });
    this.#gone.catch(() => {});
    this.ready = this.#next();
  }

  #next<T>(): Promise<T> {
    const said = new Promise<T>((resolve) => this.#child.once('message', (message) => resolve(message as T)));
    return Promise.race([said, this.#gone]);
  }

  turn(): Promise<Turn> {
    const answer = this.#next<Turn>();
    this.#child.send('turn');
    return answer;
  }

  end(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}

/** Runs as many turns of each, the first of all uncounted. */
export async function recipe(turns: number, earlier: string): Promise<void> {
  const machine = yardstick();
  const other = existsSync(earlier) ? { root: earlier, remove: () => {} } : checkout(earlier, ...FILES);
  const git = ['rev-parse', '--short=7', 'HEAD'];
  const commit = execFileSync('git', git, { cwd: other.root, encoding: 'utf8' }).trim();
  place(other.root, ...FILES);
  const runners = [new Runner(other.root, 0), new Runner(ROOT, 0), new Runner(ROOT, 2)];
  try {
    await Promise.all(runners.map(({ ready }) => ready));
    for (let turn = 0; turn <= turns; turn++) {
      for (const runner of turn % 2 === 0 ? runners : runners.toReversed()) {
        const taken = await runner.turn();
        if (turn > 0) runner.turns.push(taken);
      }
    }
  } finally {
    for (const runner of runners) runner.end();
    other.remove();
  }
  const [before, now, threads] = runners.map((runner) => runner.turns);
  const ratio = (some: readonly Turn[], of: 'wall' | 'cpu') => median(some.map((one, i) => one[of] / before[i][of]));
  const seconds = (some: readonly Turn[], of: 'wall' | 'cpu') => `${median(some.map((one) => one[of])).toFixed(2)} s`;
  const names = [commit, 'now', 'now, 2 threads'];
  const rows = [before, now, threads].map((some, i) => [
    names[i],
    seconds(some, 'wall'),
    ratio(some, 'wall').toFixed(2),
    seconds(some, 'cpu'),
    ratio(some, 'cpu').toFixed(2),
    `${(100 * some[0].accuracy).toFixed(1)} %`,
    some[0].model.slice(0, 8),
  ]);
  console.log(
    table(['MNIST LR, 100 rounds', 'wall', 'ratio (goal 0.6)', 'processor', 'ratio', 'accuracy', 'model'], rows),
  );
  const measured = [before, now, threads].map((some, i) => ({
    version: names[i],
    wall: ratio(some, 'wall'),
    cpu: ratio(some, 'cpu'),
    turns: some,
  }));
  writeResults('simulation-recipe', { earlier: commit, versions: measured }, machine());
}
