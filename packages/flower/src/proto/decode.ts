/**
 * Reading proto3 from strangers.
 *
 * @module
 */
import { ByteReader, utf8Decode } from '@fedkit/core/internal';
import { WIRE, wireTypeOf } from './encode.ts';
import type { Field, ScalarKind, Table } from './table.ts';

/** The deepest nesting that is read: no message of the Fleet API comes near it. */
export const MAX_DEPTH = 16;
/** The most messages within one: what a few bytes each could make of memory. */
export const MAX_MESSAGES = 200_000;
/** The most entries of lists within one message. */
const MAX_ENTRIES = 1_000_000;

interface Budget {
  messages: number;
  entries: number;
}

/**
 * The message that `bytes` are. Byte strings are views of `bytes`. Fields that the table does not name are skipped; of a
 * field that comes twice the last counts.
 *
 * @throws FedkitError `DECODE_FAILED` for everything that is no such message, and beyond the limits above.
 * @complexity O(bytes).
 */
export function decodeMessage<T extends object>(where: string, table: Table<T>, bytes: Uint8Array): T {
  return read(where, table as Table<object>, bytes, 0, { messages: MAX_MESSAGES, entries: MAX_ENTRIES }) as T;
}

const FIELDS = new WeakMap<object, ReadonlyMap<number, readonly [string, Field<unknown>]>>();

function fieldsOf(table: Table<object>): ReadonlyMap<number, readonly [string, Field<unknown>]> {
  const known = FIELDS.get(table);
  if (known) return known;
  const entries = Object.entries(table) as [string, Field<unknown>][];
  const fields = new Map(entries.map((entry) => [entry[1].number, entry] as const));
  FIELDS.set(table, fields);
  return fields;
}

function read(where: string, table: Table<object>, bytes: Uint8Array, depth: number, budget: Budget): object {
  const reader = new ByteReader(where, bytes);
  if (depth > MAX_DEPTH) reader.refuse(`at most ${MAX_DEPTH} messages within another`, 'more');
  if (budget.messages-- === 0) reader.refuse(`at most ${MAX_MESSAGES} messages`, 'more');
  const fields = fieldsOf(table);
  const result: Record<string, unknown> = {};
  for (const [name, { presence, kind }] of fields.values()) {
    if (presence === 'many') result[name] = [];
    else if (presence === 'always') result[name] = zeroOf(kind as ScalarKind);
  }
  while (reader.remaining > 0) {
    const tag = varint(reader);
    const wireType = Number(tag & 7n);
    const found = fields.get(Number(tag >> 3n));
    if (tag < 8n || tag > 0xffffffffn) reader.refuse('the number of a field', 'another');
    if (found === undefined) {
      skip(reader, wireType);
      continue;
    }
    const [name, { kind, presence }] = found;
    if (typeof kind === 'function') {
      if (wireType !== WIRE.bytes) reader.refuse('a message', `wire type ${wireType}`);
      const inner = read(where, kind(), reader.bytes(length(reader)), depth + 1, budget);
      if (presence === 'many') (result[name] as unknown[]).push(inner);
      else result[name] = inner;
    } else if (presence === 'many') {
      readMany(where, reader, kind, wireType, result[name] as unknown[], budget);
    } else {
      if (wireType !== wireTypeOf(kind)) reader.refuse(`a ${kind}`, `wire type ${wireType}`);
      result[name] = scalar(reader, kind);
    }
  }
  return result;
}

function readMany(
  where: string,
  reader: ByteReader,
  kind: ScalarKind,
  wireType: number,
  into: unknown[],
  budget: Budget,
): void {
  const take = (source: ByteReader): void => {
    if (budget.entries-- === 0) source.refuse(`at most ${MAX_ENTRIES} entries`, 'more');
    into.push(scalar(source, kind));
  };
  const own = wireTypeOf(kind);
  if (wireType === own) take(reader);
  else if (wireType === WIRE.bytes && own !== WIRE.bytes) {
    const packed = new ByteReader(where, reader.bytes(length(reader)));
    while (packed.remaining > 0) take(packed);
  } else reader.refuse(`a ${kind}`, `wire type ${wireType}`);
}

function scalar(reader: ByteReader, kind: ScalarKind): unknown {
  switch (kind) {
    case 'double':
      return reader.float64();
    case 'bool':
      return varint(reader) !== 0n;
    case 'uint64':
      return varint(reader);
    case 'sint64': {
      const value = varint(reader);
      return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    case 'string':
      return utf8Decode(reader.bytes(length(reader)));
    case 'bytes':
      return reader.bytes(length(reader));
  }
}

function zeroOf(kind: ScalarKind): unknown {
  switch (kind) {
    case 'double':
      return 0;
    case 'bool':
      return false;
    case 'uint64':
    case 'sint64':
      return 0n;
    case 'string':
      return '';
    case 'bytes':
      return new Uint8Array(0);
  }
}

function length(reader: ByteReader): number {
  const value = varint(reader);
  if (value > BigInt(reader.remaining)) reader.refuse(`a length within ${reader.remaining} bytes`, 'a longer one');
  return Number(value);
}

function varint(reader: ByteReader): bigint {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.uint8();
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt(low);
  }
  let value = BigInt(low);
  for (let shift = 28n; shift < 70n; shift += 7n) {
    const byte = reader.uint8();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  return reader.refuse('an integer of 64 bits', 'a longer one');
}

function skip(reader: ByteReader, wireType: number): void {
  if (wireType === WIRE.varint) varint(reader);
  else if (wireType === WIRE.fixed64) reader.bytes(8);
  else if (wireType === WIRE.bytes) reader.bytes(length(reader));
  else if (wireType === WIRE.fixed32) reader.bytes(4);
  else reader.refuse('a wire type of proto3', `${wireType}`);
}
