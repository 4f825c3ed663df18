/**
 * Tensors that a federation treats in different ways: optimized, averaged only, largest, local, frozen.
 *
 *     algorithm ── sees the optimized tensors alone ──▶ update, control, direction, …      as without the others
 *     statistics   Δ of what is averaged only ──▶ weighted mean ──▶ x ← x + Σ n·Δ / Σ n
 *     variances    σ² ← mean of (σ_i² + (m_i − m)²) − (mean of m_i − m)², at least 0          of batch normalization
 *     counters     x ← the largest
 *     local        kept by the client: Xiaoxiao Li, Meirui Jiang, Xiaofei Zhang, Michael Kamp, Qi Dou, "FedBN: Federated
 *                  Learning on Non-IID Features via Local Batch Normalization", ICLR 2021, algorithm 1
 *
 * The pooled variance is the law of total variance, with m the mean that the clients were sent.
 *
 * @module
 */
import type { Aggregator, LinearAggregator, Update } from '../aggregate/contract.ts';
import { weightedMean } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { robustAggregator } from '../aggregate/robust/rule.ts';
import { checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import type { Layout } from '../model/layout.ts';
import { rolesOf } from '../model/roles.ts';
import type { PlainData } from '../plain-data.ts';
import { type AsynchronousAlgorithm, isAsynchronous } from './asynchronous.ts';
import { withAsynchronousRoles } from './asynchronous-roles.ts';
import type { Algorithm, AnyAlgorithm } from './contract.ts';
import { checkState } from './local-update.ts';
import type { PersonalizedAlgorithm } from './personalized.ts';
import {
  assemble,
  averagedStatistics,
  checkInner,
  withRolesClient,
  COUNTERS,
  othersAtStart,
  type RolesBroadcast,
  type RolesClientState,
  rolesSlots,
  STATISTICS,
} from './with-roles-client.ts';

/** The algorithm's state, and all values that are not optimized. */
export type RolesState<S extends PlainData> = { readonly algorithm: S; readonly others: Float32Array };

/** Options of {@link withRoles}. */
export interface RolesOptions {
  /**
   * How clients' changes of averaged tensors become one; default {@link weightedMean} by number of examples. Beside a robust rule
   * take a robust one, such as `coordinateMedian`: one client could move a mean anywhere.
   */
  readonly statistics?: (size: number) => Aggregator<unknown, Float32Array>;
}

/** An algorithm that keeps roles. */
export type RolesAlgorithm<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> = Algorithm<RolesState<S>, B & RolesBroadcast, C & RolesClientState, U, R> &
  Pick<PersonalizedAlgorithm<RolesState<S>, B & RolesBroadcast, C & RolesClientState, U, R>, 'personal'>;

const OPTIONS: OptionNames<RolesOptions> = { statistics: true };

/**
 * The algorithm on the optimized tensors of `layout`; each other tensor goes the way of its role. No control variate, proximal
 * term, momentum, normalization, server optimizer, sparsifier, error feedback or robust distance touches those.
 *
 * Clients further report the slots `statistics`, the changes of averaged tensors, and `counters`, the values of the largest ones,
 * where there are such. Both are float32 unless a codec is named for them; `secureSum` needs one for `statistics`, and refuses `counters`,
 * as the private pipelines do. The broadcast holds the whole model, frozen and local tensors as they began.
 *
 * Of an algorithm that trains a model of the client's own (`ditto`), that model has statistics of its own. An algorithm of a part of
 * the model (`fedRep`) takes a selection of the optimized tensors: of `Layout.of` those alone.
 *
 * @param layout - Says each tensor's role: `Layout.of([{ name, shape, role }])`, `layout.withRoles(…)`. The pipeline is given the same.
 * @throws FedkitError `INVALID_ARGUMENT` for a layout without an optimized tensor, a variance without its mean, an algorithm
 * of `withMetrics`, which goes outside; `init` for a variance below 0 (`OUT_OF_RANGE`).
 * @example
 * ```ts
 * import { fedAdam, Layout, withRoles } from '@fedkit/core';
 *
 * const layout = Layout.of([
 *   { name: 'kernel', shape: [4] },
 *   { name: 'mean', shape: [2], role: 'averaged' },
 *   { name: 'variance', shape: [2], role: 'averaged', varianceOf: 'mean' },
 * ]);
 * const algorithm = withRoles(fedAdam({ learningRate: 0.1 }), layout);
 * const state = algorithm.init(new Float32Array(8));
 * const aggregate = { update: new Float32Array(4), statistics: Float32Array.of(0, 0, 5, 5) };
 * const next = algorithm.serverStep(state, aggregate, { round: 1, cohort: 2, population: 2 });
 * console.log([...algorithm.params(next)].join()); // => 0,0,0,0,0,0,5,5
 * ```
 */
export function withRoles<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  algorithm: Algorithm<S, B, C, U, R> & { aggregator(size: number): LinearAggregator<unknown, R, U> },
  layout: Layout,
  options?: RolesOptions & { readonly statistics?: (size: number) => LinearAggregator<unknown, Float32Array> },
): RolesAlgorithm<S, B, C, U, R> & { aggregator(size: number): LinearAggregator<unknown, R, U> };
/** The same around a robust rule: it sees the update, and nothing of the statistics. */
export function withRoles<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(algorithm: Algorithm<S, B, C, U, R>, layout: Layout, options?: RolesOptions): RolesAlgorithm<S, B, C, U, R>;
/** The same without rounds: statistics are averaged over the contributions of a step, each by its share. No `statistics` rule applies. */
export function withRoles<U extends Update>(
  algorithm: AsynchronousAlgorithm<U>,
  layout: Layout,
): AsynchronousAlgorithm<U>;
export function withRoles(
  algorithm: AnyAlgorithm | AsynchronousAlgorithm<Update>,
  layout: Layout,
  options: RolesOptions = {},
): unknown {
  checkOptions('withRoles', options, OPTIONS);
  if (algorithm && isAsynchronous(algorithm)) {
    if (options.statistics !== undefined) {
      refuse('INVALID_ARGUMENT', 'withRoles: statistics', `none: ${algorithm.kind} has a mean of its own`, 'one');
    }
    return withAsynchronousRoles(algorithm, layout);
  }
  if (typeof algorithm?.serverStep !== 'function') {
    refuse('INVALID_ARGUMENT', 'withRoles: algorithm', 'an algorithm such as fedAvg()', algorithm);
  }
  return synchronousRoles(algorithm, layout, options);
}

function synchronousRoles<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(algorithm: Algorithm<S, B, C, U, R>, layout: Layout, options: RolesOptions): RolesAlgorithm<S, B, C, U, R> {
  checkInner(algorithm);
  const where = `withRoles: ${algorithm.kind}`;
  const roles = rolesOf('withRoles', layout);
  const { optimized, others, averaged, largest } = roles;
  const slots = rolesSlots(roles);

  // What has a role of its own is somewhere else in every range.
  const { coordinateWise: _, ...whole } = algorithm;
  return {
    ...whole,
    ...withRolesClient(algorithm, layout),
    init(params) {
      const rest = othersAtStart(`${where}.init`, roles, params);
      return { algorithm: algorithm.init(optimized.gather(params)), others: rest };
    },
    params: (state) => assemble(roles, algorithm.params(state.algorithm), state.others),
    broadcast: (state) => {
      const own: object = algorithm.broadcast(state.algorithm) as object;
      return { ...own, others: state.others } as B & RolesBroadcast;
    },
    aggregator(size) {
      checkInteger(`${where}.aggregator: size`, size, layout.size, layout.size);
      const { slots: own } = algorithm.aggregator(optimized.size) as { slots?: Readonly<Record<string, never>> };
      const taken = Object.keys(slots).find((name) => own === undefined || Object.hasOwn(own, name));
      if (taken !== undefined) {
        refuse('INVALID_ARGUMENT', 'withRoles: algorithm', `one whose aggregator is a record without ${taken}`, own);
      }
      const { statistics = weightedMean } = options;
      return record({
        ...own,
        ...(averaged.size > 0 && { [STATISTICS]: statistics(averaged.size) }),
        ...(largest.size > 0 && { [COUNTERS]: largestOf(largest.size) }),
      }) as never;
    },
    serverStep(state, aggregate, info) {
      const { [STATISTICS]: change, [COUNTERS]: counters, ...own } = aggregate as Record<string, unknown>;
      let rest = state.others;
      if (averaged.size > 0) {
        rest = averagedStatistics(roles, rest, checkState(`${where}.serverStep: statistics`, change, averaged.size));
      }
      if (largest.size > 0) {
        checkState(`${where}.serverStep: counters`, counters, largest.size);
        const before = largest.gather(rest);
        const next = before.map((value, i) => Math.max(value, (counters as Float32Array)[i]));
        rest = largest.scatter(next, rest.slice());
      }
      checkState(`${where}.serverStep`, rest, others.size);
      return { algorithm: algorithm.serverStep(state.algorithm, own as unknown as R, info), others: rest };
    },
  };
}

/** The largest of all clients' values, coordinate by coordinate. */
function largestOf(size: number): Aggregator<unknown, Float32Array> {
  return robustAggregator({
    name: 'largest',
    size,
    combine: ({ values }) => values[0].map((value, i) => values.reduce((most, own) => Math.max(most, own[i]), value)),
  });
}
