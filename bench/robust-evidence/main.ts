// What rules cost, and the picture of what they keep: milliseconds to combine, beside the accuracies that the experiments robust-rules,
// robust-rules-30, flipped-labels and flipped-labels-30 recorded. pnpm bench robust-evidence
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Aggregator, seededRng } from '@fedkit/core';
import { median, table, timed, writeResults } from '../shared/measure.ts';
import { CLIENTS } from './experiment.ts';
import { heatmap } from './heatmap.ts';
import { type Candidate, candidates } from './rules.ts';

const results = join(import.meta.dirname, '../results');
const COLUMNS = [
  { label: 'no|attack', attack: 'honest' },
  { label: 'sign flip|× 5', attack: 'sign flip × 5' },
  { label: 'little is|enough', attack: 'a little is enough' },
  { label: 'inner|product', attack: 'inner product' },
  { label: 'label|flip', attack: 'label flip' },
  { label: 'Gaussian', attack: 'Gaussian' },
];
const GROUPS = [
  { name: '20 % Byzantine', files: ['robust-rules', 'flipped-labels'] },
  { name: '30 % Byzantine', files: ['robust-rules-30', 'flipped-labels-30'] },
];

/** Milliseconds to combine 100 updates of 100,000 values: the median of three. */
const COST = { clients: 100, size: 100_000 };
async function costOf(candidate: Candidate): Promise<number> {
  const rng = seededRng('cost');
  const aggregator: Aggregator<unknown, Float32Array> = candidate.rule(COST.size, COST.clients, 20);
  const draw = () => Float32Array.from({ length: COST.size }, () => rng.uniform() - 0.5);
  const context = { reference: draw() };
  const contributions = Array.from({ length: COST.clients }, (_, i) => ({ client: `${i}`, values: draw() }));
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const accumulator = aggregator.create(context);
    const fold = () => contributions.forEach((contribution) => aggregator.accumulate(accumulator, contribution));
    times.push((await timed(fold)()) + (await timed(() => aggregator.finalize(accumulator))()));
    aggregator.dispose(accumulator);
  }
  return median(times);
}

interface Recorded {
  readonly row: { readonly algorithm: string; readonly attack: string };
  readonly final: { readonly mean: number };
}

/** Accuracies of the experiments of one group, by rule and attack; none where a rule needs more clients. */
function recorded(files: readonly string[]): (rule: string, attack: string) => number | undefined {
  const rows = files.flatMap((file) => {
    const text = readFileSync(join(results, `experiments-${file}.json`), 'utf8');
    return (JSON.parse(text) as { results: { rows: Recorded[] } }).results.rows;
  });
  return (rule, attack) => rows.find(({ row }) => row.algorithm === rule && row.attack === attack)?.final.mean;
}

const costs: { rule: string; memory: string; costMilliseconds: number }[] = [];
for (const candidate of candidates) {
  const { memory } = candidate.rule(16, CLIENTS, 6);
  costs.push({ rule: candidate.name, memory, costMilliseconds: await costOf(candidate) });
}
console.log(`Combining ${COST.clients} updates of ${COST.size} values.\n`);
console.log(
  table(
    ['rule', 'ms', 'memory'],
    costs.map(({ rule, costMilliseconds, memory }) => [rule, costMilliseconds.toFixed(0), memory]),
  ),
);
writeResults('robust-evidence', { cost: COST, rules: costs });

const groups = GROUPS.map(({ name, files }) => ({ name, of: recorded(files) }));
const svg = heatmap({
  title: `Test accuracy in %: MNIST, ${CLIENTS} clients of unlike digits, softmax regression, 30 rounds, means of five seeds`,
  groups: groups.map(({ name }) => ({ name, columns: COLUMNS.map(({ label }) => label) })),
  rows: costs.map(({ rule, costMilliseconds }) => ({
    name: rule,
    cells: groups.flatMap(({ of }) => COLUMNS.map(({ attack }) => of(rule, attack) ?? 'too few')),
    note: `${costMilliseconds.toFixed(0)} ms`,
  })),
  noteTitle: '100 × 100,000',
});
writeFileSync(join(results, 'robust-evidence.svg'), svg);
