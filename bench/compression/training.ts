// Accuracy on MNIST against bytes on the wire, both directions, under each codec: a table, JSON and an SVG.
// pnpm bench compression [--quick] [name of a scheme …]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMnist } from '../../examples/data/mnist.ts';
import { table, writeResults } from '../shared/measure.ts';
import { accuracyChart } from './chart.ts';
import { type Run, runScheme } from './federation.ts';
import { SCHEMES } from './schemes.ts';

const quick = process.argv.includes('--quick');
const named = process.argv.slice(2).filter((argument) => argument !== '--quick');
/** Local steps of every client that takes part throughout. */
const STEPS = quick ? 500 : 2500;
const SEED = 1;

const mnist = readMnist();
const chosen = named.length === 0 ? SCHEMES : SCHEMES.filter(({ name }) => named.includes(name));
console.log(`Softmax regression on MNIST, 100 clients of two classes, 10 a round, ${STEPS} steps of 20 digits.\n`);
const runs: Run[] = [];
for (const scheme of chosen) {
  const run = await runScheme(scheme, mnist, STEPS, SEED);
  runs.push(run);
  const { accuracy, bytesUp, bytesDown } = run.points[run.points.length - 1];
  console.log(
    `${scheme.name}: ${(100 * accuracy).toFixed(2)} %, ${bytesUp} bytes up, ${bytesDown} down, ${run.seconds.toFixed(1)} s`,
  );
}

const end = ({ points }: Run) => points[points.length - 1];
const baseline = runs.find(({ name }) => name === 'none');
const times = (bytes: number, of: number | undefined) => (of === undefined ? '' : `${(of / bytes).toFixed(1)} ×`);
console.log();
console.log(
  table(
    ['scheme', 'rounds', 'accuracy, %', 'MB up', 'MB down', 'less up', 'less in all'],
    runs.map((run) => {
      const { accuracy, bytesUp, bytesDown } = end(run);
      const base = baseline && end(baseline);
      return [
        run.name,
        `${run.rounds}`,
        (100 * accuracy).toFixed(2),
        (bytesUp / 1e6).toFixed(3),
        (bytesDown / 1e6).toFixed(3),
        times(bytesUp, base?.bytesUp),
        times(bytesUp + bytesDown, base && base.bytesUp + base.bytesDown),
      ];
    }),
  ),
);
const oneBit = runs.find(({ name }) => name === 'EDEN 1');
if (baseline !== undefined && oneBit !== undefined) {
  const points = 100 * (end(baseline).accuracy - end(oneBit).accuracy);
  console.log(`\nEDEN at 1 bit is ${points.toFixed(2)} points below no compression (goal: within 1).`);
}
if (named.length === 0) {
  const name = quick ? 'compression-quick' : 'compression';
  writeResults(name, { steps: STEPS, seed: SEED, runs });
  writeFileSync(join(import.meta.dirname, `../results/${name}.svg`), accuracyChart(runs));
}
