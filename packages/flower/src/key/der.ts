/**
 * The little of DER that keys and signatures on P-384 need: SubjectPublicKeyInfo (RFC 5480), ECDSA-Sig-Value (RFC 3279),
 * PEM (RFC 7468), and OpenSSH's public keys (RFC 5656).
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { utf8Decode, utf8Encode } from '@fedkit/core/internal';
import { fromBase64, toBase64 } from './base64.ts';

/** Bytes of a coordinate and of a scalar. */
const SIZE = 48;
/** A SubjectPublicKeyInfo of P-384 up to its uncompressed point. */
const SPKI_PREFIX = /* @__PURE__ */ Uint8Array.from([
  0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
  0x22, 0x03, 0x62, 0x00,
]);

/** The uncompressed point, 97 bytes, as SubjectPublicKeyInfo. */
export function spkiOf(point: Uint8Array): Uint8Array {
  if (point.length !== 2 * SIZE + 1 || point[0] !== 4) fail('spkiOf', 'an uncompressed point of P-384', 'other bytes');
  return Uint8Array.from([...SPKI_PREFIX, ...point]);
}

/** The uncompressed point of a SubjectPublicKeyInfo of P-384. @throws FedkitError `DECODE_FAILED` for another. */
export function pointOf(spki: Uint8Array): Uint8Array {
  const fits = spki.length === SPKI_PREFIX.length + 2 * SIZE + 1 && SPKI_PREFIX.every((byte, i) => spki[i] === byte);
  if (!fits || spki[SPKI_PREFIX.length] !== 4) fail('pointOf', 'a public key of P-384', 'other bytes');
  return spki.slice(SPKI_PREFIX.length);
}

/** A public key as PEM, as Flower sends it: ended by a line feed. */
export function pemOf(spki: Uint8Array): Uint8Array {
  const lines = toBase64(spki).replace(/.{1,64}/g, '$&\n');
  return utf8Encode(`-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`);
}

/** The SubjectPublicKeyInfo in a PEM. @throws FedkitError `DECODE_FAILED`. */
export function spkiOfPem(pem: Uint8Array): Uint8Array {
  if (pem.length > 1000) fail('spkiOfPem', 'a PEM of at most 1000 bytes', 'a longer one');
  const match = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/.exec(
    utf8Decode(pem),
  );
  if (match === null) return fail('spkiOfPem', 'a PEM of a public key', 'other text');
  const spki = fromBase64(match[1].replace(/[\r\n]/g, ''));
  return spkiOf(pointOf(spki));
}

/** What OpenSSH calls ECDSA on P-384. */
const SSH_KIND = 'ecdsa-sha2-nistp384';

/** A key in OpenSSH's encoding up to its uncompressed point. */
function sshPrefix(): number[] {
  const head = [SSH_KIND, 'nistp384'].flatMap((name) => [0, 0, 0, name.length, ...utf8Encode(name)]);
  return [...head, 0, 0, 0, 2 * SIZE + 1];
}

/** A public key as a line of OpenSSH without a comment. @throws FedkitError `DECODE_FAILED` for no SubjectPublicKeyInfo of P-384. */
export function openSshOf(spki: Uint8Array): string {
  return `${SSH_KIND} ${toBase64(Uint8Array.from([...sshPrefix(), ...pointOf(spki)]))}`;
}

/** The SubjectPublicKeyInfo of a line of OpenSSH, `ecdsa-sha2-nistp384 …`. @throws FedkitError `DECODE_FAILED`. */
export function spkiOfOpenSsh(line: string): Uint8Array {
  const [kind, blob] = line.trim().split(/\s+/);
  if (kind !== SSH_KIND || blob === undefined || blob.length > 1000)
    fail('spkiOfOpenSsh', `a line that begins with ${SSH_KIND}`, 'another');
  const bytes = fromBase64(blob);
  const prefix = sshPrefix();
  if (bytes.length !== prefix.length + 2 * SIZE + 1 || prefix.some((byte, i) => bytes[i] !== byte))
    fail('spkiOfOpenSsh', 'a public key of P-384', 'other bytes');
  return spkiOf(bytes.subarray(prefix.length));
}

/** A signature r‖s, as WebCrypto and noble give it, as the DER that Flower wants. */
export function derSignature(raw: Uint8Array): Uint8Array {
  if (raw.length !== 2 * SIZE) fail('derSignature', `${2 * SIZE} bytes r and s`, `${raw.length}`);
  const body = [...derInteger(raw.subarray(0, SIZE)), ...derInteger(raw.subarray(SIZE))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

function derInteger(bytes: Uint8Array): number[] {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = [...bytes.subarray(start)];
  const padded = digits[0] & 0x80 ? [0, ...digits] : digits;
  return [2, padded.length, ...padded];
}

/** The other way. @throws FedkitError `DECODE_FAILED` for what is no DER of two positive integers of 384 bits. */
export function rawSignature(der: Uint8Array): Uint8Array {
  const raw = new Uint8Array(2 * SIZE);
  // At most 2 · (2 + 49) bytes: lengths are one byte each.
  if (der.length < 8 || der.length > 104 || der[0] !== 0x30 || der[1] !== der.length - 2) bad();
  let at = 2;
  for (const end of [SIZE, 2 * SIZE]) {
    const length = der[at + 1];
    const digits = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 2 || length === 0 || digits.length !== length) bad();
    if (digits[0] & 0x80 || (length > 1 && digits[0] === 0 && !(digits[1] & 0x80))) bad();
    const bare = digits[0] === 0 ? digits.subarray(1) : digits;
    if (bare.length > SIZE) bad();
    raw.set(bare, end - bare.length);
    at += 2 + length;
  }
  if (at !== der.length) bad();
  return raw;
}

function bad(): never {
  return fail('rawSignature', 'a DER signature on P-384', 'other bytes');
}

function fail(where: string, expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `${where}: expected ${expected}, got ${got}`);
}
