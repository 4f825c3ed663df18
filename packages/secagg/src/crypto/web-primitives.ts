/**
 * The primitives from WebCrypto where it is faster and its calls are few and large: X25519, AES-128-CTR, and SHA-256 of long messages.
 *
 * @module
 */
import { concat } from '../internal/bytes.ts';
import { plainPrimitives, refuseAgreement } from './plain-unsigned.ts';
import { x25519 } from './x25519.ts';
import type { Agreement, CryptoProvider, Keystream, MaskSuite } from './provider.ts';

const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];

// A call takes a turn of a thread pool: fewer and larger ones.
const FETCH_BYTES = 1_048_576;
const ZEROS = /* @__PURE__ */ new Uint8Array(FETCH_BYTES);

type WebPrimitives = Pick<CryptoProvider, 'name' | 'agreement' | 'keystream' | 'sha256Later'>;

/** What `crypto.subtle` does better, or `undefined` where the engine has none. */
export function webPrimitives(): WebPrimitives | undefined {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  return (
    subtle && {
      name: 'webcrypto',
      agreement: (secretKey) => webAgreement(subtle, secretKey),
      keystream: (suite, key, total) => webKeystream(subtle, suite, key, total),
      sha256Later: async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)),
    }
  );
}

async function webAgreement(subtle: SubtleCrypto, secretKey: Uint8Array): Promise<Agreement> {
  const pkcs8 = new Uint8Array(48);
  pkcs8.set(PKCS8_PREFIX);
  pkcs8.set(secretKey, 16);
  try {
    const privateKey = await subtle.importKey('pkcs8', pkcs8, { name: 'X25519' }, false, ['deriveBits']);
    const shared = async (peer: Uint8Array): Promise<Uint8Array> => {
      const key = await subtle.importKey('raw', peer as Uint8Array<ArrayBuffer>, { name: 'X25519' }, false, []);
      return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: key }, privateKey, 256));
    };
    return {
      // RFC 7748, section 6.1: what is agreed with the base point is the public key.
      publicKey: await shared(x25519.GuBytes),
      async agree(peer) {
        const secret = await shared(peer).catch(refuseAgreement);
        return secret.some(Boolean) ? secret : refuseAgreement();
      },
    };
  } catch {
    // Engines before 2025 have WebCrypto without X25519.
    return plainPrimitives.agreement(secretKey);
  } finally {
    pkcs8.fill(0);
  }
}

async function webKeystream(
  subtle: SubtleCrypto,
  suite: MaskSuite,
  key: Uint8Array,
  total: number,
): Promise<Keystream> {
  if (suite !== 'aes-128-ctr') return plainPrimitives.keystream(suite, key, total);
  const imported = await subtle.importKey('raw', key as Uint8Array<ArrayBuffer>, 'AES-CTR', false, ['encrypt']);
  let fetched = ZEROS.subarray(0, 0);
  let used = 0;
  let block = 0;
  let left = total;
  return async (bytes) => {
    if (used + bytes > fetched.length) {
      const rest = fetched.subarray(used);
      const length = Math.max(16 * Math.ceil((bytes - rest.length) / 16), Math.min(left, FETCH_BYTES));
      const counter = new Uint8Array(16);
      // 2^32 blocks are 64 GiB: no vector is as long.
      new DataView(counter.buffer).setUint32(12, block);
      const options = { name: 'AES-CTR', counter, length: 128 };
      const zeros = length <= FETCH_BYTES ? ZEROS.subarray(0, length) : new Uint8Array(length);
      const next = new Uint8Array(await subtle.encrypt(options, imported, zeros));
      fetched = rest.length > 0 ? concat(rest, next) : next;
      block += Math.ceil(length / 16);
      left -= length;
      used = 0;
    }
    used += bytes;
    return fetched.subarray(used - bytes, used);
  };
}
