import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './base64.ts';

describe('base64', () => {
  it('is what the platform writes, and back', () => {
    // RFC 4648, §10.
    for (const [text, encoded] of [
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foo', 'Zm9v'],
      ['foobar', 'Zm9vYmFy'],
    ]) {
      expect(toBase64(new TextEncoder().encode(text))).toBe(encoded);
    }
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBase64(bytes)).toBe(btoa(String.fromCharCode(...bytes)));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it('refuses other text, and text that names the same bytes otherwise', () => {
    for (const text of ['Zg', 'Zg=', 'Z===', 'Zh==', 'Zm9=', 'Zg==Zg==', 'Zm9v\n', 'Zm9-', ' ']) {
      expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    }
  });
});
