/**
 * Little-endian elements of a file to float32 values and back.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './half.ts';

/**
 * Fills `into` from little-endian elements: F32 bit for bit, F16 and BF16 exactly, F64 rounded to nearest.
 *
 * @param raw - `into.length` elements of `type`.
 */
export function readValues(type: string, raw: Uint8Array, into: Float32Array): void {
  if (type === 'F32') {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(raw);
    return;
  }
  if (type === 'F64') {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < into.length; i++) into[i] = view.getFloat64(8 * i, true);
    return;
  }
  const widen = type === 'F16' ? float16ToFloat32 : bfloat16ToFloat32;
  for (let i = 0; i < into.length; i++) into[i] = widen(raw[2 * i] | (raw[2 * i + 1] << 8));
}

/**
 * Writes values as 16-bit elements, rounded to nearest, ties to even.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a finite value that would become infinite.
 */
export function writeHalves(where: string, type: 'F16' | 'BF16', values: Float32Array, into: Uint8Array): void {
  const narrow = type === 'F16' ? float32ToFloat16 : float32ToBfloat16;
  const infinite = type === 'F16' ? 0x7c00 : 0x7f80;
  for (let i = 0; i < values.length; i++) {
    const half = narrow(values[i]);
    if ((half & 0x7fff) === infinite && Number.isFinite(values[i])) {
      // The value itself stays out of the message: it may be private.
      refuse('OUT_OF_RANGE', where, `values that ${type} can hold`, 'a larger one');
    }
    into[2 * i] = half;
    into[2 * i + 1] = half >>> 8;
  }
}
