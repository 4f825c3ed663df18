// The MNIST row of Flower's baseline niid_bench (github.com/adap/flower, baselines/niid_bench), shortened: the CNN of NIID-Bench, 10
// clients by Dirichlet(0.5) with that benchmark's cap, all of them in every round, B = 64, η = 0.01, momentum 0.9, FedProx with μ = 0.01.
// Upstream has 60,000 digits, 10 epochs and 50 rounds of one seed, some hours a method on one core without a GPU; here 6,000 digits, two
// epochs and 10 rounds leave room for five seeds. Upstream's accuracies: FedAvg 98.89, FedProx 99.02, SCAFFOLD 99.07, FedNova 98.03.
// pnpm bench experiments flower-table
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { fedAvg, fedNova, fedProx, scaffold } from '@fedkit/core';
import { dirichletPartition } from '@fedkit/core/simulation';
import { mendTransposedMatMul } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { readMnist } from '../../examples/data/mnist.ts';
import { type Experiment, experiment } from '../../packages/fedkit/src/index.ts';
import { cnn, niidBenchCnn } from '../shared/cnn.ts';

const CLIENTS = 10;
const EXAMPLES = 6000;

const flowerTable: Experiment = experiment({
  name: 'flower-table',
  about:
    'The CNN of NIID-Bench on 6,000 MNIST digits, 10 clients, all in every round, two epochs of batches of 64, 10 rounds.',
  task: async () => {
    await registerGradients();
    await tf.setBackend('wasm');
    mendTransposedMatMul(tf);
    const { train, test } = readMnist();
    const network = cnn(niidBenchCnn);
    const labels = train.labels.subarray(0, EXAMPLES);
    const held = { ...test, rows: Uint32Array.from({ length: 5000 }, (_, row) => 2 * row) };
    return {
      // Nothing is tuned: all digits are the table's.
      federation: ({ split, rng }) => ({
        layout: network.layout,
        initial: network.init(rng.fork('model')),
        clients: (split?.(labels, rng.fork('split')) ?? []).map((rows) => network.trainer({ ...train, rows })),
        evaluate: (params) => network.evaluate(params, held),
      }),
    };
  },
  splits: {
    'Dirichlet 0.5': (labels, rng) =>
      dirichletPartition(labels, { clients: CLIENTS, alpha: 0.5, balance: 'niid-bench', minimumExamples: 10 }, rng),
  },
  algorithms: {
    FedAvg: () => fedAvg(),
    FedProx: () => fedProx({ mu: 0.01 }),
    SCAFFOLD: () => scaffold(),
    FedNova: () => fedNova(),
  },
  local: () => ({ epochs: 2, batchSize: 64, learningRate: 0.01, momentum: 0.9 }),
  cohort: CLIENTS,
  rounds: 10,
  evaluateEvery: 2,
  seeds: 5,
  compare: { measure: 'accuracy', target: 0.9 },
});
export default flowerTable;
