/**
 * A seed for each client of a round.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import { checkBytes, refuse } from '@fedkit/core/internal';

/**
 * 32 bytes for one client of one round, which client and server both derive. As `sharedSeed` it gives each client its own
 * rotation or dither, so that the errors of n unbiased codecs average out, MSE / n; under a shared one they may not.
 *
 * @param roundSeed - At least 16 bytes that both know, another every round.
 * @param client - The client's name or index.
 */
export function clientSeed(roundSeed: Uint8Array, client: string | number): Uint8Array {
  if (checkBytes('clientSeed: roundSeed', roundSeed).length < 16) {
    refuse('OUT_OF_RANGE', 'clientSeed: roundSeed', 'at least 16 bytes', roundSeed.length);
  }
  return seededRng(roundSeed).fork('client', client).fill(new Uint8Array(32));
}
