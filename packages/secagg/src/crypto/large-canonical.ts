/**
 * Which 32 bytes may be a point of Ed25519 that anything depends on: by comparison alone, without the curve.
 *
 * @module
 */
import { equal, fromHex } from '../internal/bytes.ts';

// y of the eight points whose order divides 8: 1, −1, 0 and ± that of order 8; the sign bit of x makes eight of five.
const SMALL_ORDER = /* @__PURE__ */ [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex);

/** y < 2^255 − 19, and none of the eight points of small order. */
export function isLargeCanonical(point: Uint8Array): boolean {
  const top = point[31] & 0x7f;
  if (top === 0x7f && point[0] >= 0xed && point.subarray(1, 31).every((byte) => byte === 0xff)) return false;
  return !SMALL_ORDER.some(
    (small) => small[0] === point[0] && small[31] === top && equal(small.subarray(1, 31), point.subarray(1, 31)),
  );
}
