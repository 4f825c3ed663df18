/**
 * What the private demo says at its end: the two runs side by side.
 *
 * @module
 */
import type { PipelineFacts } from '@fedkit/core';
import type { Experiment } from './experiment.ts';
import type { RoundReport, RunReport } from './federation.ts';

/** Everything. */
export interface Report {
  readonly experiment: Experiment;
  readonly platform: string;
  readonly plain: RunReport;
  readonly secret: RunReport;
}

/** One line of the comparison. */
export interface Row {
  readonly what: string;
  readonly plain: string;
  readonly secret: string;
}

/** Rounds over which a measured loss is pooled in the comparison. */
const RECENT = 16;

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

/** What the model lost on the digits of a round's users before they trained, in nats; `–` where nobody measured. */
export function lossOf({ metrics }: PipelineFacts): string {
  if (metrics === undefined) return '–';
  const { loss } = metrics.metrics;
  // Its count is less than three of its own standard errors.
  return loss === undefined ? 'lost in its noise' : shown(loss.mean, loss.standardError);
}

/** The same over several rounds: sums and counts add, and noise averages out, which costs no ε. */
function lossOver(rounds: readonly RoundReport[]): string {
  let [sum, examples, variance] = [0, 0, 0];
  for (const { metrics } of rounds.map(({ facts }) => facts)) {
    const loss = metrics?.metrics.loss;
    if (metrics === undefined || loss === undefined) continue;
    sum += loss.sum;
    examples += metrics.examples;
    variance += ((loss.standardError ?? 0) * metrics.examples) ** 2;
  }
  if (examples === 0) return '–';
  return shown(sum / examples, variance === 0 ? undefined : Math.sqrt(variance) / examples);
}

function shown(mean: number, standardError: number | undefined): string {
  return `${mean.toFixed(2)}${standardError === undefined ? '' : ` ± ${standardError.toFixed(2)}`}`;
}

/** The comparison, a line for each question a reader has. */
export function comparison({ experiment, plain, secret }: Report): Row[] {
  const mean = (run: RunReport, of: 'bytesUp' | 'bytesDown' | 'clientSeconds') =>
    run.rounds.reduce((sum, round) => sum + round[of], 0) / run.rounds.length;
  const total = (run: RunReport) => run.rounds.reduce((sum, { seconds }) => sum + seconds, 0);
  const both = (what: string, show: (run: RunReport) => string): Row => ({
    what,
    plain: show(plain),
    secret: show(secret),
  });
  const released = secret.rounds.filter(({ survivors }) => survivors > 0);
  const fewest = Math.min(...released.map(({ survivors }) => survivors));
  const epsilon = released.at(-1)?.facts.epsilon;
  const most = Math.max(...secret.participations);
  const average = secret.participations.reduce((sum, times) => sum + times, 0) / secret.participations.length;
  const bound = (value: number | undefined) => (value === undefined ? 'not stated' : `ε ≤ ${value.toFixed(2)}`);
  return [
    both('test accuracy', (run) => percent(run.rounds.at(-1)?.testAccuracy ?? 0)),
    {
      what: 'the server sees',
      plain: 'every update',
      secret: released.length === 0 ? 'nothing: no round came to an end' : `noisy sums of ${fewest} or more`,
    },
    {
      what: `the server can tell of one user (δ = ${epsilon?.delta ?? '?'})`,
      plain: 'everything, ε = ∞',
      secret: `${bound(epsilon?.server)}, who took part ${most} times; ${average.toFixed(1)} on average`,
    },
    {
      what: 'who gets the models can tell',
      plain: 'unbounded, ε = ∞',
      secret: `${bound(epsilon?.recipients)}, ${released.length} rounds`,
    },
    {
      what: `loss on the users' own digits, last ${RECENT} rounds`,
      plain: lossOver(plain.rounds.slice(-RECENT)),
      secret: experiment.metrics ? lossOver(secret.rounds.slice(-RECENT)) : 'not asked: it costs ε (--metrics)',
    },
    both('bytes up, a client and round', (run) => kilobytes(mean(run, 'bytesUp'))),
    both('bytes down, a client and round', (run) => kilobytes(mean(run, 'bytesDown'))),
    both('a client is busy, a round', (run) => `${(1000 * mean(run, 'clientSeconds')).toFixed(0)} ms`),
    both('seconds in all', (run) => total(run).toFixed(1)),
  ];
}

/** What the numbers mean, and what they do not. */
export function caveats({ secret }: Report): string[] {
  const abandoned = secret.rounds.filter((round) => round.abandoned !== undefined);
  const wrap = secret.rounds.find(({ facts }) => facts.wrapProbability !== undefined)?.facts.wrapProbability;
  return [
    'Unit: everything of one user. Relation: add-or-remove. The server may be malicious; clients hold the noise.',
    'Bounds of ε hold for the user of the costliest history; other users have less. δ = 1e-4 is below 1/512.',
    `${abandoned.length} of ${secret.rounds.length} rounds lost too many clients and were given up unopened.`,
    ...(wrap === undefined
      ? []
      : [
          `A sum wraps around with probability ${wrap.toPrecision(1)} or less a round: that costs accuracy, never privacy.`,
        ]),
    'Clients of this process share what both ends of a pair compute alike; a device alone is busy up to three times as long.',
  ];
}

/** The comparison for a terminal. */
export function comparisonTable(rows: readonly Row[]): string {
  const cells = [['', 'plain FedAvg', 'private'], ...rows.map(({ what, plain, secret }) => [what, plain, secret])];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('   ')
      .trimEnd(),
  );
  return [lines[0], '─'.repeat(Math.max(...lines.map(({ length }) => length))), ...lines.slice(1)].join('\n');
}
