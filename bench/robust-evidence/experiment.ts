/**
 * Rules under attacks on MNIST, each told how many of 30 clients may lie. Clients have 100 digits, half of them drawn from all, half of few
 * labels, so that honest clients differ. Byzantine clients see every honest update of the round and collude, or train honestly on
 * flipped labels. Digits are of 14 × 14 pixels, so that 960 runs take minutes.
 *
 * @module
 */
import { type Examples, plainTrainer, softmaxRegression, type Trainer } from '@fedkit/core';
import {
  aLittleIsEnough,
  type Attack,
  flipLabels,
  gaussianNoise,
  innerProductManipulation,
  signFlip,
  similarityPartition,
} from '@fedkit/core/simulation';
import { DIGITS, readMnist } from '../../examples/data/mnist.ts';
import { classification, type Experiment, experiment, type Task } from '../../packages/fedkit/src/index.ts';
import { pooled, SIDE } from '../shared/pooled-digits.ts';
import { algorithmOf, candidates } from './rules.ts';

export const CLIENTS = 30;
const OWN = 100;

const model = softmaxRegression({ inputs: SIDE * SIDE, classes: DIGITS });
const every = (step: number, count: number, first = 0) =>
  Uint32Array.from({ length: count }, (_, row) => first + step * row);

let read: { readonly train: Examples; readonly test: Examples } | undefined;
function digits() {
  if (read === undefined) {
    const { train, test } = readMnist();
    read = { train: pooled(train, train.labels.length), test: pooled(test, test.labels.length) };
  }
  return read;
}

/** What FLTrust's server holds: digits that no client has. */
const own = (): Trainer => plainTrainer(model, { ...digits().train, rows: every(10, OWN, 5) });

/** Digits for clients of whom so many train on flipped labels, others with every seed. */
function task(flipped: number): Task {
  return () => {
    const { train, test } = digits();
    const data = new Map<Trainer, Examples>();
    const honest = classification({
      model,
      train: { ...train, rows: every(10, 6000) },
      test: { ...test, rows: every(5, 2000) },
      trainer(examples) {
        const trainer = plainTrainer(model, examples);
        data.set(trainer, examples);
        return trainer;
      },
    });
    return {
      async federation(options) {
        const federation = await honest.federation(options);
        const clients = [...(federation.clients as readonly Trainer[])];
        const places = clients.map((_, place) => place);
        const chance = options.rng.fork('flipped');
        for (let left = flipped; left > 0; left--) {
          const [place] = places.splice(chance.below(places.length), 1);
          clients[place] = plainTrainer(model, flipLabels(data.get(clients[place]) as Examples, DIGITS));
        }
        data.clear();
        return { ...federation, clients };
      },
    };
  };
}

/** @param by - What liars do: forge updates, in each of the ways there are, or train on flipped labels. */
export function robustRules(
  name: string,
  { byzantine, by }: { byzantine: number; by: 'updates' | 'labels' },
): Experiment {
  const lying = (attack: Attack) => () => ({ share: byzantine / CLIENTS, attack });
  const enough = candidates.filter(({ needs }) => needs(byzantine) <= CLIENTS);
  return experiment({
    name,
    about: `Softmax regression on MNIST of 14 × 14 pixels, 30 clients of 100 digits, half of them of few labels, ${byzantine} Byzantine, 30 rounds.`,
    task: task(by === 'labels' ? byzantine : 0),
    splits: { mixed: (labels, rng) => similarityPartition(labels, { clients: CLIENTS, similarity: 0.5 }, rng) },
    algorithms: Object.fromEntries(
      enough.map((candidate) => [candidate.name, () => algorithmOf(candidate, CLIENTS, byzantine, own)]),
    ),
    attacks:
      by === 'labels'
        ? { 'label flip': 'none' }
        : {
            honest: 'none',
            'sign flip × 5': lying(signFlip({ scale: 5 })),
            'a little is enough': lying(aLittleIsEnough()),
            'inner product': lying(innerProductManipulation()),
            Gaussian: lying(gaussianNoise({ standardDeviation: 2 })),
          },
    local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.4 }),
    cohort: CLIENTS,
    rounds: 30,
    evaluateEvery: 10,
    seeds: 5,
    compare: { measure: 'accuracy' },
  });
}
