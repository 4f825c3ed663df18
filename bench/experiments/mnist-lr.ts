// Multinomial logistic regression on MNIST with the federation of FedProx (Li et al., MLSys 2020, §5.1; generator in
// github.com/litian96/FedProx, data/mnist/generate_niid.py): 1,000 clients of two digits each, sizes after a power law, features
// standardized per pixel, 90 % of each client's digits to train on and 10 % to test on. 10 clients a round, B = 10, η = 0.03, E = 1, 100
// rounds, as in the README of microsoft/msrflute, whose table gives about 81 %. pnpm bench experiments mnist-lr
import { fedAvg, plainTrainer, type SeededRng, softmaxRegression } from '@fedkit/core';
import { powerLawPartition } from '@fedkit/core/simulation';
import { type Experiment, experiment } from '../../packages/fedkit/src/index.ts';
import { standardizedDigits } from '../shared/standardized-digits.ts';

const model = softmaxRegression({ inputs: 784, classes: 10 });

const regression: Experiment = experiment({
  name: 'mnist-lr',
  about:
    'Softmax regression on standardized MNIST, 1,000 power-law clients of two digits each, 10 a round, E = 1, B = 10, η = 0.03.',
  task: () => {
    const digits = standardizedDigits();
    return {
      federation({ rng }) {
        const train: Uint32Array[] = [];
        const test: number[] = [];
        const parts = powerLawPartition(digits.labels, { clients: 1000 }, rng.fork('partition'));
        for (const [client, part] of parts.entries()) {
          // Shuffled, then cut, as each user's digits are in the generator.
          const rows = shuffled(part, rng.fork('split', client));
          const cut = Math.floor(0.9 * rows.length);
          train.push(Uint32Array.from(rows.slice(0, cut)));
          test.push(...rows.slice(cut));
        }
        const held = { ...digits, rows: Uint32Array.from(test) };
        return {
          layout: model.layout,
          initial: new Float32Array(model.layout.size),
          clients: train.map((rows) => plainTrainer(model, { ...digits, rows })),
          evaluate: (params) => model.evaluate(params, held),
        };
      },
    };
  },
  algorithms: { FedAvg: () => fedAvg() },
  local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.03 }),
  cohort: 10,
  rounds: 100,
  evaluateEvery: 5,
  seeds: 5,
  compare: { measure: 'accuracy', target: 0.81 },
});
export default regression;

function shuffled(rows: Uint32Array, rng: SeededRng): number[] {
  const mixed = [...rows];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}
