// What central DP-FedAvg makes of MNIST at several ε, and how many clients that takes. Users are protected; the ledger is asked
// before every release.
// pnpm bench dp-utility [rounds, default 30]
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  fedAvg,
  memoryStore,
  plainTrainer,
  poissonSelection,
  secureRng,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import {
  calibrateNoiseStd,
  event,
  gaussianMechanism,
  pldAccountant,
  privacyLedger,
  privateMean,
} from '@fedkit/privacy';
import { DIGITS, PIXELS, readMnist } from '../../examples/data/mnist.ts';
import { table, writeResults } from '../shared/measure.ts';
import { accuracyPlot, type Curve } from './plot.ts';

const DEFAULT_ROUNDS = 30;
const rounds = Number(process.argv[2] ?? DEFAULT_ROUNDS);
const POPULATIONS = [100, 300, 1000, 3000, 6000];
const EPSILONS = [1, 2, 4, 8];
const COLORS = ['#b2182b', '#ef8a62', '#67a9cf', '#2166ac', '#444'];
/** Each client holds 10 digits; an expected 200 take part in a round, or all there are. */
const EACH = 10;
const COHORT = 200;
const CLIP = 0.4;
const LEARNING_RATE = 0.1;

const { train, test } = readMnist();
const model = softmaxRegression({ inputs: PIXELS, classes: DIGITS });
const size = model.layout.size;
const order = Uint32Array.from(train.labels.keys());
const rng = secureRng();

/** Test accuracy after all rounds; ε = Infinity neither clips nor noises. */
async function run(population: number, epsilon: number): Promise<{ accuracy: number; noise: number; spent: number }> {
  const probability = Math.min(1, COHORT / population);
  const delta = 1 / (10 * population);
  const relation = { neighboring: 'add-or-remove' } as const;
  const expectedWeight = probability * population;
  const options = { placement: 'central', size, clip: CLIP, expectedWeight } as const;
  const cost = (noiseStd: number) =>
    event.poissonSampled(probability, gaussianMechanism({ ...options, noiseStd }).event);
  // The accountant's upper bound is up to 0.1 % wide; a calibration to the last digit would lose the last round to it.
  const target = 0.998 * epsilon;
  const noiseStd =
    epsilon === Infinity
      ? 0
      : calibrateNoiseStd({
          ...relation,
          epsilon: target,
          delta,
          event: (std) => event.selfComposed(cost(std), rounds),
        });
  const mechanism = noiseStd === 0 ? undefined : gaussianMechanism({ ...options, noiseStd });
  const ledger =
    mechanism &&
    (await privacyLedger({
      store: memoryStore(),
      run: `dp-utility ${population} ${epsilon}`,
      unit: 'user',
      budget: { epsilon, delta },
      accountant: () => pldAccountant(relation),
    }));
  const algorithm = mechanism === undefined ? fedAvg() : fedAvg({ aggregate: () => privateMean(mechanism, rng) });
  const aggregator = algorithm.aggregator(size);
  const clients = Array.from({ length: population }, (_, i) => `${i}`);
  const selection = poissonSelection({ probability });
  let state = algorithm.init(model.init(seededRng('model')));
  for (let round = 1; round <= rounds; round++) {
    // Sampling that amplifies must be secret: it is drawn from the secure stream.
    const { clients: cohort } = selection.select(clients, rng);
    const accumulator = aggregator.create();
    const broadcast = algorithm.broadcast(state);
    for (const client of cohort) {
      const rows = order.subarray(Number(client) * EACH, (Number(client) + 1) * EACH);
      const trainer = plainTrainer(model, { ...train, rows });
      const local = { epochs: 3, batchSize: 'all', learningRate: LEARNING_RATE, rng } as const;
      const { contribution } = await algorithm.clientRound({ broadcast, trainer, options: local });
      aggregator.accumulate(accumulator, { ...contribution, weight: 1 });
    }
    const finalize = () => aggregator.finalize(accumulator);
    const charge = { event: cost(noiseStd || 1), round, realized: { reported: cohort.length } };
    const aggregate = ledger === undefined ? finalize() : await ledger.release(charge, finalize);
    const info = { round, cohort: Math.max(1, cohort.length), population };
    state = algorithm.serverStep(state, aggregate, info);
  }
  const { accuracy } = model.evaluate(algorithm.params(state), test);
  return { accuracy, noise: noiseStd / CLIP, spent: ledger?.spent() ?? Infinity };
}

const results: {
  population: number;
  epsilon: number | 'none';
  accuracy: number;
  noise: number;
  spent: number | 'none';
}[] = [];
for (const population of POPULATIONS) {
  for (const epsilon of [...EPSILONS, Infinity]) {
    const { accuracy, noise, spent } = await run(population, epsilon);
    const named = (value: number) => (value === Infinity ? ('none' as const) : value);
    results.push({ population, epsilon: named(epsilon), accuracy, noise, spent: named(spent) });
  }
}
const accuracyOf = (population: number, epsilon: number | 'none') =>
  results.find((row) => row.population === population && row.epsilon === epsilon)?.accuracy ?? Number.NaN;
const kinds = [...EPSILONS, 'none' as const];
console.log(
  `Test accuracy of softmax regression after ${rounds} rounds of DP-FedAvg, ${EACH} digits a client, δ = 1/(10·clients), Poisson cohorts of ${COHORT}.\n`,
);
console.log(
  table(
    ['clients', ...kinds.map((epsilon) => (epsilon === 'none' ? 'no privacy' : `ε = ${epsilon}`))],
    POPULATIONS.map((population) => [
      population.toLocaleString('en'),
      ...kinds.map((epsilon) => `${(100 * accuracyOf(population, epsilon)).toFixed(1)} %`),
    ]),
  ),
);
const curves: Curve[] = kinds.map((epsilon, i) => ({
  label: epsilon === 'none' ? 'no privacy' : `ε = ${epsilon}`,
  color: COLORS[i],
  points: POPULATIONS.map((population) => [population, accuracyOf(population, epsilon)] as const),
}));
const svg = accuracyPlot('Central DP-FedAvg on MNIST: accuracy and what it takes', 'clients, 10 digits each', curves);
if (rounds === DEFAULT_ROUNDS) {
  writeResults('dp-utility', { rounds, digitsOfEach: EACH, cohort: COHORT, clip: CLIP, results });
  const file = join(dirname(fileURLToPath(import.meta.url)), '../results/dp-utility.svg');
  writeFileSync(file, svg);
  console.log(`\nDrawn: bench/results/dp-utility.svg`);
}
