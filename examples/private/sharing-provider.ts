/**
 * Primitives for many clients in one process: what both ends of a pair compute alike is computed once. Devices in earnest
 * each do their own work; the bytes are the same.
 *
 * @module
 */
import { type CryptoProvider, defaultProvider } from '@fedkit/secagg';
import { AgreementTable } from './agreement-table.ts';

type Agreement = Awaited<ReturnType<CryptoProvider['agreement']>>;

/** Forget what was shared, once a round is over. */
export interface SharingProvider extends CryptoProvider {
  forget(): void;
}

/**
 * Shares key agreements between the two ends of a pair, on whatever threads, and verifications of one signature, and the order
 * of one public key, between all on this thread who check it.
 */
export function sharingProvider(
  agreements: SharedArrayBuffer,
  provider: CryptoProvider = defaultProvider(),
): SharingProvider {
  const agreed = new AgreementTable(agreements);
  const verified = new Map<string, { publicKey: Uint8Array; message: Uint8Array; valid: boolean }>();
  const primeOrders = new Map<string, boolean>();
  /** One array for each public key, which all on this thread agree with: the engine's key of it is made once. */
  const peers = new Map<string, Uint8Array>();
  const text = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  function sharing(own: Agreement): Agreement {
    return {
      publicKey: own.publicKey,
      agree(peer) {
        const shared = agreed.get(own.publicKey, peer);
        if (shared !== undefined) return shared;
        const peerText = text(peer);
        const known = peers.get(peerText) ?? new Uint8Array(peer);
        peers.set(peerText, known);
        const fresh = own.agree(known, true);
        if (fresh instanceof Uint8Array) agreed.set(own.publicKey, peer, fresh);
        return fresh;
      },
    };
  }
  const { generate } = provider;
  return {
    ...provider,
    agreement: async (secretKey) => sharing(await provider.agreement(secretKey)),
    ...(generate && {
      generate() {
        const { secretKey, agreement } = generate();
        return { secretKey, agreement: sharing(agreement) };
      },
    }),
    isPrimeOrder(publicKey) {
      const key = text(publicKey);
      const prime = primeOrders.get(key) ?? provider.isPrimeOrder(publicKey);
      primeOrders.set(key, prime);
      return prime;
    },
    verify(publicKey, message, signature) {
      const key = text(signature);
      const known = verified.get(key);
      const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;
      if (known && same(known.publicKey, publicKey) && same(known.message, message)) return known.valid;
      const valid = provider.verify(publicKey, message, signature);
      verified.set(key, { publicKey, message, valid });
      return valid;
    },
    forget() {
      agreed.clear();
      peers.clear();
      verified.clear();
      primeOrders.clear();
    },
  };
}
