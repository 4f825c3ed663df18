/**
 * The model as clients fetch it: once encoded, part by part.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { refuse } from '../check.ts';
import { encodeState, type StateOwner } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import type { Request, Response } from './message.ts';

export interface EncodedBroadcast {
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`. */
  readonly digest: Uint8Array;
}

export function encodeBroadcast(broadcast: PlainData, owner: StateOwner): EncodedBroadcast {
  const bytes = encodeState(broadcast, owner);
  return { bytes, digest: sha256(bytes) };
}

export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}

/** The part that is asked for, at most `partBytes` long. */
export function part(
  { digest, offset }: Request & { kind: 'model' },
  broadcast: EncodedBroadcast | undefined,
  partBytes: number,
): Response {
  if (!broadcast || !sameDigest(digest, broadcast.digest)) {
    refuse('PROTOCOL_STATE', 'federatedServer: model', 'the digest of the current model', 'another');
  }
  const { bytes } = broadcast;
  if (offset > bytes.length) {
    refuse('OUT_OF_RANGE', 'federatedServer: model: offset', `at most ${bytes.length}`, offset);
  }
  return { kind: 'part', total: bytes.length, offset, bytes: bytes.subarray(offset, offset + partBytes) };
}
