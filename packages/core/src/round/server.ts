/**
 * A federated server, with rounds or without.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { isAsynchronous } from '../algorithm/asynchronous.ts';
import type { FedAvgBroadcast } from '../algorithm/fed-avg.ts';
import type { PlainData } from '../plain-data.ts';
import { stateOwner } from '../protocol/broadcast.ts';
import { openAsynchronousServer } from './asynchronous-server.ts';
import { firstState } from './first-state.ts';
import { checkRoundOptions } from './round-options.ts';
import { openRoundServer } from './round-server.ts';
import { checkRoom } from './store-room.ts';
import {
  type AsynchronousServerOptions,
  checkServerOptions,
  type FederatedServer,
  type FederatedServerOptions,
} from './server-options.ts';

/**
 * Starts a run, or goes on with the one that `store` holds, wherever a crash has left it.
 *
 * Everything a client is told is in the store before: a report that was acknowledged counts exactly once, whatever crashes
 * and whatever is sent again; a request during which the store fails is refused as `UNAVAILABLE`, and trying again is safe.
 * What a round releases is charged once by its pipeline, which is asked to close again after a crash in between.
 *
 * Requests take O(1) in clients. Memory and store hold one collector, one model and the reports since the last snapshot,
 * at most some eight times the collector.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options that cannot be; `SHAPE_MISMATCH` for a store with a run
 * of another pipeline, algorithm, model or name; `DECODE_FAILED` for one with other bytes; `UNAVAILABLE` where it fails.
 * @example
 * ```ts
 * import {
 *   federatedClient, federatedServer, fedAvg, memoryStore, plainTrainer, plainUpdates, secureRng, seededRng,
 *   softmaxRegression,
 * } from '@fedkit/core';
 * import { memoryTransport } from '@fedkit/core/transport/memory';
 *
 * const model = softmaxRegression({ inputs: 2, classes: 2 });
 * const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
 * const server = await federatedServer({
 *   pipeline,
 *   initial: model.init(seededRng(1)),
 *   store: memoryStore(),
 *   cohort: 2,
 *   rounds: 3,
 *   clock: () => performance.now(),
 *   rng: secureRng(),
 * });
 * const clients = ['a', 'b'].map((id) =>
 *   federatedClient({
 *     id,
 *     pipeline,
 *     trainer: plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) }),
 *     local: () => ({ epochs: 1, batchSize: 2, learningRate: 0.1 }),
 *     exchange: memoryTransport(server, id),
 *     store: memoryStore(),
 *   }),
 * );
 * await Promise.all(clients.map((client) => client.run()));
 * console.log((await server.records()).map(({ outcome }) => outcome).join()); // => published,published,published
 * await server.close();
 * ```
 */
export function federatedServer<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>(
  options: FederatedServerOptions<S, B, U, R>,
): Promise<FederatedServer<S>>;
/** The same around an algorithm without rounds: clients fetch, train and report whenever they come. */
export function federatedServer<U extends Update>(
  options: AsynchronousServerOptions<U>,
): Promise<FederatedServer<FedAvgBroadcast>>;
export async function federatedServer<U extends Update, R extends PlainData>(
  options: FederatedServerOptions<PlainData, PlainData, U, R> | AsynchronousServerOptions<U>,
): Promise<FederatedServer<PlainData>> {
  const limits = checkServerOptions(options);
  const rules = checkRoundOptions('federatedServer', options);
  const { pipeline, store } = options;
  if (store.maximumBytes !== undefined) {
    // Without rounds it is the model alone.
    const state = isAsynchronous(pipeline.algorithm)
      ? { params: options.initial }
      : (firstState(pipeline.algorithm as never, options as never) as PlainData);
    const owner = stateOwner(pipeline);
    checkRoom('federatedServer', store, { ...limits, places: rules.places, state, owner });
  }
  if (isAsynchronous(options.pipeline.algorithm)) {
    return openAsynchronousServer(options as AsynchronousServerOptions<U>, limits, rules);
  }
  return openRoundServer(options as FederatedServerOptions<never, PlainData, U, R>, limits, rules);
}
