/**
 * Writing proto3.
 *
 * @module
 */
import { ByteWriter, utf8Encode } from '@fedkit/core/internal';
import type { Field, ScalarKind, Table } from './table.ts';

/** The wire types of proto3 that are in use. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** The wire type of a scalar. */
export function wireTypeOf(kind: ScalarKind): number {
  return kind === 'double' ? WIRE.fixed64 : kind === 'string' || kind === 'bytes' ? WIRE.bytes : WIRE.varint;
}

/**
 * A message as bytes: fields in the table's order, scalars of presence `always` left out where they are zero.
 *
 * @complexity O(bytes · depth).
 */
export function encodeMessage<T extends object>(table: Table<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  for (const [name, field] of Object.entries(table) as [keyof T, Field<unknown>][]) {
    const content: unknown = value[name];
    if (content === undefined) continue;
    if (field.presence === 'many') writeMany(writer, field, content as readonly unknown[]);
    else if (typeof field.kind === 'function') writeBytes(writer, field.number, nested(field.kind, content));
    else if (field.presence === 'maybe' || !isZero(content)) {
      writeTag(writer, field.number, wireTypeOf(field.kind));
      writeScalar(writer, field.kind, content);
    }
  }
  return writer.finish();
}

function writeMany(writer: ByteWriter, { number, kind }: Field<unknown>, values: readonly unknown[]): void {
  if (values.length === 0) return;
  if (typeof kind === 'function') {
    for (const value of values) writeBytes(writer, number, nested(kind, value));
  } else if (wireTypeOf(kind) === WIRE.bytes) {
    for (const value of values) {
      writeTag(writer, number, WIRE.bytes);
      writeScalar(writer, kind, value);
    }
  } else {
    const packed = new ByteWriter();
    for (const value of values) writeScalar(packed, kind, value);
    writeBytes(writer, number, packed.finish());
  }
}

function nested(table: () => Table<object>, value: unknown): Uint8Array {
  return encodeMessage(table(), value as object);
}

function writeBytes(writer: ByteWriter, number: number, bytes: Uint8Array): void {
  writeTag(writer, number, WIRE.bytes);
  writeVarint(writer, BigInt(bytes.length));
  writer.bytes(bytes);
}

function writeTag(writer: ByteWriter, number: number, wireType: number): void {
  writeVarint(writer, BigInt(number * 8 + wireType));
}

function writeScalar(writer: ByteWriter, kind: ScalarKind, value: unknown): void {
  switch (kind) {
    case 'double':
      writer.float64(value as number);
      break;
    case 'bool':
      writer.flag(Boolean(value));
      break;
    case 'uint64':
      writeVarint(writer, value as bigint);
      break;
    case 'sint64': {
      const number = value as bigint;
      writeVarint(writer, (number << 1n) ^ (number >> 63n));
      break;
    }
    case 'string':
    case 'bytes': {
      const bytes = kind === 'string' ? utf8Encode(value as string) : (value as Uint8Array);
      writeVarint(writer, BigInt(bytes.length));
      writer.bytes(bytes);
    }
  }
}

function writeVarint(writer: ByteWriter, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    writer.uint8(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  writer.uint8(Number(rest));
}

/** As proto3 has it: minus zero is no zero, since its bits are not. */
function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array || typeof value === 'string') return value.length === 0;
  return value === 0n || value === false || Object.is(value, 0);
}
