// The platform's random generator, replaced by a stream that follows from a name: for tests, whose failures must repeat.
import { createRequire, syncBuiltinESMExports } from 'node:module';

const crypto = createRequire(import.meta.url)('node:crypto');

/** Bytes of AES-CTR under a key that is the name's hash. */
export function streamOf(name) {
  const key = crypto.createHash('sha256').update(name).digest();
  const cipher = crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (length) => cipher.update(Buffer.alloc(length));
}

const PKCS8 = { x25519: '302e020100300506032b656e04220420', ed25519: '302e020100300506032b657004220420' };

/** Lets whatever asks `crypto` for bytes or keys have those of `draw`. */
export function drawFrom(draw) {
  const filled = (view) => {
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(draw(view.byteLength));
    return view;
  };
  const { generateKeyPairSync } = crypto;
  const keyPair = (type, options) => {
    // Keys of others' kinds are drawn inside the engine.
    if (!Object.hasOwn(PKCS8, type)) return generateKeyPairSync(type, options);
    const der = Buffer.concat([Buffer.from(PKCS8[type], 'hex'), draw(32)]);
    const privateKey = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const as = (key, encoding) => (encoding ? key.export(encoding) : key);
    return {
      privateKey: as(privateKey, options?.privateKeyEncoding),
      publicKey: as(crypto.createPublicKey(privateKey), options?.publicKeyEncoding),
    };
  };
  const bytes = (length, done) => {
    if (done === undefined) return draw(length);
    setImmediate(() => done(null, draw(length)));
    return undefined;
  };
  replace(globalThis.crypto, { getRandomValues: filled });
  replace(crypto, { randomBytes: bytes, randomFillSync: filled, generateKeyPairSync: keyPair });
  syncBuiltinESMExports();
}

function replace(owner, functions) {
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
}
