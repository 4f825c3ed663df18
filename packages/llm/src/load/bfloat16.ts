/**
 * bfloat16 weights as files hold them.
 *
 * @module
 */
const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

/** The value of the bfloat16 at byte `at`, exactly. */
export function bfloat16(bytes: Uint8Array, at: number, to: Float32Array): void {
  word[0] = (bytes[at] << 16) | (bytes[at + 1] << 24);
  to[0] = real[0];
}
