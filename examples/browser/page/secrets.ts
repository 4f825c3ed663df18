/**
 * Where a page keeps its secrets: sealed under a key that no script can read, in a database of the origin.
 *
 * Whoever runs a script on this origin can use the key, but not carry it away. Where there is no WebCrypto, which wants HTTPS or
 * localhost, there is no such key, and secrets live as long as the tab.
 *
 * @module
 */
import { secureRng, type Store } from '@fedkit/core';

const NONCE = 12;

/** 32 secret bytes under `name`: drawn once, and found again. */
export async function keptSecret(store: Store, key: CryptoKey, name: string): Promise<Uint8Array> {
  const additionalData = new TextEncoder().encode(name);
  const drawn = secureRng().fill(new Uint8Array(32));
  const iv = secureRng().fill(new Uint8Array(NONCE));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, drawn);
  const written = new Uint8Array(NONCE + sealed.byteLength);
  written.set(iv);
  written.set(new Uint8Array(sealed), NONCE);
  if (await store.create(`secret/${name}`, written)) return drawn;
  const kept = (await store.get(`secret/${name}`)) as Uint8Array<ArrayBuffer>;
  const opening = { name: 'AES-GCM', iv: kept.subarray(0, NONCE), additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(opening, key, kept.subarray(NONCE)));
}

/** The key of this origin, made once: AES-GCM, not extractable. */
export async function originKey(database = 'fedkit page key'): Promise<CryptoKey> {
  const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const opened = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => void request.result.createObjectStore('keys');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no database'));
  });
  try {
    return await new Promise<CryptoKey>((resolve, reject) => {
      const transaction = opened.transaction('keys', 'readwrite', { durability: 'strict' });
      const keys = transaction.objectStore('keys');
      const found = keys.get('key');
      let key = made as CryptoKey;
      found.onsuccess = () => {
        if (found.result === undefined) keys.add(made, 'key');
        else key = found.result as CryptoKey;
      };
      transaction.oncomplete = () => resolve(key);
      transaction.onabort = () => reject(transaction.error ?? new Error('no key'));
    });
  } finally {
    opened.close();
  }
}
