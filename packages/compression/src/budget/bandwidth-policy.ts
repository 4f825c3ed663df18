/**
 * A byte budget from measured bandwidth.
 *
 * @module
 */
import {
  checkOptions,
  type OptionNames,
  checkInteger,
  checkNumber,
  checkPositive,
  refuse,
} from '@fedkit/core/internal';

/** Options of {@link bandwidthPolicy}. */
export interface BandwidthPolicyOptions {
  /** What an upload may take, in seconds; > 0. */
  readonly seconds: number;
  /** Budgets stay in [minimum, maximum] bytes. */
  readonly minimum: number;
  /** At most so many bytes. */
  readonly maximum: number;
  /** Weight of the newest transfer, in (0, 1]; 0.3 by default. */
  readonly smoothing?: number;
}

/** Plain data: keep it between rounds in any store. */
export interface BandwidthState {
  /** Smoothed seconds a byte; 0 before the first transfer. */
  readonly secondsPerByte: number;
}

/** Turns the transfers a client has seen into the budget of its next one. */
export interface BandwidthPolicy {
  init(): BandwidthState;
  /** Folds in a finished transfer of `bytes` > 0 that took `seconds` > 0. */
  observe(state: BandwidthState, transfer: { readonly bytes: number; readonly seconds: number }): BandwidthState;
  /** Bytes for `encodeToBudget`: what the time allows; `minimum` before anything is known. */
  budget(state: BandwidthState): number;
}

/**
 * Smooths seconds a byte rather than bytes a second: times add up, so one fast burst does not promise what the next slow
 * transfer cannot keep.
 */
export function bandwidthPolicy(options: BandwidthPolicyOptions): BandwidthPolicy {
  checkOptions('bandwidthPolicy', options, {
    seconds: true,
    minimum: true,
    maximum: true,
    smoothing: true,
  } satisfies OptionNames<typeof options>);
  const seconds = checkPositive('bandwidthPolicy: seconds', options.seconds);
  const minimum = checkInteger('bandwidthPolicy: minimum', options.minimum, 1);
  const maximum = checkInteger('bandwidthPolicy: maximum', options.maximum, minimum);
  const smoothing = checkPositive('bandwidthPolicy: smoothing', options.smoothing ?? 0.3, 1);
  const checked = (state: BandwidthState): number => {
    if (typeof state !== 'object' || state === null)
      refuse('INVALID_ARGUMENT', 'bandwidthPolicy: state', 'a state', state);
    return checkNumber('bandwidthPolicy: state.secondsPerByte', state.secondsPerByte, 0);
  };
  return {
    init: () => ({ secondsPerByte: 0 }),

    observe(state, transfer) {
      const before = checked(state);
      const now =
        checkPositive('bandwidthPolicy.observe: seconds', transfer.seconds) /
        checkPositive('bandwidthPolicy.observe: bytes', transfer.bytes);
      return { secondsPerByte: before === 0 ? now : before + smoothing * (now - before) };
    },

    budget(state) {
      const secondsPerByte = checked(state);
      if (secondsPerByte === 0) return minimum;
      return Math.max(minimum, Math.min(maximum, Math.floor(seconds / secondsPerByte)));
    },
  };
}
