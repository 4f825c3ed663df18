/**
 * One run of the experiment: rounds of federated averaging, each measured.
 *
 * @module
 */
import { encodeSafetensors, modelDigest, type RoundMetrics } from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';
import type { Plan } from './arguments.ts';
import {
  algorithm,
  CENTRALIZED,
  type CentralEngine,
  COHORT,
  initialModel,
  type MnistEngine,
  model,
} from './experiment.ts';
import { type Report, type RoundReport, type RunReport, roundsTo } from './report.ts';
import type { Evaluation } from './threads.ts';

/** Where clients run and models are measured. */
export interface Laboratory {
  readonly engine: MnistEngine;
  readonly central: CentralEngine;
  readonly evaluate: (params: Float32Array) => Evaluation | Promise<Evaluation>;
}

/** How far a run is. */
export interface RunProgress {
  readonly plan: Plan;
  /** The round that runs, and how many of its clients have reported. */
  readonly round: number;
  readonly done: number;
  readonly of: number;
  /** The round that is over, right after it. */
  readonly finished?: RoundReport;
}

/** Runs rounds until the target or the last round. */
export async function runFederation(
  plan: Plan,
  { engine, evaluate }: Laboratory,
  options: { readonly onProgress: (progress: RunProgress) => void; readonly signal?: AbortSignal },
): Promise<RunReport> {
  const rounds: RoundReport[] = [];
  let [bytesUp, bytesDown, began] = [0, 0, 0];
  const { params } = await simulate({
    algorithm,
    engine,
    initial: initialModel(plan),
    layout: model.layout,
    cohort: COHORT,
    rounds: plan.rounds,
    seed: plan.seed,
    evaluate,
    until: ({ accuracy }) => accuracy >= plan.target,
    ...(options.signal && { signal: options.signal }),
    onProgress(event) {
      const { round } = event;
      if (event.kind === 'started') {
        const file = encodeSafetensors({ layout: model.layout, values: event.broadcast.params });
        const of = event.cohort.clients.length;
        [bytesUp, bytesDown, began] = [0, file.length * of, performance.now()];
        options.onProgress({ plan, round, done: 0, of });
      } else if (event.kind === 'reported') {
        const { values, weight } = event.report.contribution;
        const metadata = { examples: String(weight) };
        bytesUp += encodeSafetensors({ layout: model.layout, values: values.update, metadata }).length;
        bytesUp += values.metrics.byteLength;
        options.onProgress({ plan, round, done: event.done, of: event.of });
      } else {
        const { accuracy, loss } = event.evaluation as Evaluation;
        const seconds = (performance.now() - began) / 1000;
        const finished = {
          round,
          testAccuracy: accuracy,
          testLoss: loss,
          ...measuredBy(event.facts?.metrics as RoundMetrics),
          bytesUp,
          bytesDown,
          seconds,
        };
        rounds.push(finished);
        options.onProgress({ plan, round, done: COHORT, of: COHORT, finished });
      }
    },
  });
  const { split, seed, learningRate } = plan;
  return {
    split,
    seed,
    learningRate,
    rounds,
    roundsTo: roundsTo(rounds),
    modelDigest: modelDigest(model.layout, params),
  };
}

/** What the clients of a round measured, as their sums say. */
function measuredBy({
  examples,
  metrics,
}: RoundMetrics): Pick<RoundReport, 'clientLoss' | 'clientExamples' | 'updateNorm'> {
  return { clientLoss: metrics.loss.mean, clientExamples: Math.round(examples), updateNorm: metrics.updateNorm.mean };
}

/** One epoch over all the digits in one place. */
export async function runCentralized(
  plan: Plan,
  { central, evaluate }: Laboratory,
  signal?: AbortSignal,
): Promise<Report['centralized']> {
  const began = performance.now();
  const start = initialModel(plan);
  const task = { client: CENTRALIZED, round: 1, broadcast: { params: start } };
  const { contribution } = await central.run(task, signal);
  const trained = start.map((value, i) => value + contribution.values.update[i]);
  const { accuracy, loss } = await evaluate(trained);
  const seconds = (performance.now() - began) / 1000;
  return { epochs: 1, learningRate: plan.learningRate, testAccuracy: accuracy, testLoss: loss, seconds };
}
