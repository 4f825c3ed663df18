/**
 * What the command line of the private demo asks for.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { integer, positive, UsageError } from '../command-line.ts';
import { type Experiment, METRICS_NOISE, ROUNDS } from './experiment.ts';

export interface Plan extends Experiment {
  readonly rounds: number;
  readonly threads: number;
  /** The folder of the report. */
  readonly out: string;
}

export const USAGE = `usage: demo --private [--rounds N] [--noise X] [--metrics] [--seed N] [--threads N]
            [--out FOLDER]

  --rounds N    rounds of both federations (default: ${ROUNDS}, 8 a user)
  --noise X     noise multiplier: standard deviation over clip, of the fewest survivors (default: 4)
  --metrics     the private federation measures too, under noise of ${METRICS_NOISE} on sums of values within 1: that costs ε
  --seed N      decides the split, the cohorts, the dropouts and every shuffle (default: 1); never the noise and masks
  --threads N   threads that hold the users (default: one a core)
  --out FOLDER  the report's folder (default: out/private)`;

/** @throws UsageError for anything that {@link USAGE} does not name. */
export function parseCommandLine(argv: readonly string[]): { help: boolean; plan: Plan } {
  const values = (() => {
    try {
      return parseArgs({
        args: [...argv],
        strict: true,
        options: {
          private: { type: 'boolean' },
          rounds: { type: 'string', default: String(ROUNDS) },
          noise: { type: 'string', default: '4' },
          metrics: { type: 'boolean', default: false },
          seed: { type: 'string', default: '1' },
          threads: { type: 'string', default: String(Math.min(8, availableParallelism())) },
          out: { type: 'string', default: join(import.meta.dirname, '../../out/private') },
          help: { type: 'boolean', short: 'h', default: false },
        },
      }).values;
    } catch (error) {
      throw new UsageError((error as Error).message);
    }
  })();
  return {
    help: values.help,
    plan: {
      rounds: integer('--rounds', values.rounds, 1),
      noiseMultiplier: positive('--noise', values.noise),
      metrics: values.metrics,
      seed: integer('--seed', values.seed, 0),
      threads: integer('--threads', values.threads, 1, 64),
      out: values.out,
    },
  };
}
