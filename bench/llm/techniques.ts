// `pnpm bench llm techniques`: what the techniques of docs/techniques.md come to where a short computation tells it.
import { fetchSgd, powerSgd, publicPlaces } from '@fedkit/compression';
import { fedAvg, Layout, type LinearAlgorithm, type PlainData, seededRng } from '@fedkit/core';
import { quadraticTrainer } from '@fedkit/core/conformance';
import { adapt, factorize, freeze, full, topLayersFirst, trainingOperations, transformer } from '@fedkit/llm';
import { calibrateSteps, confidentVotes } from '@fedkit/privacy';
import { bitsPerByte } from '../../examples/llm/federation.ts';
import { pretrained, smallModel } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';

const FACTORS = { authors: 8, train: 1, test: 24, ranks: [4, 8, 16, 32, 48] } as const;
/** A matrix, a client's values a round of it, and clients who agree on three directions alone. */
const THIN = { rows: 60, columns: 80, clients: 8, rounds: 120, directions: 3, learningRate: 0.1, values: 240 } as const;
const LAYERS = { vocabulary: 256, width: 64, layers: 8, heads: 4, context: 64, every: 3, rounds: 24 } as const;
const VOTES = {
  classes: 256,
  threshold: 120,
  checkStd: 60,
  answerStd: 25,
  delta: 1e-6,
  epsilons: [1, 2, 4, 8],
} as const;

/** Bits a byte of the small model whose matrices are factors, by rank; before any training. */
function factors() {
  const model = smallModel();
  const params = pretrained(model);
  const authors = readPresidents(FACTORS).authors.slice(0, FACTORS.authors);
  const whole = bitsPerByte(model, () => params, authors);
  const found = FACTORS.ranks.map((rank) => {
    const thin = factorize(model, params, { rank, targets: 'all-linear' });
    const error = Math.hypot(...thin.errors.values());
    return {
      rank,
      share: thin.model.layout.size / model.layout.size,
      error,
      bits: bitsPerByte(thin.model, () => thin.params, authors),
    };
  });
  return { whole, found };
}

type Vectors = { readonly [name: string]: Float32Array };
type Any = LinearAlgorithm<PlainData, PlainData, PlainData, Vectors, Vectors>;

/** How far from the optimum a federation is after every round, its start being 1, by what its clients send. */
async function thin() {
  const { rows, columns, clients, rounds, directions, learningRate, values } = THIN;
  const size = rows * columns;
  const layout = Layout.of([{ name: 'matrix', shape: [rows, columns] }]);
  const rng = seededRng('thin');
  const draw = (count: number) => Float64Array.from({ length: count }, () => rng.uniform() - 0.5);
  const wanted = new Float64Array(size);
  for (let k = 0; k < directions; k++) {
    const [p, q] = [draw(rows), draw(columns)];
    for (let i = 0; i < size; i++) wanted[i] += p[Math.floor(i / columns)] * q[i % columns];
  }
  const targets = Array.from({ length: clients }, () => {
    const own = draw(size);
    return Float32Array.from(wanted, (value, i) => value + 0.3 * own[i]);
  });
  const optimum = wanted.map((_, i) => targets.reduce((sum, target) => sum + target[i] / clients, 0));
  const start = Math.hypot(...optimum);
  const algorithms: Readonly<Record<string, unknown>> = {
    'FedAvg, all values': fedAvg(),
    'PowerSGD, one sum': powerSgd({ layout, rank: values / rows, seed: 1 }),
    'PowerSGD, two sums': powerSgd({ layout, rank: 3, seed: 1, sums: 2 }),
    FetchSGD: fetchSgd({ rows: 3, columns: values / 3, k: 8, momentum: 0, seed: 1 }),
    'public places': publicPlaces({ size, density: values / size, seed: 1 }),
  };
  const found: Record<string, { sent: number; distances: number[] }> = {};
  for (const [name, any] of Object.entries(algorithms)) {
    const algorithm = any as Any;
    let state = algorithm.init(new Float32Array(size));
    const memories = new Map<number, PlainData>();
    const distances: number[] = [];
    let sent = 0;
    for (let round = 1; round <= rounds; round++) {
      const aggregator = algorithm.aggregator(size);
      const sum = aggregator.create();
      for (const [i, target] of targets.entries()) {
        const memory = memories.get(i);
        const report = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          ...(memory !== undefined && { state: memory }),
          trainer: quadraticTrainer(target, 10),
          options: { steps: 1, batchSize: 'all', learningRate, rng: seededRng(round).fork(i) },
        });
        memories.set(i, report.state);
        sent = Object.values(report.contribution.values).reduce((all, { length }) => all + length, 0);
        aggregator.accumulate(sum, report.contribution);
      }
      const info = { round, cohort: clients, population: clients };
      state = algorithm.serverStep(state, aggregator.finalize(sum), info);
      distances.push(Math.hypot(...optimum.map((value, i) => value - algorithm.params(state)[i])) / start);
    }
    found[name] = { sent, distances };
  }
  return found;
}

/** Values that travel and operations of a step, over those of the whole model, by round; frozen blocks are computed once. */
function layers() {
  const { rounds, every, ...shape } = LAYERS;
  const model = transformer(shape);
  const base = freeze(model, model.init(seededRng(1)));
  const step = { batch: 4, length: 64 };
  const all = trainingOperations(model, step).total;
  const forward = (count: number) => trainingOperations(transformer({ ...shape, layers: count }), step).forward;
  const block = (forward(8) - forward(4)) / 4;
  return Array.from({ length: rounds }, (_, i) => {
    const round = i + 1;
    const own = adapt(
      base,
      full({ filter: (name) => topLayersFirst({ layers: shape.layers, every, round })({ name }) }),
    );
    const frozen = Math.max(0, shape.layers - Math.ceil(round / every));
    const operations = (trainingOperations(own, step).total - frozen * block) / all;
    return { round, values: own.layout.size / model.layout.size, operations };
  });
}

/** Answers that a budget buys where half of the queries are answered. */
function votes() {
  const { epsilons, delta, ...noise } = VOTES;
  const pair = confidentVotes({ ...noise, queries: 2, answers: 1 }).event('replace-one');
  return epsilons.map((epsilon) => ({
    epsilon,
    answers: calibrateSteps({ epsilon, delta, neighboring: 'replace-one', accountant: 'rdp', event: pair }),
  }));
}

/** Prints and stores all of it. */
export async function compareTechniques(): Promise<void> {
  const results = { factors: factors(), thin: await thin(), layers: layers(), votes: votes() };
  const digits = (value: number) => value.toFixed(3);
  const { whole, found } = results.factors;
  console.log(
    `\n${table(
      ['rank', 'values', 'error', 'bits a byte'],
      [
        ['whole', '1.000', '0.000', digits(whole)],
        ...found.map(({ rank, share, error, bits }) => [`${rank}`, ...[share, error, bits].map(digits)]),
      ],
    )}\n\n${table(
      ['', 'values a round', ...[20, 60, 120].map((round) => `after ${round}`)],
      Object.entries(results.thin).map(([name, { sent, distances }]) => [
        name,
        `${sent}`,
        ...[20, 60, 120].map((round) => digits(distances[round - 1])),
      ]),
    )}\n\n${table(
      ['ε', 'answers'],
      results.votes.map(({ epsilon, answers }) => [`${epsilon}`, `${answers}`]),
    )}`,
  );
  writeResults('llm-techniques', { setting: { FACTORS, THIN, LAYERS, VOTES }, ...results });
}
