// Figure 1 of FedProx (Li et al., MLSys 2020): 30 clients, softmax regression, 10 a round, E = 20, B = 10, η = 0.01; 50 or 90 % of each cohort
// are stragglers with 1 to 19 epochs, which FedAvg drops and FedProx folds in, with μ = 0, which is FedAvg that folds, and μ = 1. The paper
// shows curves of 200 rounds, no numbers; its data was drawn with another generator, so what is compared is which curve lies where, after
// 60 rounds, to leave time for five seeds.
import { fedAvg, fedProx, plainTrainer, softmaxRegression } from '@fedkit/core';
import { stragglers, SYNTHETIC_CLASSES, SYNTHETIC_INPUTS, syntheticFederation } from '@fedkit/core/simulation';
import { type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

/** The figure for one synthetic(α, β). */
export function fedProxSynthetic(name: string, alpha: number, beta: number): Experiment {
  const model = softmaxRegression({ inputs: SYNTHETIC_INPUTS, classes: SYNTHETIC_CLASSES });
  return experiment({
    name,
    about: `synthetic(${alpha},${beta}), 30 clients, 10 a round, E = 20, B = 10, η = 0.01.`,
    task: () => ({
      federation({ rng }) {
        const federation = syntheticFederation({ alpha, beta }, rng.fork('data'));
        const data = Array.from({ length: federation.clients }, (_, client) => federation.client(client));
        const over = (params: Float32Array, half: 'train' | 'test') => {
          let [loss, right, examples] = [0, 0, 0];
          for (const part of data) {
            const count = part[half].rows?.length ?? part[half].labels.length;
            const found = model.evaluate(params, part[half]);
            loss += found.loss * count;
            right += found.accuracy * count;
            examples += count;
          }
          return { loss: loss / examples, accuracy: right / examples };
        };
        return {
          layout: model.layout,
          initial: new Float32Array(model.layout.size),
          clients: data.map(({ train }) => plainTrainer(model, train)),
          evaluate: (params) => ({ loss: over(params, 'train').loss, accuracy: over(params, 'test').accuracy }),
        };
      },
    }),
    algorithms: { FedAvg: () => fedAvg(), 'FedProx, μ 1': () => fedProx({ mu: 1 }) },
    devices: {
      'none late': 'none',
      '50 %, dropped': () => ({ conditions: stragglers({ fraction: 0.5, policy: 'drop' }) }),
      '50 %, folded in': () => ({ conditions: stragglers({ fraction: 0.5, policy: 'partial' }) }),
      '90 %, dropped': () => ({ conditions: stragglers({ fraction: 0.9, policy: 'drop' }) }),
      '90 %, folded in': () => ({ conditions: stragglers({ fraction: 0.9, policy: 'partial' }) }),
    },
    local: () => ({ epochs: 20, batchSize: 10, learningRate: 0.01 }),
    cohort: 10,
    rounds: 60,
    evaluateEvery: 5,
    seeds: 5,
    compare: { measure: 'loss', average: 5 },
  });
}
