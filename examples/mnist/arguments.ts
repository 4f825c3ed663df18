/**
 * What the command line asks for.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { integer, positive, UsageError } from '../command-line.ts';
import type { Experiment } from './experiment.ts';

/** One run and when it ends. */
export interface Plan extends Experiment {
  /** The most rounds. */
  readonly rounds: number;
  /** The test accuracy that ends it. */
  readonly target: number;
  /** The paper's number of rounds to that accuracy. */
  readonly paper: number;
}

export const USAGE = `usage: demo [--split iid|shards] [--paper] [--rounds N] [--learning-rate X] [--seed N] [--threads N]
            [--out FOLDER]

  --split iid        digits dealt at random to 100 clients (default)
  --split shards     digits sorted by label, each client two shards of 300: mostly two labels a client
  --paper            both splits until 97 % test accuracy, beside the rounds of the FedAvg paper
  --rounds N         the most rounds of a run (default: 60; with --paper 200 and 1500)
  --learning-rate X  of the clients (default: 0.1)
  --seed N           decides the split, the first model, the cohorts and every shuffle (default: 1)
  --threads N        how many clients train at once (default: one a core, at most 10)
  --out FOLDER       the report's folder (default: out/mnist)`;

/** Table 2 of the paper: rounds to 97 % with the 2NN, C = 0.1, E = 1, B = 10. */
const PAPER = { iid: 87, shards: 664 };
const TARGET = 0.97;

/** @throws UsageError for anything that {@link USAGE} does not name. */
export function parseCommandLine(argv: readonly string[]): {
  help: boolean;
  plans: Plan[];
  threads: number;
  out: string;
} {
  const values = (() => {
    try {
      return parseArgs({
        args: [...argv],
        strict: true,
        options: {
          split: { type: 'string', default: 'iid' },
          paper: { type: 'boolean', default: false },
          rounds: { type: 'string' },
          'learning-rate': { type: 'string' },
          seed: { type: 'string', default: '1' },
          threads: { type: 'string' },
          out: { type: 'string', default: join(import.meta.dirname, '../../out/mnist') },
          help: { type: 'boolean', short: 'h', default: false },
        },
      }).values;
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  const { split } = values;
  if (split !== 'iid' && split !== 'shards') throw new UsageError(`--split: expected iid or shards, got ${split}`);
  const seed = integer('--seed', values.seed, 0);
  const threads =
    values.threads === undefined ? Math.min(10, availableParallelism()) : integer('--threads', values.threads, 1, 64);
  const rounds = values.rounds === undefined ? undefined : integer('--rounds', values.rounds, 1);
  const learningRate = positive('--learning-rate', values['learning-rate'] ?? '0.1');
  const plan = (of: Plan['split'], most: number): Plan => ({
    split: of,
    seed,
    learningRate,
    rounds: rounds ?? most,
    target: TARGET,
    paper: PAPER[of],
  });
  const plans = values.paper ? [plan('iid', 200), plan('shards', 1500)] : [plan(split, 60)];
  return { help: values.help, plans, threads, out: values.out };
}
