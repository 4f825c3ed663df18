/**
 * Equality and copies of plain data, bit for bit.
 *
 * @module
 */

/** True if numbers, flat vectors, lists and records of them agree in every bit, the sign of zeros included. */
export function sameBits(a: unknown, b: unknown): boolean {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
    if (a.constructor !== b.constructor || a.byteLength !== b.byteLength) return false;
    const x = bytesOf(a);
    const y = bytesOf(b);
    return x.every((byte, i) => byte === y[i]);
  }
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a).sort();
    return keys.join('\n') === Object.keys(b).sort().join('\n') && keys.every((key) => sameBits(a[key], b[key]));
  }
  return Object.is(a, b);
}

/** A deep copy that shares no memory. */
export function copyOf<T>(data: T): T {
  return mapVectors(data, (vector) => vector.slice());
}

/** `data` with every Float32Array in it replaced. */
export function mapVectors<T>(data: T, change: (vector: Float32Array) => Float32Array): T {
  if (data instanceof Float32Array) return change(data) as T;
  if (data instanceof Uint8Array || data instanceof Float64Array || data instanceof Int32Array) {
    return data.slice() as T;
  }
  if (Array.isArray(data)) return data.map((value: unknown) => mapVectors(value, change)) as T;
  if (isRecord(data)) {
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, mapVectors(value, change)])) as T;
  }
  return data;
}

/** Overwrites every Float32Array in `data`, as an owner may once a call has returned. */
export function scribble(data: unknown): void {
  mapVectors(data, (vector) => vector.fill(-12345.678));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
