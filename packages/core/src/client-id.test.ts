import { expect, it } from 'vitest';
import { checkClientId, isClientId } from './client-id.ts';

it('is well-formed text of 1 to 255 bytes of UTF-8', () => {
  for (const id of ['a', ' ', '__proto__', 'x'.repeat(255), 'ä'.repeat(127), '😀'.repeat(63)]) {
    expect(isClientId(id)).toBe(true);
    expect(checkClientId('test', id)).toBe(id);
  }
  for (const id of ['', 'x'.repeat(256), 'ä'.repeat(128), '😀'.repeat(64), '\ud800', 'a\udc00', 7, undefined, {}]) {
    expect(isClientId(id)).toBe(false);
    expect(() => checkClientId('test', id)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  }
});
