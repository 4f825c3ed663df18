/**
 * A log of events in a {@link Store}: what is in it survives a crash. Every entry costs one `put`, which entries that come
 * together share; now and then a snapshot takes the place of all entries before it, so that neither disk nor memory grows.
 *
 *     round/snapshot             the state after entry n, and n
 *     round/collector/<n>        what was folded by then
 *     round/journal/<m>          entries m, m + 1, … > n, one `put`'s worth
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { fromJson, toJson } from './json.ts';

/** One event as JSON, with the bytes that came with it. */
export interface JournalEntry {
  readonly event: object;
  readonly bytes?: Uint8Array;
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

const SNAPSHOT = 'round/snapshot';
const JOURNAL = 'round/journal/';
const COLLECTOR = 'round/collector/';
const SNAPSHOT_MAGIC = Uint8Array.of(0x66, 0x6b, 0x73, 1);
const JOURNAL_MAGIC = Uint8Array.of(0x66, 0x6b, 0x6a, 1);
/** Entries that share one `put` have at most about as many bytes. */
const MAX_BATCH = 2 ** 24;
/** Once the log is longer than so many snapshots and this, a snapshot is due: it costs a sixteenth of what it replaces. */
const SNAPSHOTS = 16;
const MIN_LENGTH = 2 ** 20;
const MAX_ENTRIES = 4096;

const number = (n: number): string => String(n).padStart(16, '0');

/** Appends to a run's log. Once a `put` has failed it is dead: read the store anew, since what it holds is what counts. */
export class Journal {
  readonly #store: Store;
  readonly #capture: () => Snapshot;
  /** Number of the next entry; entries before `#written` are in the store. */
  #next: number;
  #written: number;
  #pending: JournalEntry[] = [];
  #waiters: { readonly until: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #running = false;
  #snapshotDue = false;
  #failure: { readonly error: unknown } | undefined;
  /** Keys that the next snapshot makes superfluous, the present collector's among them. */
  #superseded: string[];
  #length = 0;
  #entries = 0;
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #snapshotLength: number;

  private constructor(
    store: Store,
    capture: () => Snapshot,
    next: number,
    superseded: string[],
    length: number,
    snapshotLength: number,
  ) {
    this.#store = store;
    this.#capture = capture;
    this.#next = next;
    this.#written = next;
    this.#superseded = superseded;
    this.#length = length;
    this.#snapshotLength = snapshotLength;
  }

  /**
   * Reads what `store` holds and goes on behind it.
   *
   * @param capture - The state as it is, all entries appended so far included.
   * @throws FedkitError `DECODE_FAILED` for bytes that no journal wrote.
   */
  static async open(
    store: Store,
    capture: () => Snapshot,
  ): Promise<{ readonly journal: Journal; readonly stored: StoredRun }> {
    const stale: string[] = [];
    const stored = await store.get(SNAPSHOT);
    let next = 0;
    let snapshot: Snapshot | undefined;
    let collectorKey: string | undefined;
    if (stored) {
      const reader = new ByteReader('round/snapshot', stored);
      magic(reader, SNAPSHOT_MAGIC);
      next = reader.uint53();
      const head = json(reader);
      const bytes = reader.long().slice();
      const collected = reader.uint8() === 1;
      reader.end();
      if (collected) collectorKey = COLLECTOR + number(next);
      const collector = collectorKey && (await store.get(collectorKey));
      if (collectorKey && !collector) reader.refuse('the collector that the snapshot names', 'none');
      snapshot = { head, bytes, ...(collector && { collector }) };
    }
    for await (const key of store.keys(COLLECTOR)) stale.push(key);
    const keys: string[] = [];
    for await (const key of store.keys(JOURNAL)) keys.push(key);
    const entries: JournalEntry[] = [];
    let length = 0;
    const snapshotLength = (stored?.length ?? 0) + (snapshot?.collector?.length ?? 0);
    for (const key of keys.sort()) {
      const bytes = (await store.get(key)) ?? new Uint8Array(0);
      const reader = new ByteReader('round/journal', bytes);
      magic(reader, JOURNAL_MAGIC);
      const first = reader.uint53();
      const count = reader.uint32();
      stale.push(key);
      // Left over from before the snapshot: a deletion that a crash prevented.
      if (first < next) continue;
      if (first > next) reader.refuse(`entry ${next}`, `entry ${first}`);
      for (let i = 0; i < count; i++) {
        const event = json(reader);
        entries.push(reader.uint8() === 1 ? { event, bytes: reader.long() } : { event });
      }
      reader.end();
      next += count;
      length += bytes.length;
    }
    const journal = new Journal(store, capture, next, stale, length, snapshotLength);
    journal.#entries = entries.length;
    return { journal, stored: { ...(snapshot && { snapshot }), entries } };
  }

  /** Whether a `put` has failed. */
  get dead(): boolean {
    return this.#failure !== undefined;
  }

  /** Adds an entry. It is stored with whatever is stored next; `durable` says when. */
  append(entry: JournalEntry): void {
    this.#pending.push(entry);
    this.#next++;
    // Nobody waits for what only counts, but it may not pile up.
    if (this.#pending.length === MAX_ENTRIES) this.durable().catch(() => {});
  }

  /** Resolves once everything appended so far is stored. */
  durable(): Promise<void> {
    if (this.#written === this.#next && !this.#failure) return Promise.resolve();
    return this.#wait();
  }

  /** A snapshot instead of everything appended so far. */
  checkpoint(): Promise<void> {
    this.#snapshotDue = true;
    return this.#wait();
  }

  #wait(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ until: this.#next, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#waiters.length > 0) {
        if (this.#snapshotDue || this.#long()) await this.#writeSnapshot();
        else await this.#writeEntries();
        if (this.#snapshotDue) continue;
        const left = this.#waiters.findIndex(({ until }) => until > this.#written);
        for (const { resolve } of this.#waiters.splice(0, left < 0 ? this.#waiters.length : left)) resolve();
      }
    } catch (error) {
      this.#failure = { error };
      const waiters = this.#waiters;
      this.#waiters = [];
      for (const { reject } of waiters) reject(error);
    }
    this.#running = false;
  }

  #long(): boolean {
    return this.#length > SNAPSHOTS * this.#snapshotLength + MIN_LENGTH || this.#entries > MAX_ENTRIES;
  }

  async #writeEntries(): Promise<void> {
    const first = this.#written;
    let count = 0;
    for (let length = 0; count < this.#pending.length && length < MAX_BATCH; count++) {
      length += this.#pending[count].bytes?.length ?? 0;
    }
    const writer = new ByteWriter().bytes(JOURNAL_MAGIC).uint53(first).uint32(count);
    for (const { event, bytes } of this.#pending.splice(0, count)) {
      // Only facts can be infinite.
      writer.text('facts' in event ? toJson(event) : JSON.stringify(event)).uint8(bytes ? 1 : 0);
      if (bytes) writer.long(bytes);
    }
    const key = JOURNAL + number(first);
    // One buffer for all batches: stores copy, and one batch is written at a time.
    if (this.#scratch.length < writer.length) this.#scratch = new Uint8Array(2 * writer.length);
    const bytes = writer.finish(this.#scratch);
    this.#superseded.push(key);
    await this.#store.put(key, bytes);
    this.#written = first + count;
    this.#length += bytes.length;
    this.#entries += count;
  }

  async #writeSnapshot(): Promise<void> {
    this.#snapshotDue = false;
    const through = this.#next;
    const { head, bytes, collector } = this.#capture();
    const snapshot = new ByteWriter()
      .bytes(SNAPSHOT_MAGIC)
      .uint53(through)
      .text(JSON.stringify(head))
      .long(bytes)
      .uint8(collector ? 1 : 0)
      .finish();
    this.#pending = [];
    const superseded = this.#superseded;
    const collectorKey = COLLECTOR + number(through);
    this.#superseded = [];
    if (collector) {
      await this.#store.put(collectorKey, collector);
      this.#superseded.push(collectorKey);
    }
    await this.#store.put(SNAPSHOT, snapshot);
    this.#written = through;
    this.#length = 0;
    this.#entries = 0;
    this.#snapshotLength = snapshot.length + (collector?.length ?? 0);
    for (const key of superseded) {
      if (key === collectorKey) continue;
      // What cannot be deleted now is tried again with the next snapshot; until then it is ignored.
      await this.#store.delete(key).catch(() => this.#superseded.push(key));
    }
  }
}

function magic(reader: ByteReader, expected: Uint8Array): void {
  const bytes = reader.bytes(expected.length);
  if (!expected.every((byte, i) => byte === bytes[i])) reader.refuse('what a round stored', 'other bytes');
}

function json(reader: ByteReader): object {
  const text = reader.text();
  let data: unknown;
  try {
    data = fromJson(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', 'round: expected a stored event, got other text', { cause });
  }
  if (typeof data !== 'object' || data === null) reader.refuse('a stored event', typeof data);
  return data;
}
