/**
 * What a client keeps of a secure sum, in its record.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { optional, readOptional } from '../optional-bytes.ts';
import { utf8Encode } from '../utf8.ts';
import type { SecureInput } from './contract.ts';

/** What a client keeps of a secure sum besides its task. */
export interface KeptExchange {
  /** Until it is masked. */
  readonly input?: SecureInput;
  /** State of the secure client, sealed. */
  readonly sealed?: Uint8Array;
  /** The server's message that led to `sealed`; none where the client has only started. */
  readonly received?: Uint8Array;
}

/** How it is written. */
export interface KeptFormat {
  write(writer: ByteWriter, kept: KeptExchange): void;
  read(reader: ByteReader): KeptExchange;
}

/** The input until it is masked, the secure client's sealed state, and the server's last message. */
export const keptFormat: KeptFormat = {
  write(writer, { input, sealed, received }) {
    optional(writer, input && encodeInput(input));
    optional(writer, sealed);
    optional(writer, received);
  },
  read(reader) {
    const [input, sealed, received] = [readOptional(reader), readOptional(reader), readOptional(reader)];
    return { ...(input && { input: decodeInput(input) }), ...(sealed && { sealed }), ...(received && { received }) };
  },
};

function encodeInput(input: SecureInput): Uint8Array {
  const names = Object.keys(input);
  const writer = new ByteWriter().uint32(names.length);
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = input[name];
    writer.long(utf8Encode(name)).long(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return writer.finish();
}

function decodeInput(bytes: Uint8Array): SecureInput {
  const reader = new ByteReader('federatedClient: record: input', bytes);
  const vectors: [string, Int32Array][] = [];
  for (let left = reader.uint32(); left > 0; left--) {
    const [name, values] = [reader.text(), reader.long()];
    if (values.length % 4 !== 0) reader.refuse('whole integers', `${values.length} bytes`);
    vectors.push([name, new Int32Array(values.slice().buffer)]);
  }
  reader.end();
  return Object.fromEntries(vectors);
}
