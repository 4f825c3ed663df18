/**
 * A {@link ClientRecord} as bytes: `66 6b 63`, a version, then its fields in a fixed order.
 *
 * @module
 */
import type { ByteReader, ByteWriter } from '../bytes.ts';
import { beginFormat, openFormat } from '../format.ts';
import { decodeResponse } from '../protocol/client-message.ts';
import { DECLINE_REASONS, type RoundTask } from '../protocol/message.ts';
import { encodeTask } from '../protocol/task-message.ts';
import { optional, readOptional } from '../optional-bytes.ts';
import type { KeptFormat } from '../secure/kept-format.ts';
import type { ClientRecord, Kept, Work } from './client-record.ts';

/** The oldest is without what waits to be settled. */
const FORMAT = { letter: 0x63, what: "a client's record", version: 3, oldest: 2 };
const WORK = ['none', 'training', 'reporting', 'exchanging', 'leaving', 'declining'] as const;

/** @param exchanging - Needed wherever a record can be of a secure sum. */
export function encodeRecord(
  { pipeline, run, kept, unsettled, resolved, work }: ClientRecord,
  exchanging?: KeptFormat,
): Uint8Array<ArrayBuffer> {
  const writer = beginFormat(FORMAT).bytes(pipeline);
  optional(writer, run);
  writeKept(writer, kept);
  writer.flag(unsettled !== undefined);
  if (unsettled) writeKept(writer.long(encodeTask(unsettled.task)), unsettled.next);
  writer.flag(resolved !== undefined).uint53(resolved ?? 0);
  const reason = work.kind === 'leaving' ? work.reason : undefined;
  writer.uint8(WORK.indexOf(reason ? 'declining' : work.kind));
  if (work.kind === 'leaving') writer.uint53(work.ticket);
  if (reason) writer.uint8(DECLINE_REASONS.indexOf(reason));
  if (!('task' in work)) return writer.finish();
  writer.long(encodeTask(work.task));
  if (work.kind === 'training') return writer.float64(work.expiresAt).finish();
  writeKept(writer, work.next);
  if (work.kind === 'reporting') writer.long(...work.request);
  else exchanging?.write(writer, work);
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are no record, or one of another version. */
export function decodeRecord(where: string, bytes: Uint8Array, exchanging?: KeptFormat): ClientRecord {
  const { reader, found } = openFormat(where, bytes, FORMAT);
  const pipeline = reader.bytes(32);
  const run = readOptional(reader);
  if (run !== undefined && run.length !== 16) reader.refuse('a run of 16 bytes', `${run.length}`);
  const kept = readKept(reader);
  const waits = found === FORMAT.version && reader.flag();
  const unsettled = waits ? { task: readTask(reader), next: readKept(reader) } : undefined;
  const isResolved = reader.flag();
  const ticket = reader.uint53();
  const work = readWork(reader, exchanging);
  reader.end();
  return {
    pipeline,
    ...(run && { run }),
    kept,
    ...(unsettled && { unsettled }),
    ...(isResolved && { resolved: ticket }),
    work,
  };
}

function readWork(reader: ByteReader, exchanging?: KeptFormat): Work {
  const kind = WORK[reader.uint8()];
  switch (kind) {
    case 'none':
      return { kind };
    case 'leaving':
      return { kind, ticket: reader.uint53() };
    case 'declining': {
      const [ticket, reason] = [reader.uint53(), DECLINE_REASONS[reader.uint8()]];
      return reason ? { kind: 'leaving', ticket, reason } : reader.refuse('a known reason', 'another number');
    }
    case 'training': {
      const task = readTask(reader);
      const expiresAt = reader.float64();
      if (Number.isNaN(expiresAt)) reader.refuse('a time', 'NaN');
      return { kind, task, expiresAt };
    }
    case 'reporting':
      return { kind, task: readTask(reader), next: readKept(reader), request: [reader.long()] };
    case 'exchanging': {
      const [task, next] = [readTask(reader), readKept(reader)];
      if (!exchanging) return reader.refuse('work on a report', 'a secure sum');
      return { kind, task, next, ...exchanging.read(reader) };
    }
    default:
      return reader.refuse('a known kind of work', 'another number');
  }
}

function readTask(reader: ByteReader): RoundTask {
  const response = decodeResponse(reader.long());
  return response.kind === 'task' ? response.task : reader.refuse('a task', response.kind);
}

function writeKept(writer: ByteWriter, { state, memory }: Kept): void {
  optional(writer, state);
  optional(writer, memory);
}

function readKept(reader: ByteReader): Kept {
  const [state, memory] = [readOptional(reader), readOptional(reader)];
  return { ...(state && { state }), ...(memory && { memory }) };
}
