/**
 * An asynchronous algorithm in the shape of one with rounds, so that pipelines carry its contributions and devices train for
 * it as they do for any other; `federatedServer` recognizes it and runs without rounds.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { sum } from '../aggregate/mean.ts';
import { record, type RecordAggregator } from '../aggregate/record.ts';
import { refuse } from '../check.ts';
import type { NoState } from '../plain-data.ts';
import type { AsynchronousAlgorithm } from './asynchronous.ts';
import type { Algorithm } from './contract.ts';
import type { FedAvgBroadcast } from './fed-avg.ts';
import { checkState } from './local-update.ts';

/** An {@link Algorithm} whose steps another algorithm takes, as contributions come. */
export interface AsynchronousRounds<U extends Update>
  extends Algorithm<FedAvgBroadcast, FedAvgBroadcast, NoState, U, U> {
  readonly asynchronous: AsynchronousAlgorithm<U>;
}

/**
 * `fedBuff()` or `fedAsync()` for a pipeline: `plainUpdates({ algorithm: asynchronousRounds(fedBuff()), size })`.
 *
 * Its aggregator reads single contributions: the sum of one, exact to 2^−52. `serverStep` is refused: whoever drives rounds
 * with it has the wrong server.
 */
export function asynchronousRounds<U extends Update>(asynchronous: AsynchronousAlgorithm<U>): AsynchronousRounds<U> {
  if (typeof asynchronous?.submit !== 'function') {
    const where = 'asynchronousRounds: algorithm';
    refuse('INVALID_ARGUMENT', where, 'an asynchronous algorithm such as fedBuff()', asynchronous);
  }
  return {
    kind: asynchronous.kind,
    asynchronous,
    init: (params) => ({ params: checkState('asynchronousRounds.init: params', params, params.length).slice() }),
    params: ({ params }) => params,
    broadcast: (state) => state,
    clientRound: (round) => asynchronous.clientRound(round),
    aggregator(size) {
      const slots = Object.entries(asynchronous.slots(size)).map(([name, length]) => [name, sum(length)]);
      return record(Object.fromEntries(slots)) as unknown as RecordAggregator<never> &
        ReturnType<AsynchronousRounds<U>['aggregator']>;
    },
    serverStep: () =>
      refuse('PROTOCOL_STATE', 'asynchronousRounds.serverStep', 'a server without rounds', 'one with rounds'),
  };
}

/** Whether an algorithm is one. */
export function isAsynchronous(algorithm: object): algorithm is AsynchronousRounds<Update> {
  return 'asynchronous' in algorithm;
}
