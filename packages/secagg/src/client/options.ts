/**
 * What a client of secure aggregation is made of.
 *
 * @module
 */
import type { ClientId, SecureRng } from '@fedkit/core';
import type { ClientPersist, ClientSwap } from '@fedkit/core/secure';
import type { CohortLedger } from '../cohort-ledger.ts';
import type { RoundConfig } from '../config/round-config.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Directory } from '../directory.ts';
import type { Identity } from '../identity.ts';
import type { ClientPolicy } from '../policy.ts';

/** What a client is made of. */
export interface SecAggClientOptions {
  /** 1 to 255 bytes of UTF-8. Other clients see it: use a pseudonym where they must not know who takes part. */
  readonly id: ClientId;
  /** As the server announced it. */
  readonly config: RoundConfig;
  /** What this client insists on, whatever is announced. */
  readonly policy: ClientPolicy;
  /**
   * Awaited before any answer is returned; once it resolves the state must survive a crash. It is told the SHA-256 of the
   * state that this one replaces. As an object with `compareAndSwap` it refuses the save of a second instance, which then sends
   * nothing. One that rejects may have saved all the same: restore what is there.
   */
  readonly persist: ClientPersist | ClientSwap;
  /** Needed where `persist` swaps nothing: that no other instance of this client goes on from the same state. */
  readonly singleInstance?: boolean;
  /** 32 secret bytes under which saved state is sealed. */
  readonly sealingKey: Uint8Array;
  /** Needed in rounds with identities; a client that has one refuses every other round. */
  readonly identity?: Identity;
  /**
   * Public keys of the other clients, from a source that is not the server. Their advertisements are held against it, so
   * that a client that has one refuses rounds without identities; needed where clients sign and the server may lie.
   */
  readonly directory?: Directory;
  /**
   * Refuses sums whose cohorts differ in too few honest clients from earlier ones, ⌊γn⌋ of each round's being corrupt by the
   * policy; complete graph only, where clients see the cohort, and ids that are the same in every round.
   */
  readonly ledger?: CohortLedger;
  /** Default: the platform's CSPRNG. */
  readonly rng?: SecureRng;
  /** Default: the fastest of this engine. */
  readonly provider?: CryptoProvider;
}
