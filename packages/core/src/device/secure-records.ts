/**
 * What a device keeps of a secure sum, and who answers from it. The pipeline's half brings it, so that a client that only reports
 * does not carry it.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ExchangingClient } from '../pipeline/contract.ts';
import type { Store } from '../store/contract.ts';
import { SealedPlace } from './sealed-place.ts';
import { SecureExchange } from './secure-exchange.ts';

/** Where a client's records are, and of which pipeline. */
export interface RecordsOf {
  readonly id: ClientId;
  readonly store: Store;
  /** 32 bytes, the pipeline's. */
  readonly digest: Uint8Array;
}

/** The sealed record of one client, and its exchanges. */
export interface SecureRecords {
  readonly place: SealedPlace;
  readonly exchange: SecureExchange;
}

/** @param half - Enters the sums, and seals. */
export function secureRecords(half: ExchangingClient<Update>, { id, store, digest }: RecordsOf): SecureRecords {
  const place = new SealedPlace(store, id, digest, half.sealer);
  return { place, exchange: new SecureExchange(id, half, place) };
}
