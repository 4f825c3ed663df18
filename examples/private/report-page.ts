/**
 * The private demo's report as one page that needs nothing else.
 *
 * @module
 */
import { DIGITS } from '../data/mnist.ts';
import { escape, lineChart } from '../report/chart.ts';
import { STYLE } from '../report/style.ts';
import { BITS, CLIP, METRICS_NOISE, MINIMUM_SURVIVORS, PROBABILITY, USERS, model } from './experiment.ts';
import type { Glimpse, RoundReport, RunReport } from './federation.ts';
import { maskedVector } from './masked-vector.ts';
import { classPictures } from './picture.ts';
import { caveats, comparison, lossOf, type Report } from './report.ts';

/** A whole HTML document. */
export function reportPage(report: Report): string {
  const { plain, secret, experiment } = report;
  const series = (run: RunReport, label: string, className: string) => ({
    label,
    className,
    values: run.rounds.map(({ testAccuracy }) => testAccuracy),
  });
  const rows = comparison(report).map(
    ({ what, plain: left, secret: right }) =>
      `<tr><td>${escape(what)}</td><td>${escape(left)}</td><td>${escape(right)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A private federation on MNIST</title>
<style>${STYLE}</style>
<main>
<h1>A private federation on MNIST</h1>
<p>${USERS} users share 60,000 digits. Each joins a round with probability ${PROBABILITY}; one in ten vanishes. A softmax model of ${model.layout.size.toLocaleString('en-US')} weights. On the left the server gets every update; on the right it gets sums of at least ${MINIMUM_SURVIVORS} updates in a ring of ${BITS} bits, with noise that the clients added (${experiment.noiseMultiplier} clips of ${CLIP}), and may be as malicious as it likes. ${escape(report.platform)}.</p>
<div class="scroll"><table class="words">
<tr><th></th><th>plain FedAvg</th><th>private</th></tr>
${rows.join('\n')}
</table></div>
${caveats(report)
  .map((line) => `<p>${escape(line)}</p>`)
  .join('\n')}
<h2>Test accuracy</h2>
${lineChart({
  title: 'Test accuracy by round',
  series: [series(plain, 'plain', 'first'), series(secret, 'private', 'second')],
  levels: [],
  from: 0,
  to: 0.95,
  ticks: [0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95],
  scale: (share) => -Math.log(1.001 - share),
  format: (share) => `${Number((100 * share).toFixed(1))} %`,
})}
${plain.glimpse && secret.glimpse ? pictures(plain.glimpse, secret.glimpse) : ''}
<h2>ε by round, and what the users measured</h2>
<p>Their loss is the mean over the digits of a round's users before they train: of the model that the round before made.${experiment.metrics ? ` In private it comes with noise of ${METRICS_NOISE} on each sum and its standard error, and is in ε.` : ' In private it would cost ε, and was not asked for.'}</p>
<div class="scroll"><table>
<tr><th>round</th><th>cohort</th><th>survivors</th><th>accuracy</th><th>ε, server</th><th>ε, recipients</th><th>users' loss, plain</th><th>private</th><th>seconds</th></tr>
${secret.rounds.map((round, i) => roundRow(round, plain.rounds[i])).join('\n')}
</table></div>
</main>
</html>
`;
}

/** What there is to see of one client in the first round that released something. */
function pictures(plain: Glimpse, secret: Glimpse): string {
  const side = Math.sqrt(model.inputs);
  const figure = (values: ArrayLike<number>, caption: string) =>
    `<figure><img alt="${escape(caption)}" src="${classPictures(values, side, DIGITS)}"><figcaption>${escape(caption)}</figcaption></figure>`;
  return `<h2>What the server saw of ${escape(secret.client)} in round ${secret.round}</h2>
<p>Weights of the ten classes, as pictures: an update shows what its owner's digits look like.</p>
${figure(plain.trueUpdate, 'Plain: the update as the server received it. So the user wrote.')}
${figure(maskedVector(secret.seen, BITS, model.layout.size), "Private: all that the server received of the same client's update. Uniform in the ring, whatever is under it.")}
${figure(secret.released, 'Private: what the server learned in the round, the noisy mean of all who stayed.')}`;
}

function roundRow(secret: RoundReport, plain: RoundReport | undefined): string {
  const { round, cohort, survivors, testAccuracy, facts, seconds, abandoned } = secret;
  const cells = [
    round,
    cohort,
    abandoned === undefined ? survivors : 'given up',
    `${(100 * testAccuracy).toFixed(1)} %`,
    facts.epsilon?.server?.toFixed(2) ?? '',
    facts.epsilon?.recipients?.toFixed(2) ?? '',
    lossOf(plain?.facts ?? {}),
    lossOf(facts),
    seconds.toFixed(2),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}
