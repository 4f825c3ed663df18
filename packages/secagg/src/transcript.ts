/**
 * Hashes that bind a round: the transcript every key is derived from, the joint seed of the graph, and commitments.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import type { CryptoProvider } from './crypto/provider.ts';
import { equal, uint32Bytes } from './internal/bytes.ts';
import { labelledBytes, labelledHash } from './internal/hash.ts';

/** Complete graph: the configuration and everybody's keys, which are long: `provider` hashes them, or plain JavaScript. */
export function cohortTranscript(
  configDigest: Uint8Array,
  cohortBody: Uint8Array,
  provider?: Pick<CryptoProvider, 'sha256'>,
): Uint8Array {
  const label = 'transcript/complete';
  return provider === undefined
    ? labelledHash(label, configDigest, cohortBody)
    : provider.sha256(labelledBytes(label, configDigest, cohortBody));
}

/** Harary graph: the configuration and the roots over members and revealed parts, with their counts. */
export function ringTranscript(
  configDigest: Uint8Array,
  members: number,
  memberRoot: Uint8Array,
  revealed: number,
  partRoot: Uint8Array,
): Uint8Array {
  const counts = [uint32Bytes(members), uint32Bytes(revealed)];
  return labelledHash('transcript/harary', configDigest, ...counts, memberRoot, partRoot);
}

/** The seed of the ring's order: nobody who committed before the others revealed could choose it. */
export function jointSeed(transcript: Uint8Array): Uint8Array {
  return labelledHash('graph', transcript);
}

/** Commitment to a client's 32-byte part of the joint seed. */
export function partCommitment(configDigest: Uint8Array, id: Uint8Array, part: Uint8Array): Uint8Array {
  return labelledHash('commitment/part', configDigest, id, part);
}

/** Commitment to a client's 32-byte self-mask seed: a rebuilt seed is held against it. */
export function selfMaskCommitment(transcript: Uint8Array, index: number, seed: Uint8Array): Uint8Array {
  return labelledHash('commitment/self-mask', transcript, uint32Bytes(index), seed);
}

/** What survivors sign: H(transcript ‖ survivors). */
export function survivorsHash(transcript: Uint8Array, survivorsBody: Uint8Array): Uint8Array {
  return labelledHash('survivors', transcript, survivorsBody);
}

/** Refuses a part that is not what its client committed to. */
export function checkPart(configDigest: Uint8Array, id: Uint8Array, commitment: Uint8Array, part: Uint8Array): void {
  if (!equal(partCommitment(configDigest, id, part), commitment)) {
    throw new FedkitError('AUTHENTICATION_FAILED', 'reveal: expected what was committed to, got something else');
  }
}
