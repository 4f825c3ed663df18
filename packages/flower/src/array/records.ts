/**
 * What a message carries: named records of arrays, of metrics, of settings.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { refuse, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { decodeMessage } from '../proto/decode.ts';
import { encodeMessage } from '../proto/encode.ts';
import { type RecordValue, VALUE_RECORD } from '../proto/messages.ts';
import { type FlowerObject, isObjectId, makeObject, parseObject } from '../object/object.ts';
import { type FlowerArray, flowerArray, parseJson } from './flower-array.ts';

/**
 * A value of a record. Python tells integers from floating-point numbers: a `bigint` is an int there, a `number` a float.
 * What comes as an int is a `bigint` here, always.
 */
export type Value =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly number[]
  | readonly bigint[]
  | readonly boolean[]
  | readonly string[]
  | readonly Uint8Array[];

/** Values by name. */
export type Values = Readonly<Record<string, Value>>;

/** Arrays by name, in the order of the message: FedAvgM and Flower's privacy wrappers pair them by it. */
export interface ArrayRecord {
  readonly kind: 'arrays';
  readonly arrays: ReadonlyMap<string, FlowerArray>;
  /** As it came: sent again, it costs its name. */
  readonly object?: FlowerObject;
}

/** Numbers, and lists of them. */
export interface MetricRecord {
  readonly kind: 'metrics';
  readonly values: Values;
}

/** Settings. */
export interface ConfigRecord {
  readonly kind: 'config';
  readonly values: Values;
}

/** The records of a message by name. */
export type FlowerRecords = Readonly<Record<string, ArrayRecord | MetricRecord | ConfigRecord>>;

/** The most records in a message. */
const MAX_RECORDS = 1000;
/** The most arrays in a record, as a layout has tensors. */
const MAX_ARRAYS = 65_536;

/** The records of a RecordDict object. @throws FedkitError `DECODE_FAILED` for everything that is none. */
export function readRecords(dict: FlowerObject): FlowerRecords {
  const records = refsOf(dict, 'RecordDict', MAX_RECORDS).map(([name, object]) => {
    const { type, body } = parseObject(object.bytes);
    if (type === 'ArrayRecord') {
      const arrays = new Map(
        refsOf(object, 'ArrayRecord', MAX_ARRAYS).map(([key, array]) => [key, flowerArray(array)] as const),
      );
      return [name, { kind: 'arrays', arrays, object }] as const;
    }
    if (type !== 'MetricRecord' && type !== 'ConfigRecord') return fail('a record', type);
    const { items } = decodeMessage(`flower ${type}`, VALUE_RECORD, body);
    const values = Object.fromEntries(items.map(({ key, value }) => [key, fromWire(value)]));
    return [name, { kind: type === 'MetricRecord' ? 'metrics' : 'config', values }] as const;
  });
  return Object.fromEntries(records);
}

/** The named children of an object whose body is JSON of names and ids. */
function refsOf(object: FlowerObject, type: string, most: number): [string, FlowerObject][] {
  const parts = parseObject(object.bytes);
  if (parts.type !== type) fail(`a ${type}`, parts.type);
  const children = new Map(object.children.map((child) => [child.id, child]));
  const names = namesOf(parts.body);
  if (names.length > most) fail(`at most ${most} names`, 'more');
  const refs = parseJson(parts.body);
  return names.map((name) => {
    const id = refs[name];
    const child = typeof id === 'string' && isObjectId(id) ? children.get(id) : undefined;
    return child ? [name, child] : fail('names of children', 'another');
  });
}

/** The names of a JSON object in the order they are written, which `JSON.parse` loses for names that are integers. */
function namesOf(body: Uint8Array): string[] {
  const parsed = Object.keys(parseJson(body));
  if (!parsed.some((name) => /^[0-9]+$/.test(name))) return parsed;
  const text = utf8Decode(body);
  const names = [...text.matchAll(/("(?:[^"\\]|\\.)*")\s*:/g)].map(([, quoted]) => JSON.parse(quoted) as string);
  if (names.length !== parsed.length || new Set(names).size !== names.length) fail('each name once', 'one twice');
  return names;
}

/** Records as a RecordDict object. */
export async function writeRecords(records: FlowerRecords): Promise<FlowerObject> {
  const objects: [string, FlowerObject][] = [];
  for (const [name, record] of Object.entries(records)) objects.push([name, await writeRecord(record)]);
  return named('RecordDict', objects);
}

/** One record as an object. */
export async function writeRecord(record: ArrayRecord | MetricRecord | ConfigRecord): Promise<FlowerObject> {
  if (record.kind === 'arrays') {
    return (
      record.object ??
      named(
        'ArrayRecord',
        [...record.arrays].map(([name, { object }]) => [name, object]),
      )
    );
  }
  const items = Object.entries(record.values).map(([key, value]) => ({ key, value: toWire(key, value) }));
  const type = record.kind === 'metrics' ? 'MetricRecord' : 'ConfigRecord';
  return makeObject(type, [], encodeMessage(VALUE_RECORD, { items }));
}

function named(type: 'RecordDict' | 'ArrayRecord', entries: readonly [string, FlowerObject][]): Promise<FlowerObject> {
  // Written by hand, since objects of JavaScript put names that are integers first.
  const body = `{${entries.map(([name, { id }]) => `${JSON.stringify(name)}: "${id}"`).join(', ')}}`;
  return makeObject(
    type,
    entries.map(([, object]) => object),
    utf8Encode(body),
  );
}

/** A value as a record holds it, whatever it is. @throws FedkitError `DECODE_FAILED` for none. */
export function fromWire(value: RecordValue | undefined): Value {
  for (const content of Object.values(value ?? {}) as (Value | { readonly values: Value } | undefined)[]) {
    if (content === undefined) continue;
    const isPlain = typeof content !== 'object' || content instanceof Uint8Array;
    return isPlain ? content : (content as { readonly values: Value }).values;
  }
  return fail('a value', 'none');
}

/** A value as a record holds it. @throws FedkitError `INVALID_ARGUMENT` for what none can. */
export function toWire(key: string, value: Value): RecordValue {
  if (Array.isArray(value)) return listToWire(key, value as readonly unknown[]);
  switch (typeof value) {
    case 'number':
      return { double: value };
    case 'bigint':
      return { sint64: value };
    case 'boolean':
      return { bool: value };
    case 'string':
      return { string: value };
    default:
      if (value instanceof Uint8Array) return { bytes: value };
      return refuse('INVALID_ARGUMENT', `flower record: ${key}`, 'a number, text, bytes, or a list of one kind', value);
  }
}

function listToWire(key: string, list: readonly unknown[]): RecordValue {
  const all = (type: string) => list.every((value) => typeof value === type);
  if (all('number')) return { doubles: { values: list as number[] } };
  if (all('bigint')) return { sint64s: { values: list as bigint[] } };
  if (all('boolean')) return { bools: { values: list as boolean[] } };
  if (all('string')) return { strings: { values: list as string[] } };
  if (list.every((value) => value instanceof Uint8Array)) return { byteStrings: { values: list } };
  return refuse('INVALID_ARGUMENT', `flower record: ${key}`, 'a list of one kind', list);
}

function fail(expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `flower records: expected ${expected}, got ${got}`);
}
