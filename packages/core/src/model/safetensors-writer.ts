/**
 * Tensors of any type as a safetensors file: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes.
 * Format: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { refuse } from '../check.ts';
import { isWellFormed, utf8Encode } from '../utf8.ts';
import type { TensorSpec } from './layout.ts';
import { bitsOf } from './tensor-type.ts';

/** A tensor about to be written. */
export interface OutgoingTensor extends TensorSpec {
  readonly type: string;
  readonly byteLength: number;
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
  const tensors = inFileOrder(unordered);
  const header = utf8Encode(headerText(tensors, metadata));
  // Readers that map the file want the tensors aligned; the format lets the header end in spaces.
  const length = Math.ceil(header.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(head.buffer).setUint32(0, length, true);
  head.set(header, 8);
  return [head, ...tensors.map((tensor) => tensor.bytes())];
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
    if (name === '__metadata__') {
      refuse('INVALID_ARGUMENT', 'encodeSafetensors: tensor name', 'another name than the reserved one', name);
    }
    if (names.has(name)) refuse('INVALID_ARGUMENT', 'encodeSafetensors: tensor name', 'names that differ', name);
    names.add(name);
  }
  return [...tensors].sort((a, b) => (bitsOf(b.type) as number) - (bitsOf(a.type) as number));
}

function headerText(tensors: readonly OutgoingTensor[], metadata: Readonly<Record<string, string>>): string {
  const entries: string[] = [];
  const notes = Object.entries(metadata);
  for (const [key, text] of notes) {
    if (typeof text !== 'string' || !isWellFormed(text) || !isWellFormed(key)) {
      refuse('INVALID_ARGUMENT', `encodeSafetensors: metadata.${key}`, 'well-formed text', text);
    }
  }
  if (notes.length > 0) entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let next = 0;
  for (const { name, shape, type, byteLength } of tensors) {
    const entry = { dtype: type, shape, data_offsets: [next, next + byteLength] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    next += byteLength;
  }
  return `{${entries.join(',')}}`;
}
