/**
 * Updates one by one: every client's report reaches the server, which may use any rule on them.
 *
 *     client   x ─ momentum? ─ codec, what was owed added ─▶ bytes          server   decode ─▶ fold into the rule
 *
 * The server sees every update. What that tells of a client's data no pipeline of this kind hides.
 *
 * @module
 */
import type { AggregationContext, Update } from '../aggregate/contract.ts';
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { type AsynchronousAlgorithm, isAsynchronous } from '../algorithm/asynchronous.ts';
import type { Algorithm, ClientAlgorithm } from '../algorithm/contract.ts';
import type { Staleness } from '../algorithm/staleness.ts';
import { checkInteger, checkOptions, type OptionNames } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import { inTurns } from '../turns.ts';
import type { AsynchronousPipeline, ReportingPipeline } from './contract.ts';
import { modelOf } from './model.ts';
import { announceParameters, readParameters } from './parameters.ts';
import { plainCollector, reopenedCollector } from './plain-collector.ts';
import { plainRanges } from './plain-ranges.ts';
import { clientOfUpdates, type ClientUpdatesOptions, codecsOfUpdates } from './plain-updates-client.ts';
import { recordOf } from './rules.ts';
import { checkErrorFeedback, checkSettling } from './settling.ts';
import { type Halves, withTerms } from './terms.ts';

/** How plain updates travel, whatever the algorithm. */
export type UpdatesOptions = ClientUpdatesOptions & UpdatesRules;

interface UpdatesRules {
  /** The fewest contributors of an aggregate that is released; default 1. */
  readonly minimumContributors?: number;
  /** What the rule needs besides the updates, such as FLTrust's reference: on the server, as a round opens. */
  readonly context?: (round: number) => AggregationContext;
  /** How much late reports count, by multiplying their weight; default: as others. */
  readonly staleness?: Staleness;
}

/** What `plainUpdates` is made of. */
export type PlainUpdatesOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> = UpdatesOptions & {
  /** Any algorithm, robust rules included, whose aggregator is a `record`. */
  readonly algorithm: Algorithm<S, B, C, U, R>;
};

/** What `plainUpdates` is made of around an algorithm without rounds. */
export type AsynchronousUpdatesOptions<U extends Update> = UpdatesOptions & {
  /** `fedBuff()` or `fedAsync()`. */
  readonly algorithm: AsynchronousAlgorithm<U>;
};

const OPTIONS: OptionNames<UpdatesOptions & { algorithm: unknown }> = {
  algorithm: true,
  layout: true,
  size: true,
  codec: true,
  minimumContributors: true,
  clientMomentum: true,
  errorFeedback: true,
  context: true,
  staleness: true,
};

/**
 * Updates in the clear, encoded by any codec, combined by any rule.
 *
 * Each client has seeds of its own in every round, so that errors of unbiased codecs average out. Reports are folded as they
 * are decoded where every slot's rule streams, in O(model) memory.
 *
 * @throws FedkitError `INVALID_ARGUMENT` and `OUT_OF_RANGE` for options that do not fit.
 * @example
 * ```ts
 * import { fedAvg, plainUpdates, softmaxRegression } from '@fedkit/core';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const pipeline = plainUpdates({ algorithm: fedAvg(), layout, minimumContributors: 10 });
 * console.log(pipeline.client().sends, pipeline.server().collects); // => report reports
 * ```
 */
export function plainUpdates<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: PlainUpdatesOptions<S, B, C, U, R>): ReportingPipeline<S, B, C, U, R>;
/** The same around `fedBuff()` or `fedAsync()`, for a server without rounds. */
export function plainUpdates<U extends Update>(options: AsynchronousUpdatesOptions<U>): AsynchronousPipeline<U>;
export function plainUpdates<U extends Update, R extends PlainData>(
  options: UpdatesOptions & { readonly algorithm: ClientAlgorithm<PlainData, PlainData, U> },
): unknown {
  const where = 'plainUpdates';
  checkOptions(where, options, OPTIONS);
  const { algorithm } = options;
  const model = modelOf(where, options);
  const { rule, slots } = recordOf(where, ruleOf(algorithm), model.size);
  const codecs = codecsOfUpdates(where, options, slots, algorithm);
  checkSettling(where, algorithm, slots, codecs);
  checkErrorFeedback(where, options, algorithm, slots, codecs);
  const { half, terms } = clientOfUpdates<U>(where, options, slots, codecs, algorithm);
  const minimumContributors = checkInteger(`${where}: minimumContributors`, options.minimumContributors ?? 1, 1);

  const setup = ({ round, parameters }: { readonly round: number; readonly parameters: Uint8Array }) => ({
    round,
    seed: readParameters('plain-updates', { round, parameters }).seed,
    rule,
    slots,
    codecs,
    minimumContributors,
    context: options.context?.(round),
    staleness: options.staleness,
  });
  const ranges = plainRanges<R>({ rule, slots, codecs, minimumContributors });
  const halves: Omit<Halves<ReportingPipeline<never, never, never, U, R>>, 'algorithm'> = {
    client: () => half,
    server: () => ({
      collects: 'reports',
      minimumContributors,
      announce: ({ round }) => announceParameters('plain-updates', round),
      open: ({ saved, ...opened }) => plainCollector<R>({ ...setup(opened), saved }),
      reopenInTurns: ({ saved, ...opened }) => inTurns(reopenedCollector<R>({ ...setup(opened), saved })),
      ...(ranges && { ranges }),
    }),
  };
  return withTerms(
    {
      kind: 'plain-updates',
      algorithm,
      model,
      options: terms,
      slots,
      codecs,
    },
    { algorithm, ...halves },
  );
}

/**
 * What folds an algorithm's contributions. Without rounds that is its own affair as they come: the sum of one, exact to 2^−52,
 * reads each of them.
 */
function ruleOf(algorithm: object): { aggregator(size: number): unknown } {
  if (!isAsynchronous(algorithm)) return algorithm as { aggregator(size: number): unknown };
  return {
    aggregator(size) {
      const slots = Object.entries(algorithm.slots(size));
      return record(Object.fromEntries(slots.map(([name, length]) => [name, sum(length)])));
    },
  };
}
