/**
 * The device's half of federated averaging: see fed-avg.ts.
 *
 * @module
 */
import { checkInteger, checkVector } from '../check.ts';
import { checkFinite } from '../finite.ts';
import type { NoState } from '../plain-data.ts';
import type { ClientAlgorithm } from './contract.ts';

/** What clients receive: the model, shape [d]. */
export type FedAvgBroadcast = { readonly params: Float32Array };
/** What clients report and the aggregator returns: Δ, shape [d]. */
export type FedAvgUpdate = { readonly update: Float32Array };

/**
 * What a device runs of `fedAvg`, whatever its server makes of the updates: trains on its own loss, and reports the difference
 * with the number of its examples. For `plainUpdatesClient`
 * and `secureSumClient`.
 */
export function fedAvgClient(): ClientAlgorithm<FedAvgBroadcast, NoState, FedAvgUpdate> & {
  slots(size: number): { readonly update: number };
  readonly weighted: readonly ['update'];
} {
  return {
    kind: 'fedAvg',
    slots: (size) => ({ update: size }),
    weighted: ['update'],
    async clientRound({ broadcast, trainer, options: local }) {
      const { values, ...rest } = await trainer.train(broadcast.params, {}, { lossAtStart: false, ...local });
      const where = 'fedAvg.clientRound';
      checkFinite(`${where}: update`, checkVector(`${where}: update`, values, broadcast.params.length));
      // Without it every client would count as one example.
      checkInteger(`${where}: examples`, rest.examples, 1);
      return { contribution: { values: { update: values }, weight: rest.examples }, state: {}, local: rest };
    },
  };
}
