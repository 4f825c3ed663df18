import { describe, expect, it } from 'vitest';
import { AES_BLOCK, COUNTED_BYTES, counterBlocks } from './counter-blocks.ts';
import { nodeProvider } from './node.ts';
import { plainProvider } from './plain.ts';

const last = COUNTED_BYTES / AES_BLOCK;

describe('counter blocks', () => {
  it.each([
    [0, 3],
    [255, 3],
    [65_534, 3],
    [last - 2, 2],
    [last - 1, 3],
    [2 ** 31, 2],
  ])('from %s on, %s of them', (first, count) => {
    const wanted = Buffer.alloc(count * AES_BLOCK);
    for (let i = 0; i < count; i++) wanted.writeBigUInt64BE(BigInt(first + i), i * AES_BLOCK + 8);
    expect(Buffer.from(counterBlocks(first, count)).equals(wanted)).toBe(true);
  });

  it.each([COUNTED_BYTES - 3, COUNTED_BYTES, COUNTED_BYTES + 64])('make the keystream of %s bytes', async (total) => {
    const key = new Uint8Array(16).fill(9);
    const native = nodeProvider();
    if (native === undefined) throw new Error('no node:crypto');
    const [got, wanted] = [native, plainProvider].map((provider) => provider.keystream('aes-128-ctr', key, total));
    const piece = 133_632;
    for (let at = 0; at < total; at += piece) {
      const bytes = Math.min(piece, total - at);
      const [one, other] = [await (await got)(bytes), await (await wanted)(bytes)];
      expect(Buffer.from(one).equals(other)).toBe(true);
    }
  });
});
