// Draws ε over rounds for several noise levels and says in words what the last one means.
// pnpm bench accounting-curves [sampling probability, default 0.01] [rounds, default 1000]
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeStatement, event, pldAccountant, privacyStatement } from '@fedkit/privacy';
import { chart } from '../../packages/fedkit/src/experiment/chart.ts';
import { table } from '../shared/measure.ts';

const probability = Number(process.argv[2] ?? 0.01);
const rounds = Number(process.argv[3] ?? 1000);
const delta = 1e-6;
const levels = [0.6, 0.8, 1, 1.5, 2];
const steps = Array.from({ length: 20 }, (_, i) => Math.max(1, Math.round((rounds * (i + 1)) / 20)));

const curves = levels.map((noiseStd) => {
  const round = event.poissonSampled(probability, event.gaussian({ noiseStd, recordNorm: 1 }));
  const epsilonAfter = (count: number) =>
    pldAccountant({ neighboring: 'add-or-remove' }).compose(round, count).epsilonBounds(delta);
  return { noiseStd, bounds: steps.map(epsilonAfter) };
});

console.log(`ε after rounds at δ = ${delta}, sampling probability ${probability}, clip 1, add or remove one user\n`);
console.log(
  table(
    ['noise std', ...[4, 9, 19].map((i) => `round ${steps[i]}`), 'width of the last'],
    curves.map(({ noiseStd, bounds }) => [
      `${noiseStd}`,
      ...[4, 9, 19].map((i) => bounds[i].upper.toFixed(3)),
      (bounds[19].upper - bounds[19].lower).toExponential(1),
    ]),
  ),
);

const out = join(dirname(fileURLToPath(import.meta.url)), '../../out/accounting');
mkdirSync(out, { recursive: true });
const file = join(out, 'epsilon.svg');
const panel = {
  title: `δ = ${delta}, q = ${probability}`,
  x: 'round',
  y: 'ε, upper bound',
  curves: curves.map(({ noiseStd, bounds }) => ({
    label: `noise std ${noiseStd}`,
    points: bounds.map(({ upper }, i) => [steps[i], upper] as const),
  })),
};
writeFileSync(file, chart('Privacy spent over rounds', [panel]));

const statement = privacyStatement({
  unit: 'user',
  aggregate: {
    neighboring: 'add-or-remove',
    clipNorm: 1,
    weighting: { kind: 'uniform' },
    divisor: { kind: 'none' },
  },
  noiseStd: 1,
  rounds,
  sampling: { kind: 'poisson', probability },
  delta,
  users: 100_000,
});
console.log(`\nWith noise std 1:\n\n${describeStatement(statement)}\n\n${file}`);
