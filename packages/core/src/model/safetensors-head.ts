/**
 * What a safetensors file begins with: 8 bytes of its header's length (little-endian), and the header as JSON.
 * Format: https://github.com/huggingface/safetensors, "Format".
 *
 * @module
 */
import { refuse } from '../check.ts';
import { utf8Encode } from '../utf8.ts';
import type { TensorSpec } from './layout.ts';

/** A tensor as the header names it. */
export interface HeadTensor extends TensorSpec {
  readonly type: string;
  readonly byteLength: number;
}

/**
 * The head of a file whose tensors lie one after another in this order; their names differ.
 *
 * @param metadata - Well-formed text, which the caller knows it to be.
 * @throws FedkitError `INVALID_ARGUMENT` for the one reserved name of a tensor.
 */
export function headOf(tensors: readonly HeadTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header = utf8Encode(headerText(tensors, metadata));
  // Readers that map the file want the tensors aligned; the format lets the header end in spaces.
  const length = Math.ceil(header.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(head.buffer).setUint32(0, length, true);
  head.set(header, 8);
  return head;
}

function headerText(tensors: readonly HeadTensor[], metadata: Readonly<Record<string, string>>): string {
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let next = 0;
  for (const { name, shape, type, byteLength } of tensors) {
    if (name === '__metadata__') {
      refuse('INVALID_ARGUMENT', 'encodeSafetensors: tensor name', 'another name than the reserved one', name);
    }
    const entry = { dtype: type, shape, data_offsets: [next, next + byteLength] };
    entries.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    next += byteLength;
  }
  return `{${entries.join(',')}}`;
}
