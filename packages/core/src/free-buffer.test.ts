import { expect, it, vi } from 'vitest';
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

it('opens no port before something is freed, and one for all', async () => {
  vi.resetModules();
  const Channel = globalThis.MessageChannel;
  let opened = 0;
  vi.stubGlobal(
    'MessageChannel',
    class extends Channel {
      constructor() {
        super();
        opened++;
      }
    },
  );
  const transfer = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'transfer');
  Reflect.deleteProperty(ArrayBuffer.prototype, 'transfer');
  try {
    const { freeBuffer } = await import('./free-buffer.ts');
    expect(opened).toBe(0);
    const [first, second] = [new ArrayBuffer(8), new ArrayBuffer(8)];
    freeBuffer(first);
    freeBuffer(second);
    expect([opened, first.byteLength, second.byteLength]).toEqual([1, 0, 0]);
  } finally {
    if (transfer) Object.defineProperty(ArrayBuffer.prototype, 'transfer', transfer);
    vi.unstubAllGlobals();
  }
});
