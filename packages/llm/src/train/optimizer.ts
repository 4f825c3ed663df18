/**
 * Local optimizers: what a client does with its corrected gradient.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkNumber, checkPositive, refuse } from '@fedkit/core/internal';
import { cos } from '@fedkit/core/math';

/** η as a factor of the learning rate at local step t = 1, 2, …, counted over all rounds that a trainer took part in. */
export type Schedule = (step: number) => number;

/** Stochastic gradient descent with the momentum of `TrainOptions`. */
export interface Sgd {
  readonly kind: 'sgd';
}

/** AdamW with checked options. */
export interface AdamW {
  readonly kind: 'adamW';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly maxNorm: number | undefined;
  readonly schedule: Schedule;
  readonly moments: 'fresh' | 'kept';
}

/** A local optimizer. */
export type LocalOptimizer = Sgd | AdamW;

/** Options of {@link adamW}. */
export interface AdamWOptions {
  /** β₁ in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** β₂ in [0, 1); default 0.999. */
  readonly beta2?: number;
  /** ε > 0; default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay λ ≥ 0; default 0. */
  readonly weightDecay?: number;
  /** Bound on the L2 norm of a step's gradient, > 0; default: none. */
  readonly maxNorm?: number;
  /** Default: constant. */
  readonly schedule?: Schedule;
  /**
   * `fresh`, the default, starts the moments at 0 in every round. `kept` leaves them on the device from round to round, as
   * DiLoCo does (Douillard et al. 2023, https://arxiv.org/abs/2311.08105); they are then part of the trainer's state.
   */
  readonly moments?: 'fresh' | 'kept';
}

/**
 * AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2,
 * https://arxiv.org/abs/1711.05101. Adapters need it: with plain SGD LoRA diverges or stands still.
 *
 * A gradient that an algorithm shifts (SCAFFOLD, FedDyn, MimeLite) would be rescaled coordinate by coordinate and correct
 * nothing, so such objectives are refused. FedNova's ‖a‖₁ is Σ of the schedule's factors: every step moves by about η
 * whatever the gradient's size.
 *
 * @throws FedkitError `OUT_OF_RANGE` for numbers outside their ranges.
 */
export function adamW(options: AdamWOptions = {}): AdamW {
  checkOptions('adamW', options, {
    beta1: true,
    beta2: true,
    epsilon: true,
    weightDecay: true,
    maxNorm: true,
    schedule: true,
    moments: true,
  } satisfies OptionNames<typeof options>);
  const { schedule = () => 1, moments = 'fresh', maxNorm } = options;
  if (typeof schedule !== 'function') refuse('INVALID_ARGUMENT', 'adamW: schedule', 'a function', schedule);
  if (moments !== 'fresh' && moments !== 'kept') {
    refuse('INVALID_ARGUMENT', 'adamW: moments', "'fresh' or 'kept'", moments);
  }
  return {
    kind: 'adamW',
    beta1: belowOne('beta1', options.beta1 ?? 0.9),
    beta2: belowOne('beta2', options.beta2 ?? 0.999),
    epsilon: checkPositive('adamW: epsilon', options.epsilon ?? 1e-8),
    weightDecay: checkNumber('adamW: weightDecay', options.weightDecay ?? 0, 0),
    maxNorm: maxNorm === undefined ? undefined : checkPositive('adamW: maxNorm', maxNorm),
    schedule,
    moments,
  };
}

/** SGD, with the momentum of `TrainOptions`. */
export function sgd(): Sgd {
  return { kind: 'sgd' };
}

/**
 * Rises linearly over `warmUp` steps, then stays.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless `warmUp` is ≥ 0.
 */
export function linearWarmUp(warmUp: number): Schedule {
  checkNumber('linearWarmUp', warmUp, 0);
  return (step) => Math.min(1, step / Math.max(1, warmUp));
}

/**
 * Rises linearly over `warmUp` steps and falls as a cosine to `floor` at step `total` (Loshchilov and Hutter, "SGDR", 2017).
 *
 * @throws FedkitError `OUT_OF_RANGE` unless 0 ≤ warmUp < total and floor is in [0, 1].
 */
export function cosineSchedule(options: { warmUp?: number; total: number; floor?: number }): Schedule {
  checkOptions('cosineSchedule', options, { warmUp: true, total: true, floor: true } satisfies OptionNames<
    typeof options
  >);
  const total = checkPositive('cosineSchedule: total', options.total);
  const warmUp = checkNumber('cosineSchedule: warmUp', options.warmUp ?? 0, 0, total);
  const floor = checkNumber('cosineSchedule: floor', options.floor ?? 0, 0, 1);
  if (warmUp === total) refuse('OUT_OF_RANGE', 'cosineSchedule: warmUp', `a number below ${total}`, warmUp);
  return (step) => {
    if (step < warmUp) return step / warmUp;
    const passed = Math.min(1, (step - warmUp) / (total - warmUp));
    return floor + ((1 - floor) * (1 + cos(Math.PI * passed))) / 2;
  };
}

function belowOne(name: string, value: number): number {
  checkNumber(`adamW: ${name}`, value, 0, 1);
  if (value === 1) refuse('OUT_OF_RANGE', `adamW: ${name}`, 'a number in [0, 1)', value);
  return value;
}
