/**
 * A client of secure aggregation, as pipelines drive it.
 *
 * @module
 */
import { FedkitError, type SecureAggregation } from '@fedkit/core';
import type { SecureClient, SecureTerms } from '@fedkit/core/secure';
import { checkInteger, refuse } from '@fedkit/core/internal';
import { RoundClient } from '../client/round-client.ts';
import { progressOf } from '../client/state.ts';
import type { RoundConfig } from '../config/round-config.ts';
import { provenCohort } from '../graph/proven-cohort.ts';
import { equal } from '../internal/bytes.ts';
import type { ClientPolicy } from '../policy.ts';
import { exactBits } from '../sum/ring.ts';
import type { ClientOptions } from './client-half.ts';

/** The client, once the round has been held against its terms. */
export function secureClient(
  options: ClientOptions,
  config: RoundConfig,
  entering: Parameters<SecureAggregation['client']>[0],
): SecureClient {
  const { id, terms, persist, singleInstance, saved } = entering;
  checkTerms(config, terms);
  const policy = policyFor(options, terms);
  checkHonest(config, policy, terms.minimumHonest ?? 0);
  const { sealingKey, identity, directory, ledger, provider, signing } = options;
  const parts = {
    id,
    config,
    policy,
    persist,
    ...(singleInstance !== undefined && { singleInstance }),
    sealingKey,
    ...(identity !== undefined && { identity }),
    ...(directory !== undefined && { directory }),
    ...(ledger !== undefined && { ledger }),
    provider,
    signing,
  };
  const client = new RoundClient(parts);
  if (saved !== undefined) RoundClient.resumed(client, saved);
  let hasInput = false;
  return {
    get progress() {
      return progressOf(client.stage);
    },
    get needsInput() {
      return client.stage === 'shared' && !hasInput;
    },
    start: () => client.start(),
    setInput(input) {
      client.setInput(input);
      hasInput = true;
    },
    receive: (message) => client.receive(message),
  };
}

/** Everything a server could have stated otherwise than the client's own options give it. */
function checkTerms(config: RoundConfig, terms: SecureTerms): void {
  const where = 'secureAggregation.client';
  if (config.round !== terms.round)
    refuse('PROTOCOL_STATE', `${where}: round`, `round ${terms.round}`, `round ${config.round}`);
  if (!equal(config.modelDigest, terms.modelDigest)) {
    refuse('SHAPE_MISMATCH', `${where}: modelDigest`, 'the digest of the model this client trains', 'another');
  }
  if (config.maximumWeight !== 1) {
    refuse('INVALID_ARGUMENT', `${where}: maximumWeight`, '1: weights are part of the vectors', config.maximumWeight);
  }
  if (terms.maximumClients !== undefined)
    checkInteger(`${where}: clients`, config.clients, terms.minimumClients, terms.maximumClients);
  if (config.minimumClients < terms.minimumClients) {
    const { minimumClients: least } = terms;
    throw new FedkitError(
      'THRESHOLD_NOT_MET',
      `${where}: minimumClients: expected at least ${least}, got ${config.minimumClients}`,
      { details: { least, got: config.minimumClients } },
    );
  }
  const names = Object.keys(terms.vectors);
  if (config.vectors.length !== names.length) {
    refuse('SHAPE_MISMATCH', `${where}: vectors`, `${names.length} vectors`, config.vectors.length);
  }
  for (const { name, length, bound, bits, wrapProbability } of config.vectors) {
    if (!names.includes(name)) refuse('SHAPE_MISMATCH', `${where}: vectors`, names.join(', '), name);
    const own = terms.vectors[name];
    const expected = {
      length: own.length,
      bound: own.bound,
      bits: own.bits ?? exactBits(config.clients, own.bound, 1),
      wrapProbability: own.wrapProbability ?? 0,
    };
    for (const [field, got] of Object.entries({ length, bound, bits, wrapProbability })) {
      const wanted = expected[field as keyof typeof expected];
      if (got !== wanted) refuse('SHAPE_MISMATCH', `${where}: vectors.${name}.${field}`, `${wanted}`, got);
    }
  }
}

/** Refuses a round in which noise in shares would not cover what the client was promised. */
function checkHonest(config: RoundConfig, policy: ClientPolicy, least: number): void {
  if (least === 0) return;
  const { honest: got } = provenCohort(config, policy);
  if (got >= least) return;
  const where = 'secureAggregation.client: honest inputs';
  throw new FedkitError('THRESHOLD_NOT_MET', `${where}: expected at least ${least}, got ${got} that are certain`, {
    details: { least, got },
  });
}

function policyFor(options: ClientOptions, terms: SecureTerms): ClientPolicy {
  const { mode = 'semi-malicious', suite = 'aes-128-ctr', guarantee = 'cohort', graph } = options;
  const { corruptFraction, dropoutFraction } = options;
  // An option that is there without a value states nothing.
  const policy: Partial<ClientPolicy> = Object.fromEntries(
    Object.entries(options.policy ?? {}).filter(([, value]) => value !== undefined),
  );
  const vectors = Object.values(terms.vectors);
  return {
    minimumThreshold: 2,
    maximumEntries: vectors.reduce((sum, { length }) => sum + length, 0),
    modes: [mode],
    suites: [suite],
    corruptFraction,
    dropoutFraction,
    ...(graph !== undefined && { graphs: [graph] }),
    // More than what was asked for is welcome.
    guarantees: guarantee === 'cohort' ? ['cohort'] : ['cohort', 'one-sum'],
    ...policy,
    requireIdentities: options.identities === true || policy.requireIdentities === true,
    minimumClients: Math.max(2, terms.minimumClients, policy.minimumClients ?? 2),
    modelDigest: terms.modelDigest,
    maximumWrapProbability: Math.max(...vectors.map(({ wrapProbability = 0 }) => wrapProbability)),
  };
}
