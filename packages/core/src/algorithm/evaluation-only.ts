/**
 * Rounds in which nobody trains: clients measure the model they are given, and the model stays as it is.
 *
 * @module
 */
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { checkOptions, checkVector, type OptionNames, refuse } from '../check.ts';
import { checkFinite } from '../finite.ts';
import type { NoState } from '../plain-data.ts';
import type { ClientReport, LinearAlgorithm } from './contract.ts';
import {
  type Measured,
  METRICS_TERMS,
  MetricsFormat,
  type MetricsGroup,
  type MetricsSlot,
  type MetricsTerms,
} from './round-metrics.ts';
import type { Measures } from './with-metrics.ts';

/** What is measured, and within which bounds. Both sides must have the same bounds. */
export interface EvaluationOptions extends MetricsTerms {
  /** On the device: evaluates a model, shape [d]. The server never calls it. */
  readonly evaluate: (params: Float32Array) => Measured | Promise<Measured>;
  /** In the rounds of an algorithm with personal models: measures the client's own model too, as `personal`; default false. */
  readonly personal?: boolean;
}

/** What a client has to measure. */
export interface EvaluatedModels {
  /** The global model, shape [d]. */
  readonly params: Float32Array;
  /** The client's own model, if it has one. */
  readonly personal?: Float32Array | undefined;
  /** Whether the client has trained in this run. */
  readonly trained: boolean;
}

/** A model that is measured and never changes. */
export type EvaluationState = { readonly params: Float32Array };

/** An algorithm of rounds that only measure. */
export interface EvaluationAlgorithm
  extends Omit<LinearAlgorithm<EvaluationState, EvaluationState, NoState, MetricsSlot, MetricsSlot>, 'metricsOf'>,
    Measures<MetricsSlot> {
  readonly kind: 'evaluationOnly';
  /** What a client reports of the models it has. */
  measure(models: EvaluatedModels): Promise<ClientReport<MetricsSlot, NoState>>;
}

const OPTIONS: OptionNames<EvaluationOptions> = { ...METRICS_TERMS, evaluate: true, personal: true };

/**
 * Rounds that measure the model and leave it as it is: every k-th round of a training by `withEvaluationRounds`, or a run of their own,
 * for clients that never train. A client sends a few numbers, no update.
 *
 * Each entry of the slot `metrics` is within [−1, 1] a client, as `withMetrics` has it: `secureSum` takes `commonRange` of range 1, the
 * private pipelines a `clip` of √k for k entries, which shortens nothing.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE` for options; on a device, for what `evaluate` gives.
 * @example
 * ```ts
 * import { evaluationOnly, plainUpdates, softmaxRegression } from '@fedkit/core';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const measured = evaluationOnly({ bounds: { accuracy: 1 }, evaluate: () => ({ examples: 3, means: { accuracy: 1 / 3 } }) });
 * const pipeline = plainUpdates({ algorithm: measured, layout });
 * console.log(pipeline.terms.find(([name]) => name === 'slot metrics')?.[1]); // => 6 values
 * ```
 */
export function evaluationOnly(options: EvaluationOptions): EvaluationAlgorithm {
  const where = 'evaluationOnly';
  checkOptions(where, options, OPTIONS);
  const { evaluate, personal = false } = options;
  if (typeof evaluate !== 'function') refuse('INVALID_ARGUMENT', `${where}: evaluate`, 'a function', evaluate);
  const format = new MetricsFormat(where, options, undefined, personal ? ['heldOut', 'personal'] : ['heldOut']);
  const checkModel = (what: string, params: unknown) => checkFinite(what, checkVector(what, params));

  const measure: EvaluationAlgorithm['measure'] = async (models) => {
    const global = await evaluate(models.params.slice());
    const measured: [MetricsGroup | undefined, Measured][] = [[models.trained ? undefined : 'heldOut', global]];
    if (personal && models.personal) measured.push(['personal', await evaluate(models.personal.slice())]);
    return {
      contribution: { values: { metrics: format.encode(measured, 0) } },
      state: {},
      local: { steps: 0, examples: global.examples },
    };
  };

  return {
    kind: 'evaluationOnly',
    options: format.options,
    measure,
    init(params) {
      checkModel(`${where}.init: params`, params);
      return { params: params.slice() };
    },
    params: (state) => state.params,
    broadcast: (state) => state,
    clientRound({ broadcast }) {
      checkModel(`${where}.clientRound: params`, broadcast.params);
      return measure({ params: broadcast.params, trained: false });
    },
    aggregator: () => record({ metrics: sum(format.size) }),
    serverStep: (state) => state,
    metricsOf: ({ metrics }, noiseStd = 0) => format.read(metrics, noiseStd),
  };
}
