import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHave, decodePiece, encodeHave, encodePiece } from './piece.ts';

const digest = new Uint8Array(32).fill(7);

describe('pieces', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.maxSafeNat(), fc.maxSafeNat(), (bytes, a, b) => {
        const total = Math.max(1, a, bytes.length);
        const offset = b % (total - bytes.length + 1);
        expect(decodePiece(encodePiece({ digest, total, offset, bytes }))).toEqual({ digest, total, offset, bytes });
        expect(decodeHave(encodeHave(a))).toBe(a);
      }),
    );
  });

  it('are refused where they are none', () => {
    const piece = encodePiece({ digest, total: 10, offset: 8, bytes: Uint8Array.of(1, 2) });
    const hostile = [
      piece.subarray(0, 47),
      Uint8Array.of(...piece, 3),
      encodePiece({ digest, total: 0, offset: 0, bytes: new Uint8Array(0) }),
      encodePiece({ digest, total: 1, offset: 2, bytes: new Uint8Array(0) }),
      piece.with(39, 0xff),
    ];
    for (const bytes of hostile) {
      expect(() => decodePiece(bytes)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    }
    expect(() => decodeHave(new Uint8Array(9))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(() => decodeHave(new Uint8Array(7))).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});
