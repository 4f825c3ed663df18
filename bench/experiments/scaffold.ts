// SCAFFOLD's table 3 (Karimireddy et al., ICML 2020), in order and ratio: rounds to a target by how similar clients are. The paper has EMNIST,
// which no registry ships; here are 100 clients of 120 MNIST digits of 14 × 14 pixels, 20 a round, softmax regression, batches of a fifth of
// a client. What is compared is which method needs fewer rounds. pnpm bench experiments scaffold
import { fedAvg, fedProx, mean, scaffold, softmaxRegression } from '@fedkit/core';
import { similarityPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';
import { pooled, SIDE } from '../shared/pooled-digits.ts';

const CLIENTS = 100;
const EACH = 120;

const epochs = (count: number) => (parameters: Readonly<Record<string, number>>) =>
  ({ steps: 5 * count, batchSize: EACH / 5, learningRate: parameters.rate }) as const;
const unweighted = { aggregate: (size: number) => mean(size) };
const similar = (similarity: number) => (labels: ArrayLike<number>, rng: Parameters<typeof similarityPartition>[2]) =>
  similarityPartition(labels, { clients: CLIENTS, similarity }, rng);

const controls: Experiment = experiment({
  name: 'scaffold',
  about:
    'Softmax regression on MNIST, 100 clients of 120 digits, 20 a round; E epochs of batches of 24, SGD one step of all digits.',
  task: () => {
    const { train, test } = readMnist();
    return classification({
      model: softmaxRegression({ inputs: SIDE * SIDE, classes: 10 }),
      train: pooled(train, 2 * CLIENTS * EACH),
      test: pooled(test, 2000),
    });
  },
  splits: { '0 % similar': similar(0), '10 % similar': similar(0.1), '100 % similar': similar(1) },
  algorithms: {
    SGD: {
      make: () => fedAvg(unweighted),
      local: ({ rate }) => ({ steps: 1, batchSize: 'all', learningRate: rate }),
    },
    'SCAFFOLD, E 1': { make: () => scaffold(), local: epochs(1) },
    'SCAFFOLD, E 5': { make: () => scaffold(), local: epochs(5) },
    'FedAvg, E 1': { make: () => fedAvg(unweighted), local: epochs(1) },
    'FedAvg, E 5': { make: () => fedAvg(unweighted), local: epochs(5) },
    'FedProx, E 1': { make: () => fedProx({ mu: 1 }), local: epochs(1) },
    'FedProx, E 5': { make: () => fedProx({ mu: 1 }), local: epochs(5) },
  },
  local: epochs(1),
  grid: { rate: [0.1, 0.4] },
  tuning: { rounds: 40 },
  cohort: 20,
  rounds: 100,
  seeds: 5,
  compare: { measure: 'accuracy', target: 0.8, baseline: { algorithm: 'FedAvg, E 1' } },
});
export default controls;
