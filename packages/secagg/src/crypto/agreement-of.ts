/**
 * Secret keys that are used more than once.
 *
 * @module
 */
import type { SecureRng } from '@fedkit/core';
import { isPlatformSource } from '../randomness.ts';
import type { Agreement, CryptoProvider } from './provider.ts';

const known: WeakMap<CryptoProvider, WeakMap<Uint8Array, Agreement>> = new WeakMap();

/**
 * The agreement of a secret key, made once for an array: engines take ten agreements' time to import one, plain
 * JavaScript as long as an agreement. It goes with the array, which must not change but to be erased after its last use.
 */
export function agreementOf(provider: CryptoProvider, secretKey: Uint8Array): Agreement | Promise<Agreement> {
  const made = madeBy(provider);
  const found = made.get(secretKey);
  if (found !== undefined) return found;
  const keep = (agreement: Agreement): Agreement => {
    made.set(secretKey, agreement);
    return agreement;
  };
  const agreement = provider.agreement(secretKey);
  return agreement instanceof Promise ? agreement.then(keep) : keep(agreement);
}

/** A secret key nobody has used, for {@link agreementOf}. */
export function freshSecretKey(provider: CryptoProvider, rng: SecureRng): Uint8Array {
  const pair = isPlatformSource(rng) ? provider.generate?.() : undefined;
  if (pair === undefined) return rng.fill(new Uint8Array(32));
  madeBy(provider).set(pair.secretKey, pair.agreement);
  return pair.secretKey;
}

function madeBy(provider: CryptoProvider): WeakMap<Uint8Array, Agreement> {
  let made = known.get(provider);
  if (made === undefined) {
    made = new WeakMap();
    known.set(provider, made);
  }
  return made;
}
