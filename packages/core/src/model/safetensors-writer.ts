/**
 * Tensors of any type as a safetensors file: its head, then the tensors' bytes.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { isWellFormed } from '../utf8.ts';
import type { TensorSpec } from './layout.ts';
import { type HeadTensor, headOf } from './safetensors-head.ts';
import { bitsOf } from './tensor-type.ts';

/** A tensor about to be written. */
export interface OutgoingTensor extends HeadTensor {
  /** Maybe a view of what it was made of. */
  bytes(): Uint8Array;
}

/**
 * A safetensors file in pieces, whose first is the header: tensors that are written as they are lie where they lay. Wider types come first, within a type tensors stay as they come, and nothing lies between them.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for metadata that is not text and for tensor names that are equal or reserved.
 */
export function writeSafetensors(
  unordered: readonly OutgoingTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string' || !isWellFormed(text) || !isWellFormed(key)) {
      refuse('INVALID_ARGUMENT', `encodeSafetensors: metadata.${key}`, 'well-formed text', text);
    }
  }
  const tensors = inFileOrder(unordered);
  return [headOf(tensors, metadata), ...tensors.map((tensor) => tensor.bytes())];
}

/** A tensor of float32 values as they are in memory. */
export function float32Tensor({ name, shape }: TensorSpec, values: Float32Array): OutgoingTensor {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, shape, type: 'F32', byteLength: raw.length, bytes: () => raw };
}

/** Wider elements first; tensors of one width as they come. */
function inFileOrder(tensors: readonly OutgoingTensor[]): OutgoingTensor[] {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) refuse('INVALID_ARGUMENT', 'encodeSafetensors: tensor name', 'names that differ', name);
    names.add(name);
  }
  return [...tensors].sort((a, b) => (bitsOf(b.type) as number) - (bitsOf(a.type) as number));
}
