// What newer algorithms add to FedAvg on MNIST, when clients are alike and when they are not: 50 clients of 120 digits, 10 a round, one
// epoch of batches of 10, a perceptron with one hidden layer of 32. pnpm bench experiments newer-algorithms
import { fedAcg, fedAvg, fedAvgM, fedCm, fedExP, diLoCo, mlp, serverMuon, tilted } from '@fedkit/core';
import { dirichletPartition, iidPartition } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const CLIENTS = 50;
const model = mlp({ layers: [784, 32, 10] });

const newerAlgorithms: Experiment = experiment({
  name: 'newer-algorithms',
  about: 'A perceptron on MNIST, 50 clients of 120 digits, 10 a round, 25 rounds.',
  task: () => {
    const { train, test } = readMnist();
    const every = (step: number, count: number) => Uint32Array.from({ length: count }, (_, row) => step * row);
    return classification({
      model,
      train: { ...train, rows: every(5, 12_000) },
      test: { ...test, rows: every(5, 2000) },
    });
  },
  splits: {
    alike: (labels, rng) => iidPartition(labels.length, { clients: CLIENTS }, rng),
    'Dirichlet 0.1': (labels, rng) => dirichletPartition(labels, { clients: CLIENTS, alpha: 0.1 }, rng),
  },
  algorithms: {
    FedAvg: () => fedAvg(),
    FedAvgM: { make: ({ beta }) => fedAvgM({ momentum: beta }), grid: { beta: [0.5, 0.7, 0.9] } },
    DiLoCo: () => diLoCo(),
    FedExP: () => fedExP(),
    FedCM: { make: ({ alpha }) => fedCm({ alpha }), grid: { alpha: [0.03, 0.1, 0.3, 0.5] } },
    FedACG: { make: ({ lambda }) => fedAcg({ lambda }), grid: { lambda: [0.5, 0.7, 0.85] } },
    TERM: { make: ({ tilt }) => tilted({ tilt }), grid: { tilt: [0.1, 0.3, 1, 3] } },
    Muon: {
      make: ({ server }) =>
        fedAvg({ server: serverMuon({ layout: model.layout, learningRate: server, momentum: 0.8 }) }),
      grid: { server: [0.01, 0.03, 0.1, 0.3] },
    },
  },
  local: ({ rate }) => ({ epochs: 1, batchSize: 10, learningRate: rate }),
  grid: { rate: [0.03, 0.06, 0.1, 0.2, 0.3, 0.6, 1] },
  // Of one seed the luck of a try would choose.
  tuning: { seeds: 3 },
  cohort: 10,
  rounds: 25,
  evaluateEvery: 5,
  seeds: 5,
  compare: { measure: 'accuracy', target: 0.8 },
});
export default newerAlgorithms;
