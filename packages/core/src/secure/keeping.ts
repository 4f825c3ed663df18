/**
 * How a device takes part in a secure sum. A pipeline's exchanging half brings it along, so that devices which only report carry
 * nothing of it.
 *
 * @module
 */
import type { ClientPersist, SecureClient } from './contract.ts';
import { SecureExchange } from './exchange.ts';
import { type KeptExchange, type KeptFormat, keptFormat } from './kept-format.ts';
import { type PlaceOptions, SealedPlace } from './sealed-place.ts';

/** What a device needs of a secure sum besides its server: {@link secureKeeping}. */
export interface SecureKeeping {
  readonly format: KeptFormat;
  readonly place: <R extends { readonly pipeline: Uint8Array }>(options: PlaceOptions<R>) => SealedPlace<R>;
  readonly exchange: <W extends KeptExchange, A extends { readonly kind: string }, S extends { readonly next: string }>(
    place: { readonly superseded: boolean },
    enter: (work: W, persist: ClientPersist) => SecureClient,
  ) => SecureExchange<W, A, S>;
}

/** The one there is. */
export const secureKeeping: SecureKeeping = {
  format: keptFormat,
  place: (options) => new SealedPlace(options),
  exchange: (place, enter) => new SecureExchange(place, enter),
};
