/**
 * From what earlier versions stored to what this one does.
 *
 * Version 1 kept a run without checksums or epochs:
 *
 *     round/snapshot          66 6b 73 01, u53 entries before, text: head, long: bytes, u8 1 if there is a collector
 *     round/collector/<n>     the collector as of entry n
 *     round/journal/<m>       66 6b 6a 01, u53 m, u32 count, then for each entry text: JSON, u8 0 or u8 1 and long: its bytes
 *     round/state/<round>, round/exchange/<round>, round/ledger/<round>, round/terms
 *
 * @module
 */
import { toHex } from '../hex.ts';
import { ByteReader } from '../bytes.ts';
import { refuse } from '../check.ts';
import { secureRng } from '../random.ts';
import { checkedStore } from '../store/checked-store.ts';
import type { Store } from '../store/contract.ts';
import { COLLECTOR, collectorKey, JOURNAL, LEGACY_SNAPSHOT, numbered, slotKey } from './chain.ts';
import { listKeys } from './guarded-store.ts';
import { fromJson } from './json.ts';
import { type JournalEntry, writeSlot } from './slot.ts';
import { checkEmpty, RUN, type StoreReport, verifyStore } from './store-care.ts';

const SNAPSHOT_MAGIC = Uint8Array.of(0x66, 0x6b, 0x73, 1);
const JOURNAL_MAGIC = Uint8Array.of(0x66, 0x6b, 0x6a, 1);
/** The epoch that what is migrated belongs to. */
const EPOCH = 1;

/**
 * Copies a run that an earlier version stored into a store as this version keeps it. End every server of the old store first;
 * it is left as it is. Keys that belong to no run, such as a privacy ledger's, are copied as they are.
 *
 * @param into - Without keys.
 * @throws FedkitError `INVALID_ARGUMENT` for a store without such a run or a target with keys; `DECODE_FAILED` for bytes that no
 * earlier version wrote.
 */
export async function migrateStore(store: Store, into: Store): Promise<StoreReport> {
  const where = 'migrateStore';
  await checkEmpty(where, into);
  const stored = await store.get(LEGACY_SNAPSHOT);
  if (stored === undefined) refuse('INVALID_ARGUMENT', `${where}: store`, 'a run of an earlier version', 'none');
  const target = checkedStore(into);
  const reader: ByteReader = new ByteReader(LEGACY_SNAPSHOT, stored);
  magic(reader, SNAPSHOT_MAGIC);
  const first = reader.uint53();
  const head = fromJson(reader.text()) as object;
  const bytes = reader.long().slice();
  const collected = reader.uint8() === 1;
  reader.end();
  for (const key of await listKeys(store, '')) {
    const value = await store.get(key);
    if (value === undefined || key === LEGACY_SNAPSHOT || key.startsWith(JOURNAL) || key.startsWith(COLLECTOR))
      continue;
    if (!key.startsWith(RUN)) await into.put(key, value);
    else await target.put(/\/\d{16}$/.test(key) ? `${key}.${EPOCH}` : key, value);
  }
  if (collected) {
    const collector = await store.get(numbered(COLLECTOR, first));
    if (collector === undefined) reader.refuse('the collector that the snapshot names', 'none');
    await target.put(collectorKey(0, EPOCH), collector);
  }
  const entries = await legacyEntries(store, first);
  const owner = toHex(secureRng().fill(new Uint8Array(16)));
  const common = { epoch: EPOCH, owner, first };
  // The log first: without a snapshot it is no run, should this end here.
  const log = { ...common, slot: 1, kind: 'entries', entries } as const;
  await target.create(slotKey(1), writeSlot(log).finish());
  const snapshot = { kind: 'snapshot', epochs: [], head: { ...head, epoch: EPOCH }, bytes, collected } as const;
  await target.create(slotKey(0), writeSlot({ ...common, slot: 0, ...snapshot }).finish());
  return verifyStore(into);
}

async function legacyEntries(store: Store, from: number): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for (const key of await listKeys(store, JOURNAL)) {
    const reader = new ByteReader(key, (await store.get(key)) ?? new Uint8Array(0));
    magic(reader, JOURNAL_MAGIC);
    const first = reader.uint53();
    const count = reader.uint32();
    // Left over from before the snapshot.
    if (first < from) continue;
    if (first !== from + entries.length) reader.refuse(`entry ${from + entries.length}`, `entry ${first}`);
    for (let i = 0; i < count; i++) {
      const event = fromJson(reader.text()) as object;
      entries.push(reader.uint8() === 1 ? { event, bytes: reader.long() } : { event });
    }
    reader.end();
  }
  return entries;
}

function magic(reader: ByteReader, expected: Uint8Array): void {
  const bytes = reader.bytes(expected.length);
  if (!expected.every((byte, i) => byte === bytes[i])) reader.refuse('what an earlier version stored', 'other bytes');
}
