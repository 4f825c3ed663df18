/**
 * A client's record under secure aggregation: `66 6b 73`, a version, 32 bytes of the pipeline's digest, then the record
 * under the client's own seal. Nothing it has trained is in its store for others to read.
 *
 * @module
 */
import { sameBytes } from '../bytes.ts';
import { beginFormat, openFormat } from '../format.ts';
import type { Sealer } from './contract.ts';
import { SEAL_FORMAT } from './seal-format.ts';

/** The format's beginning, and the pipeline's digest. */
const HEAD_BYTES = 4 + 32;

/** What is sealed, and how. */
export interface RecordSeal<R> {
  /** 32 bytes: a record of another pipeline is none, and what another has sealed is not opened. */
  readonly pipeline: Uint8Array;
  readonly sealer: Sealer;
  readonly encode: (record: R) => Uint8Array<ArrayBuffer>;
  /** Fields may be views of the bytes. */
  readonly decode: (bytes: Uint8Array) => R;
}

export function sealRecord<R extends { readonly pipeline: Uint8Array }>(
  record: R,
  { sealer, encode }: Pick<RecordSeal<R>, 'sealer' | 'encode'>,
): Uint8Array<ArrayBuffer> {
  const clear = encode(record);
  const sealed = sealer.seal(clear, HEAD_BYTES);
  clear.fill(0);
  beginFormat(SEAL_FORMAT).bytes(record.pipeline).finish(sealed);
  return sealed;
}

/**
 * @returns `undefined` for the record of another pipeline.
 * @throws FedkitError `AUTHENTICATION_FAILED` for one under another key or altered; `DECODE_FAILED` for what is no sealed record.
 */
export function openRecord<R extends { readonly pipeline: Uint8Array }>(
  bytes: Uint8Array,
  { pipeline, sealer, decode }: Omit<RecordSeal<R>, 'encode'>,
): R | undefined {
  const where = 'federatedClient: sealed record';
  const { reader } = openFormat(where, bytes, SEAL_FORMAT);
  if (!sameBytes(reader.bytes(32), pipeline)) return undefined;
  // Fields are views, so that the clear bytes live as long as the record.
  const record = decode(sealer.open(reader.bytes(reader.remaining)));
  if (!sameBytes(record.pipeline, pipeline)) reader.refuse('the record of the pipeline it names', 'of another');
  return record;
}
