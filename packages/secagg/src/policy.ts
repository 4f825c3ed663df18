/**
 * What a client insists on. The server proposes a round; the client refuses a weak one before any secret leaves it.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkBytes, checkInteger, checkNumber, refuse } from '@fedkit/core/internal';
import { type GraphKind, type Mode, type RoundConfig, adversaryOf, maskedVectors } from './config/round-config.ts';
import type { MaskSuite } from './crypto/provider.ts';
import { checkGraph, type Guarantee } from './graph/graph-parameters.ts';
import { provenCohort } from './graph/proven-cohort.ts';
import { equal } from './internal/bytes.ts';

/** A client's own terms. They are never sent. */
export interface ClientPolicy {
  /** Fewest inputs in a sum this client takes part in, held against {@link provenCohort}; ≥ 2. */
  readonly minimumClients: number;
  /** Least Shamir threshold; ≥ 2. */
  readonly minimumThreshold: number;
  /** Most entries over all vectors: what this device can mask. */
  readonly maximumEntries: number;
  readonly modes: readonly Mode[];
  readonly suites: readonly MaskSuite[];
  /** γ this client assumes: threshold and degree are checked against it, whatever the server assumed. */
  readonly corruptFraction: number;
  /** δ this client assumes for the connectivity of the graph. Default 0. */
  readonly dropoutFraction?: number;
  /** Default 40. */
  readonly sigma?: number;
  /** The model this client computed its input from: another digest in the round is refused. */
  readonly modelDigest?: Uint8Array;
  /** Most probability of a wrapped sum, per vector. Default 0: exact sums only. */
  readonly maximumWrapProbability?: number;
  /** Whether rounds without signatures are refused. Default false: a client with an identity or directory refuses them anyway. */
  readonly requireIdentities?: boolean;
  /** Graphs this client takes part in. Default: both. */
  readonly graphs?: readonly GraphKind[];
  /**
   * What a ring must guarantee against a semi-malicious server. Default: either, since the inputs that are proved under it are held
   * against `minimumClients`.
   */
  readonly guarantees?: readonly Guarantee[];
  /** Most places of a round; default 1,000,000. */
  readonly maximumClients?: number;
  /**
   * On a ring, most members whose part of the joint seed may be missing. With m missing of n the server had at most
   * Σ C(n, i) rings to choose from, i ≤ m: with none, one. Default: any number, since the modes on rings take its set-up to be honest.
   */
  readonly maximumMissingParts?: number;
  /** Most neighbours, for each of which this client agrees on keys, deals shares and expands a mask; default 4096. */
  readonly maximumDegree?: number;
}

const MAXIMUM_CLIENTS = 1_000_000;
const MAXIMUM_DEGREE = 4096;

/** What a client signs with, and looks others' keys up in. */
interface Signing {
  readonly identity?: unknown;
  readonly directory?: unknown;
}

/**
 * Refuses a round whose identities are not those that the client was made for: what the caller stated is never dropped.
 *
 * @throws FedkitError `AUTHENTICATION_FAILED` for a round without identities where the client has an identity or a directory;
 * `INVALID_ARGUMENT` for a round with them where it has no identity.
 */
export function checkSigning({ identity, directory }: Signing, config: RoundConfig): void {
  const isExpected = identity !== undefined || directory !== undefined;
  if (!config.identities && isExpected) {
    refuse('AUTHENTICATION_FAILED', 'SecAggClient', 'a round with identities, as this client has them', 'one without');
  }
  if (config.identities && identity === undefined) {
    refuse('INVALID_ARGUMENT', 'SecAggClient: identity', 'one, since the round has identities', identity);
  }
}

/**
 * Holds a round against a client's policy.
 *
 * @throws FedkitError `THRESHOLD_NOT_MET` for too small a cohort or threshold, `SHAPE_MISMATCH` for another model,
 * `AUTHENTICATION_FAILED` for missing identities, `OUT_OF_RANGE` for a graph, vector or ring outside the policy,
 * `INVALID_ARGUMENT` for a mode, suite, guarantee or kind of graph that is not allowed.
 */
export function checkPolicy(policy: ClientPolicy, config: RoundConfig): void {
  checkInteger('policy.minimumClients', policy.minimumClients, 2);
  checkInteger('policy.minimumThreshold', policy.minimumThreshold, 2);
  checkInteger('policy.maximumEntries', policy.maximumEntries, 1);
  const { dropoutFraction = 0, maximumWrapProbability = 0 } = policy;
  const { graphs = ['complete', 'harary'], maximumClients = MAXIMUM_CLIENTS, maximumDegree = MAXIMUM_DEGREE } = policy;
  // Before anything whose cost grows with them.
  checkInteger('policy.maximumClients', config.clients, 2, checkInteger('policy.maximumClients', maximumClients, 2));
  checkInteger('policy.maximumDegree', config.degree, 1, checkInteger('policy.maximumDegree', maximumDegree, 1));
  if (!graphs.includes(config.graph)) {
    refuse('INVALID_ARGUMENT', 'policy.graphs', `one of ${graphs.join(', ')}`, config.graph);
  }
  const { guarantees = ['cohort', 'one-sum'] } = policy;
  if (!guarantees.includes(config.guarantee)) {
    refuse('INVALID_ARGUMENT', 'policy.guarantees', `one of ${guarantees.join(', ')}`, config.guarantee);
  }
  checkNumber('policy.maximumWrapProbability', maximumWrapProbability, 0, 0.5);
  if (policy.maximumMissingParts !== undefined) {
    checkInteger('policy.maximumMissingParts', policy.maximumMissingParts, 0);
  }
  if (!policy.modes.includes(config.mode)) {
    refuse('INVALID_ARGUMENT', 'policy.modes', `one of ${policy.modes.join(', ')}`, config.mode);
  }
  if (!policy.suites.includes(config.suite)) {
    refuse('INVALID_ARGUMENT', 'policy.suites', `one of ${policy.suites.join(', ')}`, config.suite);
  }
  // What the server states; what is proved of it stands at the end.
  if (config.minimumClients < policy.minimumClients) {
    tooFew('policy.minimumClients', policy.minimumClients, config.minimumClients);
  }
  if (config.threshold < policy.minimumThreshold) {
    tooFew('policy.minimumThreshold', policy.minimumThreshold, config.threshold);
  }
  const entries = maskedVectors(config).reduce((sum, { length }) => sum + length, 0);
  checkInteger('policy.maximumEntries', entries, 1, policy.maximumEntries);
  for (const { name, wrapProbability } of config.vectors) {
    checkNumber(`policy.maximumWrapProbability, vector ${name}`, wrapProbability, 0, maximumWrapProbability);
  }
  if (policy.requireIdentities === true && !config.identities) {
    refuse('AUTHENTICATION_FAILED', 'policy.requireIdentities', 'a round with signatures', 'one without');
  }
  if (
    policy.modelDigest !== undefined &&
    !equal(checkBytes('policy.modelDigest', policy.modelDigest, 32), config.modelDigest)
  ) {
    refuse('SHAPE_MISMATCH', 'policy.modelDigest', 'the digest of the model this client trained', 'another');
  }
  checkGraph(
    { kind: config.graph, degree: config.degree, threshold: config.threshold },
    {
      clients: config.clients,
      corruptFraction: policy.corruptFraction,
      dropoutFraction,
      adversary: adversaryOf(config.mode),
      guarantee: config.guarantee,
      ...(policy.sigma === undefined ? {} : { sigma: policy.sigma }),
    },
  );
  const { inputs } = provenCohort(config, policy);
  if (inputs < policy.minimumClients) tooFew('policy.minimumClients', policy.minimumClients, inputs);
}

function tooFew(where: string, least: number, got: number): never {
  throw new FedkitError('THRESHOLD_NOT_MET', `${where}: expected at least ${least}, got ${got}`, {
    details: { where, least, got },
  });
}
