/**
 * Rounds of federated averaging over the small model, with real bytes between server and clients.
 *
 * @module
 */
import { clientSeed, contraction, errorFeedback } from '@fedkit/compression';
import {
  type FedAvgState,
  type FedAvgUpdate,
  fedAvg,
  type LinearAlgorithm,
  type NoState,
  type PlainData,
  seededRng,
} from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { exp } from '@fedkit/core/math';
import { adamW, type LanguageModel, languageTrainer, type LocalOptimizer } from '@fedkit/llm';
import type { Author } from './authors.ts';

/** How everybody trains. */
export interface Plan {
  readonly rounds: number;
  /** Local steps a round. */
  readonly steps: number;
  /** Windows of a local step. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** What a round left behind. */
export interface RoundResult {
  readonly bitsPerByte: number;
  readonly bytesUp: number;
}

const BITS = Math.LN2;

/** How well texts are predicted that nobody trained on. */
export interface HeldOut {
  readonly bitsPerByte: number;
  /** Of a token. */
  readonly perplexity: number;
}

/** Over every author's held-out text, each target counting once. */
export function heldOut(
  model: LanguageModel,
  paramsOf: (author: number) => Float32Array,
  authors: readonly Author[],
): HeldOut {
  let [sum, tokens, bytes] = [0, 0, 0];
  authors.forEach(({ test, testBytes }, i) => {
    const own = model.evaluate(paramsOf(i), test);
    sum += own.loss * own.tokens;
    tokens += own.tokens;
    bytes += testBytes;
  });
  return { bitsPerByte: sum / bytes / BITS, perplexity: exp(sum / tokens) };
}

/** {@link heldOut}'s bits a byte. */
export function bitsPerByte(
  model: LanguageModel,
  paramsOf: (author: number) => Float32Array,
  authors: readonly Author[],
): number {
  return heldOut(model, paramsOf, authors).bitsPerByte;
}

/** What server and clients know of a round. */
function roundSeed({ seed }: Plan, round: number): Uint8Array {
  const rng = seededRng(seed).fork('round', round);
  return Uint8Array.from({ length: 32 }, () => rng.below(256));
}

/** How an author trains in a round. */
export function optionsOf(plan: Plan, round: number, author: number) {
  const { steps, batchSize, learningRate, seed } = plan;
  return { steps, batchSize, learningRate, rng: seededRng(seed).fork('client', round, author) };
}

/** What may differ between two federations of the same plan. */
export interface Variant {
  /** The server's step; default: the mean is the next model. */
  readonly algorithm?: OuterAlgorithm;
  /** Updates go through its bytes. */
  readonly codec?: Codec | undefined;
  /** AdamW's moments: `fresh` in every round, the default, or `kept` on the device as in DiLoCo. */
  readonly moments?: 'fresh' | 'kept';
  /** What devices do with their gradients, instead of AdamW. */
  readonly local?: LocalOptimizer;
  /** Goes on after a round: exact for FedAvg with fresh moments and without a codec that remembers. */
  readonly resume?: { readonly round: number; readonly params: Float32Array };
  readonly signal?: AbortSignal;
  /** Measures held-out text after the last round alone. */
  readonly quiet?: boolean;
}

/** Federated averaging in front of any server optimizer. */
export type OuterAlgorithm = LinearAlgorithm<
  FedAvgState<PlainData>,
  { params: Float32Array },
  NoState,
  FedAvgUpdate,
  FedAvgUpdate
>;

/**
 * All authors, every round. With `codec` every update goes through its bytes; what a lossy one that is not unbiased leaves
 * behind stays on the device for the next round.
 */
export async function federate(
  model: LanguageModel,
  start: Float32Array,
  authors: readonly Author[],
  plan: Plan,
  { algorithm = fedAvg(), codec, moments = 'fresh', local, resume, signal, quiet = false }: Variant,
  onRound: (round: number, result: RoundResult, params: Float32Array) => void,
): Promise<{ params: Float32Array; rounds: RoundResult[] }> {
  let state = algorithm.init(resume?.params ?? start);
  const size = model.layout.size;
  const trainers = authors.map(({ train }) =>
    languageTrainer(model, train, { optimizer: local ?? adamW({ maxNorm: 1, moments }) }),
  );
  const memories = authors.map(() =>
    codec && !codec.unbiased ? errorFeedback(contraction(codec), { size, decay: 0.95 }) : undefined,
  );
  const rounds: RoundResult[] = [];
  for (let round = 1 + (resume?.round ?? 0); round <= plan.rounds; round++) {
    const aggregator = algorithm.aggregator(size);
    const accumulator = aggregator.create();
    let bytesUp = 0;
    for (const [i, trainer] of trainers.entries()) {
      const broadcast = algorithm.broadcast(state);
      signal?.throwIfAborted();
      const { contribution } = await algorithm.clientRound({ broadcast, trainer, options: optionsOf(plan, round, i) });
      let { update } = contribution.values;
      if (codec) {
        const context = { sharedSeed: clientSeed(roundSeed(plan, round), `${i}`), layout: model.layout };
        const sent = memories[i]?.encode(update, context);
        const bytes = sent?.bytes ?? codec.encode(update, context);
        sent?.commit();
        update = codec.decode(bytes, { ...context, expectedSize: size });
        bytesUp += bytes.length;
      } else bytesUp += update.byteLength;
      aggregator.accumulate(accumulator, { ...contribution, values: { update } });
    }
    const cohort = authors.length;
    state = algorithm.serverStep(state, aggregator.finalize(accumulator), { round, cohort, population: cohort });
    const params = algorithm.params(state);
    const measured = !quiet || round === plan.rounds;
    rounds.push({
      bitsPerByte: measured ? bitsPerByte(model, () => params, authors) : Number.NaN,
      bytesUp: Math.round(bytesUp / cohort),
    });
    onRound(round, rounds[rounds.length - 1], params);
  }
  return { params: algorithm.params(state), rounds };
}

/** Every author alone, as many steps as the federation gives each. */
export async function alone(
  model: LanguageModel,
  starts: readonly Float32Array[],
  authors: readonly Author[],
  plan: Plan,
): Promise<Float32Array[]> {
  const models: Float32Array[] = [];
  for (const [i, { train }] of authors.entries()) {
    const trainer = languageTrainer(model, train, { optimizer: adamW({ maxNorm: 1 }) });
    const how = { ...optionsOf(plan, 0, i), steps: plan.rounds * plan.steps };
    const { values } = await trainer.train(starts[i], {}, how);
    models.push(values.map((value, j) => starts[i][j] + value));
  }
  return models;
}

/** All texts in one place: as many sequential steps as a client takes, each over as many windows as the whole cohort. */
export async function centralize(
  model: LanguageModel,
  start: Float32Array,
  authors: readonly Author[],
  plan: Plan,
): Promise<Float32Array> {
  const { length } = authors[0].train;
  const join = (part: 'tokens' | 'targets') => {
    const all = new Int32Array(authors.reduce((sum, { train }) => sum + train[part].length, 0));
    authors.reduce((at, { train }) => {
      all.set(train[part], at);
      return at + train[part].length;
    }, 0);
    return all;
  };
  const trainer = languageTrainer(
    model,
    { length, tokens: join('tokens'), targets: join('targets') },
    { optimizer: adamW({ maxNorm: 1 }) },
  );
  const how = { ...optionsOf(plan, 0, 0), steps: plan.rounds * plan.steps, batchSize: plan.batchSize * authors.length };
  const { values } = await trainer.train(start, {}, how);
  return values.map((value, i) => start[i] + value);
}
