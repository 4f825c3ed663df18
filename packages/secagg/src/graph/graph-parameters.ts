/**
 * Degree and threshold of the communication graph. Against a server that follows the protocol: Bell et al., "Secure
 * Single-Server Aggregation with (Poly)Logarithmic Overhead", CCS 2020, section 3. Against one that tells clients different
 * things: the conditions that docs/threat-model.md proves for the rules clients keep. Complete graph: Bonawitz et al., CCS
 * 2017.
 *
 * Only sums, products and quotients of float64 are used, so every engine computes the same pair.
 *
 * @module
 */
import { checkInteger, checkNumber, refuse } from '@fedkit/core/internal';
import { FedkitError } from '@fedkit/core';
import { hypergeometric, leastLower, leastUpper } from './hypergeometric.ts';

/**
 * What the server may do: `curious` follows the protocol and looks; `semi-malicious` sets the round up honestly and
 * may then tell different clients different things in every message.
 */
export type Adversary = 'curious' | 'semi-malicious';

/**
 * What a ring guarantees against a semi-malicious server. `cohort`: all clients that release shares do so for one set of
 * survivors, so that the one sum holds the round's minimum of clients. `one-sum`: one sum can be opened and no other,
 * and it holds at least {@link leastInOneSum} honest clients; sparser graphs and more dropouts.
 */
export type Guarantee = (typeof GUARANTEES)[number];

/** All guarantees, by their number on the wire. */
export const GUARANTEES = ['cohort', 'one-sum'] as const;

/** What degree and threshold are computed from. */
export interface GraphAssumptions {
  /** n, 2 to 10^6. */
  readonly clients: number;
  /** γ: the fraction of clients that collude with the server, in [0, 1). */
  readonly corruptFraction: number;
  /** δ: the fraction of clients that may vanish during the round, in [0, 1). */
  readonly dropoutFraction: number;
  readonly adversary: Adversary;
  /** On a ring against a semi-malicious server; default `cohort`. */
  readonly guarantee?: Guarantee;
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
 * Curious server: honest survivors stay connected and corrupt neighbours stay below the threshold, each but for 2^−(σ+1).
 * Semi-malicious: with at most C½ corrupt among any k/2 consecutive places of the ring, 3t > 2(k + C½) for `cohort` and
 * t > k/2 + C½ for `one-sum` (docs/threat-model.md), for one draw of the ring. Every client keeps t surviving neighbours but
 * for 2^−η in all. In the complete graph the threshold is the largest that tolerates δ dropouts, n − ⌊δn⌋.
 *
 * @throws FedkitError `OUT_OF_RANGE` for arguments outside their ranges; `INVALID_ARGUMENT` where no graph satisfies the
 * assumptions, saying which bound fails.
 * @complexity O(k²) time for the degree k found, at most about 0.3 s at n = 10^6.
 */
export function graphParameters(assumptions: GraphAssumptions): GraphParameters {
  const { clients, corruptFraction, dropoutFraction, adversary } = checkAssumptions(assumptions);
  const { eta = 30 } = assumptions;
  const survivors = Math.ceil((1 - dropoutFraction) * clients);
  const lossPerClient = powerOfHalf(eta) / clients;
  const connected = connectivity(assumptions);
  for (let degree = 2; degree < clients - 1; degree += 2) {
    if (adversary === 'curious' && !connected(degree)) continue;
    const threshold = leastSecureThreshold(assumptions, degree);
    const reachable = leastLower(hypergeometric(clients, survivors, degree), lossPerClient);
    if (threshold <= Math.min(degree, reachable)) return { degree, threshold };
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
  const { adversary } = checkAssumptions(assumptions);
  if (graph.kind === 'complete') {
    const least = leastCompleteThreshold(assumptions);
    if (graph.threshold < least) refuse('OUT_OF_RANGE', 'checkGraph: threshold', `≥ ${least}`, graph.threshold);
    return;
  }
  if (adversary === 'curious' && !connectivity(assumptions)(graph.degree)) {
    refuse('OUT_OF_RANGE', 'checkGraph: degree', 'one that keeps honest survivors connected', graph.degree);
  }
  const least = leastSecureThreshold(assumptions, graph.degree);
  if (graph.threshold < least) refuse('OUT_OF_RANGE', 'checkGraph: threshold', `≥ ${least}`, graph.threshold);
}

/**
 * F: honest clients that are in the one sum a semi-malicious server can open on a ring of guarantee `one-sum`, at least
 * (docs/threat-model.md, step 4).
 *
 * @throws FedkitError `OUT_OF_RANGE` where the graph does not meet t > k/2 + C½.
 */
export function leastInOneSum({ degree, threshold }: GraphParameters, assumptions: GraphAssumptions): number {
  const { clients } = checkAssumptions(assumptions);
  const oneSum = { ...assumptions, adversary: 'semi-malicious', guarantee: 'one-sum' } as const;
  checkGraph({ kind: 'harary', degree, threshold }, oneSum);
  const { neighbours, halfNeighbours } = corruptBounds(assumptions, degree);
  const gap = degree - threshold + halfNeighbours;
  const within = threshold - neighbours + 1 - (gap === 0 ? 0 : Math.floor((gap + 1) ** 2 / 4) / gap);
  const counted = within > 0 ? Math.ceil((clients * within) / (within + degree - threshold + neighbours)) : 0;
  // Whoever is in the sum has t − C honest neighbours that released its seed, and they are in it too.
  const least = Math.max(counted, threshold - neighbours + 1);
  return Math.min(clients - corruptClients(assumptions), least);
}

/** ⌊γn⌋. */
export function corruptClients({
  clients,
  corruptFraction,
}: Pick<GraphAssumptions, 'clients' | 'corruptFraction'>): number {
  return Math.floor(corruptFraction * clients);
}

/**
 * C and C½: the most corrupt clients among the neighbours of any client, and among any k/2 consecutive places, but for
 * 2^−(σ+2) and 2^−(σ+3) over one draw of the ring.
 */
export function corruptBounds(
  assumptions: GraphAssumptions,
  degree: number,
): { readonly neighbours: number; readonly halfNeighbours: number } {
  const { clients, sigma = 40 } = assumptions;
  const corrupt = corruptClients(assumptions);
  return {
    neighbours: leastUpper(hypergeometric(clients, corrupt, degree), powerOfHalf(sigma + 2) / clients),
    halfNeighbours: leastUpper(hypergeometric(clients, corrupt, degree / 2), powerOfHalf(sigma + 3) / clients),
  };
}

/** The least threshold of a ring under the assumptions, at least 2. */
function leastSecureThreshold(assumptions: GraphAssumptions, degree: number): number {
  const { clients, adversary, guarantee = 'cohort', sigma = 40 } = assumptions;
  if (adversary === 'curious') {
    const neighbours = hypergeometric(clients, corruptClients(assumptions), degree);
    return Math.max(2, leastUpper(neighbours, powerOfHalf(sigma + 1) / clients) + 1);
  }
  const { halfNeighbours } = corruptBounds(assumptions, degree);
  const above = guarantee === 'cohort' ? Math.floor((2 * (degree + halfNeighbours)) / 3) : degree / 2 + halfNeighbours;
  return Math.max(2, above + 1);
}

/** Whether honest survivors stay connected at a degree, but for 2^−(σ+1); degrees are asked for in ascending order. */
function connectivity({
  clients,
  corruptFraction,
  dropoutFraction,
  sigma = 40,
}: GraphAssumptions): (degree: number) => boolean {
  const removed = corruptClients({ clients, corruptFraction }) + Math.floor(dropoutFraction * clients);
  // Π (removed − i)/(clients − i) for i < k: the chance that k given clients are all removed.
  let allRemoved = 1;
  let factors = 0;
  return (degree) => {
    for (; factors < degree; factors++) allRemoved *= Math.max(0, removed - factors) / (clients - factors);
    return ((clients * Math.max(0, clients - degree - 1)) / 2) * allRemoved < powerOfHalf(sigma + 1);
  };
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
  if (assumptions.guarantee !== undefined && !GUARANTEES.includes(assumptions.guarantee)) {
    refuse('INVALID_ARGUMENT', 'graphParameters: guarantee', "'cohort' or 'one-sum'", assumptions.guarantee);
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
