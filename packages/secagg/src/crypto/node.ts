/**
 * The primitives from `node:crypto`, found through `process.getBuiltinModule` so that no bundler sees an import.
 *
 * Key objects live in native memory and cannot be erased from JavaScript; they go with the garbage collector.
 *
 * @module
 */
import { freeBuffer, WORTH_FREEING } from '@fedkit/core/internal';
import { copyOf, equal, fromHex } from '../internal/bytes.ts';
import { AES_BLOCK, COUNTED_BYTES, counterBlocks } from './counter-blocks.ts';
import { COFACTOR_ALONE, isWellFormed } from './ed25519.ts';
import { plainProvider } from './plain.ts';
import { refuseAgreement } from './plain-unsigned.ts';
import { FIVE_ORDERS_LESS_ONE, hasPrimeOrder } from './prime-order.ts';
import type { Agreement, CryptoProvider, Keystream, MaskSuite } from './provider.ts';

interface NativeKey {
  export(options: { format: 'jwk' }): { x?: string };
  export(options: { format: 'der'; type: 'pkcs8' }): Uint8Array;
}
interface NativeCipher {
  setAAD(bytes: Uint8Array): void;
  setAuthTag(tag: Uint8Array): void;
  getAuthTag(): Uint8Array;
  update(bytes: Uint8Array): Uint8Array;
  final(): Uint8Array;
}
interface NativeHash {
  (name: string, bytes: Uint8Array, encoding: 'buffer'): Uint8Array;
  (name: string, bytes: Uint8Array, encoding: 'latin1'): string;
}
interface NativeBuffer {
  from(buffer: ArrayBufferLike, byteOffset: number, length: number): { toString(encoding: 'base64url'): string };
  from(text: string, encoding: 'base64url'): Uint8Array;
}
/** The part of `node:crypto` used here. */
interface NativeCrypto {
  generateKeyPairSync(type: 'x25519'): { privateKey: NativeKey };
  createPrivateKey(options: object): NativeKey;
  createPublicKey(key: object): NativeKey;
  diffieHellman(options: { privateKey: NativeKey; publicKey: NativeKey }): Uint8Array;
  createCipheriv(name: string, key: Uint8Array, iv: Uint8Array | null, options?: object): NativeCipher;
  createDecipheriv(name: string, key: Uint8Array, iv: Uint8Array, options?: object): NativeCipher;
  createHash(name: string): { update(bytes: Uint8Array): { digest(): Uint8Array } };
  /** In one call, without an object; not in every engine. */
  readonly hash?: NativeHash;
  sign(algorithm: null, message: Uint8Array, key: NativeKey): Uint8Array;
  verify(algorithm: null, message: Uint8Array, key: NativeKey, signature: Uint8Array): boolean;
}

const ZERO_IV = new Uint8Array(16);
const ZERO_NONCE = new Uint8Array(12);
const TAG_BYTES = 16;
const AEAD = 'chacha20-poly1305';
const AEAD_OPTIONS = { authTagLength: TAG_BYTES };
const X25519_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];
// RFC 7748, section 6.1: agreed with, it gives the public key.
const BASE_POINT = /* @__PURE__ */ Uint8Array.of(9, ...new Uint8Array(31));
const ED25519_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
// Larger outputs fall out of the second-level cache before they are added.
const MAXIMUM_CHUNK = 262_144;
// RFC 2104.
const HASH_BLOCK = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
const LONGEST_MESSAGE = 1024;
// Just below the 32 MiB up to which glibc adapts.
const LARGEST_KEPT = 33_000_000;
let keepsFreedMemory = false;
/** `Buffer` of the engine whose `node:crypto` is used; not global in every one. */
let buffers: NativeBuffer;
const ZEROS = /* @__PURE__ */ new Uint8Array(MAXIMUM_CHUNK);

/** The provider on `node:crypto`, or `undefined` where the engine has none or it lacks one of the primitives. */
export function nodeProvider(): CryptoProvider | undefined {
  const engine = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  try {
    if (engine?.getBuiltinModule === undefined) return undefined;
    const native = engine.getBuiltinModule('node:crypto') as NativeCrypto | undefined;
    if (native === undefined) return undefined;
    buffers = (engine.getBuiltinModule('node:buffer') as { readonly Buffer: NativeBuffer }).Buffer;
    const provider = makeProvider(native);
    // Bun, Deno and FIPS builds of Node each lack some algorithm: try them all once.
    const key = new Uint8Array(32).fill(1);
    const agreement = provider.agreement(key) as Agreement;
    void agreement.agree(agreement.publicKey);
    const { secretKey, agreement: generated } = (provider.generate as NonNullable<CryptoProvider['generate']>)();
    if (!equal((provider.agreement(secretKey) as Agreement).publicKey, generated.publicKey)) return undefined;
    provider.open(key, provider.seal(key, key, key), key);
    if (!equal(provider.hmac(key, key), plainProvider.hmac(key, key))) return undefined;
    void (provider.keystream('aes-128-ctr', key.subarray(0, 16), 16) as Keystream)(16);
    void (provider.keystream('chacha20', key, 64) as Keystream)(64);
    if (!provider.verify(publicFrom(native, privateFrom(native, ED25519_PREFIX, key)), key, provider.sign(key, key)))
      return undefined;
    // An engine that multiplies by the cofactor would take what the others refuse.
    const { publicKey, message, signature } = COFACTOR_ALONE;
    return provider.verify(fromHex(publicKey), fromHex(message), fromHex(signature))
      ? { ...provider, verify: (...signed) => plainProvider.verify(...signed) }
      : provider;
  } catch {
    return undefined;
  }
}

function makeProvider(native: NativeCrypto): CryptoProvider {
  const discard = bufferDiscard();
  const imported = new WeakMap<Uint8Array, NativeKey>();
  const counted = countsBlocks(native);
  const fromJwk = derivesPublicKey(native);
  // Importing an identity costs as much as ten signatures with it.
  const signers = new WeakMap<Uint8Array, NativeKey>();
  const importKey = (bytes: Uint8Array): NativeKey =>
    native.createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: toBase64Url(bytes) }, format: 'jwk' });
  /** Kept, it takes a kilobyte of native memory for as long as the bytes live. */
  function keptKeyOf(bytes: Uint8Array): NativeKey {
    let key = imported.get(bytes);
    if (key === undefined) imported.set(bytes, (key = importKey(bytes)));
    return key;
  }
  function agreementWith(privateKey: NativeKey, publicKey: Uint8Array): Agreement {
    return {
      publicKey,
      agree(peer, again = false) {
        let shared: Uint8Array;
        try {
          shared = native.diffieHellman({ privateKey, publicKey: again ? keptKeyOf(peer) : importKey(peer) });
        } catch {
          return refuseAgreement();
        }
        let bits = 0;
        // By place: an iterator makes an object for each byte.
        for (let i = 0; i < shared.length; i++) bits |= shared[i];
        return bits === 0 ? refuseAgreement() : shared;
      },
    };
  }
  function agreementOf(secretKey: Uint8Array): Agreement {
    const privateKey = fromJwk ? x25519From(native, secretKey) : privateFrom(native, X25519_PREFIX, secretKey);
    return agreementWith(privateKey, publicFrom(native, privateKey));
  }
  let orderCheck: Agreement | undefined;
  return {
    name: 'node',
    agreement: agreementOf,
    // Importing a key costs as much as making one, and leaves copies of it that nobody can erase.
    generate() {
      const { privateKey } = native.generateKeyPairSync('x25519');
      const der = privateKey.export({ format: 'der', type: 'pkcs8' });
      const secretKey = copyOf(der.subarray(X25519_PREFIX.length));
      der.fill(0);
      // Never through a JWK: Node 20 locks the key while it makes the strings, and where that starts a garbage collection,
      // the job that generated the key waits for the same lock to be freed itself. The process hangs.
      const publicKey = copyOf(native.diffieHellman({ privateKey, publicKey: keptKeyOf(BASE_POINT) }));
      return { secretKey, agreement: agreementWith(privateKey, publicKey) };
    },
    keystream(suite: MaskSuite, key, total): Keystream {
      if (suite === 'aes-128-ctr' && counted && total <= COUNTED_BYTES) return countedKeystream(native, key);
      const cipher = native.createCipheriv(suite, key, ZERO_IV);
      return (bytes) => {
        if (bytes <= MAXIMUM_CHUNK) return cipher.update(bytes === MAXIMUM_CHUNK ? ZEROS : ZEROS.subarray(0, bytes));
        return cipher.update(new Uint8Array(bytes));
      };
    },
    discard,
    seal(key, plaintext, associatedData) {
      const cipher = native.createCipheriv(AEAD, key, ZERO_NONCE, AEAD_OPTIONS);
      cipher.setAAD(associatedData);
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      if (plaintext.length > 0) {
        const encrypted = cipher.update(plaintext);
        sealed.set(encrypted);
        discard(encrypted);
      }
      cipher.final();
      sealed.set(cipher.getAuthTag(), plaintext.length);
      return sealed;
    },
    open(key, sealed, associatedData) {
      if (sealed.length < TAG_BYTES) return undefined;
      const end = sealed.length - TAG_BYTES;
      const cipher = native.createDecipheriv(AEAD, key, ZERO_NONCE, AEAD_OPTIONS);
      try {
        cipher.setAAD(associatedData);
        cipher.setAuthTag(sealed.subarray(end));
        const plaintext = cipher.update(sealed.subarray(0, end));
        cipher.final();
        return copyOf(plaintext);
      } catch {
        return undefined;
      }
    },
    hmac: native.hash === undefined ? (key, message) => plainProvider.hmac(key, message) : oneShotHmac(native.hash),
    // An object for the hash costs as much again as the hash of a short message.
    sha256: (bytes) =>
      copyOf(native.hash?.('sha256', bytes, 'buffer') ?? native.createHash('sha256').update(bytes).digest()),
    sign(secretKey, message) {
      const key = signers.get(secretKey) ?? privateFrom(native, ED25519_PREFIX, secretKey);
      signers.set(secretKey, key);
      return native.sign(null, message, key);
    },
    isPrimeOrder: (publicKey) => hasPrimeOrder((orderCheck ??= agreementOf(FIVE_ORDERS_LESS_ONE)), publicKey),
    verify(publicKey, message, signature) {
      // OpenSSL and BoringSSL compare bytes, without the cofactor, but take points of small order and other encodings of A.
      if (!isWellFormed(publicKey, signature)) return false;
      try {
        const key = native.createPublicKey({
          key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) },
          format: 'jwk',
        });
        return native.verify(null, message, key, signature);
      } catch {
        return false;
      }
    },
  };
}

/**
 * Counter mode as NIST SP 800-38A, section 6.5, defines it: the cipher of successive counter blocks, and nothing to add
 * them to. OpenSSL 3.0 takes a tenth less time for it than for its own counter mode over zeros.
 */
function countedKeystream(native: NativeCrypto, key: Uint8Array): Keystream {
  const cipher = native.createCipheriv('aes-128-ecb', key, null);
  let block = 0;
  return (bytes) => {
    const blocks = Math.ceil(bytes / AES_BLOCK);
    const piece = cipher.update(counterBlocks(block, blocks));
    block += blocks;
    return piece.length === bytes ? piece : piece.subarray(0, bytes);
  };
}

/** Whether the engine's cipher of counter blocks is its counter mode. */
function countsBlocks(native: NativeCrypto): boolean {
  try {
    const key = ZEROS.subarray(0, 16);
    const wanted = native.createCipheriv('aes-128-ctr', key, ZERO_IV).update(ZEROS.subarray(0, 48));
    return equal(countedKeystream(native, key)(48) as Uint8Array, wanted);
  } catch {
    return false;
  }
}

/**
 * Frees buffers at once. Left to the garbage collector, keystream fills 32 MB before memory is used again, so that every
 * byte of a mask goes through main memory instead of the core's own cache: twice the time.
 */
function bufferDiscard(): (piece: Uint8Array) => void {
  // glibc gives freed pieces back to the kernel and faults them in again, until the program has once freed a larger
  // block; then it keeps up to twice that (mallopt(3), M_MMAP_THRESHOLD). This one is never touched.
  if (!keepsFreedMemory) freeBuffer(new ArrayBuffer(LARGEST_KEPT));
  keepsFreedMemory = true;
  return ({ buffer, byteOffset, byteLength }) => {
    // Of a keystream whose end is within a block the rest of that block is left out.
    const whole = byteOffset === 0 && buffer.byteLength - byteLength < AES_BLOCK;
    if (byteLength >= WORTH_FREEING && whole) freeBuffer(buffer as ArrayBuffer);
  };
}

/**
 * HMAC of two hashes over buffers that are used again: a third of what an object for each costs. The inner hash, which is
 * no secret without the key, comes as text: an array of bytes costs as much as the hash.
 */
function oneShotHmac(hash: NativeHash): CryptoProvider['hmac'] {
  const inner = new Uint8Array(HASH_BLOCK + LONGEST_MESSAGE).fill(INNER_PAD, 0, HASH_BLOCK);
  const outer = new Uint8Array(HASH_BLOCK + 32).fill(OUTER_PAD, 0, HASH_BLOCK);
  return (key, message) => {
    const end = HASH_BLOCK + message.length;
    const input =
      message.length <= LONGEST_MESSAGE ? inner.subarray(0, end) : new Uint8Array(end).fill(INNER_PAD, 0, HASH_BLOCK);
    for (let i = 0; i < key.length; i++) {
      input[i] = key[i] ^ INNER_PAD;
      outer[i] = key[i] ^ OUTER_PAD;
    }
    input.set(message, HASH_BLOCK);
    const digits = hash('sha256', input, 'latin1');
    for (let i = 0; i < 32; i++) outer[HASH_BLOCK + i] = digits.charCodeAt(i);
    const { buffer, byteOffset } = hash('sha256', outer, 'buffer');
    input.fill(INNER_PAD, 0, key.length).fill(0, HASH_BLOCK);
    outer.fill(OUTER_PAD, 0, key.length).fill(0, HASH_BLOCK);
    return new Uint8Array(buffer, byteOffset, 32);
  };
}

/** A JWK is imported in a seventh of the time of DER, for which OpenSSL 3 searches all its decoders. */
function x25519From(native: NativeCrypto, secretKey: Uint8Array): NativeKey {
  const d = toBase64Url(secretKey);
  // A JWK must have a public half, which engines that pass the test below do not look at.
  return native.createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: d }, format: 'jwk' });
}

/** Whether the engine derives the public half of a JWK's secret key. */
function derivesPublicKey(native: NativeCrypto): boolean {
  try {
    const key = new Uint8Array(32).fill(1);
    const wanted = publicFrom(native, privateFrom(native, X25519_PREFIX, key));
    return equal(publicFrom(native, x25519From(native, key)), wanted);
  } catch {
    return false;
  }
}

function privateFrom(native: NativeCrypto, prefix: number[], secretKey: Uint8Array): NativeKey {
  const der = new Uint8Array(prefix.length + 32);
  der.set(prefix);
  der.set(secretKey, prefix.length);
  const key = native.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

/** @param privateKey - One that was imported. */
function publicFrom(native: NativeCrypto, privateKey: NativeKey): Uint8Array {
  const { x } = native.createPublicKey(privateKey).export({ format: 'jwk' });
  return copyOf(buffers.from(x as string, 'base64url'));
}

/** As JSON web keys have bytes (RFC 4648, section 5). */
function toBase64Url(bytes: Uint8Array): string {
  return buffers.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}
