/**
 * TensorBoard's event files: records of TensorFlow's `Event` messages, as its `SummaryWriter` writes scalars.
 *
 *     record    length, 8 bytes │ its masked CRC-32C │ message │ its masked CRC-32C        little-endian
 *     Event     1: wall time, double │ 2: step, varint │ 3: file version, string │ 5: Summary
 *     Summary   1: Value { 1: tag, string │ 2: simple value, float }
 *
 * tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto and framework/summary.proto.
 *
 * @module
 */

/** A scalar at a step. */
export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** An event file that begins at `time`, in seconds since 1970. */
export function eventFile(time: number, scalars: readonly Scalar[]): Uint8Array {
  const version = [...double(1, time), ...text(3, 'brain.Event:2')];
  const events = scalars.map(({ tag, step, value, time: at }) => {
    const summary = message(1, [...text(1, tag), ...float(2, value)]);
    return [...double(1, at), ...(step === 0 ? [] : [0x10, ...varint(step)]), ...message(5, summary)];
  });
  return Uint8Array.from([version, ...events].flatMap((event) => [...framed(Uint8Array.from(event))]));
}

function framed(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return bytes;
}

function masked(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** Castagnoli's CRC (RFC 3720, appendix B.4). */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt(value);
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return bytes;
}

function message(field: number, data: readonly number[]): number[] {
  return [(field << 3) | 2, ...varint(data.length), ...data];
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)]);
}

function double(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value, true);
  return [(field << 3) | 1, ...new Uint8Array(view.buffer)];
}

function float(field: number, value: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return [(field << 3) | 5, ...new Uint8Array(view.buffer)];
}
