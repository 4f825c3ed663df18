/**
 * What happens to clients between being asked and reporting: some drop out, some are too slow.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { checkOptions, type OptionNames, checkInteger, checkNumber, refuse } from '../check.ts';
import { type SeededRng, shuffle } from '../random.ts';
import type { LocalOptions } from './engine.ts';

/**
 * How each client of a cohort trains this round, in the cohort's order; `undefined` for one that does not report.
 *
 * @param plans - What the cohort was going to do, by this model or the one before.
 * @param rng - A stream for this round alone.
 */
export type Conditions = (
  cohort: readonly ClientId[],
  plans: readonly (LocalOptions | undefined)[],
  rng: SeededRng,
) => readonly (LocalOptions | undefined)[];

/**
 * Every client fails to report with `probability`, independently.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless 0 ≤ `probability` ≤ 1.
 */
export function dropout(options: { readonly probability: number }): Conditions {
  checkOptions('dropout', options, { probability: true } satisfies OptionNames<typeof options>);
  const probability = checkNumber('dropout: probability', options.probability, 0, 1);
  return (_cohort, plans, rng) => plans.map((plan) => (rng.uniform() < probability ? undefined : plan));
}

/**
 * The device heterogeneity of FedProx (Li et al., MLSys 2020, §5.2): of every cohort ⌊fraction · size⌉ clients have
 * time for only part of their E epochs, uniform in 1 … E − 1. `partial` folds in what they got done, as FedProx does;
 * `drop` leaves them out, as federated averaging does.
 *
 * @throws FedkitError `OUT_OF_RANGE` unless 0 ≤ `fraction` ≤ 1, `INVALID_ARGUMENT` for another policy; once in use,
 * `OUT_OF_RANGE` for clients that do not train for whole epochs, E ≥ 2.
 */
export function stragglers(options: { readonly fraction: number; readonly policy: 'partial' | 'drop' }): Conditions {
  checkOptions('stragglers', options, { fraction: true, policy: true } satisfies OptionNames<typeof options>);
  const fraction = checkNumber('stragglers: fraction', options.fraction, 0, 1);
  const { policy } = options;
  if (policy !== 'partial' && policy !== 'drop') {
    refuse('INVALID_ARGUMENT', 'stragglers: policy', "'partial' or 'drop'", policy);
  }
  return (cohort, plans, rng) => {
    const places = shuffle(
      Uint32Array.from(cohort, (_, i) => i),
      rng,
    );
    const slow = new Set(places.subarray(0, Math.round(fraction * cohort.length)));
    return plans.map((plan, i) => {
      if (!slow.has(i) || !plan) return plan;
      const { epochs, steps: _steps, ...rest } = plan;
      const done = 1 + rng.below(checkInteger('stragglers: epochs', epochs, 2) - 1);
      return policy === 'drop' ? undefined : { ...rest, epochs: done };
    });
  };
}

/** One model after the other: what one drops stays dropped. */
export function combined(...models: readonly Conditions[]): Conditions {
  return (cohort, plans, rng) =>
    models.reduce((soFar, model, i) => model(cohort, soFar, rng.fork('condition', i)), plans);
}
