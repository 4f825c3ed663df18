/**
 * The device's half of secure aggregation in rounds that nobody signs: without the signatures' curve, which is a sixth of a bundle.
 *
 * @module
 */
import type { SecureAggregation } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import type { Mode } from '../config/round-config.ts';
import { unsignedProvider } from '../crypto/unsigned-provider.ts';
import { clientHalf } from './client-half.ts';
import { type SecureAggregationOptions, sharedOptions, UNSIGNED_OPTIONS } from './options.ts';

/** As {@link SecureAggregationOptions}, less whatever signs. */
export interface UnsignedAggregationOptions
  extends Omit<SecureAggregationOptions, 'mode' | 'identities' | 'identity' | 'directory' | 'executor'> {
  /** Default `semi-malicious`. */
  readonly mode?: Exclude<Mode, 'malicious'>;
  readonly identities?: false;
}

/**
 * As `secureAggregationClient`, for rounds without identities, which are those of every mode but `malicious` unless identities are
 * asked for. The server has `secureAggregation` with the same options. The client refuses every round in which clients sign.
 *
 * By default it takes X25519 and AES from WebCrypto where there is one, and the rest in plain JavaScript, on Node too: a client there is
 * several times as fast with `secureAggregation`.
 *
 * @throws FedkitError as `secureAggregation`; `INVALID_ARGUMENT` for mode `malicious`, an identity, a directory or a policy that requires
 * identities: `secureAggregationClient` has signatures.
 * @example
 * ```ts
 * import { unsignedAggregationClient } from '@fedkit/secagg/unsigned-client';
 *
 * const options = { corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) };
 * console.log(unsignedAggregationClient(options).kind); // => secure-aggregation
 * ```
 */
export function unsignedAggregationClient(options: UnsignedAggregationOptions): SecureAggregation {
  const where = 'unsignedAggregationClient';
  const shared = sharedOptions(where, options, UNSIGNED_OPTIONS);
  if (shared.identities || shared.policy?.requireIdentities === true) {
    const expected = 'a round that nobody signs; secureAggregationClient has signatures';
    refuse('INVALID_ARGUMENT', `${where}: identities`, expected, 'one that clients sign');
  }
  return clientHalf(where, { ...shared, provider: options.provider ?? unsignedProvider() });
}
