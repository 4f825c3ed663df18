/**
 * What rounds of secure aggregation are made of, on either side.
 *
 * @module
 */
import { checkBytes, checkOptions, type OptionNames, refuse } from '@fedkit/core/internal';
import type { CohortLedger } from '../cohort-ledger.ts';
import type { GraphKind, Mode } from '../config/round-config.ts';
import type { CryptoProvider, MaskSuite } from '../crypto/provider.ts';
import type { MaskExecutor } from '../executor/mask-task.ts';
import type { Directory } from '../directory.ts';
import type { Guarantee } from '../graph/graph-parameters.ts';
import type { Identity } from '../identity.ts';
import type { ClientPolicy } from '../policy.ts';

/** What rounds are made of. Server and clients are given the same mode, fractions, graph and suite. */
export interface SecureAggregationOptions {
  /** Default `semi-malicious`. */
  readonly mode?: Mode;
  /** γ: the fraction of clients that collude with the server, in [0, 1). */
  readonly corruptFraction: number;
  /** δ: the fraction of clients that may vanish during a round, in [0, 1). */
  readonly dropoutFraction: number;
  /** Default: complete up to 100 clients and against a malicious server, else Harary. */
  readonly graph?: GraphKind;
  /** On rings against a semi-malicious server; default `cohort`. */
  readonly guarantee?: Guarantee;
  /** Default `aes-128-ctr`. */
  readonly suite?: MaskSuite;
  /** Whether every client signs; default: against a malicious server, and where there is an identity or a directory. */
  readonly identities?: boolean;
  /** 32 secret bytes under which saved state is sealed: each client and the server has its own. */
  readonly sealingKey: Uint8Array;
  /**
   * What this client insists on besides a round's terms. By default the mode, suite and fractions above; entries, digest and
   * wrap probabilities are always the terms'.
   */
  readonly policy?: Partial<Omit<ClientPolicy, 'modelDigest' | 'maximumWrapProbability'>>;
  /** A client's signing key, where clients sign. */
  readonly identity?: Identity;
  /** Public keys of the clients; where clients sign, and for clients from a source that is not the server. */
  readonly directory?: Directory;
  /** A client's memory of cohorts. */
  readonly ledger?: CohortLedger;
  /** Where the server expands masks; default on this thread. */
  readonly executor?: MaskExecutor;
  /** Default: the fastest of this engine. */
  readonly provider?: CryptoProvider;
}

/** What a client that signs nothing knows: what signs too, to refuse it by what it is for. @internal */
export const UNSIGNED_OPTIONS: OptionNames<Omit<SecureAggregationOptions, 'executor'>> = {
  mode: true,
  corruptFraction: true,
  dropoutFraction: true,
  graph: true,
  guarantee: true,
  suite: true,
  identities: true,
  identity: true,
  directory: true,
  sealingKey: true,
  policy: true,
  ledger: true,
  provider: true,
};

/** All of them. @internal */
export const OPTIONS: OptionNames<SecureAggregationOptions> = {
  ...UNSIGNED_OPTIONS,
  executor: true,
};

/** What both halves make of their options. @internal */
export type SharedOptions = SecureAggregationOptions & { readonly identities: boolean };

/** The options, checked, with bytes of their own. @internal */
export function sharedOptions(
  where: string,
  options: SecureAggregationOptions,
  names: Readonly<Record<string, true>>,
): SharedOptions {
  checkOptions(where, options, names);
  const sealingKey = checkBytes(`${where}: sealingKey`, options.sealingKey, 32).slice();
  const { identities, identity, directory, policy } = options;
  if (identities === false && (identity ?? directory) !== undefined) {
    refuse('INVALID_ARGUMENT', `${where}: identities`, 'them, with an identity or a directory', false);
  }
  if (identities === false && policy?.requireIdentities === true) {
    refuse('INVALID_ARGUMENT', `${where}: identities`, 'them, as the policy requires', false);
  }
  return { ...options, sealingKey, identities: signs(options) };
}

/** Whether the clients of these options sign. */
function signs({ mode, identities, identity, directory }: SecureAggregationOptions): boolean {
  return identities ?? (mode === 'malicious' || identity !== undefined || directory !== undefined);
}
