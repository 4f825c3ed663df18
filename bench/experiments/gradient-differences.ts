// Through a codec that keeps a twentieth: what compressed gradients, compressed differences and their kin come to on softmax regression, by
// rounds and by bytes. 20 clients of MNIST digits, all in every round, one step of all their digits. Where clients are alike, differences
// have little to add; where they are not, descent on compressed gradients stays in a ball. pnpm bench experiments gradient-differences
import { contraction, randomK } from '@fedkit/compression';
import { dasha, diana, ef21, fedAvg, plainUpdates, softmaxRegression } from '@fedkit/core';
import { dirichletPartition, iidPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const CLIENTS = 20;
const model = softmaxRegression({ inputs: 784, classes: 10 });
/** ω of random-k at a twentieth is 19, and a little less where k is rounded up. */
const VARIANCE = 20;
const codec = randomK({ density: 0.05 });

const gradientDifferences: Experiment = experiment({
  name: 'gradient-differences',
  about: 'Softmax regression on MNIST, 20 clients of 150 digits, all in every round, 60 rounds.',
  task: () => {
    const { train, test } = readMnist();
    const every = (step: number, count: number) => Uint32Array.from({ length: count }, (_, row) => step * row);
    return classification({
      model,
      train: { ...train, rows: every(10, 6000) },
      test: { ...test, rows: every(5, 2000) },
    });
  },
  splits: {
    alike: (labels, rng) => iidPartition(labels.length, { clients: CLIENTS }, rng),
    'Dirichlet 0.1': (labels, rng) => dirichletPartition(labels, { clients: CLIENTS, alpha: 0.1 }, rng),
  },
  algorithms: {
    FedSGD: () => fedAvg(),
    EF21: { make: ({ rate }) => ef21({ learningRate: rate }), local: () => once(0.1) },
    DIANA: { make: ({ rate }) => diana({ learningRate: rate, variance: VARIANCE }), local: () => once(0.1) },
    DASHA: { make: ({ rate }) => dasha({ learningRate: rate, variance: VARIANCE }), local: () => once(0.1) },
  },
  channels: {
    // Those that settle by error feedback need a contraction; the others average an unbiased codec as it is.
    'a twentieth': ({ algorithm, layout }) =>
      plainUpdates({ algorithm, layout, codec: algorithm.kind === 'ef21' ? contraction(codec) : codec }),
  },
  local: ({ rate }) => once(rate),
  grid: { rate: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2] },
  cohort: CLIENTS,
  rounds: 60,
  evaluateEvery: 10,
  seeds: 5,
  compare: { measure: 'loss', target: 0.6 },
});
export default gradientDifferences;

function once(learningRate: number) {
  return { steps: 1, batchSize: 'all', learningRate } as const;
}
