/**
 * A client's half of secure aggregation, on whatever cryptography it is given.
 *
 * @module
 */
import { type SecureAggregation, secureRng } from '@fedkit/core';
import type { SecureRound } from '@fedkit/core/secure';
import { checkBytes, refuse } from '@fedkit/core/internal';
import { decodeRoundConfig, encodeRoundConfig } from '../config/encode-config.ts';
import { checkRoundConfig, configOf, type RoundConfig } from '../config/round-config.ts';
import type { Signing } from '../client/signing.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { provenCohort } from '../graph/proven-cohort.ts';
import { openState, sealState } from '../persist/seal.ts';
import { secureClient } from './client.ts';
import type { SecureAggregationOptions, SharedOptions } from './options.ts';

const NOTHING = new Uint8Array(0);

/** Options of a client whose cryptography is chosen. */
export type ClientOptions = SharedOptions & {
  readonly provider: CryptoProvider;
  /** Of clients that may sign. */
  readonly signing?: Signing;
};

/** A client's half. */
export function clientHalf(where: string, shared: ClientOptions): SecureAggregation {
  const { sealingKey, provider } = shared;
  // What a client states for itself, and what all were told: the larger is what claims may rest on.
  const corruptFraction = Math.max(shared.corruptFraction, shared.policy?.corruptFraction ?? 0);
  return {
    kind: 'secure-aggregation',
    corruptFraction,
    proven: (round) => provenCohort(configFor(shared, { ...ANY_ROUND, ...round }), { corruptFraction }),
    sealer: {
      seal: (bytes, room) =>
        sealState(provider, secureRng(), sealingKey, 'record', NOTHING, checkBytes('secureAggregation', bytes), room),
      open: (sealed) => openState(provider, sealingKey, 'record', NOTHING, sealed),
    },
    configure: (round) => encodeRoundConfig(configFor(shared, round)),
    client: (given) => secureClient(shared, decodeRoundConfig(given.configuration), given),
    server: () => refuse('INVALID_ARGUMENT', `${where}: server`, 'secureAggregation(…) on a server', "a client's half"),
  };
}

/** What is proved of a round does not depend on these. */
const ANY_ROUND = {
  session: new Uint8Array(16),
  round: 0,
  modelDigest: new Uint8Array(32),
  vectors: { any: { length: 1, bound: 1 } },
};

function configFor(options: SecureAggregationOptions, round: SecureRound): RoundConfig {
  const { mode, corruptFraction, dropoutFraction, graph, guarantee, suite, identities } = options;
  const { minimumClients, ...rest } = round;
  if (minimumClients > round.clients) {
    refuse('THRESHOLD_NOT_MET', 'secureAggregation.configure: clients', `at least ${minimumClients}`, round.clients);
  }
  const config = configOf({
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
