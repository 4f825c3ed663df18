/**
 * The laws of an algorithm whose server keeps a sum over what its clients keep, through channels that lose much.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import type { Algorithm, LinearAlgorithm } from '../algorithm/contract.ts';
import { epochIn } from '../algorithm/epoch.ts';
import type { ClientId } from '../client-id.ts';
import type { Codec } from '../codec/contract.ts';
import type { Trainer } from '../client/trainer.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { secureSum } from '../pipeline/secure-sum.ts';
import { l2Norm } from '../kernels/vector.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import type { Channel } from '../simulation/channel.ts';
import { clearAggregation } from '../simulation/clear-aggregation.ts';
import { simulate } from '../simulation/simulate.ts';
import { copyOf, sameBits } from './bits.ts';
import { ensure, type Law } from './law.ts';
import { largestQuarter, narrowRing, randomEighth, unbiasedShare } from './lossy-codecs.ts';
import { quadraticTrainer } from './quadratic-trainer.ts';

/** Where the server's mean and a client's part of it stand in their states. */
export interface MirrorPlace<S, C> {
  /** c, shape [d]. */
  readonly server: (state: S) => Float32Array;
  /** c_i, shape [d]. */
  readonly client: (state: C) => Float32Array;
  /** Local steps of a round, where it is right for a certain number alone; default 3. */
  readonly steps?: number;
}

const SIZE = 8;
const CLIENTS = 6;
const ROUNDS = 1000;

/** Six quadratics of different curvature, whose joint optimum no mean of their own optima is. */
function federation(): { readonly trainers: readonly Trainer[]; readonly optimum: Float64Array } {
  const rng = seededRng('mirror laws');
  const targets = Array.from({ length: CLIENTS }, () =>
    Float32Array.from({ length: SIZE }, () => 2 * rng.uniform() - 1),
  );
  const curvatures = targets.map((_, i) => 0.5 + 0.5 * i);
  const total = curvatures.reduce((sum, value) => sum + value, 0);
  const optimum = Float64Array.from({ length: SIZE }, (_, c) =>
    targets.reduce((sum, target, i) => sum + (curvatures[i] * target[c]) / total, 0),
  );
  return { trainers: targets.map((target, i) => quadraticTrainer(target, 10, curvatures[i])), optimum };
}

/** c stays the mean of the c_i, and the model reaches the joint optimum, whatever the channel loses. */
export function mirrorLaws<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(algorithm: Algorithm<S, B, C, U, R>, place: MirrorPlace<S, C>): Law[] {
  const { trainers, optimum } = federation();
  const local = { steps: place.steps ?? 3, batchSize: 'all', learningRate: 0.05 } as const;
  const linear = algorithm as LinearAlgorithm<S, B, C, U, R>;
  // Three of the clients a round, of whom the two that report first count: now one is slow, now another.
  let round = 0;
  const devices = {
    of: (client: ClientId) => ({
      up: 1e9,
      down: 1e9,
      secondsPerStep: 0,
      latency: (5 * round + 7 * Number(client)) % 11,
    }),
    enough: 2,
  };
  const run = (channel: Channel<S, B, C, U, R> | undefined, wipe?: number) => {
    const kept = new Map<ClientId, C>();
    return simulate({
      algorithm,
      clients: trainers,
      local,
      initial: new Float32Array(SIZE),
      cohort: CLIENTS / 2,
      rounds: ROUNDS,
      seed: 1,
      devices,
      ...(channel && { channel }),
      clientStates: {
        get: async (client) => (client === '1' && round === wipe ? undefined : kept.get(client)),
        put: async (client, own) => void kept.set(client, own),
      },
      onProgress: (event) => {
        if (event.kind !== 'started') return;
        ({ round } = event);
        if (round === wipe) kept.delete('1');
      },
    }).then((result) => ({ ...result, kept }));
  };
  const error = (params: Float32Array) => l2Norm(params.map((value, c) => value - optimum[c]));

  const holds = (
    name: string,
    channel: () => Channel<S, B, C, U, R> | undefined,
    within: number,
    wipe?: number,
  ): Law => ({
    name: `c stays the mean of the c_i over 1,000 rounds of half the clients, and the optimum is reached: ${name}`,
    async run() {
      const { state, params, kept } = await run(channel(), wipe);
      const epoch = epochIn(algorithm.broadcast(state));
      const own = [...kept.values()].filter((one) => epochIn(one) === epoch).map((one) => place.client(one));
      const largest = Math.max(...own.flatMap((values) => [...values].map(Math.abs)));
      const server = place.server(state);
      for (let c = 0; c < SIZE; c++) {
        const mean = own.reduce((sum, values) => sum + values[c], 0) / CLIENTS;
        const away = Math.abs(server[c] - mean);
        ensure(away <= 1e-5 * largest, `|c − mean c_i| ≤ 1e-5 · max |c_i|, got ${away / largest} at ${c}`);
      }
      ensure(error(params) <= within, `a model within ${within} of the joint optimum, got ${error(params)}`);
    },
  });
  const plain = (codec: Codec) => () =>
    plainUpdates({ algorithm, size: SIZE, codec } as never) as unknown as Channel<S, B, C, U, R>;
  const ring = () =>
    secureSum({
      algorithm: linear,
      size: SIZE,
      codec: narrowRing({ bits: 24, step: 2 ** -17 }),
      aggregation: clearAggregation(),
      minimumContributors: 2,
      wrapProbability: 1e-6,
    } as never) as unknown as Channel<S, B, C, U, R>;
  // What `withMetrics` adds is no update's, and wants a codec of its own.
  const rings = algorithm.metricsOf ? [] : [holds('a ring of integers', ring, 1e-3)];
  const { absorbs } = algorithm;
  // A share of what was counted settles slowly: what such an algorithm is made for are unbiased codecs as they are.
  const lossy = absorbs
    ? [holds(`unbiased, of variance ω = ${absorbs.variance}`, plain(unbiasedShare(absorbs.variance)), 1e-3)]
    : [
        holds('a contraction, the largest quarter', plain(largestQuarter()), 1e-4),
        holds('a variance ω = 7 made a contraction', plain(randomEighth()), 1e-3),
      ];
  return [
    holds('as they are', () => undefined, 1e-4),
    ...lossy,
    ...rings,
    holds('a client that lost its state', () => undefined, 1e-4, 300),
    {
      name: 'a client that learns late that it was counted settles as one that learned at once',
      async run() {
        const state = algorithm.init(new Float32Array(SIZE));
        const broadcast = algorithm.broadcast(state);
        const options = { ...local, rng: seededRng(1) };
        const { contribution, state: kept } = await algorithm.clientRound({ broadcast, trainer: trainers[0], options });
        ensure(algorithm.settle !== undefined, 'an algorithm with a mirror to settle');
        const settle = (data: B) =>
          algorithm.settle?.({ broadcast: data, counted: contribution.values, reported: kept }) as C;
        const at = copyOf(broadcast);
        ensure(sameBits(settle(at), settle(broadcast)), 'settling to depend on what was saved alone');
        const [once, reported] = [place.client(settle(broadcast)), place.client(kept)];
        const away = Math.max(...once.map((value, c) => Math.abs(value - reported[c])));
        ensure(away <= 1e-5, `without a loss the state that was reported, got ${away} beside it`);
        ensure(sameBits(broadcast, at), 'the broadcast as it was');
      },
    },
  ];
}
