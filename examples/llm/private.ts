/**
 * The federation with noise that nobody can take away: real rounds of a server and its clients under secure aggregation.
 *
 * @module
 */
import {
  distributedDp,
  federatedClient,
  federatedServer,
  fedAvg,
  type LinearAlgorithm,
  mean,
  memoryStore,
  type PlainData,
  secureRng,
  seededRng,
} from '@fedkit/core';
import { normal } from '@fedkit/core/math';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { rotation } from '@fedkit/compression';
import { adamW, type LanguageModel, languageTrainer, type Windows } from '@fedkit/llm';
import {
  calibrateNoiseStd,
  distributedGaussianMechanism,
  event,
  type PrivacyLedger,
  privacyLedger,
  rdpAccountant,
} from '@fedkit/privacy';
import { publicKeyOf, secureAggregation } from '@fedkit/secagg';
import { bitsPerByte, type Plan, type RoundResult } from './federation.ts';
import type { Author } from './authors.ts';

/** Of a whole president's texts: client-level. Below one in as many as there are. */
export const DELTA = 0.01;
const NEIGHBORING = 'add-or-remove';
/** What shares of noise and rounding cost beside one Gaussian of the same variance, at most. */
const MARGIN = 1.02;

/** What a private federation came to. */
export interface PrivateResult {
  readonly params: Float32Array;
  readonly rounds: readonly RoundResult[];
  /** Down to a client and round: answers of every exchange. */
  readonly bytesDown: number;
  /** L2 bound of one client's update. */
  readonly clip: number;
  /** σ of a round's sum, as claimed for the honest, per coordinate. */
  readonly noiseStd: number;
  /** What the ledger says was spent, at {@link DELTA}, by who receives the models. */
  readonly epsilon: number;
}

/** The norm of what one client moves in a round, on public text: a clip that no private text has a part in. */
export async function publicClip(
  model: LanguageModel,
  start: Float32Array,
  text: Windows,
  plan: Plan,
): Promise<number> {
  const trainer = languageTrainer(model, text, { optimizer: adamW({ maxNorm: 1 }) });
  const { steps, batchSize, learningRate, seed } = plan;
  const { values } = await trainer.train(start, {}, { steps, batchSize, learningRate, rng: seededRng(seed) });
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** σ of every round's sum with which all rounds together spend `epsilon` where every client takes part in each. */
export function noiseFor(epsilon: number, clip: number, rounds: number): number {
  const gaussian = (noiseStd: number) => event.selfComposed(event.gaussian({ noiseStd, recordNorm: clip }), rounds);
  return (
    MARGIN * calibrateNoiseStd({ epsilon, delta: DELTA, neighboring: NEIGHBORING, accountant: 'rdp', event: gaussian })
  );
}

/** What a private federation may spend, and how. */
export interface PrivateTarget {
  readonly epsilon: number;
  /** L2 bound of one client's update. */
  readonly clip: number;
  /** Rounds that `epsilon` is for; default: those of the plan. */
  readonly roundsInAll?: number;
  /** Where they are written down; default: a ledger of its own. */
  readonly ledger?: Pick<PrivacyLedger, 'budget' | 'identity' | 'spent' | 'wouldExceed' | 'charge' | 'charged'>;
}

/** A ledger of {@link DELTA} and as much ε, for any number of federations of the same presidents. */
export function privateLedger(epsilon: number): Promise<PrivacyLedger> {
  return privacyLedger({
    run: 'presidents',
    unit: 'user',
    store: memoryStore(),
    budget: { epsilon, delta: DELTA },
    accountant: () => rdpAccountant({ neighboring: NEIGHBORING }),
  });
}

/** Federated averaging in which every president counts once. */
export const averaging = () => fedAvg({ aggregate: (size) => mean(size) });

/**
 * All authors in every round, each update clipped, with its share of the noise, under masks. The noise is that of those who
 * take part, however few they are.
 *
 * @param model - With FFA-LoRA: the sum of B is then the sum of products.
 * @param algorithm - In which every client counts once.
 */
export async function federatePrivately<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends { readonly [name: string]: Float32Array },
>(
  model: LanguageModel,
  start: Float32Array,
  authors: readonly Author[],
  plan: Plan,
  algorithm: LinearAlgorithm<S, B, C, U, U>,
  onRound: (round: number, result: RoundResult) => void,
  target: PrivateTarget,
): Promise<PrivateResult> {
  const { epsilon, clip, roundsInAll = plan.rounds } = target;
  const names = authors.map(({ name }) => name);
  const cohort = names.length;
  const identities = names.map(() => ({ secretKey: secureRng().fill(new Uint8Array(32)) }));
  const publicKeys = new Map(names.map((name, i) => [name, publicKeyOf(identities[i])]));
  const noiseStd = noiseFor(epsilon, clip, roundsInAll);
  const shared = {
    algorithm,
    layout: model.layout,
    clip,
    weighting: { kind: 'uniform' },
    noiseStd,
    bits: 20,
    minimumContributors: cohort,
    maximumContributors: cohort,
    expectedContributors: cohort,
    mechanism: distributedGaussianMechanism,
    rotation,
  } as const;
  const secrecy = {
    mode: 'semi-honest',
    corruptFraction: 0.1,
    dropoutFraction: 0,
    directory: (id: string) => publicKeys.get(id),
    sealingKey: secureRng().fill(new Uint8Array(32)),
  } as const;
  const ledger = target.ledger ?? (await privateLedger(epsilon));
  const rounds: RoundResult[] = [];
  let bytesUp = 0;
  let bytesDown = 0;
  const server = await federatedServer({
    pipeline: distributedDp({ ...shared, aggregation: secureAggregation(secrecy), filters: { recipients: ledger } }),
    initial: start,
    cohort,
    minimum: cohort,
    rounds: plan.rounds,
    retryAfter: 1,
    deadlines: { recruiting: 600_000, reporting: 600_000, stage: 600_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
    until(params, round) {
      const result = {
        bitsPerByte: bitsPerByte(model, () => params, authors),
        bytesUp: Math.round(bytesUp / cohort / round),
      };
      rounds.push(result);
      onRound(round, result);
      return false;
    },
  });
  const { steps, batchSize, learningRate, seed } = plan;
  await Promise.all(
    authors.map(({ name, train }, i) => {
      const exchange = memoryTransport(server, name);
      return federatedClient({
        id: name,
        pipeline: distributedDp({
          ...shared,
          aggregation: secureAggregation({ ...secrecy, identity: identities[i] }),
        }),
        trainer: languageTrainer(model, train, { optimizer: adamW({ maxNorm: 1, moments: 'kept' }) }),
        local: ({ round }) => ({ steps, batchSize, learningRate, rng: seededRng(seed).fork('client', round, i) }),
        async exchange(request, options) {
          bytesUp += request.length;
          const answer = await exchange(request, options);
          bytesDown += answer.length;
          return answer;
        },
        store: memoryStore(),
      }).run();
    }),
  );
  const records = await server.records();
  const spent = records.at(-1)?.facts.epsilon?.recipients;
  if (records.length !== plan.rounds || records.some(({ outcome }) => outcome !== 'published') || spent === undefined) {
    throw new Error(`a private round was not published: ${JSON.stringify(records.map(({ outcome }) => outcome))}`);
  }
  return {
    params: server.params.slice(),
    rounds,
    bytesDown: Math.round(bytesDown / cohort / plan.rounds),
    clip,
    noiseStd,
    epsilon: spent,
  };
}

/**
 * How many clients would have to take part for the noise to cost at most `share` of what the federation gained: the models
 * that rounds without noise led to, with the noise of all rounds on top, σ·√rounds/N a coordinate. To first order: nobody
 * trained under that noise, and the texts are those of the presidents who are there. `null` where nothing was gained.
 */
export function clientsForShare(
  model: LanguageModel,
  gained: { readonly start: Float32Array; readonly params: Float32Array },
  authors: readonly Author[],
  noise: { readonly noiseStd: number; readonly rounds: number },
  share: number,
): number | null {
  const few = authors.slice(0, 4);
  const bits = (params: Float32Array) => bitsPerByte(model, () => params, few);
  const without = bits(gained.params);
  const allowed = share * (bits(gained.start) - without);
  if (!(allowed > 0)) return null;
  const rng = seededRng(7);
  const direction = gained.params.map(() => normal(rng));
  const costs = (clients: number) => {
    const scale = (noise.noiseStd * Math.sqrt(noise.rounds)) / clients;
    return bits(gained.params.map((value, i) => value + scale * direction[i])) - without > allowed;
  };
  let [low, high] = [1, 2];
  while (costs(high) && high < 2 ** 30) [low, high] = [high, 4 * high];
  while (high / low > 1.1) {
    const middle = Math.sqrt(low * high);
    if (costs(middle)) low = middle;
    else high = middle;
  }
  return Math.ceil(high);
}
