/**
 * The platform's random generator, seeded: while a test file runs, what it draws from `crypto` follows from FEDKIT_SEED
 * (1 unless set), the file and the test, so that a failure repeats. A file that says "Odds: ..." in a comment, with the
 * probability, at most 1e-6 a run, that it fails by chance, keeps the platform's own.
 *
 * @module
 */
import { appendFileSync, readFileSync } from 'node:fs';
import type * as Crypto from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { relative } from 'node:path';
import { afterAll, beforeEach, expect } from 'vitest';
import { seedOf } from './repeats.ts';

const crypto = createRequire(import.meta.url)('node:crypto') as typeof Crypto;
const root = new URL('../..', import.meta.url).pathname;
const file = expect.getState().testPath as string;
const source = readFileSync(file, 'utf8');
const stated = source.includes('Odds: ');
let drew = false;

/** Bytes of AES-CTR under a key that names the seed, the file and the test. */
function streamOf(test: string, seed = process.env.FEDKIT_SEED ?? '1'): (length: number) => Buffer {
  const name = [seed, relative(root, file), test].join('\n');
  const key = crypto.createHash('sha256').update(name).digest();
  const cipher = crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

let stream = streamOf('');
beforeEach(({ task }) => {
  stream = streamOf(`${task.suite?.name ?? ''}\n${task.name}`, `${seedOf(task)}`);
});

function draw(length: number): Buffer {
  drew = true;
  return stream(length);
}

function filled<T extends NodeJS.ArrayBufferView>(view: T): T {
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(draw(view.byteLength));
  return view;
}

const PKCS8 = { x25519: '302e020100300506032b656e04220420', ed25519: '302e020100300506032b657004220420' };

function keyPair(type: keyof typeof PKCS8, options?: { publicKeyEncoding?: object; privateKeyEncoding?: object }) {
  const der = Buffer.concat([Buffer.from(PKCS8[type], 'hex'), draw(32)]);
  const privateKey = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const as = (key: Crypto.KeyObject, encoding?: object) => (encoding ? key.export(encoding as { format: 'jwk' }) : key);
  return {
    privateKey: as(privateKey, options?.privateKeyEncoding),
    publicKey: as(crypto.createPublicKey(privateKey), options?.publicKeyEncoding),
  };
}

function replace(owner: object, functions: object): void {
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
}

if (!stated) {
  replace(globalThis.crypto, { getRandomValues: filled });
  replace(crypto, { randomBytes: draw, randomFillSync: filled, generateKeyPairSync: keyPair });
  syncBuiltinESMExports();
}

// What `scripts/repeat.mjs` runs again and again.
afterAll(() => {
  const list = process.env.FEDKIT_LIST_DRAWS;
  if (list && (drew || stated || source.includes("'fast-check'"))) appendFileSync(list, `${relative(root, file)}\n`);
});
