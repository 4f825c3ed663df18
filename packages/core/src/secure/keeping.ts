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

/** What is kept, where, and as what. */
export interface KeepingOptions<R, W> extends Omit<PlaceOptions<R>, 'encode' | 'decode'> {
  readonly encode: (record: R, format: KeptFormat) => Uint8Array<ArrayBuffer>;
  readonly decode: (bytes: Uint8Array, format: KeptFormat) => R;
  /** Makes the secure client, from the start or from what it saved. */
  readonly enter: (work: W, persist: ClientPersist) => SecureClient;
}

/** What a device needs of a secure sum besides its server: where its record is, and who answers from it. */
export function secureKeeping<
  R extends { readonly pipeline: Uint8Array },
  W extends KeptExchange,
  A extends { readonly kind: string },
  S extends { readonly next: string },
>({
  encode,
  decode,
  enter,
  ...options
}: KeepingOptions<R, W>): { readonly place: SealedPlace<R>; readonly exchange: SecureExchange<W, A, S> } {
  const place = new SealedPlace<R>({
    ...options,
    encode: (record) => encode(record, keptFormat),
    decode: (bytes) => decode(bytes, keptFormat),
  });
  return { place, exchange: new SecureExchange(place, enter) };
}

/** {@link secureKeeping}. */
export type SecureKeeping = typeof secureKeeping;
