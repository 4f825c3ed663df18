// Where MOON helps and where it does not: FedAvg, FedProx and MOON on MNIST when clients are alike and when they are not, a perceptron with
// two hidden layers. 20 clients of 150 digits, all of them in every round, three epochs of batches of 10: clients that drift.
// pnpm bench experiments contrastive
import { fedAvg, fedProx, mlp } from '@fedkit/core';
import { moon } from '@fedkit/core/algorithm';
import { dirichletPartition, iidPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const CLIENTS = 20;
const model = mlp({ layers: [784, 32, 16, 10] });

const contrastive: Experiment = experiment({
  name: 'contrastive',
  about: 'A perceptron on MNIST, 20 clients of 150 digits, all in every round, 15 rounds of three epochs.',
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
    FedAvg: () => fedAvg(),
    FedProx: { make: ({ mu }) => fedProx({ mu }), grid: { mu: [0.01, 0.1, 1] } },
    MOON: { make: ({ mu }) => moon({ mu }), grid: { mu: [0.1, 1, 5] } },
  },
  local: ({ rate }) => ({ epochs: 3, batchSize: 10, learningRate: rate }),
  grid: { rate: [0.01, 0.03, 0.1, 0.3] },
  cohort: CLIENTS,
  rounds: 15,
  evaluateEvery: 3,
  seeds: 5,
  compare: { measure: 'accuracy', target: 0.8 },
});
export default contrastive;
