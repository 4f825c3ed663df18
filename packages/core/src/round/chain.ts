/**
 * The slots of a run's log in a {@link Store}: which there are, and what they come to.
 *
 *     round/journal/<slot>                  see slot.ts; created once; deleted once a snapshot has made it superfluous, unless
 *                                           it opened an epoch: a server stopped before it must find it taken for ever
 *     round/collector/<slot>.<epoch>        what was folded by the snapshot in that slot
 *
 * @module
 */
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { listKeys } from './guarded-store.ts';
import { type JournalEntry, readSlot, type Slot } from './slot.ts';

export const JOURNAL = 'round/journal/';
export const COLLECTOR = 'round/collector/';
/** Where versions before this one kept their snapshot. */
export const LEGACY_SNAPSHOT = 'round/snapshot';

export const numbered = (prefix: string, n: number): string => prefix + String(n).padStart(16, '0');
export const slotKey = (slot: number): string => numbered(JOURNAL, slot);
export const collectorKey = (slot: number, epoch: number): string => `${numbered(COLLECTOR, slot)}.${epoch}`;

/** The epoch that a key ends in. */
export const epochOf = (key: string): number => Number(key.slice(key.lastIndexOf('.') + 1));

/** Keys that end in an epoch, the latest last. */
export function sortedByEpoch(keys: readonly string[]): string[] {
  return [...keys].sort((a, b) => epochOf(a) - epochOf(b));
}

/** The latest slot there is; −1 for none. */
export async function lastSlot(store: Store): Promise<number> {
  const keys = await listKeys(store, JOURNAL);
  return keys.length === 0 ? -1 : Number(keys[keys.length - 1].slice(JOURNAL.length));
}

/** A state as JSON, with its bytes and those of the collector. */
export interface Snapshot {
  readonly head: unknown;
  readonly bytes: Uint8Array;
  readonly collector?: Uint8Array;
}

/** What a store holds. */
export interface StoredRun {
  readonly snapshot?: Snapshot;
  readonly entries: readonly JournalEntry[];
}

/** A log as it was read. */
export interface Chain extends StoredRun {
  /** The latest slot; absent in an empty store. */
  readonly last?: Slot;
  /** How many slots had to be read, one after the other. */
  readonly slots: number;
  /** Entries of the whole run. */
  readonly next: number;
  /** Slots that opened epochs. */
  readonly epochs: readonly number[];
  /** Keys that the next snapshot makes superfluous. */
  readonly keys: readonly string[];
  /** Bytes of the slots after the snapshot, and of the snapshot. */
  readonly length: number;
  readonly snapshotLength: number;
}

/** How often a log is read anew because somebody who is still alive has gone on with it. */
const ATTEMPTS = 1000;

/**
 * The log from its latest snapshot on.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the key, for what no server wrote, or a slot that is missing.
 */
export async function readChain(store: Store): Promise<Chain> {
  let failure: FedkitError | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await readOnce(store);
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      // Twice the same is no other server at work.
      if (failure?.message === error.failure.message) throw error.failure;
      failure = error.failure;
    }
  }
  throw failure as FedkitError;
}

/** What was listed is not there: deleted meanwhile, or lost. */
class Moved extends Error {
  readonly failure: FedkitError;

  constructor(key: string, expected: string) {
    super(key);
    this.failure = new FedkitError('DECODE_FAILED', `federatedServer: store: ${key}: expected ${expected}, got none`, {
      details: { key },
    });
  }
}

async function readOnce(store: Store): Promise<Chain> {
  const keys = await listKeys(store, JOURNAL);
  if (keys.length === 0 && (await store.get(LEGACY_SNAPSHOT)) !== undefined) {
    throw new FedkitError(
      'DECODE_FAILED',
      `federatedServer: store: ${LEGACY_SNAPSHOT}: expected a run of this version, got one of an earlier version, which migrateStore reads`,
    );
  }
  const slots: Slot[] = [];
  let length = 0;
  let snapshotLength = 0;
  // Back from the end to the latest snapshot.
  for (const key of [...keys].reverse()) {
    const stored = await store.get(key);
    if (stored === undefined) throw new Moved(key, 'the slot that was listed');
    const slot = readSlot(key, stored);
    if (slotKey(slot.slot) !== key) {
      throw new FedkitError('DECODE_FAILED', `${key}: expected the slot of this key, got slot ${slot.slot}`);
    }
    const later = slots[0];
    if (later !== undefined && later.slot !== slot.slot + 1) throw new Moved(slotKey(slot.slot + 1), 'a slot');
    slots.unshift(slot);
    if (slot.kind === 'snapshot') {
      snapshotLength = stored.length;
      break;
    }
    length += stored.length;
  }
  const [first] = slots;
  if (first !== undefined && first.kind !== 'snapshot' && first.slot > 0)
    throw new Moved(slotKey(first.slot - 1), 'a slot');
  const collectors = await listKeys(store, COLLECTOR);
  const entries = slots.flatMap((slot) => (slot.kind === 'entries' ? slot.entries : []));
  const next = slots.reduce(
    (n, slot) => (slot.kind === 'entries' ? slot.first + slot.entries.length : n),
    first?.first ?? 0,
  );
  const last = slots[slots.length - 1];
  const epochs = slots.flatMap((slot) =>
    slot.kind === 'snapshot' ? slot.epochs : slot.kind === 'epoch' ? [slot.slot] : [],
  );
  const kept = new Set(epochs.map(slotKey));
  const stale = [...keys.filter((key) => !kept.has(key)), ...collectors];
  const common = { slots: slots.length, entries, next, epochs, keys: stale, length, ...(last && { last }) };
  if (first?.kind !== 'snapshot') return { ...common, snapshotLength };
  const { head, bytes, collected, slot, epoch } = first;
  if (!collected) return { ...common, snapshotLength, snapshot: { head, bytes } };
  const key = collectorKey(slot, epoch);
  const collector = await store.get(key);
  if (collector === undefined) throw new Moved(key, 'the collector that the snapshot names');
  return { ...common, snapshotLength: snapshotLength + collector.length, snapshot: { head, bytes, collector } };
}
