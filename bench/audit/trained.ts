// Claimed ε beside what one run proves, on MNIST.
import { type Examples, secureRng, softmaxRegression } from '@fedkit/core';
import { analyticGaussianSigma } from '@fedkit/privacy';
import { DIGITS, PIXELS, readMnist } from '../../examples/data/mnist.ts';
import { table, writeResults } from '../shared/measure.ts';
import { flipCoins, untouchedParameters } from './canaries.ts';
import { type Audited, auditExampleLevel } from './example-level.ts';
import { auditUserLevel } from './user-level.ts';

const DEFAULT_CANARIES = 5000;
const most = Number(process.argv[2] ?? DEFAULT_CANARIES);
const CLAIM = { epsilon: 4, delta: 1e-5 };
const STEPS = 12;
const USERS = 150;
const EACH = 10;

// Inputs that are 0 in every digit, so that there is room for canaries; an image's own blank border gives more.
const PADDING = 300;
const INPUTS = PIXELS + PADDING;

const { train, test } = readMnist();
const model = softmaxRegression({ inputs: INPUTS, classes: DIGITS });
const rng = secureRng();
const rows = Uint32Array.from({ length: USERS * EACH }, (_, i) => i);
const examples = padded(train, rows.length);
const testExamples = padded(test, test.labels.length);
const users = Array.from({ length: USERS }, (_, user) => ({
  ...examples,
  rows: rows.subarray(user * EACH, (user + 1) * EACH),
}));
const untouched = untouchedParameters(model, examples);
// Noise for the claim over all steps: composition of Gaussians is one Gaussian with √steps of the sensitivity.
const noiseOf = (clip: number) => analyticGaussianSigma({ ...CLAIM, sensitivity: clip * Math.sqrt(STEPS) });

const breaks = [
  { title: 'as it ships', broken: (_clip: number) => ({}) },
  { title: 'noise halved', broken: (clip: number) => ({ noiseStd: noiseOf(clip) / 2 }) },
  { title: 'clip skipped', broken: (_clip: number) => ({ clip: 1e4 }) },
];
const subjects: { title: string; clip: number; run: (broken: object) => Promise<Audited> }[] = [
  {
    title: 'example, DP-SGD',
    clip: 1,
    run: (broken) =>
      auditExampleLevel({
        model,
        examples,
        canaries: flipCoins(untouched, most, rng),
        clip: 1,
        noiseStd: noiseOf(1),
        steps: STEPS,
        learningRate: 0.5,
        delta: CLAIM.delta,
        rng,
        broken,
      }),
  },
  {
    title: 'user, DP-FedAvg',
    clip: 0.5,
    run: (broken) =>
      auditUserLevel({
        model,
        users,
        canaries: flipCoins(untouched, most, rng),
        clip: 0.5,
        noiseStd: noiseOf(0.5),
        rounds: STEPS,
        learningRate: 0.1,
        delta: CLAIM.delta,
        rng,
        broken,
      }),
  },
];

/** The first `count` digits with their inputs padded. */
function padded(digits: Examples, count: number): Examples {
  const inputs = new Float32Array(count * INPUTS);
  for (let i = 0; i < count; i++) inputs.set(digits.inputs.subarray(i * PIXELS, (i + 1) * PIXELS), i * INPUTS);
  return { inputs, labels: digits.labels.slice(0, count) };
}

const found: Record<string, unknown>[] = [];
for (const { title, clip, run } of subjects) {
  for (const variant of breaks) {
    const { claimedEpsilon, report, params } = await run(variant.broken(clip));
    const accuracy = Number.isFinite(params[0]) ? model.evaluate(params, testExamples).accuracy : Number.NaN;
    found.push({ unit: title, variant: variant.title, claimedEpsilon, accuracy, ...report });
  }
}
const text = (value: unknown) => (value as number).toFixed(2);
console.log(
  `${(found[0] as { canaries: number }).canaries} canaries; δ = ${CLAIM.delta}, relation add-or-remove, everybody in every step; one-sided confidence 95 %.\n`,
);
console.log(
  table(
    [
      'unit',
      'mechanism',
      'claimed ε',
      'audited ε ≥',
      'in the Gaussian family',
      'guesses right',
      'test accuracy',
      'claim',
    ],
    found.map((row) => [
      row.unit as string,
      row.variant as string,
      text(row.claimedEpsilon),
      text(row.epsilonLower),
      text(row.epsilonLowerGaussian),
      `${row.correct as number}/${row.guesses as number}`,
      `${(100 * (row.accuracy as number)).toFixed(1)} %`,
      row.refuted === true ? 'REFUTED' : 'stands',
    ]),
  ),
);
if (most === DEFAULT_CANARIES)
  writeResults('audit', { claim: CLAIM, steps: STEPS, users: USERS, examplesOfEach: EACH, found });
