/**
 * What the steps of a client share: the round, its providers, and the form of their result.
 *
 * @module
 */
import { FedkitError, type SecureRng } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import type { CohortEntry } from '../cohort-ledger.ts';
import type { RoundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Directory } from '../directory.ts';
import type { Identity } from '../identity.ts';
import type { KeyContext } from '../key-derivation.ts';
import type { ClientInput } from './input.ts';
import type { Signing } from './signing.ts';
import type { ClientState } from './state.ts';

/** One client's view of a round. */
export interface ClientRound {
  readonly config: RoundConfig;
  readonly configDigest: Uint8Array;
  readonly provider: CryptoProvider;
  readonly rng: SecureRng;
  readonly identity: Identity | undefined;
  readonly directory: Directory | undefined;
  readonly signing: Signing | undefined;
  readonly ledger: CohortEntry | undefined;
  /** On a ring, of the policy. */
  readonly maximumMissingParts: number;
  readonly input: ClientInput | undefined;
}

/** A step's outcome: nothing has changed until the caller keeps the state. The answer still lacks its signature. */
export interface Step {
  readonly state: ClientState;
  readonly answer: Uint8Array<ArrayBuffer>;
}

/** What keys are derived from, once the transcript is known. */
export function keyContext(config: RoundConfig, transcript: Uint8Array): KeyContext {
  return { session: config.session, round: config.round, transcript };
}

/** What a round with identities needs; no client without it enters one. */
export function signingOf(signing: Signing | undefined): Signing {
  return (
    signing ?? refuse('PROTOCOL_STATE', 'SecAggClient', 'a round without identities', 'a signature to make or to check')
  );
}

/** Refuses to go on with too few. */
export function requireCount(what: string, least: number, got: number): void {
  if (got < least) {
    throw new FedkitError('THRESHOLD_NOT_MET', `SecAggClient: expected at least ${least} ${what}, got ${got}`, {
      details: { what, least, got },
    });
  }
}

/** Refuses what an honest server does not send. */
export function refuseMessage(expected: string, got: string): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `SecAggClient: expected ${expected}, got ${got}`);
}
