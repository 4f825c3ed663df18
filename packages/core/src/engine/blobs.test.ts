import { expect, it } from 'vitest';
import { memoryStore } from '../store/memory-store.ts';
import { storeBlobs } from './blobs.ts';

it('gives a blob of its digest, and refuses what is not there, damaged or no digest', async () => {
  const store = memoryStore();
  const blobs = storeBlobs(store, { prefix: 'own/' });
  const digest = await blobs.put(Uint8Array.of(0x61, 0x62, 0x63));
  // FIPS 180-4's example.
  expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(await blobs.get(digest)).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
  const missing = digest.replace(/^b/, 'c');
  await expect(blobs.get(missing)).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { digest: missing } });
  await store.put(`own/${digest}`, Uint8Array.of(0x61, 0x62, 0x64));
  await expect(blobs.get(digest)).rejects.toMatchObject({ code: 'DECODE_FAILED', details: { digest } });
  await expect((async () => blobs.get(digest.toUpperCase()))()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(() => storeBlobs({} as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
