import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { hex } from '../internal/bytes.ts';
import { checkPacked, packWords, packedBytes, unpackWords } from './pack.ts';

describe('packing', () => {
  it.each([
    [5, [1, 3, 7, 15], '619c07'],
    [9, [13, 17, 19], '0d224c00'],
  ])('is least significant bit first: %s bits', (bits, values, digits) => {
    const packed = packWords(Uint32Array.from(values), values.length, bits);
    expect(hex(packed)).toBe(digits);
  });

  it.each(Array.from({ length: 51 }, (_, i) => i + 2))('round-trips %s bits, extremes included', (bits) => {
    const rng = seededRng(bits);
    const wide = bits > 32;
    for (const length of [1, 2, 3, 7, 8, 31, 32, 33, 100]) {
      const words = new Uint32Array(wide ? 2 * length : length);
      for (let i = 0; i < length; i++) {
        const low = i === 0 ? 0xffffffff : rng.uint32();
        if (wide) {
          words[2 * i] = low;
          words[2 * i + 1] = (i === 0 ? 0xffffffff : rng.uint32()) & (2 ** (bits - 32) - 1);
        } else words[i] = bits === 32 ? low : low & (2 ** bits - 1);
      }
      const packed = packWords(words, length, bits);
      expect(packed.length).toBe(packedBytes(length, bits));
      checkPacked(packed, length, bits);
      const back = new Uint32Array(words.length);
      unpackWords(packed, length, bits, back);
      expect(back).toEqual(words);
      // The same number by BigInt: value i stands at bit i·bits.
      let whole = 0n;
      for (let i = length - 1; i >= 0; i--) {
        const value = wide ? (BigInt(words[2 * i + 1]) << 32n) + BigInt(words[2 * i]) : BigInt(words[i]);
        whole = (whole << BigInt(bits)) + value;
      }
      expect(packed.reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n)).toBe(whole);
    }
  });

  it('refuses other lengths and bits after the last value', () => {
    const refusal = expect.objectContaining({ code: 'DECODE_FAILED' });
    expect(() => checkPacked(new Uint8Array(4), 5, 5)).not.toThrow();
    expect(() => checkPacked(Uint8Array.of(0, 0, 0, 0x80), 5, 5)).toThrow(refusal);
    expect(() => checkPacked(new Uint8Array(3), 5, 5)).toThrow(refusal);
    expect(() => checkPacked(new Uint8Array(5), 5, 5)).toThrow(refusal);
  });
});
