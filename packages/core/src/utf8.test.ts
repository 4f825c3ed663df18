import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWellFormed, utf8Decode, utf8Encode } from './utf8.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

it('writes what TextEncoder does, lone surrogates included, and tells those', () => {
  for (const text of ['', 'a\u007f\u0080\u07ff\u0800\uffff', '𐀀\u{10ffff}', '\ud800', 'a\udc00b', '\udc00\ud800']) {
    expect(utf8Encode(text)).toEqual(encoder.encode(text));
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)) }), (text) => {
      expect(utf8Encode(text)).toEqual(encoder.encode(text));
      expect(isWellFormed(text)).toBe(decoder.decode(encoder.encode(text)) === text);
    }),
  );
  expect([isWellFormed('𐀀'), isWellFormed('\ud800'), isWellFormed('\udc00𐀀')]).toEqual([true, false, false]);
});

it('reads every character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Decode(encoder.encode(text))).toBe(text);
    }),
  );
});

/** What a reader that is fatal makes of bytes. */
const outcome = (read: () => string) => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

it('refuses what TextDecoder does: overlong forms, surrogates, too large, cut, stray', () => {
  const leads = [0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xf7, 0xf8, 0xff];
  const followers = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (const lead of leads) {
    for (const second of followers) {
      for (const tail of [[], [0x80], [0x80, 0x80], [0x80, 0x41], [0xbf, 0xbf, 0x41]]) {
        const bytes = Uint8Array.of(lead, second, ...tail);
        expect(outcome(() => utf8Decode(bytes))).toBe(outcome(() => decoder.decode(bytes)));
      }
    }
  }
  expect(() => utf8Decode(Uint8Array.of(0x41, 0xc0, 0x80))).toThrow(
    expect.objectContaining({ code: 'DECODE_FAILED', message: expect.stringContaining('another byte at 1') }),
  );
});
