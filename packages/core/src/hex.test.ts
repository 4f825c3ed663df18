import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, toHex } from './from-hex.ts';

it('writes two lower-case digits a byte, and reads them again', () => {
  expect(toHex(Uint8Array.of(0, 9, 16, 255))).toBe('000910ff');
  expect(fromHex('00FF0a')).toEqual(Uint8Array.of(0, 255, 10));
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
    }),
  );
});

it.each(['0', 'xy', '0g', ' 00', '00\n'])('refuses %j', (digits) => {
  expect(() => fromHex(digits)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
});
