/**
 * A {@link ClientRecord} as bytes: `66 6b 63`, a version, then its fields in a fixed order.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import { DECLINE_REASONS, decodeResponse, encodeResponse, type RoundTask } from '../protocol/message.ts';
import type { SecureInput } from '../secure/contract.ts';
import { utf8Encode } from '../utf8.ts';
import type { ClientRecord, Kept, Work } from './client-record.ts';

const VERSION = 3;
/** Of a record in which nothing waits to be settled. */
const WITHOUT_UNSETTLED = 2;
const WORK = ['none', 'training', 'reporting', 'exchanging', 'leaving', 'declining'] as const;

export function encodeRecord({
  pipeline,
  run,
  kept,
  unsettled,
  resolved,
  work,
}: ClientRecord): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(Uint8Array.of(0x66, 0x6b, 0x63, VERSION)).bytes(pipeline);
  optional(writer, run);
  writeKept(writer, kept);
  writer.uint8(unsettled === undefined ? 0 : 1);
  if (unsettled !== undefined)
    writeKept(writer.long(encodeResponse({ kind: 'task', task: unsettled.task })), unsettled.next);
  writer.uint8(resolved === undefined ? 0 : 1).uint53(resolved ?? 0);
  const reason = work.kind === 'leaving' ? work.reason : undefined;
  writer.uint8(WORK.indexOf(reason ? 'declining' : work.kind));
  if (work.kind === 'leaving') writer.uint53(work.ticket);
  if (reason) writer.uint8(DECLINE_REASONS.indexOf(reason));
  if (!('task' in work)) return writer.finish();
  writer.long(encodeResponse({ kind: 'task', task: work.task }));
  if (work.kind === 'training') return writer.float64(work.expiresAt).finish();
  writeKept(writer, work.next);
  if (work.kind === 'reporting') {
    writer.uint32(work.request.reduce((sum, { length }) => sum + length, 0));
    for (const part of work.request) writer.bytes(part);
    return writer.finish();
  }
  optional(writer, work.input && encodeInput(work.input));
  optional(writer, work.sealed);
  optional(writer, work.received);
  return writer.finish();
}

/** @throws FedkitError `DECODE_FAILED` for bytes that are no record, or one of another version. */
export function decodeRecord(bytes: Uint8Array): ClientRecord {
  const reader = new ByteReader('federatedClient: record', checkBytes('federatedClient: record', bytes));
  const [first, second, third, version] = reader.bytes(4);
  if (first !== 0x66 || second !== 0x6b || third !== 0x63) reader.refuse("a client's record", 'other bytes');
  if (version !== VERSION && version !== WITHOUT_UNSETTLED) reader.refuse(`version ${VERSION}`, `version ${version}`);
  const pipeline = reader.bytes(32);
  const run = readOptional(reader);
  if (run !== undefined && run.length !== 16) reader.refuse('a run of 16 bytes', `${run.length}`);
  const kept = readKept(reader);
  const waits = version === VERSION && reader.flag();
  const unsettled = waits ? { task: readTask(reader), next: readKept(reader) } : undefined;
  const isResolved = reader.flag();
  const ticket = reader.uint53();
  const work = readWork(reader);
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

function readWork(reader: ByteReader): Work {
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
      const [input, sealed, received] = [readOptional(reader), readOptional(reader), readOptional(reader)];
      return {
        kind,
        task,
        next,
        ...(input && { input: decodeInput(input) }),
        ...(sealed && { sealed }),
        ...(received && { received }),
      };
    }
    default:
      return reader.refuse('a known kind of work', 'another number');
  }
}

function readTask(reader: ByteReader): RoundTask {
  const response = decodeResponse(reader.long());
  return response.kind === 'task' ? response.task : reader.refuse('a task', response.kind);
}

function optional(writer: ByteWriter, bytes: Uint8Array | undefined): void {
  writer.uint8(bytes === undefined ? 0 : 1);
  if (bytes !== undefined) writer.long(bytes);
}

function readOptional(reader: ByteReader): Uint8Array | undefined {
  return reader.flag() ? reader.long() : undefined;
}

function writeKept(writer: ByteWriter, { state, memory }: Kept): void {
  optional(writer, state);
  optional(writer, memory);
}

function readKept(reader: ByteReader): Kept {
  const [state, memory] = [readOptional(reader), readOptional(reader)];
  return { ...(state && { state }), ...(memory && { memory }) };
}

function encodeInput(input: SecureInput): Uint8Array {
  const names = Object.keys(input);
  const writer = new ByteWriter().uint32(names.length);
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = input[name];
    writer.long(utf8Encode(name)).long(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return writer.finish();
}

function decodeInput(bytes: Uint8Array): SecureInput {
  const reader = new ByteReader('federatedClient: record: input', bytes);
  const vectors: [string, Int32Array][] = [];
  for (let left = reader.uint32(); left > 0; left--) {
    const [name, values] = [reader.text(), reader.long()];
    if (values.length % 4 !== 0) reader.refuse('whole integers', `${values.length} bytes`);
    vectors.push([name, new Int32Array(values.slice().buffer)]);
  }
  reader.end();
  return Object.fromEntries(vectors);
}
