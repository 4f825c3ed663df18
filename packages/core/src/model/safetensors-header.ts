/**
 * The header of a safetensors file of any types.
 *
 * @module
 */
import { type Header, readTypedHeader } from './safetensors-typed-header.ts';
import { BITS_OF } from './tensor-type.ts';

export type { Header, StoredTensor } from './safetensors-typed-header.ts';

/**
 * Reads and checks the header of `file`: together the tensors cover the data exactly, without gaps or overlaps.
 *
 * @param file - The file, or its beginning as far as the header goes.
 * @param size - Bytes of the whole file.
 * @throws FedkitError `DECODE_FAILED`, naming the place.
 */
export function readHeader(file: Uint8Array, size: number = file.length): Header {
  return readTypedHeader(file, size, BITS_OF);
}
