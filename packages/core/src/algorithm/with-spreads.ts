/**
 * Slots in units that the server announces, so that a ring of a few bits follows what is left to say.
 *
 * Keith Bonawitz, Fariborz Salehi, Jakub Konečný, H. Brendan McMahan, Marco Gruteser, "Federated Learning with Autotuned
 * Communication-Efficient Secure Aggregation", 2019, https://arxiv.org/abs/1912.00131.
 *
 *     server     announces u_s of each slot s
 *     client     sends x/u; what was counted of it, times u, is what its algorithm settles
 *     server     steps by u times the aggregate;   u ← next(u, u times the sum), rounded up to a power of two
 *
 * Powers of two move no bit: where nothing is lost on the way, every model is that of the algorithm by itself. Units are part of the
 * server's state and of the broadcast, so that checkpoints, restarts and simulations have them without knowing.
 *
 * The sums of some clients say little of those that were away, who may have more to say than a ring of six units holds: a coordinate of a
 * client counts for three units at most. What an algorithm settles is what was counted, so that the rest follows; units grow meanwhile.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { checkOptions, checkPositive, checkVector, type OptionNames, refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import type { Algorithm, LinearAlgorithm, Settlement } from './contract.ts';

/** Options of {@link withSpreads}. */
export interface SpreadOptions {
  /**
   * The root mean square to expect of each slot's *sum* in the first round, by the slot's name, 2^−60 to 2^60 in its values' unit. Only
   * slots that are means over clients; a slot without one stays as it is.
   */
  readonly spreads: Readonly<Record<string, number>>;
  /** The next spread from the one used and the decoded sum, shape [d]: `nextSpread` of `@fedkit/compression`. */
  readonly next: (spread: number, sum: Float32Array) => number;
}

/** The units of a round, by slot. */
export type Units = { readonly units: Readonly<Record<string, number>> };

const LARGEST = 2 ** 60;
const SMALLEST = 2 ** -60;
/** Units that a coordinate of one client counts for at most: half of what the ring holds on either side. */
const MOST = 3;

/**
 * The algorithm with announced units, for `secureSum` with `rotated(wrapped({ bits, spread: 1 }))` in the named slots. A ring of fixed
 * spread has a fixed step, and the model comes no nearer to the optimum than that; here the step shrinks with the sums. What a client
 * weighs is not known to the server, so that the sum of a slot that counts by weight is taken for that of clients of the largest weight.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options; on a device, for announced units that are none.
 * @example
 * ```ts
 * import { scaffold, secureSum } from '@fedkit/core';
 * import { withSpreads } from '@fedkit/core/algorithm';
 * import { clearAggregation } from '@fedkit/core/simulation';
 * import { nextSpread, rotated, wrapped } from '@fedkit/compression';
 *
 * const algorithm = withSpreads(scaffold(), { spreads: { update: 8, control: 32 }, next: nextSpread });
 * const pipeline = secureSum({
 *   algorithm,
 *   size: 100,
 *   codec: rotated(wrapped({ bits: 12, spread: 1 })),
 *   aggregation: clearAggregation(),
 *   minimumContributors: 2,
 *   wrapProbability: 1e-6,
 * });
 * console.log(pipeline.terms.find(([name]) => name === 'algorithm: spreads')?.[1]); // => control, update
 * ```
 */
export function withSpreads<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends { readonly [slot: string]: PlainData },
>(algorithm: LinearAlgorithm<S, B, C, U, R>, options: SpreadOptions): LinearAlgorithm<S & Units, B & Units, C, U, R>;
export function withSpreads<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends { readonly [slot: string]: PlainData },
>(algorithm: Algorithm<S, B, C, U, R>, options: SpreadOptions): Algorithm<S & Units, B & Units, C, U, R> {
  const where = 'withSpreads';
  checkOptions(where, options, { spreads: true, next: true } satisfies OptionNames<SpreadOptions>);
  const { next } = options;
  if (typeof next !== 'function') refuse('INVALID_ARGUMENT', `${where}: next`, 'a function such as nextSpread', next);
  const slots = Object.keys(options.spreads ?? {}).sort();
  if (slots.length === 0)
    refuse('INVALID_ARGUMENT', `${where}: spreads`, 'a spread for at least one slot', options.spreads);
  const first = unitsOf(slots, (slot) => checkPositive(`${where}: spreads.${slot}`, options.spreads[slot], LARGEST));
  // A step of ranges would not see the whole sum.
  const { coordinateWise: _coordinateWise, ...rest } = algorithm;
  const announced = ({ units }: Units, at: string) =>
    unitsOf(slots, (slot) => {
      const unit: unknown = units?.[slot];
      if (typeof unit !== 'number' || !(unit >= SMALLEST && unit <= LARGEST) || powerAbove(unit) !== unit)
        refuse('INVALID_ARGUMENT', `${where}.${at}: units.${slot}`, 'a power of two from 2^-60 to 2^60', unit);
      return unit;
    });
  /** The named slots of `values` by a factor each and within ± `most`, the others as they are. */
  const scaled = <T extends object>(values: T, factor: (slot: string) => number, at: string, most = Infinity): T => {
    const changed = slots.map((slot): [string, Float32Array] => {
      const own: unknown = (values as Readonly<Record<string, unknown>>)[slot];
      const by = factor(slot);
      return [slot, checkVector(`${where}.${at}: ${slot}`, own).map((value) => within(value * by, most))];
    });
    return { ...values, ...Object.fromEntries(changed) };
  };

  return {
    ...rest,
    options: { ...algorithm.options, spreads: slots.join(', ') },
    init: (params) => withUnits(algorithm.init(params), first),
    broadcast: (state) => withUnits(algorithm.broadcast(withoutUnits(state)), state.units),
    async clientRound({ broadcast, ...round }) {
      const units = announced(broadcast, 'clientRound');
      const inner = withoutUnits(broadcast);
      const report = await algorithm.clientRound({ ...round, broadcast: inner });
      const own = report.contribution.values as object;
      const values = scaled(own, (slot) => 1 / units[slot], 'clientRound', MOST) as U;
      const contribution = { ...report.contribution, values };
      if (!algorithm.settle) return { ...report, contribution };
      // The report's state is that of values which count as they are: of those that are sent, where less was.
      const counted = scaled(values as object, (slot) => units[slot], 'clientRound') as U;
      const { state } = round;
      const held = state === undefined ? {} : { state };
      const kept = algorithm.settle({ broadcast: inner, ...held, counted, reported: report.state });
      return { ...report, contribution, state: kept };
    },
    ...(algorithm.settle && {
      settle({ broadcast, counted, ...round }: Settlement<B & Units, C, U>) {
        const units = announced(broadcast, 'settle');
        const values = scaled(counted as object, (slot) => units[slot], 'settle') as U;
        const settled = algorithm.settle?.({ ...round, broadcast: withoutUnits(broadcast), counted: values });
        return settled as C;
      },
    }),
    serverStep(state, aggregate, info) {
      const { units } = state;
      const own = scaled(aggregate, (slot) => units[slot], 'serverStep');
      const after = algorithm.serverStep(withoutUnits(state), own, info);
      const following = unitsOf(slots, (slot) => {
        const sum = (own[slot] as Float32Array).map((value) => value * info.cohort);
        const spread: unknown = next(units[slot], sum);
        if (typeof spread !== 'number' || !(spread >= 0))
          refuse('OUT_OF_RANGE', `${where}.serverStep: next`, 'a spread ≥ 0', spread);
        return spread;
      });
      return withUnits(after, following);
    },
  };
}

/** A power of two for each slot, within the range of units. */
function unitsOf(slots: readonly string[], of: (slot: string) => number): Record<string, number> {
  return Object.fromEntries(slots.map((slot) => [slot, powerAbove(of(slot))]));
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}

/** The least power of two ≥ `value`, within the range of units. */
function powerAbove(value: number): number {
  let power = SMALLEST;
  while (power < value && power < LARGEST) power *= 2;
  return power;
}

function withUnits<T extends PlainData>(data: T, units: Units['units']): T & Units {
  if (typeof data !== 'object' || data === null || Object.hasOwn(data, 'units'))
    refuse(
      'INVALID_ARGUMENT',
      'withSpreads: algorithm',
      'one whose states and broadcasts are records without units',
      data,
    );
  return { ...(data as object), units } as T & Units;
}

function withoutUnits<T extends PlainData>(data: T & Units): T {
  const { units: _units, ...rest } = data as object as Units;
  return rest as unknown as T;
}
