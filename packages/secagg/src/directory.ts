/**
 * Where the public keys of clients are looked up, and what counts as one.
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError } from '@fedkit/core';
import { isLargeCanonical } from './crypto/large-canonical.ts';
import type { CryptoProvider } from './crypto/provider.ts';
import { copyOf, equal } from './internal/bytes.ts';

/** The Ed25519 public key of a client, 32 bytes; `undefined` for one that is not known. */
export type Directory = (id: ClientId) => Uint8Array | undefined;

/**
 * The key that each client was last found to have, by the directory that gave it: finding that its order is prime takes almost as
 * long as checking a signature, ten times as long in plain JavaScript. What one device has found another does not know, in one process either.
 */
const found: WeakMap<Directory, Map<ClientId, Uint8Array>> = new WeakMap();
const MOST_FOUND = 65_536;

/**
 * The key a directory gives for a client, with memory of its own: 32 bytes that encode y canonically, of no point of small order.
 * Under every such key all engines decide alike about a signature.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for a client that is not known, a key that is none, and where the directory
 * throws, with the client in `details`; a FedkitError that it throws passes through.
 */
export function keyOf(directory: Directory, id: ClientId): Uint8Array {
  return canonical(id, givenKey(directory, id));
}

function givenKey(directory: Directory, id: ClientId): Uint8Array {
  let given: unknown;
  try {
    given = directory(id);
  } catch (cause) {
    if (isFedkitError(cause)) throw cause;
    refuseKey(id, 'an answer', 'an exception', cause);
  }
  if (given === undefined || given === null) refuseKey(id, 'the key of a known client', 'none');
  if (!(given instanceof Uint8Array) || given.length !== 32) refuseKey(id, 'a key of 32 bytes', 'something else');
  return copyOf(given);
}

function canonical(id: ClientId, key: Uint8Array): Uint8Array {
  if (!isLargeCanonical(key)) refuseKey(id, 'an Ed25519 key, canonically encoded and not of small order', 'another');
  return key;
}

/**
 * The same for one who takes a place: the key is a point of prime order besides, which every client and the server check for
 * themselves, once for a client's key as long as they keep the directory. Its owner could else sign some messages and not others; it is
 * named and refused.
 *
 * @throws FedkitError as {@link keyOf}.
 * @complexity For a key that is new one agreement of X25519 where that is native, else about a millisecond.
 */
export function admittedKey(provider: CryptoProvider, directory: Directory, id: ClientId): Uint8Array {
  const key = givenKey(directory, id);
  let known = found.get(directory);
  if (known === undefined) found.set(directory, (known = new Map()));
  const before = known.get(id);
  if (before !== undefined && equal(before, key)) return key;
  if (!provider.isPrimeOrder(canonical(id, key))) refuseKey(id, 'an Ed25519 key of prime order', 'another');
  if (known.size >= MOST_FOUND) known.clear();
  known.set(id, copyOf(key));
  return key;
}

function refuseKey(id: ClientId, expected: string, got: string, cause?: unknown): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `directory: expected ${expected}, got ${got}`, {
    details: { client: id },
    ...(cause !== undefined && { cause }),
  });
}
