/**
 * The primitives from WebCrypto where it is faster and its calls are few and large: X25519 and AES-128-CTR.
 *
 * @module
 */
import { concat } from '../internal/bytes.ts';
import { plainPrimitives, refuseAgreement } from './plain-unsigned.ts';
import type { Agreement, CryptoProvider, Keystream, MaskSuite } from './provider.ts';

const PKCS8_PREFIX = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20];

// A call takes a turn of a thread pool: fewer and larger ones.
const FETCH_BYTES = 1_048_576;
const ZEROS = /* @__PURE__ */ new Uint8Array(FETCH_BYTES);

/** What `crypto.subtle` does better, or `undefined` where the engine has none. */
export function webPrimitives(): Pick<CryptoProvider, 'name' | 'agreement' | 'keystream'> | undefined {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return undefined;
  return {
    name: 'webcrypto',
    agreement: (secretKey) => webAgreement(subtle, secretKey),
    keystream: (suite, key, total) => webKeystream(subtle, suite, key, total),
  };
}

async function webAgreement(subtle: SubtleCrypto, secretKey: Uint8Array): Promise<Agreement> {
  const plain = plainPrimitives.agreement(secretKey) as Agreement;
  const pkcs8 = new Uint8Array(48);
  pkcs8.set(PKCS8_PREFIX);
  pkcs8.set(secretKey, 16);
  let privateKey: CryptoKey;
  try {
    privateKey = await subtle.importKey('pkcs8', pkcs8, { name: 'X25519' }, false, ['deriveBits']);
  } catch {
    // Engines before 2025 have WebCrypto without X25519.
    return plain;
  } finally {
    pkcs8.fill(0);
  }
  return {
    publicKey: plain.publicKey,
    async agree(peer) {
      try {
        const publicKey = await subtle.importKey('raw', peer as Uint8Array<ArrayBuffer>, { name: 'X25519' }, false, []);
        const shared = new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: publicKey }, privateKey, 256));
        return shared.some((byte) => byte !== 0) ? shared : refuseAgreement();
      } catch {
        return refuseAgreement();
      }
    },
  };
}

async function webKeystream(
  subtle: SubtleCrypto,
  suite: MaskSuite,
  key: Uint8Array,
  total: number,
): Promise<Keystream> {
  if (suite !== 'aes-128-ctr') return plainPrimitives.keystream(suite, key, total);
  const imported = await subtle.importKey('raw', key as Uint8Array<ArrayBuffer>, 'AES-CTR', false, ['encrypt']);
  let fetched = new Uint8Array(0);
  let used = 0;
  let block = 0;
  let left = total;
  return async (bytes) => {
    if (used + bytes > fetched.length) {
      const rest = fetched.subarray(used);
      const length = Math.max(Math.ceil((bytes - rest.length) / 16) * 16, Math.min(left, FETCH_BYTES));
      const counter = new Uint8Array(16);
      for (let i = 15, high = block; i >= 8; i--, high = Math.floor(high / 256)) counter[i] = high % 256;
      const options = { name: 'AES-CTR', counter, length: 128 };
      const zeros = length <= FETCH_BYTES ? ZEROS.subarray(0, length) : new Uint8Array(length);
      const next = new Uint8Array(await subtle.encrypt(options, imported, zeros));
      fetched = rest.length === 0 ? next : concat(rest, next);
      block += Math.ceil(length / 16);
      left -= length;
      used = 0;
    }
    used += bytes;
    return fetched.subarray(used - bytes, used);
  };
}
