// Label skew on MNIST: FedAvg, FedProx and SCAFFOLD, plain and through one bit a parameter. See README.md.
import { contraction, eden } from '@fedkit/compression';
import { fedAvg, fedProx, plainUpdates, scaffold, softmaxRegression } from '@fedkit/core';
import { dirichletPartition, iidPartition, logNormalDevices } from '@fedkit/core/simulation';
import { classification, type Experiment, experiment } from 'fedkit';
import { readMnist } from '../data/mnist.ts';

const CLIENTS = 20;

const labelSkew: Experiment = experiment({
  name: 'label-skew',
  about: 'Softmax regression on MNIST, 20 clients, 10 a round, devices like phones.',
  task: () => {
    const { train, test } = readMnist();
    // A tenth of the digits: seconds instead of minutes.
    const rows = Uint32Array.from({ length: 6000 }, (_, row) => 10 * row);
    return classification({ model: softmaxRegression({ inputs: 784, classes: 10 }), train: { ...train, rows }, test });
  },
  splits: {
    alike: (labels, rng) => iidPartition(labels.length, { clients: CLIENTS }, rng),
    'Dirichlet 0.1': (labels, rng) => dirichletPartition(labels, { clients: CLIENTS, alpha: 0.1 }, rng),
  },
  algorithms: {
    FedAvg: () => fedAvg(),
    FedProx: { make: ({ mu }) => fedProx({ mu }), grid: { mu: [0.01, 0.1, 1] } },
    SCAFFOLD: () => scaffold(),
  },
  channels: {
    plain: 'none',
    'EDEN, 1 bit': ({ algorithm, layout }) =>
      plainUpdates({ algorithm, layout, codec: contraction(eden({ bits: 1 })) }),
  },
  devices: {
    phones: (seed) => ({ of: logNormalDevices({ up: 1e5, down: 1e6, secondsPerStep: 0.05, seed }) }),
  },
  local: ({ learningRate }) => ({ epochs: 1, batchSize: 10, learningRate }),
  grid: { learningRate: [0.01, 0.03, 0.1, 0.3] },
  cohort: 10,
  rounds: 30,
  evaluateEvery: 2,
  seeds: 5,
  tuning: { rounds: 15 },
  compare: { measure: 'accuracy', target: 0.8 },
});
export default labelSkew;
