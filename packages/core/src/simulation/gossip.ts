/**
 * Decentralised learning: no server, each client averages with its neighbours, through any codec that contracts.
 *
 * Anastasia Koloskova, Sebastian U. Stich, Martin Jaggi, "Decentralized Stochastic Optimization and Gossip Algorithms with Compressed
 * Communication", ICML 2019, algorithm 2 (CHOCO-SGD), https://arxiv.org/abs/1902.00340.
 *
 *     client i   y_i = x_i trained for a round;   sends q_i = Q(y_i − x̂_i) to its neighbours
 *                x̂_j ← x̂_j + q_j for itself and each neighbour;   x_i ← y_i + γ·Σ_j w_ij·(x̂_j − x̂_i)
 *
 * All copies of x̂_j are the same everywhere, as they follow from what was sent. W is symmetric and its rows sum to 1, so that mixing
 * never moves the mean of all models, whatever Q loses. Without a loss and at γ = 1 this is decentralised SGD: x_i ← Σ_j w_ij·y_j. (Algorithm 1
 * of the same authors' ICLR 2020 paper, https://arxiv.org/abs/1907.09356, mixes by the x̂ of before the messages.)
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '../check.ts';
import type { Trainer } from '../client/trainer.ts';
import type { Codec } from '../codec/contract.ts';
import { unsettled } from '../codec/guarantee.ts';
import { localUpdate } from '../algorithm/local-update.ts';
import { checkFinite } from '../finite.ts';
import { seededRng } from '../random.ts';
import type { LocalOptions } from './engine.ts';

/** What to simulate. */
export interface GossipOptions {
  readonly clients: readonly Trainer[];
  /** W, shape [n][n]: symmetric, ≥ 0, rows of sum 1; `ringTopology(n)` or `metropolisWeights(n, edges)`. */
  readonly weights: readonly (readonly number[])[];
  /** How every client trains in a round. */
  readonly local: LocalOptions;
  /** Where all start, shape [d]. */
  readonly initial: Float32Array;
  readonly rounds: number;
  readonly seed: number;
  /** Q, a contraction; default: none, everything is sent. */
  readonly codec?: Codec;
  /** γ in (0, 1], the smaller the more Q loses; default 1. */
  readonly consensusRate?: number;
  /** After every round, with all models: not to be changed. Awaited. */
  readonly onRound?: (models: readonly Float32Array[], round: number) => unknown;
  readonly signal?: AbortSignal;
}

/** How it ended. */
export interface GossipResult {
  /** One of each client, shape [d]. */
  readonly models: readonly Float32Array[];
  /** The mean of them, shape [d]. */
  readonly mean: Float32Array;
  /** Bytes that went over all edges, each message counted once for each neighbour; float32 where there is no codec. */
  readonly bytes: number;
}

/**
 * Runs rounds of CHOCO-SGD. The same seed gives the same bytes.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for weights that are no such matrix or a codec that does not contract; `OUT_OF_RANGE` if a
 * value becomes non-finite; what trainers throw; `ABORTED`.
 * @example
 * ```ts
 * import { plainTrainer, softmaxRegression } from '@fedkit/core';
 * import { gossip, ringTopology } from '@fedkit/core/simulation';
 *
 * const model = softmaxRegression({ inputs: 2, classes: 2 });
 * const clients = Array.from({ length: 4 }, (_, i) =>
 *   plainTrainer(model, { inputs: Float32Array.of(i, 1, -i, 2), labels: Uint8Array.of(1, 0) }),
 * );
 * const local = { steps: 1, batchSize: 'all', learningRate: 0.1 } as const;
 * const initial = new Float32Array(model.layout.size);
 * const { models, bytes } = await gossip({ clients, weights: ringTopology(4), local, initial, rounds: 5, seed: 1 });
 * console.log(models.length, bytes); // => 4 960
 * ```
 */
export async function gossip(options: GossipOptions): Promise<GossipResult> {
  checkOptions('gossip', options, {
    clients: true,
    weights: true,
    local: true,
    initial: true,
    rounds: true,
    seed: true,
    codec: true,
    consensusRate: true,
    onRound: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const { clients, weights, local, initial, codec, onRound, signal } = options;
  const n = clients.length;
  checkInteger('gossip: clients', n, 1);
  checkMixing(weights, n);
  const size = checkFinite('gossip: initial', initial).length;
  const rounds = checkInteger('gossip: rounds', options.rounds, 1);
  const rate = checkPositive('gossip: consensusRate', options.consensusRate ?? 1, 1);
  const why = codec && unsettled(codec, size);
  if (why !== undefined) {
    const expected = 'a contraction, such as contraction(codec): what is lost is sent later';
    refuse('INVALID_ARGUMENT', 'gossip: codec', expected, why);
  }
  const root = seededRng(options.seed);
  const models = clients.map(() => initial.slice());
  // x̂ in double precision: it is a sum over all rounds.
  const shown = clients.map(() => new Float64Array(size));
  const neighbours = weights.map((row, i) => row.filter((weight, j) => j !== i && weight > 0).length);
  let bytes = 0;
  for (let round = 1; round <= rounds; round++) {
    for (let i = 0; i < n; i++) {
      checkAborted('gossip', signal);
      const how = { lossAtStart: false, ...local, rng: root.fork(round, i, 'train'), ...(signal && { signal }) };
      const { values } = await localUpdate(`gossip: round ${round}, client ${i}`, clients[i], models[i], {}, how);
      for (let c = 0; c < size; c++) models[i][c] += values[c];
    }
    const sent = models.map((model, i) => {
      const message = model.map((value, c) => value - shown[i][c]);
      if (!codec) {
        bytes += 4 * size * neighbours[i];
        return message;
      }
      const stream = root.fork(round, i, 'codec');
      const context = {
        sharedSeed: stream.fill(new Uint8Array(32)),
        clientSeed: stream.fill(new Uint8Array(32)),
        rng: stream,
      };
      const encoded = codec.encode(message, context);
      bytes += encoded.length * neighbours[i];
      return codec.decode(encoded, { ...context, expectedSize: size });
    });
    sent.forEach((message, i) => message.forEach((value, c) => (shown[i][c] += value)));
    models.forEach((model, i) => {
      for (let c = 0; c < size; c++) {
        let pull = 0;
        for (let j = 0; j < n; j++)
          if (weights[i][j] !== 0 && j !== i) pull += weights[i][j] * (shown[j][c] - shown[i][c]);
        model[c] += rate * pull;
      }
      checkFinite(`gossip: round ${round}, client ${i}`, model);
    });
    await onRound?.(models, round);
  }
  const mean = initial.map((_, c) => models.reduce((sum, model) => sum + model[c], 0) / n);
  return { models, mean, bytes };
}

/** A ring of n clients: a third each to itself and both neighbours; of two, a half each. */
export function ringTopology(clients: number): number[][] {
  const n = checkInteger('ringTopology: clients', clients, 1);
  return metropolisWeights(
    n,
    n === 1 ? [] : n === 2 ? [[0, 1]] : Array.from({ length: n }, (_, i) => [i, (i + 1) % n] as const),
  );
}

/**
 * W of any graph: 1/(1 + the larger degree) for each edge, the rest to oneself (Xiao, Boyd and Lall, IPSN 2005).
 *
 * @param edges - Pairs of clients 0 … n − 1, each once.
 * @throws FedkitError `OUT_OF_RANGE` for a client that there is not, `INVALID_ARGUMENT` for an edge to oneself or one given twice.
 */
export function metropolisWeights(clients: number, edges: readonly (readonly [number, number])[]): number[][] {
  const n = checkInteger('metropolisWeights: clients', clients, 1);
  const degrees = Array.from({ length: n }, () => 0);
  const weights = degrees.map(() => Array.from({ length: n }, () => 0));
  for (const [a, b] of edges) {
    for (const end of [a, b]) degrees[checkInteger('metropolisWeights: edges', end, 0, n - 1)]++;
    if (a === b || weights[a][b] !== 0)
      refuse('INVALID_ARGUMENT', 'metropolisWeights: edges', 'pairs, each once', [a, b]);
    weights[a][b] = 1;
    weights[b][a] = 1;
  }
  for (const [a, b] of edges) weights[a][b] = weights[b][a] = 1 / (1 + Math.max(degrees[a], degrees[b]));
  weights.forEach((row, i) => (row[i] = 1 - row.reduce((sum, weight) => sum + weight, 0)));
  return weights;
}

function checkMixing(weights: readonly (readonly number[])[], n: number): void {
  const refused = (got: unknown) =>
    refuse('INVALID_ARGUMENT', 'gossip: weights', `a symmetric ${n} × ${n} matrix ≥ 0 whose rows sum to 1`, got);
  if (!Array.isArray(weights) || weights.length !== n) refused(weights?.length);
  weights.forEach((row, i) => {
    if (!Array.isArray(row) || row.length !== n) refused(`row ${i} of another length`);
    for (let j = 0; j < n; j++) {
      if (!(row[j] >= -1e-12 && Number.isFinite(row[j]))) refused(row[j]);
      if (row[j] !== weights[j]?.[i]) refused(`${row[j]} at ${i}, ${j} and ${weights[j]?.[i]} at ${j}, ${i}`);
    }
    const sum = row.reduce((total: number, weight: number) => total + weight, 0);
    if (Math.abs(sum - 1) > 1e-9) refused(`row ${i} of sum ${sum}`);
  });
}
