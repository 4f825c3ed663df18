/**
 * The device's half of secure aggregation, without the server: for bundles of pages and phones.
 *
 * @module
 */
import type { SecureAggregation } from '@fedkit/core';
import { signing } from '../client/signing.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import { clientHalf } from './client-half.ts';
import { type SecureAggregationOptions, sharedOptions, OPTIONS } from './options.ts';

export type { SecureAggregationOptions } from './options.ts';

/**
 * As `secureAggregation`, for clients alone: it has no server, and refuses to be one. Server and clients are given the same options.
 *
 * @throws FedkitError as `secureAggregation`.
 * @example
 * ```ts
 * import { secureAggregationClient } from '@fedkit/secagg/client';
 *
 * const options = { corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) };
 * console.log(secureAggregationClient(options).kind); // => secure-aggregation
 * ```
 */
export function secureAggregationClient(options: SecureAggregationOptions): SecureAggregation {
  const where = 'secureAggregationClient';
  return clientHalf(where, {
    ...sharedOptions(where, options, OPTIONS),
    provider: options.provider ?? defaultProvider(),
    signing,
  });
}
