/**
 * Federated averaging over a few coordinates a round, the same for all clients and named by what is public.
 *
 *     client i   w_i = Δ_i + e_i      sends w_i at the places P      e_i ← clip_E( w_i without P )
 *     server     x_P ← x_P + Σ n_i w_iP / Σ n_i
 *                s ← β·s,  s_P ← s_P + |mean_P|      next P: the largest of s, and fresh ones from the seed
 *
 * No place travels up, and what travels adds: k values a client under secure sums and noise, whose norm grows as √k and not as √d. Error
 * feedback as in Stich, Cordonnier and Jaggi, "Sparsified SGD with Memory", NeurIPS 2018, https://arxiv.org/abs/1809.07599, with
 * coordinates that all clients share, as in Shi et al., "A Distributed Synchronous SGD Algorithm with Global Top-k
 * Sparsification", ICDCS 2019, https://arxiv.org/abs/1901.04359; there they are found by another exchange, here by what was released.
 *
 * @module
 */
import { type LinearAlgorithm, Layout, mean, record, seededRng, selectPlaces, weightedMean } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';
import { clipL2 } from '@fedkit/core/kernels';
import { build, checkRoundInfo, checkState, localUpdate } from '@fedkit/core/extend';
import { keptOf } from './kept.ts';
import { topK } from './top-k.ts';

/** How many places, and how they are named. */
export interface PublicPlacesOptions {
  /** d: values of the model, at most 2²⁴. */
  readonly size: number;
  /** k/d in (0, 1]. */
  readonly density: number;
  /**
   * The share of places that is drawn from the seed, in (0, 1]; the rest are the largest of what was released. Default 0.5. With 1 all are
   * drawn: random-k. Without fresh ones a place that was never named would never move.
   */
  readonly fresh?: number;
  /** Of fresh places, an integer ≥ 0. */
  readonly seed: number;
  /**
   * `all`, the default: clients train every coordinate, and what waits stays on the device. `places`: they train the named ones alone, and
   * keep nothing; any of them can be asked in any round.
   */
  readonly trains?: 'all' | 'places';
  /** E > 0: L2 bound of what a device owes; default: none. */
  readonly mostOwed?: number;
  /** `examples`, the default, or `uniform`: each client counts once, as under differential privacy. */
  readonly weighting?: 'examples' | 'uniform';
}

/** The model, what was released of late by magnitude, the places of the next round, ascending, and rounds so far. */
export type PublicPlacesState = {
  readonly params: Float32Array;
  readonly released: Float32Array;
  readonly places: Float32Array;
  readonly rounds: number;
};
/** What clients receive. */
export type PublicPlacesBroadcast = { readonly params: Float32Array; readonly places: Float32Array };
/** What a client owes, shape [d]; shape [0] where it keeps nothing. */
export type PublicPlacesMemory = { readonly owed: Float32Array };
/** Values at the places, shape [k]. */
export type PublicPlacesUpdate = { readonly values: Float32Array };

/** β: how fast what was released is forgotten. */
const FORGETTING = 0.9;
/** Integers that float32 holds. */
const MOST = 2 ** 24;

/**
 * FedAvg over k public places a round.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for unknown words or a bound on what nobody owes.
 */
export function publicPlaces(
  options: PublicPlacesOptions,
): LinearAlgorithm<
  PublicPlacesState,
  PublicPlacesBroadcast,
  PublicPlacesMemory,
  PublicPlacesUpdate,
  PublicPlacesUpdate
> {
  checkOptions('publicPlaces', options, {
    size: true,
    density: true,
    fresh: true,
    seed: true,
    trains: true,
    mostOwed: true,
    weighting: true,
  } satisfies OptionNames<typeof options>);
  const where = 'publicPlaces';
  const { trains = 'all', weighting = 'examples', mostOwed } = options;
  const size = checkInteger(`${where}: size`, options.size, 1, MOST);
  const density = checkPositive(`${where}: density`, options.density, 1);
  const fresh = checkNumber(`${where}: fresh`, options.fresh ?? 0.5, 0, 1);
  if (fresh === 0) refuse('OUT_OF_RANGE', `${where}: fresh`, 'a number above 0', fresh);
  const seed = checkInteger(`${where}: seed`, options.seed, 0);
  if (trains !== 'all' && trains !== 'places') refuse('INVALID_ARGUMENT', `${where}: trains`, 'all, places', trains);
  if (weighting !== 'examples' && weighting !== 'uniform') {
    refuse('INVALID_ARGUMENT', `${where}: weighting`, 'examples, uniform', weighting);
  }
  if (mostOwed !== undefined) {
    checkPositive(`${where}: mostOwed`, mostOwed);
    if (trains === 'places') refuse('INVALID_ARGUMENT', `${where}: mostOwed`, 'none where nothing waits', mostOwed);
  }
  const k = keptOf(size, density);
  const layout = Layout.of([{ name: 'values', shape: [size] }]);

  /** The largest of what was released, and fresh ones: ascending, k of them. */
  const nextPlaces = (released: Float32Array, rounds: number): Float32Array => {
    const named = new Uint8Array(size);
    // Before anything was released all are equally large, and the first of them would be taken.
    const largest = rounds === 0 ? 0 : k - Math.max(1, Math.round(fresh * k));
    if (largest > 0) {
      for (const place of topK({ density: largest / size }).support(released, NO_CONTEXT)) named[place] = 1;
    }
    const rng = seededRng(seed).fork('places', rounds);
    for (let left = k - named.reduce((sum, one) => sum + one, 0); left > 0; ) {
      const place = rng.below(size);
      left -= 1 - named[place];
      named[place] = 1;
    }
    const places = new Float32Array(k);
    named.reduce((at, one, place) => (one === 1 ? (places.set([place], at), at + 1) : at), 0);
    return places;
  };

  const checkPlaces = (what: string, places: Float32Array): Float32Array => {
    checkState(what, places, k);
    places.forEach((place, i) => {
      checkInteger(`${what}[${i}]`, place, i === 0 ? 0 : places[i - 1] + 1, size - 1);
    });
    return places;
  };

  return {
    kind: 'publicPlaces',
    options: { size, density, fresh, seed, trains, weighting, ...(mostOwed !== undefined && { mostOwed }) },
    init(params) {
      const start = checkState(`${where}.init: params`, params, size).slice();
      const released = new Float32Array(size);
      return { params: start, released, places: nextPlaces(released, 0), rounds: 0 };
    },
    params: (state) => state.params,
    broadcast: ({ params, places }) => ({ params, places }),
    async clientRound({ broadcast, state, trainer, options: how }) {
      const { params } = broadcast;
      const places = checkPlaces(`${where}.clientRound: places`, broadcast.places);
      const quiet = { lossAtStart: false, ...how };
      const at = (values: Float32Array) => build(k, (i) => values[places[i]]);
      if (trains === 'places') {
        const named = new Set(places);
        const trainable = selectPlaces(trainer.layout ?? layout, (place) => named.has(place));
        const { values, ...local } = await localUpdate(`${where}.clientRound`, trainer, params, { trainable }, quiet);
        const contribution = { values: { values: at(values) }, weight: local.examples };
        return { contribution, state: { owed: new Float32Array(0) }, local };
      }
      const { values, ...local } = await localUpdate(`${where}.clientRound`, trainer, params, {}, quiet);
      const before = state && checkState(`${where}.clientRound: owed`, state.owed, size);
      const whole = before ? build(size, (i) => values[i] + before[i]) : values.slice();
      const sent = at(whole);
      for (const place of places) whole[place] = 0;
      const owed = mostOwed === undefined ? whole : clipL2(whole, mostOwed).values;
      return { contribution: { values: { values: sent }, weight: local.examples }, state: { owed }, local };
    },
    aggregator(dimension) {
      if (dimension !== size) refuse('SHAPE_MISMATCH', `${where}.aggregator: size`, `${size} values`, dimension);
      return record({ values: weighting === 'uniform' ? mean(k) : weightedMean(k) });
    },
    serverStep({ params, released, places, rounds }, { values }, info) {
      checkRoundInfo(`${where}.serverStep`, info);
      checkState(`${where}.serverStep: values`, values, k);
      const next = params.slice();
      const scores = released.map((score) => FORGETTING * score);
      for (let i = 0; i < k; i++) {
        next[places[i]] += values[i];
        scores[places[i]] += Math.abs(values[i]);
      }
      return {
        params: checkState(`${where}.serverStep: result`, next, size),
        released: scores,
        places: nextPlaces(scores, rounds + 1),
        rounds: rounds + 1,
      };
    },
  };
}

/** Choosing the largest needs no seed. */
const NO_CONTEXT = { sharedSeed: new Uint8Array(32) };
