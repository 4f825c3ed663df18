/**
 * HMAC-SHA256 (RFC 2104) in JavaScript, the same on every engine.
 *
 * @module
 */
import { plainSha256 } from './plain-sha256.ts';

/** 32 bytes under a key of any length; what it was made of is erased. */
export function plainHmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const pad = new Uint8Array(64);
  const turn = (byte: number): void => {
    for (let i = 0; i < 64; i++) pad[i] ^= byte;
  };
  pad.set(key.length > 64 ? plainSha256(key) : key);
  turn(0x36);
  const inner = plainSha256(pad, message);
  turn(0x36 ^ 0x5c);
  const tag = plainSha256(pad, inner);
  pad.fill(0);
  return tag;
}
