/**
 * Flower's objects: bytes that name their children and are named by their digest.
 *
 *     <Type> <id>,<id>,… <length of the body> NUL <body>          id = hexadecimal SHA-256 over all of it
 *
 * @module
 */
import { ByteWriter, plainBytes, sha256Bytes, toHex, utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { FedkitError } from '@fedkit/core';

/** The kinds of objects there are. */
const OBJECT_TYPES = [
  'Message',
  'RecordDict',
  'ArrayRecord',
  'MetricRecord',
  'ConfigRecord',
  'Array',
  'ArrayChunk',
] as const;
/** The name of a kind of object, as Flower writes it. */
export type ObjectType = (typeof OBJECT_TYPES)[number];

/** An object, its bytes and those of its descendants at hand. */
export interface FlowerObject {
  readonly id: string;
  readonly type: ObjectType;
  readonly bytes: Uint8Array;
  /** Each once, in the order of their first mention. */
  readonly children: readonly FlowerObject[];
}

/** What an object's bytes say. */
export interface ObjectParts {
  readonly type: ObjectType;
  readonly children: readonly string[];
  /** A view of the bytes. */
  readonly body: Uint8Array;
}

/** The longest head: 16,000 children. */
const MAX_HEAD = 1_048_576;
const ID = /^[0-9a-f]{64}$/;

/** 64 lower-case hexadecimal digits. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

/** The id of these bytes. */
export async function objectId(bytes: Uint8Array): Promise<string> {
  return toHex(await sha256Bytes(bytes));
}

/** An object of these children, a repeated one named once, and this body. */
export async function makeObject(
  type: ObjectType,
  children: readonly FlowerObject[],
  body: Uint8Array,
): Promise<FlowerObject> {
  const unique = [...new Map(children.map((child) => [child.id, child])).values()];
  const head = utf8Encode(`${type} ${unique.map(({ id }) => id).join(',')} ${body.length}\0`);
  const bytes = new ByteWriter().bytes(head).bytes(body).finish();
  return { id: await objectId(bytes), type, bytes, children: unique };
}

/**
 * What the bytes of an object say. Their digest is the caller's affair.
 *
 * @throws FedkitError `DECODE_FAILED` for everything that is no object.
 */
export function parseObject(bytes: Uint8Array): ObjectParts {
  const end = bytes.subarray(0, MAX_HEAD).indexOf(0);
  if (end < 0) fail(`a head of at most ${MAX_HEAD} bytes`, 'none');
  const [type, names, length, ...rest] = utf8Decode(bytes.subarray(0, end)).split(' ');
  if (!OBJECT_TYPES.includes(type as ObjectType)) fail('a known type of object', 'another');
  if (names === undefined || length === undefined || rest.length > 0) fail('a head of three words', 'another');
  const children = names === '' ? [] : names.split(',');
  if (!children.every(isObjectId)) fail('children by their digests', 'something else');
  if (new Set(children).size !== children.length) fail('each child once', 'one twice');
  const body = plainBytes(bytes).subarray(end + 1);
  if (length !== String(body.length)) fail(`a body of ${body.length} bytes as there are`, 'another length');
  return { type: type as ObjectType, children, body };
}

function fail(expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `parseObject: expected ${expected}, got ${got}`);
}
