import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromBase64Url, plainBase64Url, toBase64Url } from './base64url.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('base64url', () => {
  // RFC 4648, section 10, without padding.
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ])('writes %j as the standard has it', (text, wanted) => {
    const bytes = new TextEncoder().encode(text);
    expect([toBase64Url(bytes), plainBase64Url(bytes)]).toEqual([wanted, wanted]);
  });

  it('writes views as plain JavaScript does, with the two digits of its own, and reads them again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(5), (bytes, before) => {
        const memory = new Uint8Array(before + bytes.length + 3).fill(255);
        memory.set(bytes, before);
        const view = memory.subarray(before, before + bytes.length);
        const text = toBase64Url(view);
        expect(text).toBe(plainBase64Url(bytes));
        expect(fromBase64Url(text)).toEqual(bytes);
      }),
    );
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff))).toBe('-_8');
  });

  it('does without the engine', () => {
    vi.stubGlobal('Buffer', undefined);
    expect(toBase64Url(Uint8Array.of(1, 2, 3, 254))).toBe('AQID_g');
  });
});
