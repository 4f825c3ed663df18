import { type SecureRng, seededRng } from '@fedkit/core';

/** INSECURE, for tests only: a repeatable stream where the library demands a secure one. */
export function insecureTestRng(seed: number | string): SecureRng {
  return seededRng(seed) as unknown as SecureRng;
}

/** INSECURE, for tests only: hands out `words` and then zeros. */
export function insecureFixedWords(words: readonly number[]): SecureRng {
  let next = 0;
  const word = () => words[next++] ?? 0;
  return {
    uint32: word,
    fill(bytes: Uint8Array) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let i = 0; i < bytes.length; i += 4) view.setUint32(i, word(), true);
      return bytes;
    },
  } as unknown as SecureRng;
}

/** The three 32-bit words of a 96-bit integer, most significant first. */
export function wordsOf(value: bigint): number[] {
  return [Number(value >> 64n), Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn)];
}
