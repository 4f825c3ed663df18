/**
 * What both private pipelines are made of, and what it comes to.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import type { LinearAlgorithm } from '../algorithm/contract.ts';
import { checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';
import { type BesideClip, type Joint, jointOf } from './joint.ts';
import { refuseMemory } from './memory.ts';
import { type Model, type ModelOptions, modelOf } from './model.ts';
import type { SelectionOptions } from './privacy.ts';
import { checkDrift, type DriftOptions } from './drift.ts';
import { type SummandShape, type Sums, sumsOf } from './rules.ts';

/** Every update counts once, or by its weight up to a cap. */
export type PrivateWeighting =
  | { readonly kind: 'uniform' }
  /** Weights are finite and > 0; what is above `maximumWeight` counts as it. */
  | { readonly kind: 'capped'; readonly maximumWeight: number };

/** Public constants in the place of what depends on who took part. */
export interface PublicTotals {
  /** What a sum over clients is divided by for their mean: fixed before anyone takes part. */
  readonly expectedContributors: number;
  /** What Σ w·x is divided by; needed where the algorithm weighs and weights are capped. */
  readonly expectedWeight?: number;
}

/** How a slot beside the update is protected, in the unit of its values. */
export interface BesideNoise {
  /** C_b > 0: L2 bound of one client's values. Default for `metrics`, whose k entries are within ±1: √k. */
  readonly clip?: number;
  /** σ_b > 0: the noise on each coordinate of the slot's sum, as the update's `noiseStd`. */
  readonly noiseStd: number;
}

/** Client and server are given the same. Norms and noise are in the unit of the values. */
export interface PrivateOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme,
> extends ModelOptions,
    PublicTotals,
    SelectionOptions<K>,
    DriftOptions {
  /** One whose contributions are only summed. */
  readonly algorithm: LinearAlgorithm<S, B, C, U, R>;
  /** C > 0: L2 bound of one client's update, all slots together, before its weight. */
  readonly clip: number;
  /** How much one update counts. */
  readonly weighting: PrivateWeighting;
  /**
   * Of each slot beside the update, `metrics` of `withMetrics` and `statistics` of `withRoles`, its own clip and noise. The update's clip
   * is then the update's alone. A round costs what one release of multiplier z costs, 1/z² = (C/σ)² + Σ (C_b/σ_b)², weights aside.
   */
  readonly beside?: Readonly<Record<string, BesideNoise>>;
  /** Momentum accumulates over rounds what one clip is to bound: only `plainUpdates` has it. */
  readonly clientMomentum?: never;
  /** What one round left out would add to the next one's clip: only `plainUpdates` has it. */
  readonly errorFeedback?: never;
}

/** The names of the options that both have. */
export const PRIVATE_OPTIONS: OptionNames<PrivateOptions<never, never, never, never, never, SamplingScheme>> = {
  algorithm: true,
  layout: true,
  size: true,
  clip: true,
  weighting: true,
  beside: true,
  expectedContributors: true,
  expectedWeight: true,
  selection: true,
  accounting: true,
  clientMomentum: true,
  acceptDrift: true,
  errorFeedback: true,
};

/** The options, checked. */
export interface PrivateSums<R> extends Sums<R> {
  readonly model: Model;
  readonly clip: number;
  readonly joint: Joint;
  readonly totals: { readonly weight: number; readonly contributors: number };
  /** By slot beside the update, σ_b; σ of metrics that are no slot beside. */
  readonly besideStd: Readonly<Record<string, number>>;
}

/** @throws FedkitError `INVALID_ARGUMENT` by name for what has no sound meaning together, `OUT_OF_RANGE` for numbers. */
export function privateSums<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme,
>(where: string, options: PrivateOptions<S, B, C, U, R, K> & { readonly noiseStd: number }): PrivateSums<R> {
  refuseMemory(where, options);
  const model = modelOf(where, options);
  const sums = sumsOf<R>(where, options.algorithm, model.size);
  checkDrift(where, options.algorithm, options);
  const clip = checkClip(where, options.clip);
  const beside = besideOf(where, options, sums.summands);
  const joint = jointOf(sums.summands, checkWeighting(where, options.weighting), { clip, beside });
  const besideStd = Object.fromEntries(
    Object.keys(beside).map((name) => [name, options.noiseStd / beside[name].scale]),
  );
  // Of rounds that only measure, the metrics are what the noise is for.
  if (!Object.hasOwn(beside, 'metrics') && sums.summands.some(({ name }) => name === 'metrics')) {
    besideStd.metrics = options.noiseStd;
  }
  return { ...sums, model, clip, joint, totals: publicTotals(where, options, joint.weighs), besideStd };
}

/** The clips of what is beside the update, checked: each slot has one, and nothing else has. */
function besideOf(
  where: string,
  options: {
    readonly algorithm: { readonly beside?: readonly string[] };
    readonly beside?: Readonly<Record<string, BesideNoise>>;
    readonly noiseStd: number;
  },
  summands: readonly SummandShape[],
): Record<string, BesideClip> {
  const { beside = {} } = options;
  const noiseStd = checkPositive(`${where}: noiseStd`, options.noiseStd);
  const names = options.algorithm.beside ?? [];
  checkOptions(`${where}: beside`, beside, Object.fromEntries(names.map((name) => [name, true])));
  return Object.fromEntries(
    names.map((name) => {
      const given: unknown = beside[name];
      if (typeof given !== 'object' || given === null) {
        const expected = 'its own noiseStd, and clip: in the one clip of an update it would take the update’s place';
        refuse('INVALID_ARGUMENT', `${where}: beside.${name}`, expected, given);
      }
      const own = given as Partial<BesideNoise>;
      checkOptions(`${where}: beside.${name}`, own, { clip: true, noiseStd: true } satisfies OptionNames<BesideNoise>);
      const size = summands.find((summand) => summand.name === name)?.size ?? 1;
      const clip = own.clip ?? (name === 'metrics' ? Math.sqrt(size) : undefined);
      const std = checkPositive(`${where}: beside.${name}.noiseStd`, own.noiseStd);
      return [name, { clip: checkPositive(`${where}: beside.${name}.clip`, clip), scale: noiseStd / std }];
    }),
  );
}

/** The clip, checked. */
function checkClip(where: string, clip: unknown): number {
  if (clip === undefined) {
    refuse('INVALID_ARGUMENT', `${where}: clip`, 'an L2 bound for updates, without which noise protects nobody', clip);
  }
  return checkPositive(`${where}: clip`, clip);
}

/** The weighting, checked: the largest weight, or `undefined` where all count alike. */
function checkWeighting(where: string, weighting: PrivateWeighting): number | undefined {
  const kind: unknown = weighting?.kind;
  if (kind !== 'uniform' && kind !== 'capped') {
    refuse('INVALID_ARGUMENT', `${where}: weighting`, "kind 'uniform' or 'capped'", kind);
  }
  if (weighting.kind === 'uniform') return undefined;
  if (weighting.maximumWeight === undefined) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: weighting`,
      'a maximumWeight, without which a weighted sum has no sensitivity',
      undefined,
    );
  }
  return checkPositive(`${where}: weighting.maximumWeight`, weighting.maximumWeight);
}

/** The totals that conclude a sum, public all of them. */
function publicTotals(
  where: string,
  { expectedContributors, expectedWeight }: PublicTotals,
  capped: boolean,
): { weight: number; contributors: number } {
  const contributors = checkPositive(`${where}: expectedContributors`, expectedContributors);
  if (!capped) {
    if (expectedWeight !== undefined) {
      refuse(
        'INVALID_ARGUMENT',
        `${where}: expectedWeight`,
        "weighting 'capped' of weighted sums with it",
        expectedWeight,
      );
    }
    return { weight: contributors, contributors };
  }
  if (expectedWeight === undefined) {
    refuse(
      'INVALID_ARGUMENT',
      `${where}: expectedWeight`,
      'a public constant to divide by: the realized Σ w tells of who took part',
      undefined,
    );
  }
  return { weight: checkPositive(`${where}: expectedWeight`, expectedWeight), contributors };
}

/** What both sides of a private pipeline must agree on, as the options give it. */
export function privateTerms(options: {
  readonly clip: number;
  readonly noiseStd: number;
  readonly weighting: PrivateWeighting;
  readonly expectedContributors: number;
  readonly expectedWeight?: number;
  readonly beside?: Readonly<Record<string, BesideNoise>>;
}): Readonly<Record<string, string | number | undefined>> {
  const { clip, noiseStd, weighting, expectedContributors, expectedWeight } = options;
  const maximumWeight = weighting.kind === 'capped' ? weighting.maximumWeight : undefined;
  // Calibrated on each side, the last digits are those of the engine's own Math. Six digits tell any two budgets apart, and two
  // engines' results lie astride of one in 10^8.
  const agreed = (std: number): number => Number(std.toPrecision(6));
  const beside = Object.entries(options.beside ?? {}).flatMap(([name, own]): [string, number | undefined][] => [
    [`beside.${name}.clip`, own.clip],
    [`beside.${name}.noiseStd`, agreed(own.noiseStd)],
  ]);
  return {
    clip,
    noiseStd: agreed(noiseStd),
    weighting: weighting.kind,
    maximumWeight,
    expectedContributors,
    expectedWeight,
    ...Object.fromEntries(beside),
  };
}
