/**
 * proto3 by tables: a message is described by its fields' numbers and kinds, and that is all there is to know.
 *
 * "Protocol Buffers: Encoding", https://protobuf.dev/programming-guides/encoding/. Written here because it is small and
 * because what comes is hostile: nothing is allocated beyond what is there, nesting and the number of messages are bounded.
 *
 * @module
 */

/** Kinds of scalars. 64-bit integers are `bigint`. */
export type ScalarKind = 'uint64' | 'sint64' | 'bool' | 'double' | 'string' | 'bytes';

/** The TypeScript type of a scalar. */
export interface ScalarTypes {
  readonly uint64: bigint;
  readonly sint64: bigint;
  readonly bool: boolean;
  readonly double: number;
  readonly string: string;
  readonly bytes: Uint8Array;
}

/** One field: its number, what it holds, and whether it is there once, perhaps, or many times. */
export interface Field<T> {
  readonly number: number;
  /** A scalar, or the table of a message; a function, so that tables may name themselves. */
  readonly kind: ScalarKind | (() => Table<object>);
  /** `always`: absent on the wire is the kind's zero. `maybe`: absent is `undefined`. `many`: a list. */
  readonly presence: 'always' | 'maybe' | 'many';
  readonly type?: (value: T) => T;
}

/** The fields of a message, by the names its readers use. */
export type Table<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** A scalar whose absence means zero, false or empty. */
export function always<K extends ScalarKind>(number: number, kind: K): Field<ScalarTypes[K]> {
  return { number, kind, presence: 'always' };
}

/** A scalar that may be absent. */
export function maybe<K extends ScalarKind>(number: number, kind: K): Field<ScalarTypes[K]> {
  return { number, kind, presence: 'maybe' };
}

/** A list of scalars; numbers are packed. */
export function many<K extends ScalarKind>(number: number, kind: K): Field<readonly ScalarTypes[K][]> {
  return { number, kind, presence: 'many' };
}

/** A message that may be absent. */
export function message<T extends object>(number: number, table: () => Table<T>): Field<T> {
  return { number, kind: table as () => Table<object>, presence: 'maybe' };
}

/** A list of messages. */
export function messages<T extends object>(number: number, table: () => Table<T>): Field<readonly T[]> {
  return { number, kind: table as () => Table<object>, presence: 'many' };
}
