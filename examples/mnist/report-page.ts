/**
 * The report as one page that needs nothing else: no script, no font, no network.
 *
 * @module
 */
import { escape, lineChart } from '../report/chart.ts';
import { STYLE } from '../report/style.ts';
import type { Report, RunReport } from './report.ts';

const NAMES = { iid: 'IID', shards: 'two shards' };
const COLOURS = { iid: 'first', shards: 'second' };

/** A whole HTML document. */
export function reportPage(report: Report): string {
  const { runs, centralized } = report;
  const accuracies = runs.flatMap(({ rounds }) => rounds.map(({ testAccuracy }) => testAccuracy));
  const losses = runs.flatMap(({ rounds }) => rounds.map(({ testLoss }) => testLoss));
  const shares = [0, 0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995];
  const nats = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
  const accuracy = around(shares, [...accuracies, centralized.testAccuracy, 0.97]);
  const loss = around(nats, [...losses, centralized.testLoss]);
  const own = around(
    nats,
    runs.flatMap(({ rounds }) => rounds.map(({ clientLoss }) => clientLoss)),
  );
  const curve = (value: 'testAccuracy' | 'testLoss' | 'clientLoss') =>
    runs.map(({ split, rounds }) => ({
      label: NAMES[split],
      className: COLOURS[split],
      values: rounds.map((round) => round[value]),
    }));
  const level = (value: number) => [{ label: 'one central epoch', className: 'central', value }];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Federated averaging on MNIST</title>
<style>${STYLE}</style>
<main>
<h1>Federated averaging on MNIST</h1>
<p>${escape(report.task)}, ${number(report.parameters)} parameters. ${report.clients} clients of 600 digits, ${report.cohort} a round, ${report.localEpochs} local epoch in batches of ${report.batchSize}. Measured after every round on the 10,000 test digits. ${escape(report.platform)}.</p>
<h2>Test accuracy, errors on a logarithmic scale</h2>
${lineChart({
  title: 'Test accuracy by round',
  series: curve('testAccuracy'),
  levels: level(centralized.testAccuracy),
  ...accuracy,
  // Errors on a logarithmic scale: from 96 to 97 % is as far as from 60 to 70 %.
  scale: (share) => -Math.log(1.001 - share),
  format: (value) => `${trim(100 * value)} %`,
})}
<h2>Test loss, logarithmic</h2>
${lineChart({
  title: 'Test loss by round',
  series: curve('testLoss'),
  levels: level(centralized.testLoss),
  ...loss,
  scale: Math.log,
  format: nat,
})}
<h2>Loss on the clients' own digits, before they train</h2>
${lineChart({
  title: 'Loss of the clients by round',
  series: curve('clientLoss'),
  levels: [],
  ...own,
  scale: Math.log,
  format: nat,
})}
<p>What the ${report.cohort} clients of a round measured of the model that the round before made: one mean over all their digits. They send numbers that add, so a server that sees sums alone has it too.</p>
<h2>Rounds, bytes, seconds</h2>
<div class="scroll"><table>
<tr><th>split</th><th>to 90 %</th><th>to 95 %</th><th>to 97 %</th><th>best test</th><th>up</th><th>down</th><th>time</th></tr>
${runs.map(runRow).join('\n')}
</table></div>
<p>Up: the safetensors files that clients sent, and what they measured. Down: the ones they received. One epoch over all digits in one place, same model and optimizer: ${percent(centralized.testAccuracy)} in ${centralized.seconds.toFixed(1)} s.</p>
${runs.map(({ split, seed, learningRate, modelDigest }) => `<p>${NAMES[split]}: seed ${seed}, learning rate ${learningRate}; final model <code>sha256 ${modelDigest}</code></p>`).join('\n')}
${runs.map(roundsTable).join('\n')}
</main>
</html>
`;
}

function runRow(run: RunReport): string {
  const total = (of: 'bytesUp' | 'bytesDown' | 'seconds') => run.rounds.reduce((sum, round) => sum + round[of], 0);
  const cells = [
    NAMES[run.split],
    ...(['90', '95', '97'] as const).map((to) => run.roundsTo[to] ?? `&gt; ${run.rounds.length}`),
    percent(Math.max(...run.rounds.map(({ testAccuracy }) => testAccuracy))),
    megabytes(total('bytesUp')),
    megabytes(total('bytesDown')),
    `${total('seconds').toFixed(1)} s`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function roundsTable({ split, rounds }: RunReport): string {
  const rows = rounds.map(
    ({ round, testAccuracy, testLoss, clientLoss, updateNorm, bytesUp, bytesDown, seconds }) =>
      `<tr><td>${round}</td><td>${percent(testAccuracy)}</td><td>${testLoss.toFixed(4)}</td><td>${clientLoss.toFixed(4)}</td><td>${updateNorm.toFixed(3)}</td><td>${megabytes(bytesUp)}</td><td>${megabytes(bytesDown)}</td><td>${seconds.toFixed(2)} s</td></tr>`,
  );
  return `<details><summary>Every round, ${NAMES[split]}</summary><div class="scroll"><table>
<tr><th>round</th><th>test accuracy</th><th>test loss</th><th>clients' loss before</th><th>update norm</th><th>up</th><th>down</th><th>time</th></tr>
${rows.join('\n')}
</table></div></details>`;
}

/** The stretch of `ticks` that `values` need. */
function around(ticks: readonly number[], values: readonly number[]): { from: number; to: number; ticks: number[] } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const from = ticks.findLast((tick) => tick <= least) ?? ticks[0];
  const to = ticks.find((tick) => tick >= most && tick > from) ?? ticks[ticks.length - 1];
  return { from, to, ticks: ticks.filter((tick) => tick >= from && tick <= to) };
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
const number = (value: number) => value.toLocaleString('en-US');
const trim = (value: number) => String(Number(value.toFixed(2)));
const nat = (value: number) => String(Number(value.toPrecision(3)));
