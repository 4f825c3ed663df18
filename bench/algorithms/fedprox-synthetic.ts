// Figure 1 of FedProx (Li et al., MLSys 2020) on synthetic(1,1) and synthetic(0,0): 30 clients, softmax regression, 10
// clients a round, E = 20, B = 10, η = 0.01, 200 rounds; 0, 50 and 90 % of each cohort are stragglers with 1 to 19
// epochs, which FedAvg drops and FedProx folds in, with μ = 0 and μ = 1. The paper shows curves, no numbers; its data
// was drawn with another generator, so what is compared is which curve lies where.
import { fedAvg, fedProx, plainTrainer, seededRng, softmaxRegression, type Trainer } from '@fedkit/core';
import {
  simulate,
  stragglers,
  SYNTHETIC_CLASSES,
  SYNTHETIC_INPUTS,
  syntheticFederation,
} from '@fedkit/core/simulation';
import type { Panel } from '../../packages/fedkit/src/experiment/chart.ts';
import { table } from '../shared/measure.ts';
import { clock, percent, publish } from './shared.ts';

const SEED = 1;
const ROUNDS = 200;
const EVERY = 5;
const LAST = 10;

const METHODS = [
  { label: 'FedAvg, stragglers dropped', algorithm: fedAvg(), policy: 'drop' },
  { label: 'FedProx μ = 0', algorithm: fedProx({ mu: 0 }), policy: 'partial' },
  { label: 'FedProx μ = 1', algorithm: fedProx({ mu: 1 }), policy: 'partial' },
] as const;

export async function main(): Promise<void> {
  const seconds = clock();
  const model = softmaxRegression({ inputs: SYNTHETIC_INPUTS, classes: SYNTHETIC_CLASSES });
  const runs = [];
  const panels: Panel[] = [];
  for (const [alpha, beta] of [
    [1, 1],
    [0, 0],
  ]) {
    const federation = syntheticFederation({ alpha, beta }, seededRng(SEED).fork('data'));
    const data = Array.from({ length: federation.clients }, (_, client) => federation.client(client));
    const clients: Trainer[] = data.map(({ train }) => plainTrainer(model, train));
    const measure = (params: Float32Array, half: 'train' | 'test') => {
      let [loss, right, examples] = [0, 0, 0];
      for (const part of data) {
        const count = part[half].rows?.length as number;
        const found = model.evaluate(params, part[half]);
        loss += found.loss * count;
        right += found.accuracy * count;
        examples += count;
      }
      return { loss: loss / examples, accuracy: right / examples };
    };
    for (const fraction of [0, 0.5, 0.9]) {
      const curves = [];
      for (const { label, algorithm, policy } of METHODS) {
        const loss: [number, number][] = [];
        const accuracy: [number, number][] = [];
        await simulate({
          algorithm,
          clients,
          local: { epochs: 20, batchSize: 10, learningRate: 0.01 },
          conditions: stragglers({ fraction, policy }),
          initial: new Float32Array(model.layout.size),
          cohort: 10,
          rounds: ROUNDS,
          seed: SEED,
          evaluate: (params, round) => {
            if (round % EVERY !== 0) return;
            loss.push([round, measure(params, 'train').loss]);
            accuracy.push([round, measure(params, 'test').accuracy]);
          },
        });
        runs.push({ data: `synthetic(${alpha},${beta})`, stragglers: fraction, method: label, loss, accuracy });
        curves.push({ label, points: loss });
        console.error(`${((100 * runs.length) / 18).toFixed(0)} %, ${seconds().toFixed(0)} s`);
      }
      panels.push({
        title: `synthetic(${alpha},${beta}), ${percent(fraction)} stragglers`,
        x: 'round',
        y: 'training loss',
        curves,
      });
    }
  }
  const last = (points: [number, number][]) => points.slice(-LAST).reduce((sum, [, value]) => sum + value, 0) / LAST;
  const wobble = (points: [number, number][]) => {
    const tail = points.slice(-LAST).map(([, value]) => value);
    return Math.max(...tail) - Math.min(...tail);
  };
  console.log(
    table(
      ['data', 'stragglers', 'method', 'training loss', 'its spread', 'test accuracy'],
      runs.map((run) => [
        run.data,
        percent(run.stragglers),
        run.method,
        last(run.loss).toFixed(3),
        wobble(run.loss).toFixed(3),
        percent(last(run.accuracy)),
      ]),
    ),
  );
  console.log(
    `\nmeans over the last ${LAST} of ${ROUNDS / EVERY} evaluations; spread: largest less smallest of them; seed ${SEED}`,
  );
  console.log(`${seconds().toFixed(0)} s`);
  publish('fedprox-synthetic', 'FedProx, figure 1: training loss', { seed: SEED, rounds: ROUNDS, runs }, panels);
}
