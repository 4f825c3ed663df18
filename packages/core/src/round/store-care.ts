/**
 * What an operator does with a run's store beside serving from it: verifying, backing up, restoring.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { checkedSteps, checkedStore } from '../store/checked-store.ts';
import type { Store } from '../store/contract.ts';
import { inTurns } from '../turns.ts';
import { JOURNAL, readChain } from './chain.ts';
import { listKeys } from './guarded-store.ts';
import { stateKeyOf } from './state-keys.ts';
import { readSlot } from './slot.ts';

/** Everything a server stores has such a name, and a checksum. */
export const RUN = 'round/';

/** What a verification found. */
export interface StoreReport {
  /** Keys of the run, and their bytes. */
  readonly keys: number;
  readonly bytes: number;
  /** What cannot be read, by key, and what is missing. Empty for a store that a server can go on from. */
  readonly faults: readonly { readonly key: string; readonly problem: string }[];
}

/**
 * Reads everything that a run has stored, and checks every checksum, the order of the log and what it names. Changes nothing;
 * beside a live server it may find fault with what that server deletes meanwhile: ask again.
 *
 * @complexity One `get` a key.
 */
export async function verifyStore(store: Store): Promise<StoreReport> {
  const keys = await listKeys(store, RUN);
  const faults: { key: string; problem: string }[] = [];
  let bytes = 0;
  for (const key of keys) {
    const stored = await store.get(key);
    if (stored === undefined) continue;
    bytes += stored.length;
    await note(faults, key, async () => {
      const checked = await inTurns(checkedSteps(key, stored));
      if (key.startsWith(JOURNAL)) readSlot(key, checked);
    });
  }
  if (faults.length === 0 && keys.length > 0) await note(faults, RUN, () => checkComplete(store));
  return { keys: keys.length, bytes, faults };
}

/**
 * Copies a run into another store, with everything else that has a name there: privacy ledgers too. The run is checked as it is
 * copied, and may go on meanwhile: the copy is of one moment that its log passed through.
 *
 * Of a store that holds a privacy ledger beside the run the ledger is copied last: it has charged at least what the run released.
 *
 * @param into - Without keys.
 * @throws FedkitError `DECODE_FAILED` by key for what has changed; `INVALID_ARGUMENT` for a store without a
 * run and for a target with keys. What was copied by then stays.
 */
export async function backupStore(store: Store, into: Store): Promise<StoreReport> {
  await checkEmpty('backupStore', into);
  for (let attempt = 1; ; attempt++) {
    const keys = await listKeys(store, RUN);
    // A directory that is not mounted holds nothing, and a backup of nothing is none.
    if (keys.length === 0) refuse('INVALID_ARGUMENT', 'backupStore: store', 'a run', 'none');
    for (const key of keys) await copy(store, into, key, true);
    try {
      await checkComplete(into, true);
    } catch (error) {
      if (attempt === ATTEMPTS || !isFedkitError(error, 'DECODE_FAILED')) throw error;
      // The run went on while it was copied, and has deleted what the copy wants: again, further on.
      continue;
    }
    for (const key of await listKeys(store, '')) if (!key.startsWith(RUN)) await copy(store, into, key, false);
    return verifyStore(into);
  }
}

const ATTEMPTS = 20;

/**
 * Puts a backup into an empty store. Servers of the store it was taken of are not touched: end them, or both go on.
 *
 * A privacy ledger goes back with it, to what it had charged by then. What was released since is forgotten: hold its head
 * against the one that was kept (`expectedHead`).
 *
 * @throws FedkitError `DECODE_FAILED` by key for a backup that has changed, before anything is written; `INVALID_ARGUMENT` for a
 * store with keys.
 */
export async function restoreStore(backup: Store, into: Store): Promise<StoreReport> {
  await checkEmpty('restoreStore', into);
  const { faults, keys } = await verifyStore(backup);
  if (keys === 0) refuse('INVALID_ARGUMENT', 'restoreStore: backup', 'a run', 'none');
  if (faults.length > 0) {
    throw new FedkitError('DECODE_FAILED', `restoreStore: backup: ${faults[0].problem}`, {
      details: { keys: faults.map(({ key }) => key) },
    });
  }
  for (const key of await listKeys(backup, '')) await copy(backup, into, key, key.startsWith(RUN));
  return verifyStore(into);
}

async function copy(from: Store, into: Store, key: string, checked: boolean): Promise<void> {
  const bytes = await from.get(key);
  if (bytes === undefined) return;
  if (checked) await inTurns(checkedSteps(key, bytes));
  await into.put(key, bytes);
}

/** The log whole, and the state that its snapshot names. @param begun - Whether there must be a snapshot. */
async function checkComplete(store: Store, begun = false): Promise<void> {
  const checked = checkedStore(store);
  const { snapshot } = await readChain(checked);
  if (snapshot === undefined) {
    if (begun) throw new FedkitError('DECODE_FAILED', 'store: expected a run with a snapshot, got none');
    return;
  }
  const key = stateKeyOf(snapshot.head);
  if (key !== undefined && (await checked.get(key)) === undefined) {
    throw new FedkitError('DECODE_FAILED', `store: ${key}: expected the state that the snapshot names, got none`, {
      details: { key },
    });
  }
}

export async function checkEmpty(where: string, into: Store): Promise<void> {
  for await (const key of into.keys('')) refuse('INVALID_ARGUMENT', `${where}: into`, 'a store without keys', key);
}

async function note(
  faults: { key: string; problem: string }[],
  key: string,
  work: () => void | Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isFedkitError(error, 'DECODE_FAILED')) throw error;
    const { key: named = key } = error.details as { key?: string };
    faults.push({ key: named, problem: error.message });
  }
}
