/**
 * The primitives of a client that neither signs nor checks signatures: nothing of Ed25519 is reached.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { plainPrimitives } from './plain-unsigned.ts';
import type { CryptoProvider } from './provider.ts';
import { webPrimitives } from './web-primitives.ts';

// Not reached: such a client is of no round with identities.
const noSignatures = (): never =>
  refuse(
    'PROTOCOL_STATE',
    'unsignedAggregationClient',
    'a round without identities',
    'a signature to make or to check',
  );

/** WebCrypto where there is one, and plain JavaScript. */
export function unsignedProvider(): CryptoProvider {
  return {
    ...plainPrimitives,
    ...webPrimitives(),
    sign: noSignatures,
    isPrimeOrder: noSignatures,
    verify: noSignatures,
  };
}
