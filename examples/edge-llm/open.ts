/**
 * The same rounds without masks and noise, to see what those cost.
 *
 * @module
 */
import { type LinearAlgorithm, type PlainData, seededRng } from '@fedkit/core';
import { adamW, type LanguageModel, languageTrainer } from '@fedkit/llm';
import type { Author } from '../llm/authors.ts';
import { bitsPerByte, optionsOf, type Plan, type RoundResult } from '../llm/federation.ts';

/** What a federation came to. */
export interface Federated {
  readonly params: Float32Array;
  readonly rounds: readonly RoundResult[];
  /** Down to a device and round. */
  readonly bytesDown: number;
  readonly epsilon?: number;
}

/** All authors in every round; values travel as float32. */
export async function federateInTheOpen<
  S extends PlainData,
  B extends { readonly [name: string]: Float32Array },
  C extends PlainData,
  U extends { readonly [name: string]: Float32Array },
>(
  model: LanguageModel,
  start: Float32Array,
  authors: readonly Author[],
  plan: Plan,
  algorithm: LinearAlgorithm<S, B, C, U, U>,
  onRound: (round: number, result: RoundResult) => void,
): Promise<Federated> {
  let state = algorithm.init(start);
  const trainers = authors.map(({ train }) =>
    languageTrainer(model, train, { optimizer: adamW({ maxNorm: 1, moments: 'kept' }) }),
  );
  const memories = new Map<number, C>();
  const bytesOf = (values: { readonly [name: string]: Float32Array }) =>
    Object.values(values).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const rounds: RoundResult[] = [];
  let bytesDown = 0;
  for (let round = 1; round <= plan.rounds; round++) {
    const aggregator = algorithm.aggregator(model.layout.size);
    const sum = aggregator.create();
    const broadcast = algorithm.broadcast(state);
    bytesDown = bytesOf(broadcast);
    let bytesUp = 0;
    for (const [i, trainer] of trainers.entries()) {
      const memory = memories.get(i);
      const options = { ...optionsOf(plan, round, i), rng: seededRng(plan.seed).fork('client', round, i) };
      const report = await algorithm.clientRound({ broadcast, trainer, options, ...(memory && { state: memory }) });
      memories.set(i, report.state);
      bytesUp = bytesOf(report.contribution.values);
      aggregator.accumulate(sum, report.contribution);
    }
    const cohort = authors.length;
    state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort, population: cohort });
    const params = algorithm.params(state);
    rounds.push({ bitsPerByte: bitsPerByte(model, () => params, authors), bytesUp });
    onRound(round, rounds[rounds.length - 1]);
  }
  return { params: algorithm.params(state), rounds, bytesDown };
}
