/**
 * Identities for rounds in one process.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import type { Directory } from '../directory.ts';
import type { Identity } from '../identity.ts';
import { publicKeyOf } from '../public-key.ts';
import { testingRng } from './rng.ts';

/** Who signs with what, and where the others look it up. */
export interface TestingIdentities {
  readonly identities: Readonly<Record<ClientId, Identity>>;
  readonly directory: Directory;
}

/** A signing key for each id, from a seed: for tests alone. */
export function testingIdentities(ids: readonly ClientId[], seed: number | string): TestingIdentities {
  const identities = Object.fromEntries(
    ids.map((id) => [id, { secretKey: testingRng(`${seed}/identity/${id}`).fill(new Uint8Array(32)) }]),
  );
  const keys = new Map(ids.map((id) => [id, publicKeyOf(identities[id])]));
  return { identities, directory: (id) => keys.get(id) };
}
