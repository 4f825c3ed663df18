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
/** Clients who agree on three directions of a matrix, and differ in everything else. */
const THIN = {
  rows: 40,
  columns: 50,
  clients: 8,
  rounds: 150,
  directions: 3,
  learningRate: 0.02,
  values: 160,
} as const;
/** Clients who agree on a few values, and differ in everything else. */
const FEW = { size: 4800, clients: 8, rounds: 60, large: 24, learningRate: 0.1, rows: 5, columns: 240, k: 8 } as const;
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

/** How far from the optimum federations are after every round, their start being 1, and the values that a client sends. */
async function distances(
  targets: readonly Float32Array[],
  { rounds, learningRate }: { readonly rounds: number; readonly learningRate: number },
  algorithms: Readonly<Record<string, unknown>>,
) {
  const optimum = targets[0].map((_, i) => targets.reduce((sum, target) => sum + target[i] / targets.length, 0));
  const start = Math.hypot(...optimum);
  const found: Record<string, { sent: number; distances: number[] }> = {};
  for (const [name, any] of Object.entries(algorithms)) {
    const algorithm = any as Any;
    let state = algorithm.init(new Float32Array(optimum.length));
    const memories = new Map<number, PlainData>();
    const own: number[] = [];
    let sent = 0;
    for (let round = 1; round <= rounds; round++) {
      const aggregator = algorithm.aggregator(optimum.length);
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
      const info = { round, cohort: targets.length, population: targets.length };
      state = algorithm.serverStep(state, aggregator.finalize(sum), info);
      const params = algorithm.params(state);
      own.push(Math.hypot(...optimum.map((value, i) => value - params[i])) / start);
    }
    found[name] = { sent, distances: own };
  }
  return found;
}

/** What clients want: what all want, and something of their own. */
function targetsAround(wanted: Float64Array, clients: number, own: number): Float32Array[] {
  const rng = seededRng('targets');
  return Array.from({ length: clients }, () =>
    Float32Array.from(wanted, (value) => value + own * (rng.uniform() - 0.5)),
  );
}

function thin() {
  const { rows, columns, clients, directions, values } = THIN;
  const size = rows * columns;
  const layout = Layout.of([{ name: 'matrix', shape: [rows, columns] }]);
  const rng = seededRng('thin');
  const draw = (count: number) => Float64Array.from({ length: count }, () => rng.uniform() - 0.5);
  const wanted = new Float64Array(size);
  for (let direction = 0; direction < directions; direction++) {
    const [p, q] = [draw(rows), draw(columns)];
    for (let i = 0; i < size; i++) wanted[i] += p[Math.floor(i / columns)] * q[i % columns];
  }
  return distances(targetsAround(wanted, clients, 0.3), THIN, {
    FedAvg: fedAvg(),
    'PowerSGD, one sum': powerSgd({ layout, rank: values / rows, seed: 1 }),
    'PowerSGD, two sums': powerSgd({ layout, rank: 3, seed: 1, sums: 2 }),
    'public places': publicPlaces({ size, density: values / size, seed: 1 }),
  });
}

function places() {
  const { size, clients } = FEW;
  const rng = seededRng('places');
  const wanted = Float64Array.from({ length: size }, () => rng.uniform() - 0.5);
  const own = (density: number) => publicPlaces({ size, density, trains: 'places', seed: 1 });
  const how = { rounds: FEW.rounds, learningRate: 0.5 };
  return distances(targetsAround(wanted, clients, 0.3), how, {
    'all values': fedAvg(),
    half: own(0.5),
    'a tenth': own(0.1),
    'a fiftieth': own(0.02),
  });
}

function few() {
  const { size, clients, large, rows, columns, k } = FEW;
  const rng = seededRng('few');
  const wanted = new Float64Array(size);
  for (let i = 0; i < large; i++) wanted[rng.below(size)] = rng.uniform() < 0.5 ? -1 : 1;
  return distances(targetsAround(wanted, clients, 0.02), FEW, {
    FedAvg: fedAvg(),
    FetchSGD: fetchSgd({ rows, columns, k, momentum: 0, seed: 1 }),
    'public places': publicPlaces({ size, density: (rows * columns) / size, seed: 1 }),
  });
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
  const results = {
    factors: factors(),
    thin: await thin(),
    few: await few(),
    places: await places(),
    layers: layers(),
    votes: votes(),
  };
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
      ['', 'values a round', ...[20, 40, 60].map((round) => `after ${round}`)],
      [...Object.entries(results.thin), ...Object.entries(results.few), ...Object.entries(results.places)].map(
        ([name, own]) => [name, `${own.sent}`, ...[20, 40, 60].map((round) => digits(own.distances[round - 1]))],
      ),
    )}\n\n${table(
      ['ε', 'answers'],
      results.votes.map(({ epsilon, answers }) => [`${epsilon}`, `${answers}`]),
    )}`,
  );
  writeResults('llm-techniques', { setting: { FACTORS, THIN, FEW, LAYERS, VOTES }, ...results });
}
