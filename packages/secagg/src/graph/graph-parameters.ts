/**
 * Degree and threshold of the communication graph (Bell et al., "Secure Single-Server Aggregation with
 * (Poly)Logarithmic Overhead", CCS 2020, section 3; Bonawitz et al., CCS 2017, for the complete graph).
 *
 * Only sums, products and quotients of float64 are used, so every engine computes the same pair.
 *
 * @module
 */
import { checkInteger, checkNumber, refuse } from '@fedkit/core/internal';
import { FedkitError } from '@fedkit/core';
import { type Hypergeometric, hypergeometric, leastLower, leastUpper } from './hypergeometric.ts';

/**
 * What the server may do: `curious` follows the protocol and looks; `semi-malicious` sets the round up honestly and
 * may then tell different clients different things about who survived.
 */
export type Adversary = 'curious' | 'semi-malicious';

/** What degree and threshold are computed from. */
export interface GraphAssumptions {
  /** n, 2 to 10^6. */
  readonly clients: number;
  /** γ: the fraction of clients that collude with the server, in [0, 1). */
  readonly corruptFraction: number;
  /** δ: the fraction of clients that may vanish during the round, in [0, 1). */
  readonly dropoutFraction: number;
  readonly adversary: Adversary;
  /** Security: privacy fails with probability at most 2^−σ. An integer in [1, 128], default 40. */
  readonly sigma?: number;
  /** Correctness: dropouts within δ end the round with probability at most 2^−η. An integer in [1, 128], default 30. */
  readonly eta?: number;
}

/** The graph of a round. */
export interface GraphParameters {
  /** k: neighbours of each client; `clients − 1` is the complete graph. */
  readonly degree: number;
  /** t: shares that rebuild a secret. */
  readonly threshold: number;
}

/** Largest cohort a graph is computed for. */
export const MAXIMUM_GRAPH_CLIENTS = 1_000_000;

/**
 * The sparsest Harary graph that is private and survives dropouts under the assumptions, with its threshold; where no
 * sparse graph will do, the complete one.
 *
 * For the Harary graph: honest survivors stay connected, corrupt neighbours stay below the threshold (for a
 * semi-malicious server 2t > k + corrupt neighbours), each with total failure probability at most 2^−(σ+1); every client
 * keeps t surviving neighbours except with probability 2^−η. For the complete graph the threshold is the largest that
 * tolerates δ dropouts, n − ⌊δn⌋.
 *
 * @throws FedkitError `OUT_OF_RANGE` for arguments outside their ranges; `INVALID_ARGUMENT` where no graph satisfies the
 * assumptions, saying which bound fails.
 * @complexity O(k²) time for the degree k found, at most about 0.3 s at n = 10^6.
 */
export function graphParameters(assumptions: GraphAssumptions): GraphParameters {
  const { clients, corruptFraction, dropoutFraction, adversary } = checkAssumptions(assumptions);
  const { sigma = 40, eta = 30 } = assumptions;
  const corrupt = Math.floor(corruptFraction * clients);
  const connectivity = powerOfHalf(sigma + 1);
  const removed = corrupt + Math.floor(dropoutFraction * clients);
  const survivors = Math.ceil((1 - dropoutFraction) * clients);
  const lossPerClient = powerOfHalf(eta) / clients;
  // Π (removed − i)/(clients − i) for i < k: the chance that k given clients are all removed.
  let allRemoved = 1;
  let factors = 0;
  for (let degree = 2; degree < clients - 1; degree += 2) {
    for (; factors < degree; factors++) allRemoved *= Math.max(0, removed - factors) / (clients - factors);
    if (((clients * (clients - degree - 1)) / 2) * allRemoved >= connectivity) continue;
    const secure = leastSecureThreshold(clients, corrupt, degree, adversary, sigma);
    const reachable = leastLower(hypergeometric(clients, survivors, degree), lossPerClient);
    if (secure - 1 < reachable) return { degree, threshold: Math.max(secure, 2) };
  }
  return {
    degree: clients - 1,
    threshold: completeThreshold({ clients, corruptFraction, dropoutFraction, adversary }),
  };
}

/** The largest threshold of the complete graph that δ dropouts leave reachable; refused where it is not private. */
export function completeThreshold(assumptions: GraphAssumptions): number {
  const { clients, dropoutFraction } = checkAssumptions(assumptions);
  const threshold = clients - Math.floor(dropoutFraction * clients);
  const least = leastCompleteThreshold(assumptions);
  if (threshold < least) {
    throw new FedkitError(
      'INVALID_ARGUMENT',
      `graphParameters: expected assumptions that some threshold satisfies, got ${clients} clients that need at least ${least} survivors for privacy and may keep only ${threshold}`,
      { details: { clients, leastThreshold: least, survivors: threshold } },
    );
  }
  return threshold;
}

/** The least private threshold of the complete graph: t > ⌈γn⌉ if curious, 2t > n + ⌈γn⌉ if semi-malicious; at least 2. */
export function leastCompleteThreshold({
  clients,
  corruptFraction,
  adversary,
}: Pick<GraphAssumptions, 'clients' | 'corruptFraction' | 'adversary'>): number {
  const least =
    adversary === 'curious'
      ? Math.ceil(corruptFraction * clients)
      : Math.ceil((clients + corruptFraction * clients) / 2);
  return Math.max(2, least + 1);
}

/**
 * Whether a graph somebody else chose is private under one's own assumptions: the check a client makes before it takes
 * part.
 *
 * @throws FedkitError `OUT_OF_RANGE` naming the bound that fails: threshold, or connectivity of honest survivors.
 */
export function checkGraph(
  graph: GraphParameters & { readonly kind: 'complete' | 'harary' },
  assumptions: GraphAssumptions,
): void {
  const { clients, corruptFraction, dropoutFraction, adversary } = checkAssumptions(assumptions);
  const { sigma = 40 } = assumptions;
  if (graph.kind === 'complete') {
    const least = leastCompleteThreshold(assumptions);
    if (graph.threshold < least) refuse('OUT_OF_RANGE', 'checkGraph: threshold', `≥ ${least}`, graph.threshold);
    return;
  }
  const corrupt = Math.floor(corruptFraction * clients);
  const removed = corrupt + Math.floor(dropoutFraction * clients);
  let allRemoved = 1;
  for (let i = 0; i < graph.degree; i++) allRemoved *= Math.max(0, removed - i) / (clients - i);
  if (((clients * Math.max(0, clients - graph.degree - 1)) / 2) * allRemoved >= powerOfHalf(sigma + 1)) {
    refuse('OUT_OF_RANGE', 'checkGraph: degree', 'one that keeps honest survivors connected', graph.degree);
  }
  const least = Math.max(2, leastSecureThreshold(clients, corrupt, graph.degree, adversary, sigma));
  if (graph.threshold < least) refuse('OUT_OF_RANGE', 'checkGraph: threshold', `≥ ${least}`, graph.threshold);
}

/** The least threshold that corrupt neighbours do not reach, but with probability 2^−(σ+1) over all clients. */
function leastSecureThreshold(
  clients: number,
  corrupt: number,
  degree: number,
  adversary: Adversary,
  sigma: number,
): number {
  const neighbours: Hypergeometric = hypergeometric(clients, corrupt, degree);
  const most = leastUpper(neighbours, powerOfHalf(sigma + 1) / clients);
  return (adversary === 'curious' ? most : Math.ceil((most + degree - 1.25) / 2)) + 1;
}

function checkAssumptions(assumptions: GraphAssumptions): GraphAssumptions {
  const { clients, corruptFraction, dropoutFraction, adversary, sigma = 40, eta = 30 } = assumptions;
  checkInteger('graphParameters: clients', clients, 2, MAXIMUM_GRAPH_CLIENTS);
  const belowOne = 1 - 2e-16;
  checkNumber('graphParameters: corruptFraction', corruptFraction, 0, belowOne);
  checkNumber('graphParameters: dropoutFraction', dropoutFraction, 0, belowOne);
  if (adversary !== 'curious' && adversary !== 'semi-malicious') {
    refuse('INVALID_ARGUMENT', 'graphParameters: adversary', "'curious' or 'semi-malicious'", adversary);
  }
  checkInteger('graphParameters: sigma', sigma, 1, 128);
  checkInteger('graphParameters: eta', eta, 1, 128);
  return assumptions;
}

function powerOfHalf(exponent: number): number {
  let value = 1;
  for (let i = 0; i < exponent; i++) value /= 2;
  return value;
}
