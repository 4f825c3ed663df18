/**
 * What stands for a report that is among the blobs.
 *
 *     kept        66 6b 72 01 │ SHA-256            in the journal, and in what a collector saves
 *     forwarded   66 6b 72 02 │ SHA-256 │ HMAC     from a front end, which shares a key with the coordinator
 *
 * @module
 */
import { plainHmac } from '../plain-hmac.ts';
import { fromHex, toHex } from '../from-hex.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { ByteWriter, sameBytes } from '../bytes.ts';
import { FedkitError } from '../errors.ts';

const KEPT = /* @__PURE__ */ Uint8Array.of(0x66, 0x6b, 0x72, 1);
const FORWARDED = /* @__PURE__ */ Uint8Array.of(0x66, 0x6b, 0x72, 2);
const LABEL = 'fedkit report';

export function keptReference(digest: string): Uint8Array {
  return new ByteWriter().bytes(KEPT).bytes(fromHex(digest)).finish();
}

/** @throws FedkitError `DECODE_FAILED`. */
export function readKept(bytes: Uint8Array): string {
  if (bytes.length !== 36 || !sameBytes(bytes.subarray(0, 4), KEPT))
    throw new FedkitError('DECODE_FAILED', 'engine: expected what stands for a report, got something else');
  return toHex(bytes.subarray(4));
}

/** Says that a front end has kept this client's report. @param key - 32 bytes, secret. */
export function forwardedReference(key: Uint8Array, client: ClientId, digest: string): Uint8Array {
  const bytes = fromHex(digest);
  return new ByteWriter()
    .bytes(FORWARDED)
    .bytes(bytes)
    .bytes(tagOf(key, client, bytes))
    .finish();
}

/** The digest of a reference that a holder of `key` made for this client; `undefined` for everything else, reports among it. */
export function readForwarded(key: Uint8Array, client: ClientId, bytes: Uint8Array): string | undefined {
  if (bytes.length !== 68 || !sameBytes(bytes.subarray(0, 4), FORWARDED)) return undefined;
  const digest = bytes.subarray(4, 36);
  const expected = tagOf(key, client, digest);
  // In constant time.
  let difference = 0;
  expected.forEach((byte, i) => (difference |= byte ^ bytes[36 + i]));
  return difference === 0 ? toHex(digest) : undefined;
}

function tagOf(key: Uint8Array, client: ClientId, digest: Uint8Array): Uint8Array {
  return plainHmac(key, new ByteWriter().text(LABEL).text(client).bytes(digest).finish());
}
