/**
 * The device's half of secure aggregation, without the server: for bundles of pages and phones.
 *
 * @module
 */
import { type SecureAggregation, secureRng } from '@fedkit/core';
import type { SecureRound } from '@fedkit/core/secure';
import { checkBytes, refuse } from '@fedkit/core/internal';
import type { CohortLedger } from '../cohort-ledger.ts';
import { decodeRoundConfig, encodeRoundConfig } from '../config/encode-config.ts';
import { checkRoundConfig, type GraphKind, type Mode, roundConfig } from '../config/round-config.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import type { CryptoProvider, MaskSuite } from '../crypto/provider.ts';
import type { MaskExecutor } from '../executor/mask-task.ts';
import type { Directory } from '../directory.ts';
import type { Guarantee } from '../graph/graph-parameters.ts';
import { provenCohort } from '../graph/proven-cohort.ts';
import type { Identity } from '../identity.ts';
import { openState, sealState } from '../persist/seal.ts';
import type { ClientPolicy } from '../policy.ts';
import { secureClient } from './client.ts';

const NOTHING = new Uint8Array(0);

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

/** What both halves make of their options. @internal */
export type SharedOptions = SecureAggregationOptions & { readonly identities: boolean };

/** The options, checked, with bytes of their own. @internal */
export function sharedOptions(where: string, options: SecureAggregationOptions): SharedOptions {
  if (typeof options !== 'object' || options === null) refuse('INVALID_ARGUMENT', where, 'options', options);
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

/**
 * As `secureAggregation`, for clients alone: it has no server, and refuses to be one. Server and clients are given the same options.
 *
 * @throws FedkitError as `secureAggregation`.
 * @example
 * ```ts
 * import { secureAggregationClient } from '@fedkit/secagg/client';
 *
 * const options = { corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) };
 * console.log(secureAggregationClient(options).kind); // => secure-aggregation
 * ```
 */
export function secureAggregationClient(options: SecureAggregationOptions): SecureAggregation {
  const where = 'secureAggregationClient';
  return clientHalf(where, sharedOptions(where, options));
}

/** @internal */
export function clientHalf(where: string, shared: SharedOptions): SecureAggregation {
  const { sealingKey } = shared;
  const provider = shared.provider ?? defaultProvider();
  // What a client states for itself, and what all were told: the larger is what claims may rest on.
  const corruptFraction = Math.max(shared.corruptFraction, shared.policy?.corruptFraction ?? 0);
  return {
    kind: 'secure-aggregation',
    corruptFraction,
    proven: (round) => provenCohort(configFor(shared, { ...ANY_ROUND, ...round }), { corruptFraction }),
    sealer: {
      seal: (bytes) =>
        sealState(provider, secureRng(), sealingKey, 'record', NOTHING, checkBytes('secureAggregation', bytes)),
      open: (sealed) => openState(provider, sealingKey, 'record', NOTHING, sealed),
    },
    configure: (round) => encodeRoundConfig(configFor(shared, round)),
    client: (given) => secureClient(shared, decodeRoundConfig(given.configuration), given),
    server: () => refuse('INVALID_ARGUMENT', `${where}: server`, 'secureAggregation(…) on a server', "a client's half"),
  };
}

/** Whether the clients of these options sign. */
function signs({ mode, identities, identity, directory }: SecureAggregationOptions): boolean {
  return identities ?? (mode === 'malicious' || identity !== undefined || directory !== undefined);
}

/** What is proved of a round does not depend on these. */
const ANY_ROUND = {
  session: new Uint8Array(16),
  round: 0,
  modelDigest: new Uint8Array(32),
  vectors: { any: { length: 1, bound: 1 } },
};

function configFor(options: SecureAggregationOptions, round: SecureRound): ReturnType<typeof roundConfig> {
  const { mode, corruptFraction, dropoutFraction, graph, guarantee, suite, identities } = options;
  const { minimumClients, ...rest } = round;
  if (minimumClients > round.clients) {
    refuse('THRESHOLD_NOT_MET', 'secureAggregation.configure: clients', `at least ${minimumClients}`, round.clients);
  }
  const config = roundConfig({
    ...rest,
    corruptFraction,
    dropoutFraction,
    ...(mode !== undefined && { mode }),
    ...(graph !== undefined && { graph }),
    ...(guarantee !== undefined && { guarantee }),
    ...(suite !== undefined && { suite }),
    ...(identities !== undefined && { identities }),
  });
  // In a complete graph nobody can unmask with fewer than the threshold.
  const least = config.graph === 'complete' ? config.threshold : 2;
  return checkRoundConfig({ ...config, minimumClients: Math.max(minimumClients, least) });
}
