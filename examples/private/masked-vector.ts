/**
 * What a server can read in one client's masked input: the residues of the first vector, before any sum.
 *
 * docs/secagg-protocol.md: a header of 32 bytes, then entries of `bits` bits each, least significant bit first.
 *
 * @module
 */
const HEADER = 32;

/** Residues in [−2^(bits−1), 2^(bits−1)), shape [count]. */
export function maskedVector(message: Uint8Array, bits: number, count: number): Int32Array {
  const residues = new Int32Array(count);
  const half = 2 ** (bits - 1);
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = 0; b < bits; b++) {
      const at = i * bits + b;
      value |= ((message[HEADER + (at >> 3)] >> (at & 7)) & 1) << b;
    }
    residues[i] = value >= half ? value - 2 * half : value;
  }
  return residues;
}
