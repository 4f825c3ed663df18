/**
 * Which random source may make secrets.
 *
 * @module
 */
import { FedkitError, type Rng, type SecureRng, secureRng } from '@fedkit/core';

const admitted = new WeakSet<Rng>();

/** Lets tests use a seeded source; reached through `@fedkit/secagg/testing` alone. */
export function admitForTesting(rng: Rng): SecureRng {
  admitted.add(rng);
  return rng as SecureRng;
}

/** Whether secrets may come from another generator of the platform: they need not be those that tests seeded. */
export function isPlatformSource(rng: Rng): boolean {
  return !admitted.has(rng);
}

/**
 * The source to make secrets with: the platform's where none is handed in.
 *
 * @throws FedkitError `UNSUPPORTED_PLATFORM` where the engine has no CSPRNG, `INVALID_ARGUMENT` for a source that is not
 * secure, which types refuse already.
 */
export function secretSource(rng: SecureRng | undefined): SecureRng {
  if (rng !== undefined && admitted.has(rng)) return rng;
  const platform = secureRng();
  if (rng === undefined) return platform;
  if (Object.getPrototypeOf(rng) !== Object.getPrototypeOf(platform)) {
    throw new FedkitError('INVALID_ARGUMENT', 'rng: expected the result of secureRng(), got another random source');
  }
  return rng;
}
