/**
 * Everything a round's parties must agree on before it starts. Both sides hash it; every key and every share is bound
 * to that hash.
 *
 * @module
 */
import { FedkitError, secureRng } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  checkBytes,
  checkInteger,
  checkNumber,
  refuse,
  utf8Encode,
} from '@fedkit/core/internal';
import type { MaskSuite } from '../crypto/provider.ts';
import {
  type Adversary,
  completeThreshold,
  GUARANTEES,
  graphParameters,
  type Guarantee,
} from '../graph/graph-parameters.ts';
import { copyOf } from '../internal/bytes.ts';
import type { MaskedVector } from '../key-derivation.ts';
import { MAXIMUM_ABSCISSA } from '../shamir.ts';
import { MAXIMUM_BITS, exactBits, likelyBits } from '../sum/ring.ts';

/**
 * What the server is assumed to do: `semi-honest`, it follows the protocol and looks; `semi-malicious`, it sets the
 * round up honestly and may then lie in every message, differently to different clients; `malicious`, it may send
 * anything, and clients know each other's identities from a directory that is not the server's (complete graph only).
 */
export type Mode = (typeof MODES)[number];

/** All modes, by their number on the wire. */
export const MODES = ['semi-honest', 'semi-malicious', 'malicious'] as const;

/** Who shares a mask with whom: everybody, or each client with its neighbours on a random ring. */
export type GraphKind = 'complete' | 'harary';

/** One vector of a round, resolved. */
export interface VectorSpec extends MaskedVector {
  /** Entries lie in [−bound, bound] before the weight. */
  readonly bound: number;
  /** 0 where the sum cannot wrap; else the stated probability that any entry of it does. */
  readonly wrapProbability: number;
}

/** A round's parameters, resolved and checked. Plain data. */
export interface RoundConfig {
  /** 16 bytes that name the session, fresh for each. */
  readonly session: Uint8Array;
  /** Number of the round in its session, unsigned 32 bits. */
  readonly round: number;
  readonly mode: Mode;
  readonly graph: GraphKind;
  /** What a ring guarantees; `cohort` in the complete graph and against a semi-honest server, where nothing less is. */
  readonly guarantee: Guarantee;
  readonly suite: MaskSuite;
  /** Whether every client message carries an Ed25519 signature. */
  readonly identities: boolean;
  /** Places in the round; clients that never come count as dropped. */
  readonly clients: number;
  /** A sum of fewer inputs is not released. */
  readonly minimumClients: number;
  /** Neighbours of a client; `clients − 1` in the complete graph. */
  readonly degree: number;
  /** Shares that rebuild a secret, t. */
  readonly threshold: number;
  /** Inputs are multiplied by an integer weight in [1, maximumWeight], and the weights are summed too. */
  readonly maximumWeight: number;
  /** 32 bytes that name the model the inputs were computed from; zeros where none is pinned. */
  readonly modelDigest: Uint8Array;
  /** In the order they are masked and sent. */
  readonly vectors: readonly VectorSpec[];
}

/** One vector as the caller states it. */
export interface VectorOptions {
  /** Entries, ≥ 1. */
  readonly length: number;
  /** Entries are integers in [−bound, bound]. */
  readonly bound: number;
  /** Width of the ring, where a codec fixes it; otherwise the narrowest that cannot wrap. */
  readonly bits?: number;
  /** Allows a ring that may wrap, with at most this probability over the whole vector; needs `bits` or `deviation`. */
  readonly wrapProbability?: number;
  /** Sub-Gaussian scale of one client's entries, for inputs that were rotated or carry noise: sizes the ring. */
  readonly deviation?: number;
}

/** A round as the caller states it. */
export interface RoundOptions {
  /** Places of the round. */
  readonly clients: number;
  /** What is summed, by name. */
  readonly vectors: Readonly<Record<string, VectorOptions>>;
  /** γ, see {@link graphParameters}. */
  readonly corruptFraction: number;
  /** δ, see {@link graphParameters}. */
  readonly dropoutFraction: number;
  /** Default `semi-malicious`. */
  readonly mode?: Mode;
  /** Default: complete up to 100 clients and against a malicious server, else Harary where a sparse one gives the guarantee. */
  readonly graph?: GraphKind;
  /**
   * On a ring against a semi-malicious server, see {@link Guarantee}. Default `cohort`: no sum of fewer than
   * `minimumClients`. With `one-sum` the least sum is {@link provenCohort}, and clients hold their policy's minimum against that.
   */
  readonly guarantee?: Guarantee;
  /** Overrides the computed degree; even, Harary only. */
  readonly degree?: number;
  /** Overrides the computed threshold. */
  readonly threshold?: number;
  /** Default: the survivors that δ leaves, n − ⌊δn⌋. */
  readonly minimumClients?: number;
  /** Default 1: unweighted. */
  readonly maximumWeight?: number;
  /** Default `aes-128-ctr`; `chacha20` for cohorts without AES in hardware. */
  readonly suite?: MaskSuite;
  /** Of the model that all start from, 32 bytes. */
  readonly modelDigest?: Uint8Array;
  /** Default: only against a malicious server. */
  readonly identities?: boolean;
  /** Default: 16 fresh random bytes. */
  readonly session?: Uint8Array;
  /** Default 0. */
  readonly round?: number;
  /** Security against corruption: failure at most 2^−σ; default 40. */
  readonly sigma?: number;
  /** Correctness under dropout: failure at most 2^−η; default 30. */
  readonly eta?: number;
}

/** Entries over all vectors of a round. */
const MAXIMUM_ENTRIES: number = 2 ** 28;
const MAXIMUM_VECTORS = 1024;
const MAXIMUM_NAME_BYTES = 64;
const AUTOMATIC_COMPLETE = 100;

/** The adversary of {@link graphParameters} that a mode stands against. */
export function adversaryOf(mode: Mode): Adversary {
  return mode === 'semi-honest' ? 'curious' : 'semi-malicious';
}

/** What rounds are made of, by name. @internal */
export const ROUND_OPTIONS: OptionNames<RoundOptions> = {
  clients: true,
  vectors: true,
  corruptFraction: true,
  dropoutFraction: true,
  mode: true,
  graph: true,
  guarantee: true,
  degree: true,
  threshold: true,
  minimumClients: true,
  maximumWeight: true,
  suite: true,
  modelDigest: true,
  identities: true,
  session: true,
  round: true,
  sigma: true,
  eta: true,
};

/**
 * Resolves a round: graph, threshold and ring widths computed, everything checked.
 *
 * @throws FedkitError `OVERFLOW` where bounded inputs could leave the ring, `INVALID_ARGUMENT` where no graph satisfies
 * the assumptions, `OUT_OF_RANGE` otherwise.
 */
export function roundConfig(options: RoundOptions): RoundConfig {
  checkOptions('roundConfig', options, ROUND_OPTIONS);
  return configOf(options);
}

/** The same for options of ours. @internal */
export function configOf(options: RoundOptions): RoundConfig {
  const {
    clients,
    corruptFraction,
    dropoutFraction,
    mode = 'semi-malicious',
    guarantee = 'cohort',
    sigma,
    eta,
  } = options;
  const adversary = adversaryOf(mode);
  const assumptions = {
    clients,
    corruptFraction,
    dropoutFraction,
    adversary,
    guarantee,
    ...(sigma === undefined ? {} : { sigma }),
    ...(eta === undefined ? {} : { eta }),
  };
  const { maximumWeight = 1 } = options;
  checkInteger('roundConfig: clients', clients, 2, MAXIMUM_ABSCISSA - 2);
  checkInteger('roundConfig: maximumWeight', maximumWeight, 1, 0xffffffff);
  return checkRoundConfig({
    session: options.session ?? secureRng().fill(new Uint8Array(16)),
    round: options.round ?? 0,
    mode,
    ...resolveGraph(options, assumptions),
    guarantee,
    suite: options.suite ?? 'aes-128-ctr',
    identities: options.identities ?? mode === 'malicious',
    clients,
    minimumClients: options.minimumClients ?? clients - Math.floor(dropoutFraction * clients),
    maximumWeight,
    modelDigest: options.modelDigest ?? new Uint8Array(32),
    vectors: Object.entries(options.vectors).map(([name, vector]) =>
      resolveVector(name, vector, clients, maximumWeight),
    ),
  });
}

/** The vectors that are masked and summed: the caller's and, where inputs are weighted, the weight. */
export function maskedVectors(config: RoundConfig): readonly MaskedVector[] {
  if (config.maximumWeight === 1) return config.vectors;
  // No caller's vector has the empty name.
  return [...config.vectors, { name: '', length: 1, bits: exactBits(config.clients, 1, config.maximumWeight) }];
}

/**
 * Checks a configuration that came from elsewhere, and copies it.
 *
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`, `SHAPE_MISMATCH` or `OVERFLOW`, naming the field.
 */
export function checkRoundConfig(config: RoundConfig): RoundConfig {
  checkBytes('roundConfig: session', config.session, 16);
  checkInteger('roundConfig: round', config.round, 0, 0xffffffff);
  oneOf('mode', config.mode, MODES);
  oneOf('graph', config.graph, ['complete', 'harary']);
  oneOf('guarantee', config.guarantee, GUARANTEES);
  oneOf('suite', config.suite, ['aes-128-ctr', 'chacha20']);
  if (typeof config.identities !== 'boolean') {
    refuse('INVALID_ARGUMENT', 'roundConfig: identities', 'a boolean', config.identities);
  }
  if (config.mode === 'malicious') checkMalicious(config);
  checkGuarantee(config);
  const { clients, degree, threshold, maximumWeight } = config;
  checkInteger('roundConfig: clients', clients, 2, MAXIMUM_ABSCISSA - 2);
  checkInteger('roundConfig: maximumWeight', maximumWeight, 1, 0xffffffff);
  checkBytes('roundConfig: modelDigest', config.modelDigest, 32);
  const complete = config.graph === 'complete';
  checkInteger('roundConfig: degree', degree, complete ? clients - 1 : 2, clients - 1);
  if (!complete && degree % 2 === 1) refuse('OUT_OF_RANGE', 'roundConfig: degree', 'an even number', degree);
  checkInteger('roundConfig: threshold', threshold, leastThreshold(config), complete ? clients : degree);
  checkInteger('roundConfig: minimumClients', config.minimumClients, complete ? threshold : 2, clients);
  return {
    ...config,
    session: copyOf(config.session),
    modelDigest: copyOf(config.modelDigest),
    vectors: checkVectors(config),
  };
}

/**
 * Whether survivors are acknowledged before shares are released: against every server that may tell clients different
 * things.
 */
export function hasConsistencyRound({ mode }: Pick<RoundConfig, 'mode'>): boolean {
  return mode !== 'semi-honest';
}

/** Below this a server that tells clients different things opens smaller sums even without corrupt clients. */
function leastThreshold({ mode, graph, guarantee, clients, degree }: RoundConfig): number {
  if (mode === 'semi-honest') return 2;
  if (graph === 'harary' && guarantee === 'cohort') return Math.max(2, Math.floor((2 * degree) / 3) + 1);
  return Math.max(2, Math.floor((graph === 'complete' ? clients : degree) / 2) + 1);
}

function checkGuarantee({ mode, graph, guarantee }: RoundConfig): void {
  if (guarantee === 'one-sum' && (graph !== 'harary' || mode !== 'semi-malicious')) {
    const expected = "'one-sum' on a ring against a semi-malicious server alone: elsewhere 'cohort' is no dearer";
    refuse('INVALID_ARGUMENT', 'roundConfig: guarantee', expected, guarantee);
  }
}

function checkMalicious({ graph, identities }: RoundConfig): void {
  if (graph !== 'complete') {
    refuse('INVALID_ARGUMENT', 'roundConfig: graph', "'complete' against a malicious server", graph);
  }
  if (!identities) {
    refuse('INVALID_ARGUMENT', 'roundConfig: identities', 'identities against a malicious server', identities);
  }
}

function resolveGraph(
  options: RoundOptions,
  assumptions: Parameters<typeof graphParameters>[0],
): Pick<RoundConfig, 'graph' | 'degree' | 'threshold'> {
  const { clients } = options;
  const small = (clients <= AUTOMATIC_COMPLETE && options.guarantee !== 'one-sum') || options.mode === 'malicious';
  const wanted = options.graph ?? (small ? 'complete' : 'harary');
  if (wanted === 'harary' && (options.degree === undefined || options.threshold === undefined)) {
    const computed = graphParameters(assumptions);
    if (computed.degree < clients - 1) {
      const { degree = computed.degree, threshold = computed.threshold } = options;
      return { graph: 'harary', degree, threshold };
    }
    if (options.graph === 'harary' || options.guarantee === 'one-sum') {
      const expected = `assumptions under which a sparse graph gives the guarantee '${assumptions.guarantee}'`;
      refuse('INVALID_ARGUMENT', 'roundConfig: graph', expected, `${clients} clients that allow none`);
    }
  } else if (wanted === 'harary') {
    return { graph: 'harary', degree: options.degree as number, threshold: options.threshold as number };
  }
  return {
    graph: 'complete',
    degree: clients - 1,
    threshold: options.threshold ?? completeThreshold(assumptions),
  };
}

function resolveVector(name: string, options: VectorOptions, clients: number, maximumWeight: number): VectorSpec {
  const where = `roundConfig: vectors.${name}`;
  const length = checkInteger(`${where}.length`, options.length, 1, MAXIMUM_ENTRIES);
  const bound = checkInteger(`${where}.bound`, options.bound, 1, 2 ** (MAXIMUM_BITS - 1));
  const { wrapProbability, deviation } = options;
  if (wrapProbability === undefined && deviation === undefined) {
    const bits = options.bits ?? exactBits(clients, bound, maximumWeight);
    return { name, length, bound, bits, wrapProbability: 0 };
  }
  if (wrapProbability === undefined || (deviation === undefined) !== (options.bits !== undefined)) {
    refuse('INVALID_ARGUMENT', where, 'wrapProbability with either deviation or bits', 'another combination');
  }
  const bits = options.bits ?? likelyBits(clients, length, deviation as number, maximumWeight, wrapProbability);
  return { name, length, bound, bits, wrapProbability };
}

function checkVectors({ vectors, clients, maximumWeight }: RoundConfig): VectorSpec[] {
  if (!Array.isArray(vectors)) refuse('INVALID_ARGUMENT', 'roundConfig: vectors', 'an array', vectors);
  checkInteger('roundConfig: number of vectors', vectors.length, 1, MAXIMUM_VECTORS);
  const names = new Set<string>();
  let entries = 0;
  const copies = vectors.map(({ name, length, bound, bits, wrapProbability }: VectorSpec) => {
    if (typeof name !== 'string') refuse('INVALID_ARGUMENT', 'roundConfig: vector name', 'a string', name);
    checkInteger('roundConfig: bytes of a vector name', utf8Encode(name).length, 1, MAXIMUM_NAME_BYTES);
    const where = `roundConfig: vectors.${name}`;
    if (names.has(name)) refuse('INVALID_ARGUMENT', where, 'names that differ', name);
    names.add(name);
    checkInteger(`${where}.length`, length, 1, MAXIMUM_ENTRIES);
    checkInteger(`${where}.bound`, bound, 1, 2 ** (MAXIMUM_BITS - 1));
    checkInteger(`${where}.bits`, bits, 2, MAXIMUM_BITS);
    checkNumber(`${where}.wrapProbability`, wrapProbability, 0, 0.5);
    if (wrapProbability === 0 && bits < exactBits(clients, bound, maximumWeight)) {
      throw new FedkitError(
        'OVERFLOW',
        `${where}: expected a ring of ${exactBits(clients, bound, maximumWeight)} bits or an explicit wrapProbability, got ${bits} bits`,
        { details: { clients, bound, maximumWeight, bits } },
      );
    }
    entries += length;
    return { name, length, bound, bits, wrapProbability };
  });
  checkInteger('roundConfig: entries over all vectors', entries, 1, MAXIMUM_ENTRIES);
  return copies;
}

function oneOf(field: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    refuse('INVALID_ARGUMENT', `roundConfig: ${field}`, allowed.map((name) => `'${name}'`).join(' or '), value);
  }
}
