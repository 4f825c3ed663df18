/**
 * A log of events in a {@link Store}: what is in it survives a crash. Every entry costs one write, which entries that come
 * together share; now and then a snapshot takes the place of all entries before it, so that neither disk nor memory grows.
 *
 * Every write is the `create` of the next slot, so the log has one order however many servers there are. Opening a run writes
 * a slot of its own, with the next epoch, which is never deleted: whoever wrote the slots before finds its next one taken,
 * however long it was stopped, and has ended. What it acknowledged is in slots before that one, all of which the new server reads.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import { lengthOf } from '../bytes.ts';
import { FedkitError } from '../errors.ts';
import { secureRng } from '../random.ts';
import type { Store } from '../store/contract.ts';
import { piecesInto } from '../store/pieces.ts';
import { Deletions } from './deletions.ts';
import { type Chain, collectorKey, lastSlot, readChain, type Snapshot, slotKey, type StoredRun } from './chain.ts';
import { type JournalEntry, readSlot, type Slot, type SlotHead, writeSlot } from './slot.ts';

export type { Snapshot, StoredRun } from './chain.ts';
export type { JournalEntry } from './slot.ts';

/** Entries that share one slot have at most about as many bytes. */
const MAX_BATCH = 2 ** 24;
/** Once the log is longer than so many snapshots and this, a snapshot is due: it costs a sixteenth of what it replaces. */
const SNAPSHOTS = 16;
const MIN_LENGTH = 2 ** 20;
const MAX_ENTRIES = 4096;
/** More slots than this are worth a snapshot as soon as they are read: a server that often dies would read ever more. */
const MANY_SLOTS = 8;

/** One server's hold on a run, from its opening to its end. */
export interface Epoch {
  readonly number: number;
  readonly owner: string;
}

/** A snapshot to be written. */
export interface Captured extends Omit<Snapshot, 'collector'> {
  /** Views of what is folded into: nobody folds before `release`. */
  readonly collector?: readonly Uint8Array[];
  /** Called once the collector is in the store, or the write has failed. */
  readonly release?: () => void;
}

/** What a journal is of. */
export interface JournalOptions {
  readonly store: Store;
  /**
   * The state of one moment, all entries appended before it included.
   *
   * @param at - Called at that moment.
   */
  readonly capture: (at: () => void) => Promise<Captured>;
  /** Looks at what is there before anything is written or anybody ended; throws to leave it alone. */
  readonly admit: (stored: StoredRun) => Promise<void>;
  /** Bytes of a snapshot with a collector: none is written for a log that is short beside it. Default 0. */
  readonly least?: number;
}

/** Appends to a run's log. Once a write has failed it is dead: read the store anew, since what it holds is what counts. */
export class Journal {
  readonly epoch: Epoch;
  readonly #store: Store;
  readonly #capture: JournalOptions['capture'];
  /** The next slot to create. */
  #slot: number;
  /** Number of the next entry; entries before `#written` are in the store. */
  #next: number;
  #written: number;
  #pending: JournalEntry[] = [];
  #waiters: { readonly until: number; readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  #running = false;
  #snapshotDue = false;
  #confirmationDue = false;
  #failure: { readonly error: unknown } | undefined;
  /** Slots that opened epochs: never deleted, so that a server stopped before one finds it taken. */
  readonly #epochs: number[];
  /** Keys that the next snapshot makes superfluous, the present collector's among them. */
  #superseded: string[];
  #length: number;
  #entries: number;
  #snapshotLength: number;
  readonly #slots: number;
  /** What a snapshot costs at least once something was folded. */
  readonly #least: number;
  readonly deletions: Deletions;

  private constructor({ store, capture, least = 0 }: JournalOptions, chain: Chain, slot: number, epoch: Epoch) {
    this.#store = store;
    this.deletions = new Deletions(store);
    this.#capture = capture;
    this.#least = least;
    this.epoch = epoch;
    this.#slot = slot;
    this.#next = chain.next;
    this.#written = chain.next;
    this.#epochs = [...chain.epochs];
    this.#superseded = [...chain.keys];
    this.#length = chain.length;
    this.#entries = chain.entries.length;
    this.#snapshotLength = chain.snapshotLength;
    this.#slots = chain.slots;
  }

  /**
   * Reads what `store` holds and goes on behind it.
   *
   * @param held - The epoch that this server has had: the log is its own, or it has ended. Without it a new one begins, and
   * every other server of the run ends.
   * @throws FedkitError `DECODE_FAILED` for bytes that no journal wrote; `UNAVAILABLE` where `held` has ended.
   */
  static async open(
    options: JournalOptions,
    held?: Epoch,
  ): Promise<{ readonly journal: Journal; readonly stored: StoredRun }> {
    const { store, admit } = options;
    for (;;) {
      const chain = await readChain(store);
      await admit(chain);
      const { last } = chain;
      const slot = last === undefined ? 0 : last.slot + 1;
      if (held !== undefined) {
        if (last?.owner !== held.owner) throw superseded();
        return { journal: new Journal(options, chain, slot, held), stored: chain };
      }
      const owner = toHex(secureRng().fill(new Uint8Array(16)));
      const epoch = { number: (last?.epoch ?? 0) + 1, owner };
      const opening: Slot = { slot, epoch: epoch.number, owner, first: chain.next, kind: 'epoch' };
      // Where another was first there is more to read.
      if (!(await store.create(slotKey(slot), writeSlot(opening).finish()))) continue;
      // Another may have been first and deleted its slot since, for a snapshot further on: then this one is before it, and idle.
      if ((await lastSlot(store)) > slot || (await lastSlot(store)) > slot) continue;
      const journal = new Journal(options, chain, slot + 1, epoch);
      journal.#epochs.push(slot);
      return { journal, stored: chain };
    }
  }

  /** Whether so many slots were read that whoever has restored them should write a snapshot. */
  get crowded(): boolean {
    return this.#slots > MANY_SLOTS;
  }

  /** Whether a write has failed. */
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

  /** As {@link durable}, and by a write even if nothing is to be stored: once it resolves this server was the run's only one. */
  confirm(): Promise<void> {
    this.#confirmationDue = true;
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
        if (this.#snapshotDue || this.#confirmationDue) continue;
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
    const snapshot = Math.max(this.#snapshotLength, this.#least);
    return this.#length > SNAPSHOTS * snapshot + MIN_LENGTH || this.#entries > MAX_ENTRIES;
  }

  async #writeEntries(): Promise<void> {
    this.#confirmationDue = false;
    let count = 0;
    for (let length = 0; count < this.#pending.length && length < MAX_BATCH; count++) {
      length += this.#pending[count].bytes?.length ?? 0;
    }
    const slotOf = (entries: readonly JournalEntry[]) =>
      writeSlot({ ...this.#head(), first: this.#written, kind: 'entries', entries });
    let writer = slotOf(this.#pending.slice(0, count));
    const most = this.#store.maximumBytes ?? Infinity;
    while (writer.length > most && count > 1) {
      count = Math.ceil(count / 2);
      writer = slotOf(this.#pending.slice(0, count));
    }
    this.#pending.splice(0, count);
    const { length } = writer;
    const pieces = writer.pieces();
    await this.#create((key) => piecesInto(this.#store).create(key, pieces));
    this.#written += count;
    this.#length += length;
    this.#entries += count;
  }

  async #writeSnapshot(): Promise<void> {
    this.#snapshotDue = false;
    this.#confirmationDue = false;
    let through = 0;
    let covered: JournalEntry[] = [];
    const { head, bytes, collector, release } = await this.#capture(() => {
      through = this.#next;
      covered = this.#pending;
      this.#pending = [];
    });
    if (collector && lengthOf(collector) > (this.#store.maximumBytes ?? Infinity)) {
      // Weights of many sizes take a sum each. Read again, the entries make the same collector.
      release?.();
      this.#pending = [...covered, ...this.#pending];
      while (this.#written < through) await this.#writeEntries();
      return;
    }
    const what = { kind: 'snapshot', epochs: this.#epochs, head, bytes, collected: collector !== undefined } as const;
    const slot = { ...this.#head(), first: through, ...what };
    const writer = writeSlot(slot);
    const { length } = writer;
    const snapshot = writer.pieces();
    const stale = this.#superseded;
    this.#superseded = [];
    try {
      if (collector) {
        const key = collectorKey(this.#slot, this.epoch.number);
        await piecesInto(this.#store).put(key, collector);
        this.#superseded.push(key);
      }
    } finally {
      release?.();
    }
    await this.#create((key) => piecesInto(this.#store).create(key, snapshot));
    this.#written = through;
    this.#length = 0;
    this.#entries = 0;
    this.#snapshotLength = length + (collector ? lengthOf(collector) : 0);
    // What cannot be deleted now is tried again with the next snapshot; until then it is ignored.
    this.deletions.begin(
      stale.filter((key) => !this.#superseded.includes(key)),
      (key) => this.#superseded.push(key),
    );
  }

  #head(): Omit<SlotHead, 'first'> {
    return { slot: this.#slot, epoch: this.epoch.number, owner: this.epoch.owner };
  }

  async #create(write: (key: string) => Promise<boolean>): Promise<void> {
    const key = slotKey(this.#slot);
    if (!(await write(key))) await this.#refuseTaken(key);
    this.#superseded.push(key);
    this.#slot++;
  }

  /** Whose slot it is: a write of our own that was reported as failed and took place is no other server. */
  async #refuseTaken(key: string): Promise<never> {
    const stored = await this.#store.get(key);
    if (stored && readSlot(key, stored).owner === this.epoch.owner) {
      throw new FedkitError(
        'UNAVAILABLE',
        'federatedServer: store: expected a refused write to have left nothing, got its entry',
      );
    }
    throw superseded();
  }
}

/** The end of a server whose run another has opened. */
function superseded(): FedkitError {
  return new FedkitError(
    'UNAVAILABLE',
    "federatedServer: store: expected to be the run's latest server, got another that opened it later: this one has stopped",
    { details: { superseded: true } },
  );
}

/** Whether an error says that another server has opened the run. */
export function isSuperseded(error: unknown): error is FedkitError {
  return (error as Partial<FedkitError> | undefined)?.details?.superseded === true;
}
