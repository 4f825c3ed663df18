/**
 * How a device keeps what it has of a secure sum. A pipeline's exchanging half brings it along, so that devices which only report carry
 * nothing of it.
 *
 * @module
 */
import { type KeptFormat, keptFormat } from './kept-format.ts';
import { type PlaceOptions, SealedPlace } from './sealed-place.ts';
import { SecureSession } from './session.ts';

/** What a device needs of a secure sum besides its server: {@link secureKeeping}. */
export interface SecureKeeping {
  readonly format: KeptFormat;
  readonly place: <R extends { readonly pipeline: Uint8Array }>(options: PlaceOptions<R>) => SealedPlace<R>;
  readonly open: typeof SecureSession.open;
}

/** The one there is. */
export const secureKeeping: SecureKeeping = {
  format: keptFormat,
  place: (options) => new SealedPlace(options),
  open: (...args) => SecureSession.open(...args),
};
