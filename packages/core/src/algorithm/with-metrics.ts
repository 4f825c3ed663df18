/**
 * Metrics beside the update: sums with a count and a bound, so that they add, whatever carries them. Their form stands in
 * round-metrics.ts.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, checkVector, type OptionNames, refuse } from '../check.ts';
import { l2Norm } from '../kernels/vector.ts';
import type { PlainData } from '../plain-data.ts';
import type { Algorithm, ClientReport, LinearAlgorithm } from './contract.ts';
import {
  type Measured,
  METRICS_TERMS,
  MetricsFormat,
  type MetricsGroup,
  type MetricsSlot,
  type MetricsTerms,
  type RoundMetrics,
} from './round-metrics.ts';

/** What is measured, and within which bounds. Both sides must have the same bounds. */
export interface MetricsOptions extends MetricsTerms {
  /** B: adds `updateNorm`, the mean over clients of ‖Δ‖₂ of the slot `update`, each clipped to it. */
  readonly maximumNorm?: number;
  /**
   * On the device: evaluates a model, shape [d], before the client trains. Without it the only metric is `loss`, the one that
   * the trainer measures at the start, over its training examples. The server never calls it.
   */
  readonly evaluate?: (params: Float32Array) => Measured | Promise<Measured>;
  /**
   * Of an algorithm with personal models: measures the client's own model too, where it has one, as `personal`. A second call of
   * `evaluate`; default false.
   */
  readonly personal?: boolean;
}

/** An algorithm whose rounds are measured. */
export interface Measures<R> {
  /**
   * The metrics in an aggregate; `undefined` where nobody measured. Under noise a ratio whose denominator is less than three of its own
   * standard errors is left out, and a mean is held within its bound.
   *
   * @param noiseStd - Standard deviation of the noise on each value of the slot.
   */
  metricsOf(aggregate: R, noiseStd?: number): RoundMetrics | undefined;
}

const OPTIONS: OptionNames<MetricsOptions> = { ...METRICS_TERMS, maximumNorm: true, evaluate: true, personal: true };

/**
 * The algorithm with a further slot `metrics`, k + 2 values for k metrics and what else is asked for, each within [−1, 1] a client. Its rounds have
 * `facts.metrics` in their record. What the algorithm itself does keeps its bits.
 *
 * Under `secureSum` the slot needs a codec of its own, such as `commonRange` of range 1: `codec: { update: …, metrics: … }`. The private
 * pipelines need a noise of its own, `beside: { metrics: { noiseStd } }`: in the update's joint clip the metrics would take its place.
 * Each mean then comes with its standard error.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options; on a device, for what `evaluate` gives. A client whose metric
 * is not finite declines: `OUT_OF_RANGE`.
 * @example
 * ```ts
 * import { fedAvg, plainUpdates, softmaxRegression, withMetrics } from '@fedkit/core';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const pipeline = plainUpdates({ algorithm: withMetrics(fedAvg(), { bounds: { loss: 5 } }), layout });
 * console.log(pipeline.terms.find(([name]) => name === 'algorithm: metrics')?.[1]); // => loss ≤ 5
 * ```
 */
export function withMetrics<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends { readonly [slot: string]: PlainData },
>(
  algorithm: LinearAlgorithm<S, B, C, U, R>,
  options?: MetricsOptions,
): LinearAlgorithm<S, B, C, U & MetricsSlot, R & MetricsSlot> & Measures<R & MetricsSlot>;
/** The same around a robust rule: it sees the update, and nothing of the metrics. */
export function withMetrics<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends { readonly [slot: string]: PlainData },
>(
  algorithm: Algorithm<S, B, C, U, R>,
  options?: MetricsOptions,
): Algorithm<S, B, C, U & MetricsSlot, R & MetricsSlot> & Measures<R & MetricsSlot>;
export function withMetrics<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends { readonly [slot: string]: PlainData },
>(
  algorithm: Algorithm<S, B, C, U, R>,
  options: MetricsOptions = {},
): Algorithm<S, B, C, U & MetricsSlot, R & MetricsSlot> & Measures<R & MetricsSlot> {
  const where = 'withMetrics';
  checkOptions(where, options, OPTIONS);
  const { maximumNorm, evaluate, personal = false } = options;
  const format = new MetricsFormat(where, options, maximumNorm, personal ? ['personal'] : []);
  if (evaluate === undefined && format.names.join() !== 'loss') {
    refuse('INVALID_ARGUMENT', `${where}: evaluate`, `a function that measures ${format.names.join(', ')}`, evaluate);
  }
  const models = modelsOf(algorithm);
  if (personal && (models.personal === undefined || evaluate === undefined)) {
    const expected = 'false: it takes an algorithm with personal models, such as ditto(), and a function evaluate';
    refuse('INVALID_ARGUMENT', `${where}: personal`, expected, personal);
  }
  const normOf = ({ contribution }: ClientReport<U, C>) => {
    const { update } = contribution.values;
    return update instanceof Float32Array ? l2Norm(update) : 0;
  };

  return {
    ...algorithm,
    beside: [...(algorithm.beside ?? []), 'metrics'],
    options: { ...algorithm.options, ...format.options },
    async clientRound(round) {
      const { broadcast, state } = round;
      const before: [MetricsGroup | undefined, Measured][] = [];
      if (evaluate) {
        before.push([undefined, await evaluate(models.global(broadcast))]);
        const own = personal && state !== undefined ? models.personal?.(broadcast, state) : undefined;
        if (own) before.push(['personal', await evaluate(own)]);
      }
      const how = evaluate ? round.options : { ...round.options, lossAtStart: true };
      const report = await algorithm.clientRound({ ...round, options: how });
      const { lossAtStart, examples } = report.local;
      if (!evaluate) before.push([undefined, { examples, means: { loss: lossAtStart ?? trainerWithoutLoss() } }]);
      const metrics = format.encode(before, maximumNorm === undefined ? 0 : normOf(report));
      const values = { ...report.contribution.values, metrics };
      return { ...report, contribution: { ...report.contribution, values } };
    },
    aggregator(length) {
      const { slots } = algorithm.aggregator(length) as { slots?: Readonly<Record<string, never>> };
      if (slots === undefined || Object.hasOwn(slots, 'metrics')) {
        refuse('INVALID_ARGUMENT', `${where}: algorithm`, 'one whose aggregator is a record without metrics', slots);
      }
      return record({ ...slots, metrics: sum(format.size) }) as never;
    },
    serverStep(state, { metrics: _metrics, ...aggregate }, info) {
      return algorithm.serverStep(state, aggregate as unknown as R, info);
    },
    metricsOf: ({ metrics }, noiseStd = 0) => format.read(metrics, noiseStd),
  };
}

/** How an algorithm's broadcast becomes the global model, shape [d], and a client's own. @internal */
export function modelsOf(algorithm: object): {
  global(broadcast: PlainData): Float32Array;
  readonly personal: ((broadcast: PlainData, state: PlainData) => Float32Array) | undefined;
} {
  const { personal } = algorithm as { personal?: (broadcast: PlainData, state?: PlainData) => Float32Array };
  return {
    global: (broadcast) =>
      personal
        ? personal(broadcast)
        : checkVector('withMetrics: broadcast.params', (broadcast as { params?: unknown }).params).slice(),
    personal,
  };
}

function trainerWithoutLoss(): never {
  return refuse(
    'INVALID_ARGUMENT',
    'withMetrics: evaluate',
    'a function, since the trainer gives no lossAtStart',
    undefined,
  );
}
