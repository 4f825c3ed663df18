// Which rule withstands which attack, and what it costs: test accuracy on MNIST after training with Byzantine clients.
// pnpm bench robust-evidence [rounds, default 30]
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Aggregator, seededRng } from '@fedkit/core';
import { aLittleIsEnough, gaussianNoise, innerProductManipulation, signFlip } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { median, table, timed, writeResults } from '../shared/measure.ts';
import { type Behaviour, federation, train } from './federation.ts';
import { heatmap } from './heatmap.ts';
import { type Candidate, candidates } from './rules.ts';

const CLIENTS = 30;
const SHARES = [0.2, 0.3];
const DEFAULT_ROUNDS = 30;
const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const behaviours: readonly { readonly label: string; readonly behaviour: Behaviour }[] = [
  { label: 'no|attack', behaviour: 'honest' },
  { label: 'sign flip|× 5', behaviour: signFlip({ scale: 5 }) },
  { label: 'little is|enough', behaviour: aLittleIsEnough() },
  { label: 'inner|product', behaviour: innerProductManipulation() },
  { label: 'label|flip', behaviour: 'label-flip' },
  { label: 'Gaussian', behaviour: gaussianNoise() },
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

const { train: digits, test } = readMnist();
const everyFifth = Uint32Array.from({ length: test.labels.length / 5 }, (_, i) => 5 * i);
const world = federation(digits, { ...test, rows: everyFifth }, CLIENTS, 'evidence');
const size = world.model.layout.size;

interface Run {
  readonly share: number;
  readonly attack: string;
  /** Mean over the last three rounds; absent where the rule needs more clients. */
  readonly accuracy: number | undefined;
}
interface Result {
  readonly rule: string;
  readonly memory: string;
  readonly costMilliseconds: number;
  readonly runs: readonly Run[];
}

const results: Result[] = [];
for (const candidate of candidates) {
  const runs: Run[] = [];
  for (const share of SHARES) {
    const byzantine = Math.round(share * CLIENTS);
    for (const { label, behaviour } of behaviours) {
      const enough = candidate.needs(byzantine) <= CLIENTS;
      const rule = { ...candidate, aggregator: enough ? candidate.rule(size, CLIENTS, byzantine) : undefined };
      let accuracy: number | undefined;
      if (rule.aggregator !== undefined) {
        const tested = { ...rule, aggregator: rule.aggregator };
        const accuracies = await train(world, tested, behaviour, byzantine, rounds, 'evidence');
        const last = accuracies.slice(-3);
        accuracy = last.reduce((sum, value) => sum + value, 0) / last.length;
      }
      runs.push({ share, attack: label.replace('|', ' '), accuracy });
    }
  }
  const { memory } = candidate.rule(1, CLIENTS, 6);
  results.push({ rule: candidate.name, memory, costMilliseconds: await costOf(candidate), runs });
  const shown = runs.map(({ accuracy }) => (accuracy === undefined ? '–' : (100 * accuracy).toFixed(1)));
  console.error(`${candidate.name}: ${shown.join(' ')}`);
}

const title = `MNIST, ${CLIENTS} clients of unlike digits, softmax regression, ${rounds} rounds`;
const worst = (runs: readonly Run[], share: number): string => {
  const known = runs.filter((run) => run.share === share).map(({ accuracy }) => accuracy);
  return known.includes(undefined) ? 'too few' : `${(100 * Math.min(...(known as number[]))).toFixed(1)}`;
};
console.log(`${title}: test accuracy in %, mean of the last three rounds.\n`);
for (const share of SHARES) {
  console.log(`${100 * share} % Byzantine\n`);
  const cells = (runs: readonly Run[]) =>
    runs
      .filter((run) => run.share === share)
      .map(({ accuracy }) => (accuracy === undefined ? '–' : (100 * accuracy).toFixed(1)));
  console.log(
    table(
      ['rule', ...behaviours.map(({ label }) => label.replace('|', ' ')), 'worst', 'ms', 'memory'],
      results.map(({ rule, runs, costMilliseconds, memory }) => [
        rule,
        ...cells(runs),
        worst(runs, share),
        costMilliseconds.toFixed(0),
        memory,
      ]),
    ),
  );
  console.log();
}
console.log(
  `ms: combining ${COST.clients} updates of ${COST.size} values. –: the rule needs more clients for that many.`,
);

if (rounds === DEFAULT_ROUNDS) {
  writeResults('robust-evidence', { clients: CLIENTS, rounds, cost: COST, rules: results });
  const svg = heatmap({
    title: `Test accuracy in %: ${title}`,
    groups: SHARES.map((share) => ({
      name: `${100 * share} % Byzantine`,
      columns: behaviours.map(({ label }) => label),
    })),
    rows: results.map(({ rule, runs, costMilliseconds }) => ({
      name: rule,
      cells: runs.map(({ accuracy }) => accuracy ?? 'too few'),
      note: `${costMilliseconds.toFixed(0)} ms`,
    })),
    noteTitle: '100 × 100,000',
  });
  const here = dirname(fileURLToPath(import.meta.url));
  writeFileSync(join(here, '../results/robust-evidence.svg'), svg);
}
