/**
 * A slot of a run's log as bytes. Slots are created one after another, each once, by whoever holds the latest epoch.
 *
 *     66 6b 6a 02, u53 slot, u53 epoch, 16 bytes owner, u53 entries before, u8 kind, and
 *       kind 0, entries     u32 count, then for each: text: JSON of the event, u8 0 or u8 1 and long: its bytes
 *       kind 1, snapshot    text: JSON of the epochs' slots, text: JSON of the head, long: bytes, u8 1 if there is a collector
 *       kind 2, epoch       nothing: a server has opened the run, and every earlier one has ended
 *
 * @module
 */
import { fromHex, toHex } from '../from-hex.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { FedkitError } from '../errors.ts';
import { fromJson, toJson } from './json.ts';

/** One event as JSON, with the bytes that came with it. */
export interface JournalEntry {
  readonly event: object;
  readonly bytes?: Uint8Array;
  /** Of the server that logged it. */
  readonly epoch?: number;
}

/** Who wrote a slot, and what was there before. */
export interface SlotHead {
  readonly slot: number;
  readonly epoch: number;
  /** 32 hexadecimal digits: no two openings have the same. */
  readonly owner: string;
  /** Entries in all earlier slots. */
  readonly first: number;
}

export type Slot = SlotHead &
  (
    | { readonly kind: 'entries'; readonly entries: readonly JournalEntry[] }
    | {
        readonly kind: 'snapshot';
        /** Earlier slots of kind epoch, which are kept. */
        readonly epochs: readonly number[];
        readonly head: unknown;
        readonly bytes: Uint8Array;
        readonly collected: boolean;
      }
    | { readonly kind: 'epoch' }
  );

const MAGIC = Uint8Array.of(0x66, 0x6b, 0x6a, 2);
const KINDS = ['entries', 'snapshot', 'epoch'] as const;

/** A slot as a writer to be finished: batches share one buffer. */
export function writeSlot(slot: Slot): ByteWriter {
  const writer = new ByteWriter()
    .bytes(MAGIC)
    .uint53(slot.slot)
    .uint53(slot.epoch)
    .bytes(fromHex(slot.owner))
    .uint53(slot.first)
    .uint8(KINDS.indexOf(slot.kind));
  if (slot.kind === 'snapshot') {
    writer.text(JSON.stringify(slot.epochs)).text(JSON.stringify(slot.head)).long(slot.bytes).flag(slot.collected);
  } else if (slot.kind === 'entries') {
    writer.uint32(slot.entries.length);
    for (const { event, bytes } of slot.entries) {
      // Only facts can be infinite.
      writer.text('facts' in event ? toJson(event) : JSON.stringify(event)).flag(bytes !== undefined);
      if (bytes) writer.long(bytes);
    }
  }
  return writer;
}

/** @throws FedkitError `DECODE_FAILED`, naming the key, for what no server wrote there. */
export function readSlot(key: string, stored: Uint8Array): Slot {
  const reader = new ByteReader(key, stored);
  const magic = reader.bytes(MAGIC.length);
  if (!MAGIC.every((byte, i) => byte === magic[i])) reader.refuse('a slot of a log of this version', 'other bytes');
  const [slot, epoch] = [reader.uint53(), reader.uint53()];
  const head = { slot, epoch, owner: toHex(reader.bytes(16)), first: reader.uint53() };
  const kind = KINDS[reader.uint8()];
  if (kind === 'entries') {
    const count = reader.uint32();
    const entries: JournalEntry[] = [];
    for (let i = 0; i < count; i++) {
      const event = json(key, reader);
      entries.push(reader.uint8() === 1 ? { event, epoch, bytes: reader.long() } : { event, epoch });
    }
    reader.end();
    return { ...head, kind, entries };
  }
  if (kind === 'snapshot') {
    const epochs = json(key, reader) as number[];
    if (!Array.isArray(epochs) || !epochs.every(Number.isSafeInteger)) reader.refuse('slots of epochs', 'others');
    const snapshot = { ...head, kind, epochs, head: json(key, reader), bytes: reader.long().slice() };
    const collected = reader.uint8() === 1;
    reader.end();
    return { ...snapshot, collected };
  }
  if (kind === undefined) reader.refuse('a kind of slot', 'another');
  reader.end();
  return { ...head, kind };
}

function json(key: string, reader: ByteReader): object {
  const text = reader.text();
  let data: unknown;
  try {
    data = fromJson(text);
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `${key}: expected a stored event, got other text`, { cause });
  }
  if (typeof data !== 'object' || data === null) reader.refuse('a stored event', typeof data);
  return data;
}
