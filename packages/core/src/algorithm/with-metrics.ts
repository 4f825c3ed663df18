/**
 * Metrics beside the update: sums with a count and a bound, so that they add, whatever carries them.
 *
 *     client     m = (1, n/N, n·clip(x₁)/(N·B₁), …, ‖Δ‖/B)      n ≤ N examples, each x a mean over them, all entries in [−1, 1]
 *     server     Σ m, and from it Σ n·x / Σ n for each metric
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkInteger, checkOptions, checkPositive, checkVector, type OptionNames, refuse } from '../check.ts';
import { l2Norm } from '../kernels/vector.ts';
import type { PlainData } from '../plain-data.ts';
import type { Algorithm, ClientReport, LinearAlgorithm } from './contract.ts';

/** One metric of a round, over all examples of those who took part. */
export interface RoundMetric {
  /** Σ over clients of their examples times their mean, each clipped. */
  readonly sum: number;
  /** `sum` over the examples; for `updateNorm`, over the clients. */
  readonly mean: number;
  /** Under noise: its share of the standard error of `mean`, √(σ_S² + mean²·σ_N²)/N for a sum S over N. */
  readonly standardError?: number;
}

/** What a round's clients measured. */
export interface RoundMetrics {
  /** Clients that measured; under noise no whole number. */
  readonly clients: number;
  /** Their examples, each client's up to `maximumExamples`. */
  readonly examples: number;
  readonly metrics: Readonly<Record<string, RoundMetric>>;
}

/** What one client measures on its own held-out examples. */
export interface Measured {
  /** How many examples were looked at, ≥ 1. */
  readonly examples: number;
  /** By metric: the mean over them, finite. */
  readonly means: Readonly<Record<string, number>>;
}

/** What is measured, and within which bounds. Both sides must have the same bounds. */
export interface MetricsOptions {
  /** By metric: the largest magnitude of a client's mean; what is beyond is clipped. Default `{ loss: 10 }`. */
  readonly bounds?: Readonly<Record<string, number>>;
  /** N: a client with more examples counts as so many. Default 10,000. */
  readonly maximumExamples?: number;
  /** B: adds `updateNorm`, the mean over clients of ‖Δ‖₂ of the slot `update`, each clipped to it. */
  readonly maximumNorm?: number;
  /**
   * On the device: evaluates the global model, shape [d], before it trains. Without it the only metric is `loss`, the one that
   * the trainer measures at the start, over its training examples. The server never calls it.
   */
  readonly evaluate?: (params: Float32Array) => Measured | Promise<Measured>;
}

/** The slot of an update that holds the metrics. */
export type MetricsSlot = { readonly metrics: Float32Array };

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

const OPTIONS: OptionNames<MetricsOptions> = { bounds: true, maximumExamples: true, maximumNorm: true, evaluate: true };
const NORM = 'updateNorm';

/**
 * The algorithm with a further slot `metrics`, k + 2 values or k + 3 for k metrics, each within [−1, 1] a client. Its rounds have
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
  const { bounds = { loss: 10 }, maximumExamples = 10_000, maximumNorm, evaluate } = options;
  const names = Object.keys(bounds).sort();
  for (const name of names) checkPositive(`${where}: bounds.${name}`, bounds[name]);
  if (names.includes(NORM)) refuse('INVALID_ARGUMENT', `${where}: bounds`, `maximumNorm for ${NORM}`, NORM);
  if (evaluate === undefined && names.join() !== 'loss') {
    refuse('INVALID_ARGUMENT', `${where}: evaluate`, `a function that measures ${names.join(', ')}`, evaluate);
  }
  checkInteger(`${where}: maximumExamples`, maximumExamples, 1);
  if (maximumNorm !== undefined) checkPositive(`${where}: maximumNorm`, maximumNorm);
  const size = 2 + names.length + (maximumNorm === undefined ? 0 : 1);

  const encode = ({ examples, means }: Measured, report: ClientReport<U, C>): Float32Array => {
    const count = Math.min(checkInteger(`${where}: evaluate: examples`, examples, 1), maximumExamples);
    const values = new Float32Array(size);
    values[0] = 1;
    values[1] = count / maximumExamples;
    names.forEach((name, i) => {
      const mean: unknown = Object.hasOwn(means, name) ? means[name] : undefined;
      if (typeof mean !== 'number') refuse('INVALID_ARGUMENT', `${where}: evaluate: means.${name}`, 'a number', mean);
      if (!Number.isFinite(mean)) refuse('OUT_OF_RANGE', `${where}: evaluate: means.${name}`, 'a finite number', mean);
      values[2 + i] = clipped(mean / bounds[name]) * values[1];
    });
    if (maximumNorm !== undefined) {
      const { update } = report.contribution.values;
      values[size - 1] = clipped((update instanceof Float32Array ? l2Norm(update) : 0) / maximumNorm);
    }
    return values;
  };

  return {
    ...algorithm,
    beside: [...(algorithm.beside ?? []), 'metrics'],
    options: {
      ...algorithm.options,
      metrics: names.map((name) => `${name} ≤ ${bounds[name]}`).join(', '),
      'metrics: maximumExamples': maximumExamples,
      ...(maximumNorm !== undefined && { 'metrics: maximumNorm': maximumNorm }),
    },
    async clientRound(round) {
      const before = evaluate && (await evaluate(globalModel(algorithm, round.broadcast)));
      const how = evaluate ? round.options : { ...round.options, lossAtStart: true };
      const report = await algorithm.clientRound({ ...round, options: how });
      const { lossAtStart, examples } = report.local;
      const measured = before ?? { examples, means: { loss: lossAtStart ?? trainerWithoutLoss() } };
      const values = { ...report.contribution.values, metrics: encode(measured, report) };
      return { ...report, contribution: { ...report.contribution, values } };
    },
    aggregator(length) {
      const { slots } = algorithm.aggregator(length) as { slots?: Readonly<Record<string, never>> };
      if (slots === undefined || Object.hasOwn(slots, 'metrics')) {
        refuse('INVALID_ARGUMENT', `${where}: algorithm`, 'one whose aggregator is a record without metrics', slots);
      }
      return record({ ...slots, metrics: sum(size) }) as never;
    },
    serverStep(state, { metrics: _metrics, ...aggregate }, info) {
      return algorithm.serverStep(state, aggregate as unknown as R, info);
    },
    metricsOf({ metrics }, noiseStd = 0) {
      const values = checkVector(`${where}: metrics`, metrics, size);
      const [clients, share] = values;
      const examples = share * maximumExamples;
      if (noiseStd === 0 && !(clients > 0 && examples > 0)) return undefined;
      const found: Record<string, RoundMetric> = {};
      const add = (name: string, value: number, unit: number, over: readonly [count: number, unit: number]) => {
        const metric = ratio({ sum: value * unit, unit, count: over[0], countUnit: over[1] }, noiseStd);
        if (metric) found[name] = metric;
      };
      for (const [i, name] of names.entries()) {
        add(name, values[2 + i], maximumExamples * bounds[name], [examples, maximumExamples]);
      }
      if (maximumNorm !== undefined) add(NORM, values[size - 1], maximumNorm, [clients, 1]);
      return { clients, examples, metrics: found };
    },
  };
}

/** Denominators of fewer of their own standard errors say nothing. */
const LEAST_DEVIATIONS = 3;

/** A sum over a count, both known up to noise of `noiseStd` times their units: by the delta method. */
function ratio(
  { sum: total, unit, count, countUnit }: { sum: number; unit: number; count: number; countUnit: number },
  noiseStd: number,
): RoundMetric | undefined {
  if (noiseStd === 0) return { sum: total, mean: total / count };
  if (count < LEAST_DEVIATIONS * noiseStd * countUnit) return undefined;
  // One client's mean is within the bound, and so is the mean over all.
  const most = unit / countUnit;
  const mean = Math.max(-most, Math.min(most, total / count));
  const variance = (unit * noiseStd) ** 2 + (mean * noiseStd * countUnit) ** 2;
  return { sum: total, mean, standardError: Math.sqrt(variance) / count };
}

/** The global model that a broadcast holds, shape [d]. */
function globalModel(algorithm: object, broadcast: PlainData): Float32Array {
  const { personal } = algorithm as { personal?: (broadcast: PlainData) => Float32Array };
  if (personal) return personal(broadcast);
  return checkVector('withMetrics: broadcast.params', (broadcast as { params?: unknown }).params).slice();
}

function trainerWithoutLoss(): never {
  return refuse(
    'INVALID_ARGUMENT',
    'withMetrics: evaluate',
    'a function, since the trainer gives no lossAtStart',
    undefined,
  );
}

function clipped(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
