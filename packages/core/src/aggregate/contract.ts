/**
 * The algebra of aggregation: create, accumulate, merge, finalize.
 *
 * @module
 */
import type { ClientId } from '../client-id.ts';
import type { SumForm } from './sum-form.ts';

export type { ClientId } from '../client-id.ts';

/**
 * What one client adds to one aggregate.
 *
 * @typeParam V - A flat vector, or for `record` one vector or number for each slot.
 */
export interface Contribution<V = Float32Array> {
  /** Read during the call only: never kept, never changed. */
  readonly values: V;
  /** > 0, default 1; the number of examples in federated averaging. */
  readonly weight?: number;
  /** Required by rules that break ties or refuse a client reporting twice. */
  readonly client?: ClientId;
}

/** One value of an update: a flat vector, or a scalar such as a step count or a loss. */
export type Slot = Float32Array | number;

/** What one client reports: a named record of vectors and scalars, each folded by an aggregator of its own. */
export type Update = Readonly<Record<string, Slot>>;

/** What rules need besides the contributions; each rule's docstring names what it reads. */
export interface AggregationContext {
  /** A trusted vector, shape [size]: the server's own gradient (FLTrust) or the previous aggregate (centered clipping). */
  readonly reference?: Float32Array;
}

/**
 * Folds contributions into an aggregate. Accumulators are folded in place and belong to whoever created them.
 *
 * Laws, held by `@fedkit/core/conformance`: the order of `accumulate` calls, any split into accumulators joined by
 * `merge`, and any `deserialize(serialize(…))` between change no bit of `finalize`. A call that throws leaves its
 * accumulators as they were.
 *
 * @typeParam A - The accumulator, opaque to callers.
 * @typeParam R - The result of `finalize`.
 * @typeParam V - The type of a contribution's values.
 */
export interface Aggregator<A, R, V = Float32Array> {
  /** The rule's name, as written into serialized accumulators. */
  readonly kind: string;
  /** `linear` if the result depends on contributions only through sums over clients, which secure aggregation can form. */
  readonly linearity: 'linear' | 'perClient';
  /** How memory grows with dimension d and clients n. */
  readonly memory: 'O(d)' | 'O(n·d)';

  create(context?: AggregationContext): A;

  /**
   * Folds one contribution in and returns `accumulator`.
   *
   * @throws FedkitError `SHAPE_MISMATCH` for another length, `OUT_OF_RANGE` for a non-finite or out-of-range value or a
   * weight that is not a finite number > 0; the accumulator is then as before. A robust rule sets a non-finite update aside
   * instead and reports its client: see `RobustAggregator`.
   */
  accumulate(accumulator: A, contribution: Contribution<V>): A;

  /**
   * Takes the latest accepted contribution out again, exactly. `contribution` must be the one last given to
   * `accumulate`, with the same values. Lets several slots be folded as one: if a later one refuses, the earlier retract.
   */
  retract(accumulator: A, contribution: Contribution<V>): A;

  /**
   * Throws what `merge` would throw, and does nothing else. Lets several slots be merged as one: `merge` must not refuse
   * what this accepts.
   */
  checkMerge(into: A, from: A): void;

  /** Folds `from` into `into` and returns `into`; `from` stays as it was, and is still the caller's to dispose. */
  merge(into: A, from: A): A;

  /**
   * The aggregate of everything folded so far; the accumulator can go on.
   *
   * @throws FedkitError `THRESHOLD_NOT_MET` if nothing, or for a robust rule too little, was accumulated.
   */
  finalize(accumulator: A): R;

  /** Versioned bytes that name the rule and its options. */
  serialize(accumulator: A): Uint8Array;

  /** @throws FedkitError `DECODE_FAILED` for bytes that are corrupt, of another rule, size, option or version. */
  deserialize(bytes: Uint8Array): A;

  /** Releases the accumulator's memory at once; using it afterwards is `PROTOCOL_STATE`. Disposing twice is harmless. */
  dispose(accumulator: A): void;
}

/** An aggregator that secure aggregation can stand in for. */
export interface LinearAggregator<A, R, V = Float32Array> extends Aggregator<A, R, V> {
  readonly linearity: 'linear';
  /** The rule by sums alone; absent where `finalize` does more than divide, as a rule that adds noise does. */
  readonly sumForm?: SumForm<R>;
}

/** The contribution type of an aggregator. */
export type ValuesOf<T> = T extends Aggregator<infer _A, infer _R, infer V> ? V : never;

/** The result type of an aggregator. */
export type ResultOf<T> = T extends Aggregator<infer _A, infer R, infer _V> ? R : never;

/** The accumulator type of an aggregator. */
export type AccumulatorOf<T> = T extends Aggregator<infer A, infer _R, infer _V> ? A : never;
