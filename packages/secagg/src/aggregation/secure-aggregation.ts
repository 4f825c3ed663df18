/**
 * This package as the `SecureAggregation` that `@fedkit/core` declares, for its pipelines `secureSum` and `distributedDp`.
 *
 * @module
 */
import type { SecureAggregation } from '@fedkit/core';
import { signing } from '../client/signing.ts';
import { decodeRoundConfig } from '../config/encode-config.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import { clientHalf } from './client-half.ts';
import { type SecureAggregationOptions, sharedOptions, OPTIONS } from './options.ts';
import { secureServer } from './server.ts';

export type { SecureAggregationOptions } from './options.ts';

/**
 * Secure aggregation for pipelines: `secureSum({ aggregation: secureAggregation({ … }), … })`.
 *
 * The guarantee is that of {@link SecAggClient} under the stated mode. A client holds every round against its own terms: the
 * same vectors, bounds, rings and wrap probabilities, the model's digest, at least its minimum of inputs; and against its
 * policy. The server persists as a stage ends: messages of a stage that a crash cut short are asked for again, and come again
 * byte for byte.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `SHAPE_MISMATCH` for options that do not fit.
 */
export function secureAggregation(options: SecureAggregationOptions): SecureAggregation {
  const where = 'secureAggregation';
  const shared = sharedOptions(where, options, OPTIONS);
  return {
    ...clientHalf(where, { ...shared, provider: options.provider ?? defaultProvider(), signing }),
    server: (given) => secureServer(shared, decodeRoundConfig(given.configuration), given),
  };
}
