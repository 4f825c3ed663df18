// Rules under attacks on MNIST, five seeds: those that need no reference of the server's own, each told that six of 30 clients may lie. Clients
// of 100 digits of two labels each beside digits of all. What `pnpm bench robust-evidence` draws once, with every rule, is here with
// intervals, and H+ beside the others. pnpm bench experiments robust-rules
import {
  coordinateMedian,
  fedAvg,
  geometricMedian,
  multiKrum,
  nearestNeighborMixing,
  normBounded,
  softmaxRegression,
  trimmedMean,
} from '@fedkit/core';
import { hPlus } from '@fedkit/core/aggregate';
import {
  aLittleIsEnough,
  type Attack,
  gaussianNoise,
  innerProductManipulation,
  signFlip,
  similarityPartition,
} from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const CLIENTS = 30;
const SHARE = 0.2;
const byzantine = SHARE * CLIENTS;
const lying = (attack: Attack) => () => ({ share: SHARE, attack });

const rules: Experiment = experiment({
  name: 'robust-rules',
  about: 'Softmax regression on MNIST, 30 clients of 100 digits, half of them of few labels, six Byzantine, 30 rounds.',
  task: () => {
    const { train, test } = readMnist();
    const every = (step: number, count: number) => Uint32Array.from({ length: count }, (_, row) => step * row);
    return classification({
      model: softmaxRegression({ inputs: 784, classes: 10 }),
      train: { ...train, rows: every(10, 6000) },
      test: { ...test, rows: every(5, 2000) },
    });
  },
  splits: { mixed: (labels, rng) => similarityPartition(labels, { clients: CLIENTS, similarity: 0.5 }, rng) },
  algorithms: {
    mean: () => fedAvg(),
    'norm bounding': () => fedAvg({ aggregate: (size) => normBounded(size, { maxNorm: 1 }) }),
    'coordinate median': () => fedAvg({ aggregate: coordinateMedian }),
    'trimmed mean': () => fedAvg({ aggregate: (size) => trimmedMean(size, { trim: SHARE }) }),
    'geometric median': () => fedAvg({ aggregate: (size) => geometricMedian(size) }),
    'Multi-Krum': () => fedAvg({ aggregate: (size) => multiKrum(size, { byzantine }) }),
    'mixing, trimmed mean': () =>
      fedAvg({ aggregate: (size) => nearestNeighborMixing({ byzantine })(trimmedMean(size, { trim: SHARE })) }),
    // Segments of a sixteenth, eight of them: half of the vector is looked at.
    'H+': () =>
      fedAvg({ aggregate: (size) => hPlus(size, { byzantine, segment: size >> 4, checks: 8, seed: 'bench' }) }),
  },
  attacks: {
    honest: 'none',
    'sign flip × 5': lying(signFlip({ scale: 5 })),
    'a little is enough': lying(aLittleIsEnough()),
    'inner product': lying(innerProductManipulation()),
    Gaussian: lying(gaussianNoise()),
  },
  local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
  cohort: CLIENTS,
  rounds: 30,
  evaluateEvery: 10,
  seeds: 5,
  compare: { measure: 'accuracy' },
});
export default rules;
