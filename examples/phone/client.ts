/**
 * A FedAvg client as an app on a phone bundles it. Every import names the entry of one concept: Metro, which bundles for React
 * Native, ships whatever an import can reach, and the main entry reaches everything. An app that also shows the published model takes
 * `federatedClient` of `@fedkit/core/device` for `trainingClient`, with the same options.
 *
 * @module
 */
import type { Store, Trainer } from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { type TrainingClient, trainingClient } from '@fedkit/core/device/training-client';
import type { Layout } from '@fedkit/core/model/layout';
import { plainUpdatesClient } from '@fedkit/core/pipeline/plain-updates-client';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';

/** What the app knows of its server, its user and its model. */
export interface App {
  readonly url: string;
  readonly id: string;
  readonly token: string;
  readonly layout: Layout;
  /** Trains on the phone's own examples: a tfjs model, a native one behind a bridge, or `plainTrainer`. */
  readonly trainer: Trainer;
  /** Where the client remembers: AsyncStorage, SQLite. */
  readonly store: Store;
}

/** Takes part in the rounds of the server at `url`. */
export function phoneClient({ url, id, token, layout, trainer, store }: App): TrainingClient<object> {
  return trainingClient({
    id,
    pipeline: plainUpdatesClient({ algorithm: fedAvgClient(), layout }),
    trainer,
    local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
    exchange: fetchExchange({ url, headers: { authorization: `Bearer ${token}` } }),
    store,
  });
}
