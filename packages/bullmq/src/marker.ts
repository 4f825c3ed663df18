/**
 * What says that a queue is the one that it was, and of which protocol.
 *
 * @module
 */
import { FedkitError, type Store } from '@fedkit/core';
import { toHex, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { unfit } from './fault.ts';

/** Both ends of a queue mean the same by its jobs. */
const PROTOCOL = 'fedkit engine 1';

/** Reads the name of the queue's making, or makes it. @throws FedkitError `PROTOCOL_STATE` for a queue of another protocol. */
export async function makingOf(store: Store, name: string): Promise<string> {
  const key = `engine/${name}`;
  const found = await store.get(key);
  if (found === undefined) {
    const making = toHex(crypto.getRandomValues(new Uint8Array(8)));
    await store.create(key, utf8Encode(`${PROTOCOL} ${making}`));
    return makingOf(store, name);
  }
  const text = utf8Decode(found);
  const at = text.lastIndexOf(' ');
  if (text.slice(0, at) !== PROTOCOL) unfit(`queue ${name}`, PROTOCOL, JSON.stringify(text.slice(0, at)));
  return text.slice(at + 1);
}

/** @throws FedkitError `UNAVAILABLE` for a database that has been emptied since. */
export async function checkMaking(store: Store, name: string, expected: string): Promise<void> {
  const found = await store.get(`engine/${name}`);
  if (found !== undefined && utf8Decode(found).endsWith(` ${expected}`)) return;
  throw new FedkitError(
    'UNAVAILABLE',
    `queue ${name}: expected the database that holds its jobs, got one that was emptied`,
    {
      details: { emptied: true },
    },
  );
}
