/**
 * Blobs in any store.
 *
 * @module
 */
import { toHex } from '../hex.ts';
import { checkOptions, type OptionNames, checkBytes, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Store } from '../store/contract.ts';
import { digestOf } from '../sha256.ts';
import type { BlobStore } from './contract.ts';

/**
 * Blobs under `<prefix><digest>` of a store: `fileStore` on a folder that all machines see, or a database's.
 *
 * What is read is held against its digest, so that a damaged blob is refused and never folded.
 *
 * Keys begin with `prefix`, default `blob/`. Give each run its own: a finished round clears what is under it.
 */
export function storeBlobs(store: Store, options: { readonly prefix?: string } = {}): BlobStore {
  checkOptions('storeBlobs', options, { prefix: true } satisfies OptionNames<typeof options>);
  const { prefix = 'blob/' } = options;
  if (typeof store?.put !== 'function') refuse('INVALID_ARGUMENT', 'storeBlobs: store', 'a store', store);
  const keyOf = (where: string, digest: string): string => prefix + checkDigest(`storeBlobs.${where}`, digest);
  return {
    async put(bytes) {
      const digest = toHex(await digestOf(checkBytes('storeBlobs.put', bytes)));
      const key = prefix + digest;
      // Created and not put: what is there is the same bytes, and a reader may be at them.
      await store.create(key, bytes);
      return digest;
    },
    async get(digest) {
      const bytes = await store.get(keyOf('get', digest));
      if (bytes === undefined) {
        throw new FedkitError('UNAVAILABLE', 'storeBlobs.get: expected a blob, got none', { details: { digest } });
      }
      if (toHex(await digestOf(bytes)) !== digest) {
        throw new FedkitError('DECODE_FAILED', 'storeBlobs.get: expected the bytes of the digest, got others', {
          details: { digest },
        });
      }
      return bytes;
    },
    has: async (digest) => {
      const key = keyOf('has', digest);
      for await (const found of store.keys(key)) if (found === key) return true;
      return false;
    },
    delete: (digest) => store.delete(keyOf('delete', digest)),
    async *digests() {
      for await (const key of store.keys(prefix)) {
        const digest = key.slice(prefix.length);
        if (DIGEST.test(digest)) yield digest;
      }
    },
  };
}

/**
 * Removes every blob. What a process that died was asking of workers is among the blobs until then, secrets of {@link remoteCall} too:
 * whoever takes its place clears them before its first call.
 */
export async function clearBlobs(blobs: BlobStore): Promise<void> {
  await (await blobsSoFar(blobs))();
}

/** A function that removes the blobs that are there now. */
export async function blobsSoFar(blobs: BlobStore): Promise<() => Promise<void>> {
  const found: string[] = [];
  for await (const digest of blobs.digests()) found.push(digest);
  return async () => {
    for (const digest of found) await blobs.delete(digest);
  };
}

const DIGEST = /^[0-9a-f]{64}$/;

/** @throws FedkitError `INVALID_ARGUMENT` for what is no digest. */
export function checkDigest(where: string, digest: string): string {
  if (typeof digest !== 'string' || !DIGEST.test(digest))
    refuse('INVALID_ARGUMENT', `${where}: digest`, '64 hexadecimal digits', digest);
  return digest;
}
