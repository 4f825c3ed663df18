import { expect, it } from 'vitest';
import { freeBytes } from './free-buffer.ts';

it('frees what fills its buffer, and leaves views of larger ones', () => {
  const whole = new Uint8Array(65_536).fill(7);
  freeBytes(whole);
  expect([whole.length, whole.buffer.byteLength]).toEqual([0, 0]);
  const buffer = new ArrayBuffer(65_536);
  const part = new Uint8Array(buffer, 8, 16_384).fill(7);
  freeBytes(part);
  expect([part.length, part[5], buffer.byteLength]).toEqual([16_384, 7, 65_536]);
});
