/**
 * What clients keep between rounds, in a {@link Store}: control variates, personal models, heads.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { decodeState, encodeState, type StateOwner } from '../model/state-file.ts';
import { keepsNothing, type PlainData } from '../plain-data.ts';
import type { Store } from '../store/contract.ts';

/** States by client. */
export interface ClientStates<C> {
  /** The state last put; `undefined` for a client that never took part. */
  get(client: ClientId): Promise<C | undefined>;
  /** A client with nothing to keep, `{}`, takes no space. */
  put(client: ClientId, state: C): Promise<void>;
}

/**
 * States of one algorithm and model, under `<kind>/<client>`. Only clients that took part are stored: a federation of a
 * million costs what its cohorts touched.
 *
 * Call `put` once the server has counted the contribution that came with the state: SCAFFOLD and FedDyn rely on both
 * sides agreeing.
 *
 * @param owner - `kind` of the algorithm and digest of the layout: `get` refuses the state of another model by
 * `SHAPE_MISMATCH`, bytes that are no such state by `DECODE_FAILED`.
 */
export function clientStates<C extends PlainData>(store: Store, owner: StateOwner): ClientStates<C> {
  const key = (client: ClientId) => `${owner.kind}/${client}`;
  return {
    async get(client) {
      const bytes = await store.get(key(client));
      // The algorithm checks the vectors it reads; that they have the right names is the writer's and the kind's
      // matter.
      return bytes && (decodeState(bytes, owner) as C);
    },
    async put(client, state) {
      if (!keepsNothing(state)) await store.put(key(client), encodeState(state, owner));
    },
  };
}
