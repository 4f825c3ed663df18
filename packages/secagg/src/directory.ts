/**
 * Where the public keys of clients are looked up, and what counts as one.
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError } from '@fedkit/core';
import { isLargeCanonical } from './crypto/ed25519.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { copyOf, hex } from './internal/bytes.ts';

/** The Ed25519 public key of a client, 32 bytes; `undefined` for one that is not known. */
export type Directory = (id: ClientId) => Uint8Array | undefined;

/**
 * Keys that were found to have prime order, in hexadecimal, by the directory that gave them: finding it takes almost as long
 * as checking a signature, ten times as long in plain JavaScript. What one device has found another does not know, in one process either.
 */
const found: WeakMap<Directory, Set<string>> = new WeakMap();
const MOST_FOUND = 65_536;

/**
 * The key a directory gives for a client, with memory of its own: 32 bytes that encode y canonically, of no point of small order.
 * Under every such key all engines decide alike about a signature.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for a client that is not known, a key that is none, and where the directory
 * throws, with the client in `details`; a FedkitError that it throws passes through.
 */
export function keyOf(directory: Directory, id: ClientId): Uint8Array {
  let given: unknown;
  try {
    given = directory(id);
  } catch (cause) {
    if (isFedkitError(cause)) throw cause;
    refuseKey(id, 'an answer', 'an exception', cause);
  }
  if (given === undefined || given === null) refuseKey(id, 'the key of a known client', 'none');
  if (!(given instanceof Uint8Array) || given.length !== 32) refuseKey(id, 'a key of 32 bytes', 'something else');
  const key = copyOf(given);
  if (!isLargeCanonical(key)) refuseKey(id, 'an Ed25519 key, canonically encoded and not of small order', 'another');
  return key;
}

/**
 * The same for one who takes a place: the key is a point of prime order besides, which every client and the server check for
 * themselves, once for a key as long as they keep the directory. Its owner could else sign some messages and not others; it is
 * named and refused.
 *
 * @throws FedkitError as {@link keyOf}.
 * @complexity For a key that is new one agreement of X25519 where that is native, else about a millisecond.
 */
export function admittedKey(provider: CryptoProvider, directory: Directory, id: ClientId): Uint8Array {
  const key = keyOf(directory, id);
  const name = hex(key);
  let known = found.get(directory);
  if (known === undefined) found.set(directory, (known = new Set()));
  if (known.has(name)) return key;
  if (!provider.isPrimeOrder(key)) refuseKey(id, 'an Ed25519 key of prime order', 'another');
  if (known.size >= MOST_FOUND) known.clear();
  known.add(name);
  return key;
}

function refuseKey(id: ClientId, expected: string, got: string, cause?: unknown): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `directory: expected ${expected}, got ${got}`, {
    details: { client: id },
    ...(cause !== undefined && { cause }),
  });
}
