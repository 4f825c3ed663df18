/**
 * Sums alone: the server learns Σ over the survivors and nothing of one client's update.
 *
 *     client   x·w/W ─ codec ─▶ integers ─ masks ─▶          server   Σ integers ─ decode ─▶ Σ x·w ─▶ the rule's conclusion
 *
 * W is `maximumWeight`: a client of weight w sends (w/W)·x where its rule weighs, and w itself, an integer, exactly.
 *
 * Guarantee: that of the secure aggregation handed in. A sum over few clients, or sums that differ by one client, may still
 * tell of single ones: noise is `distributedDp`'s affair.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import type { LinearAlgorithm } from '../algorithm/contract.ts';
import { checkOptions, type OptionNames } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureSums } from '../secure/contract.ts';
import type { Collected, ExchangingPipeline } from './contract.ts';
import { exchangingServer, vectorName } from './exchange.ts';
import { refuseMemory } from './memory.ts';
import { modelOf } from './model.ts';
import { rootMeanSquare } from './root-mean-square.ts';
import { rmsOverSpread, saturationOf, STRAIN } from './saturation.ts';
import { type ClientSumOptions, clientOfSums, SUM_OPTIONS, WEIGHT } from './secure-sum-client.ts';
import { clientSeedOf, sharedSeedOf } from './seeds.ts';
import { sumsOf } from './rules.ts';
import { checkSettling } from './settling.ts';
import { type Halves, withTerms } from './terms.ts';

/** What `secureSum` is made of. */
export interface SecureSumOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends ClientSumOptions {
  /** One whose contributions are only summed: robust rules need single updates, which nobody has here. */
  readonly algorithm: LinearAlgorithm<S, B, C, U, R>;
  /** Momentum would have to be clipped and combined client by client: only `plainUpdates` has it. */
  readonly clientMomentum?: never;
  /** What one client's codec leaves out the server cannot see: only `plainUpdates` has it. */
  readonly errorFeedback?: never;
}

const OPTIONS: OptionNames<SecureSumOptions<never, never, never, never, never>> = {
  ...SUM_OPTIONS,
  clientMomentum: true,
  errorFeedback: true,
};

/**
 * The aggregate of a linear algorithm by secure aggregation.
 *
 * It is the plain aggregate up to the codec's error, which `facts.quantizationError` states, and float32 rounding; unless the
 * codec clipped or the sum wrapped, which clients count beside the sum: `facts.saturation` says so, and marks such a round.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name for a robust rule, a codec whose encodings do not add, client momentum or error
 * feedback, a missing `maximumWeight` or `wrapProbability`; `OUT_OF_RANGE` for numbers out of range.
 */
export function secureSum<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: SecureSumOptions<S, B, C, U, R>): ExchangingPipeline<S, B, C, U, R> {
  const where = 'secureSum';
  checkOptions(where, options, OPTIONS);
  refuseMemory(where, options);
  const { algorithm } = options;
  const model = modelOf(where, options);
  const { summands, form } = sumsOf(where, algorithm, model.size);
  const half = clientOfSums<U>(where, options, summands, algorithm);
  const { codecs, exchange, weighs, strained, entries, maximumWeight, wrapping } = half;
  checkSettling(where, algorithm, summands, codecs);

  function conclude({ sums, survivors }: SecureSums, seed: Uint8Array): Omit<Collected<R>, 'contributors'> {
    const contributors = survivors.length;
    const scale = (weighted: boolean) => (weighted ? maximumWeight : 1);
    const decoded = summands.map(({ name, size: expectedSize, weighted }, i) => {
      const values = codecs[i].decodeSum(sums[vectorName(name)], {
        contributors,
        seeds: survivors.map((client) => clientSeedOf(seed, name, client)),
        context: { sharedSeed: sharedSeedOf(seed, name), expectedSize },
      });
      return [name, values.map((value) => value * scale(weighted))];
    });
    const weight = weighs ? sums[WEIGHT][0] : contributors;
    const totals = { weight, contributors };
    const aggregate = form.conclude(Object.fromEntries(decoded), totals);
    const errors = summands.map(({ name, size: length, weighted }, i) => {
      const squared = codecs[i].meanSquaredError;
      return [name, new Float32Array(length).fill(scale(weighted) * Math.sqrt(contributors * (squared ?? Number.NaN)))];
    });
    const quantizationError = rootMeanSquare(form.conclude(Object.fromEntries(errors), totals));
    const widths = summands.flatMap(({ name }, i) => {
      const { bits, deviations } = codecs[i];
      return deviations === undefined ? [] : [rmsOverSpread(sums[vectorName(name)], bits, deviations)];
    });
    const counts = strained ? sums[STRAIN] : undefined;
    const saturation = saturationOf({ counts, contributors, slots: summands.length, entries }, widths);
    return {
      aggregate,
      facts: {
        ...(saturation && { saturation }),
        ...(weighs && { weight }),
        ...(Number.isFinite(quantizationError) && { quantizationError }),
        ...(wrapping > 0 && { wrapProbability: wrapping }),
      },
    };
  }

  const halves: Halves<ExchangingPipeline<S, B, C, U, R>> = {
    algorithm,
    client: half.client,
    server: () => exchangingServer<R>(exchange, { conclude }),
  };
  return withTerms({ kind: 'secure-sum', algorithm, model, options: half.terms, slots: summands, codecs }, halves);
}
