/**
 * What the demo prints and draws.
 *
 * @module
 */
import { escape, lineChart } from '../report/chart.ts';
import { STYLE } from '../report/style.ts';
import type { ArmResult, Setting } from './arms.ts';
import { DELTA } from './private.ts';

/** The mission's limit for a client and round. */
const BUDGET = 5_000_000;

const HEAD = ['arm', 'bits a byte', 'of the fall', 'perplexity', 'bytes up', 'bytes down', 'of 5 MB', 's a device'];

function cells(result: ArmResult, base: number, centralized: number): string[] {
  const { bitsPerByte, perplexity, bytesUp, bytesDown } = result;
  const share = centralized < base ? `${((100 * (base - bitsPerByte)) / (base - centralized)).toFixed(0)} %` : '–';
  return [
    result.name,
    bitsPerByte.toFixed(3),
    result.name === 'base' ? '–' : share,
    perplexity.toFixed(2),
    bytesUp === 0 ? '–' : bytesUp.toLocaleString('en'),
    bytesDown === 0 ? '–' : bytesDown.toLocaleString('en'),
    bytesUp === 0 ? '–' : `${((100 * (bytesUp + bytesDown)) / BUDGET).toFixed(1)} %`,
    result.seconds < 0.05 ? '–' : result.seconds.toFixed(1),
  ];
}

/** The rows of the table; "of the fall" is the share of what centralized training gains. */
export function rows(results: readonly ArmResult[]): string[][] {
  const of = (name: string) => results.find((result) => result.name === name)?.bitsPerByte ?? Number.NaN;
  return results.map((result) => cells(result, of('base'), of('centralized')));
}

/** What privacy cost, and with how many clients it would not. */
export function notes(results: readonly ArmResult[]): string[] {
  return results.flatMap(({ name, epsilon, clientsNeeded = {} }) => [
    ...(epsilon === undefined
      ? []
      : [`${name}: client-level, δ = ${DELTA}; the ledger says ε = ${epsilon.toFixed(2)} was spent.`]),
    ...Object.entries(clientsNeeded).map(([own, clients]) =>
      clients === null
        ? `ε = ${own}: ${name} gained nothing here that its noise could cost.`
        : `ε = ${own} would cost ${name} at most 5 % of its gain from about ${clients.toLocaleString('en')} clients in every round on.`,
    ),
  ]);
}

/** As lines for a terminal. */
export function table(results: readonly ArmResult[]): string {
  const all = [HEAD, ...rows(results)];
  const widths = HEAD.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  return all
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}

/** A page that needs nothing else: curves, table, and what the models write. */
export function page(results: readonly ArmResult[], setting: Setting, facts: string, prompt: string): string {
  const classes = ['first', 'second', 'third', 'central'];
  const base = results.find(({ name }) => name === 'base')?.bitsPerByte ?? Number.POSITIVE_INFINITY;
  // Noise may take a model far above its start, where it would flatten every other curve.
  const drawn = ({ rounds }: ArmResult) =>
    rounds.length > 0 && rounds.every((round) => round.bitsPerByte < 1.05 * base);
  const federations = results.filter(drawn);
  const values = federations.flatMap(({ rounds }) => rounds.map(({ bitsPerByte }) => bitsPerByte));
  const level = (name: string) =>
    results
      .filter((result) => result.name === name)
      .map((result) => ({ label: name, className: 'central', value: result.bitsPerByte }));
  const levels = [...level('base'), ...level('local only'), ...level('centralized')];
  const all = [...values, ...levels.map(({ value }) => value)];
  const ticks = Array.from({ length: 80 }, (_, i) => i / 20).filter(
    (tick) => tick >= Math.min(...all) && tick <= Math.max(...all),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A language model, fine-tuned by a federation</title>
<style>${STYLE}</style>
<main>
<h1>A language model, fine-tuned by a federation</h1>
<p>${escape(facts)}</p>
<h2>Held-out bits a byte, by round</h2>
${lineChart({
  title: 'Held-out bits a byte by round',
  series: federations.map(({ name, rounds }, i) => ({
    label: name.replace('federated, ', ''),
    className: classes[i % classes.length],
    values: rounds.map(({ bitsPerByte }) => bitsPerByte),
  })),
  levels,
  from: Math.min(...all),
  to: Math.max(...all),
  scale: (value) => value,
  ticks,
  format: (value) => value.toFixed(2),
})}
<h2>One thing changed at a time</h2>
<div class="scroll"><table>
<tr>${HEAD.map((title) => `<th>${escape(title)}</th>`).join('')}</tr>
${rows(results)
  .map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`)
  .join('\n')}
</table></div>
<p>${setting.rounds} rounds of ${setting.steps} local steps; "of the fall" is the share of what training on all texts in one place gains. Arms that noise takes far above the base are not drawn.</p>
${notes(results)
  .map((line) => `<p>${escape(line)}</p>`)
  .join('\n')}
<h2>What they write after “${escape(prompt)}”</h2>
<dl>${results.map(({ name, sample }) => `<dt>${escape(name)}</dt><dd>${escape(sample)}</dd>`).join('\n')}</dl>
</main>
</html>
`;
}
