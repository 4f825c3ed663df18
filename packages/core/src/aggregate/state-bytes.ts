/**
 * The frame of serialized accumulators: `FKAC`, a version, the rule's name, then what the rule writes. Little-endian.
 *
 * @module
 */
import { checkBytes } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { atOnce, inStretches, type Steps, STRETCH_BYTES } from '../turns.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';

const MAGIC = 0x43414b46;
const VERSION = 1;

const littleEndianMachine = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reorders numbers of `width` bytes between the machine's byte order and little-endian, in place. */
export function toLittleEndian(bytes: Uint8Array, width: number, machine: boolean = littleEndianMachine): void {
  if (machine) return;
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/** The bytes of `values` in little-endian order: where they are on a machine that has them so, else a copy. */
export function littleEndianBytes(values: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (littleEndianMachine) return bytes;
  const copy = bytes.slice();
  toLittleEndian(copy, values.BYTES_PER_ELEMENT);
  return copy;
}

/** Writes one accumulator into bytes of a size known beforehand. */
export class StateWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  /** @param payload - Bytes that follow the frame. */
  constructor(kind: string, payload: number) {
    const name = utf8Encode(kind);
    this.#bytes = new Uint8Array(6 + name.length + payload);
    this.#view = new DataView(this.#bytes.buffer);
    this.uint32(MAGIC);
    this.uint8(VERSION);
    this.uint8(name.length);
    this.bytes(name);
  }

  uint8(value: number): void {
    this.#view.setUint8(this.#next++, value);
  }

  uint32(value: number): void {
    this.#view.setUint32(this.#next, value, true);
    this.#next += 4;
  }

  float64(value: number): void {
    this.#view.setFloat64(this.#next, value, true);
    this.#next += 8;
  }

  /** An integer ≥ 0 below 256^length. */
  bigint(value: bigint, length: number): void {
    for (let rest = value, i = 0; i < length; i++, rest >>= 8n) this.uint8(Number(rest & 255n));
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#next);
    this.#next += bytes.length;
  }

  /** The numbers of a Float32Array or Float64Array. */
  numbers(values: Float32Array | Float64Array): void {
    const start = this.#next;
    this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    toLittleEndian(this.#bytes.subarray(start, this.#next), values.BYTES_PER_ELEMENT);
  }

  finish(): Uint8Array {
    return this.#bytes;
  }
}

/** Reads what {@link StateWriter} wrote; everything else is `DECODE_FAILED`. */
export class StateReader {
  readonly #where: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  /** Checks the frame: these must be bytes of the rule `kind`. */
  constructor(kind: string, bytes: Uint8Array) {
    this.#where = `${kind}.deserialize`;
    this.#bytes = checkBytes(`${this.#where}: bytes`, bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.uint32() !== MAGIC) this.fail('a serialized accumulator', 'other bytes');
    const version = this.uint8();
    if (version !== VERSION) this.fail(`version ${VERSION}`, `version ${version}`);
    const name = utf8Decode(this.bytes(this.uint8()));
    if (name !== kind) this.fail(`an accumulator of ${kind}`, `one of ${JSON.stringify(name)}`);
  }

  fail(expected: string, got: string): never {
    throw new FedkitError('DECODE_FAILED', `${this.#where}: expected ${expected}, got ${got}`);
  }

  /** Checks that exactly `length` bytes are left: before anything of that size is allocated. */
  expectRemaining(length: number): void {
    const left = this.#bytes.length - this.#next;
    if (left !== length) this.fail(`${length} further bytes`, `${left}`);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  bigint(length: number): bigint {
    let value = 0n;
    const start = this.#take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]);
    return value;
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Fills a Float32Array or Float64Array. */
  numbers(into: Float32Array | Float64Array): void {
    atOnce(this.numbersInStretches(into));
  }

  /** {@link numbers}, with rests. */
  numbersInStretches(into: Float32Array | Float64Array): Steps<void> {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const from = this.bytes(bytes.length);
    return inStretches(
      bytes.length,
      (start, end) => {
        bytes.set(from.subarray(start, end), start);
        toLittleEndian(bytes.subarray(start, end), into.BYTES_PER_ELEMENT);
      },
      STRETCH_BYTES,
    );
  }

  #take(length: number): number {
    const start = this.#next;
    if (length > this.#bytes.length - start) this.fail(`${length} bytes at ${start}`, 'the end');
    this.#next = start + length;
    return start;
  }
}
