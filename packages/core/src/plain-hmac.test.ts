import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromHex, toHex } from './from-hex.ts';
import { plainHmac } from './plain-hmac.ts';
import { utf8Encode } from './utf8.ts';

it('gives the codes of RFC 4231', () => {
  const cases = [
    ['0b'.repeat(20), 'Hi There', 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    ['4a656665', 'what do ya want for nothing?', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'aa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ];
  for (const [key, text, code] of cases) expect(toHex(plainHmac(fromHex(key), utf8Encode(text)))).toBe(code);
});

it('is that of another implementation for every key and message, and leaves both as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
      const before = [key.slice(), message.slice()];
      expect(plainHmac(key, message)).toEqual(hmac(sha256, key, message));
      expect([key, message]).toEqual(before);
    }),
    { numRuns: 200 },
  );
});
