/**
 * What the demo shows while it runs, and at its end.
 *
 * @module
 */
import type { Plan } from './arguments.ts';
import type { Report, RunReport } from './report.ts';
import type { RunProgress } from './run.ts';

/** Shows progress: a bar that redraws itself on a terminal, one line a round elsewhere. */
export interface Screen {
  show(progress: RunProgress): void;
  /** A line of its own. */
  say(text: string): void;
  /** Takes the bar away. */
  clear(): void;
}

const WIDTH = 24;
export const SPLITS = { iid: 'IID', shards: 'two shards a client' };
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

export function terminalScreen(stream: NodeJS.WriteStream): Screen {
  let last = '–';
  const clear = () => stream.write('\r\x1b[2K');
  return {
    show({ plan, round, done, of, finished }) {
      if (finished) last = percent(finished.testAccuracy);
      else if (round === 1) last = '–';
      const share = (round - 1 + done / of) / plan.rounds;
      const full = Math.round(share * WIDTH);
      const bar = '█'.repeat(full) + '░'.repeat(WIDTH - full);
      const line = `${SPLITS[plan.split]}  ${bar}  round ${round} of at most ${plan.rounds}  client ${done}/${of}  test ${last}`;
      clear();
      stream.write(line.slice(0, (stream.columns || 80) - 1));
    },
    say(text) {
      clear();
      stream.write(`${text}\n`);
    },
    clear,
  };
}

export function lineScreen(write: (line: string) => void): Screen {
  return {
    show({ plan, round, finished }) {
      if (!finished) return;
      const { testAccuracy, testLoss, clientLoss, updateNorm, seconds } = finished;
      write(
        `${plan.split} round ${round}: test accuracy ${percent(testAccuracy)}, loss ${testLoss.toFixed(4)}; ` +
          `clients before it: loss ${clientLoss.toFixed(4)}, update norm ${updateNorm.toFixed(2)}; ${seconds.toFixed(2)} s`,
      );
    },
    say: write,
    clear() {},
  };
}

/** The table at the end. */
export function summary(report: Report, plans: readonly Plan[]): string {
  const total = ({ rounds }: RunReport, of: 'bytesUp' | 'bytesDown' | 'seconds') =>
    rounds.reduce((sum, round) => sum + round[of], 0);
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const paper = plans.length > 1;
  const head = [
    'split',
    'to 90 %',
    'to 95 %',
    'to 97 %',
    'best test',
    'up',
    'down',
    'time',
    ...(paper ? ['paper'] : []),
  ];
  const rows = report.runs.map((run, i) => [
    SPLITS[run.split],
    ...(['90', '95', '97'] as const).map((level) => run.roundsTo[level] ?? `> ${run.rounds.length}`),
    percent(Math.max(...run.rounds.map(({ testAccuracy }) => testAccuracy))),
    megabytes(total(run, 'bytesUp')),
    megabytes(total(run, 'bytesDown')),
    `${total(run, 'seconds').toFixed(1)} s`,
    ...(paper ? [plans[i].paper] : []),
  ]);
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('   '),
  );
  const { testAccuracy, seconds } = report.centralized;
  return [
    lines[0],
    '─'.repeat(lines[0].length),
    ...lines.slice(1),
    '',
    `one centralized epoch: ${percent(testAccuracy)} in ${seconds.toFixed(1)} s`,
    ...report.runs.map(({ split, modelDigest }) => `final model (${split}): sha256 ${modelDigest}`),
  ].join('\n');
}
