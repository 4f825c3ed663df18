/**
 * Saved state, sealed under the caller's key: ChaCha20-Poly1305 under a key derived for this one save from the caller's
 * and 32 fresh random bytes, which open the sealed bytes.
 *
 * Sealing hides and authenticates; it cannot notice that a store handed back an older state than it was given.
 *
 * @module
 */
import { FedkitError, type Rng } from '@fedkit/core';
import { checkBytes, utf8Encode } from '@fedkit/core/internal';
import type { CryptoProvider } from '../crypto/provider.ts';
import { concat } from '../internal/bytes.ts';
import { PROTOCOL_LABEL, hkdfExpand, hkdfExtract } from '../internal/hash.ts';

/** Whose state it is; a client's does not open as a server's, nor either as a device's record. */
export type StateKind = 'client' | 'server' | 'record';

const SALT_BYTES = 32;

/**
 * @param sealingKey - 32 secret bytes of the caller's, kept apart from the store.
 * @param bound - What the state belongs to: the hash of the round's configuration.
 * @param room - So many bytes stay free before the sealed ones.
 */
export function sealState(
  provider: CryptoProvider,
  rng: Rng,
  sealingKey: Uint8Array,
  kind: StateKind,
  bound: Uint8Array,
  state: Uint8Array,
  room: number = 0,
): Uint8Array<ArrayBuffer> {
  const salt = rng.fill(new Uint8Array(SALT_BYTES));
  const key = stateKey(provider, sealingKey, salt, kind);
  const sealed = provider.seal(key, state, bound);
  key.fill(0);
  const saved = concat(new Uint8Array(room), salt, sealed);
  provider.discard?.(sealed);
  return saved;
}

/** @throws FedkitError `AUTHENTICATION_FAILED` for another key, kind or round, or for altered bytes. */
export function openState(
  provider: CryptoProvider,
  sealingKey: Uint8Array,
  kind: StateKind,
  bound: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  checkBytes('restore: sealed state', sealed);
  const key = stateKey(provider, sealingKey, sealed.subarray(0, SALT_BYTES), kind);
  const state = provider.open(key, sealed.subarray(SALT_BYTES), bound);
  key.fill(0);
  if (state === undefined) {
    throw new FedkitError(
      'AUTHENTICATION_FAILED',
      `restore: expected a ${kind}'s state of this round sealed under this key, got other bytes`,
    );
  }
  return state;
}

function stateKey(provider: CryptoProvider, sealingKey: Uint8Array, salt: Uint8Array, kind: StateKind): Uint8Array {
  checkBytes('sealingKey', sealingKey, 32);
  return hkdfExpand(
    provider,
    hkdfExtract(provider, salt, sealingKey),
    utf8Encode(`${PROTOCOL_LABEL}/state/${kind}`),
    32,
  );
}
