/**
 * Which participant this tab is. A browser keeps as many as it ever had tabs open at once; a tab takes the first that no other tab
 * holds, by a lock that ends with it, and goes on where that one stopped.
 *
 * @module
 */
import { memoryStore, secureRng, type Store } from '@fedkit/core';
import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
import { keptSecret, originKey } from './secrets.ts';

/** A participant. */
export interface Identity {
  readonly slot: number;
  /** 64 hexadecimal digits, known to this browser and the coordinator. */
  readonly token: string;
  readonly sealingKey: Uint8Array;
  readonly store: Store;
  readonly durable: boolean;
}

/** The most tabs of one browser. */
const SLOTS = 64;
/** How long a closed tab may hold its lock, in milliseconds: a browser gives a worker amid a computation two seconds to end. */
const LETTING_GO = 4000;

/**
 * Holds an identity until the tab or worker ends.
 *
 * @param wanted - A certain one: waits for the tab that holds it.
 * @param onTaken - Told that another tab holds it.
 */
export async function claimIdentity(wanted: number | undefined, onTaken: (slot: number) => void): Promise<Identity> {
  if (!globalThis.isSecureContext || navigator.locks === undefined || crypto.subtle === undefined) return passing();
  if (wanted !== undefined) {
    let release = await lock(wanted, 'at once');
    if (release === undefined) onTaken(wanted);
    release ??= await lock(wanted, 'in turn');
    return kept(wanted, release);
  }
  for (let slot = 0; slot < SLOTS; slot++) {
    const release = await lock(slot, 'at once');
    if (release) return kept(slot, release);
  }
  return passing();
}

/**
 * An identity that an earlier tab has left, for a service worker that goes on with it; `undefined` where a tab holds it, or there
 * never was one. `release` gives it back.
 */
export async function leftIdentity(
  slot: number,
): Promise<{ readonly identity: Identity; readonly release: () => void } | undefined> {
  // A tab that was closed just now lets go in a moment.
  const release = await lock(slot, AbortSignal.timeout(LETTING_GO)).catch(() => undefined);
  if (!release) return undefined;
  const identity = await kept(slot, release);
  if (await identity.store.get('name')) return { identity, release };
  release();
  return undefined;
}

/**
 * Gives the lock back. `undefined` where another has it and it is wanted at once; else it is waited for, at most until a signal fires.
 */
function lock(slot: number, how: 'at once' | 'in turn' | AbortSignal): Promise<(() => void) | undefined> {
  const options = how instanceof AbortSignal ? { signal: how } : { ifAvailable: how === 'at once' };
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`fedkit participant ${slot}`, options, (held) => {
        if (held === null) {
          resolve(undefined);
          return undefined;
        }
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

/** @param release - Called where it cannot be had, a full disk for one. */
async function kept(slot: number, release: () => void = () => {}): Promise<Identity> {
  try {
    const store = indexedDbStore({ name: `fedkit participant ${slot}` });
    const key = await originKey();
    const token = hex(await keptSecret(store, key, 'token'));
    return { slot, token, sealingKey: await keptSecret(store, key, 'sealing key'), store, durable: true };
  } catch (error) {
    release();
    throw error;
  }
}

/** One that ends with the tab. */
function passing(): Identity {
  const draw = () => secureRng().fill(new Uint8Array(32));
  return { slot: -1, token: hex(draw()), sealingKey: draw(), store: memoryStore(), durable: false };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
