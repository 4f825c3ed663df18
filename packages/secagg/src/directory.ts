/**
 * Where the public keys of clients are looked up, and what counts as one.
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError } from '@fedkit/core';
import { isPrimeOrderKey } from './crypto/ed25519.ts';
import { copyOf, hex } from './internal/bytes.ts';

/** The Ed25519 public key of a client, 32 bytes; `undefined` for one that is not known. */
export type Directory = (id: ClientId) => Uint8Array | undefined;

/** Keys of a directory that were found to have prime order, in hexadecimal: the check costs ten signatures. */
const MOST_CHECKED = 65_536;
const checked: WeakMap<Directory, Set<string>> = new WeakMap();

/**
 * The key a directory gives for a client, with memory of its own.
 *
 * A key that is not the canonical encoding of a point of prime order is none: its owner could sign so that one verifier
 * accepts and another does not. The owner is named and refused before it takes a place; nobody else is affected.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for a client that is not known, a key that is none, and where the directory
 * throws, with the client in `details`; a FedkitError that it throws passes through.
 */
export function keyOf(directory: Directory, id: ClientId): Uint8Array {
  let found: unknown;
  try {
    found = directory(id);
  } catch (cause) {
    if (isFedkitError(cause)) throw cause;
    refuseKey(id, 'an answer', 'an exception', cause);
  }
  if (found === undefined || found === null) refuseKey(id, 'the key of a known client', 'none');
  if (!(found instanceof Uint8Array) || found.length !== 32) refuseKey(id, 'a key of 32 bytes', 'something else');
  const key = copyOf(found);
  let known = checked.get(directory);
  if (known === undefined) {
    known = new Set();
    checked.set(directory, known);
  }
  const name = hex(key);
  if (known.has(name)) return key;
  if (!isPrimeOrderKey(key)) refuseKey(id, 'an Ed25519 key of prime order, canonically encoded', 'another');
  if (known.size >= MOST_CHECKED) known.clear();
  known.add(name);
  return key;
}

function refuseKey(id: ClientId, expected: string, got: string, cause?: unknown): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `directory: expected ${expected}, got ${got}`, {
    details: { client: id },
    ...(cause !== undefined && { cause }),
  });
}
