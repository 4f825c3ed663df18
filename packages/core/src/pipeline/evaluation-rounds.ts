/**
 * Every k-th round of a training measures the model and leaves it as it is.
 *
 *     round r    k divides r    the evaluation's half, a slot of metrics, and the model, what clients keep and what they owe stay
 *                otherwise      the training's, as it is without the others
 *
 * Which of the two a round is follows from its number, which both sides know.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import { isAsynchronous } from '../algorithm/asynchronous.ts';
import type { EvaluationAlgorithm, EvaluationState } from '../algorithm/evaluation-only.ts';
import type { MetricsSlot } from '../algorithm/round-metrics.ts';
import { modelsOf } from '../algorithm/with-metrics.ts';
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import { seededRng } from '../random.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { ExchangingPipeline, Pipeline, ReportingPipeline, RoundDraw } from './contract.ts';
import { digestOfTerms, type Term } from './terms.ts';

/** What `withEvaluationRounds` is made of besides the training. */
export interface EvaluationRoundsOptions<P> {
  /** A pipeline around `evaluationOnly(…)` for the same model; it sends what the training's sends, reports or messages. */
  readonly evaluation: P;
  /** k ≥ 2: rounds k, 2k, 3k, … measure. */
  readonly every: number;
  /**
   * In (0, 1]: rounds that measure ask this share of the clients that are drawn, never fewer than the pipelines release an aggregate of.
   * Default 1. The server's alone, as the next one is.
   */
  readonly fraction?: number;
  /**
   * Clients that are never asked to train: what the model does for people it has learned nothing from. By name, or each client with
   * probability `fraction` in (0, 1), by its name and `seed` alone, so that it stays the same over restarts. Default: nobody.
   */
  readonly heldOut?: HeldOutClients;
}

/** Which clients never train. */
type HeldOutClients =
  | ((client: ClientId) => boolean)
  | { readonly fraction: number; readonly seed: number | string | Uint8Array };

const OPTIONS: OptionNames<EvaluationRoundsOptions<never>> = {
  evaluation: true,
  every: true,
  fraction: true,
  heldOut: true,
};

const WHERE = 'withEvaluationRounds';

/** Pipelines whose types are forgotten: each round goes to the one it belongs to. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever they are
type Any = Pipeline<any, any, any, any, any>;

/**
 * The training, whose rounds k, 2k, 3k, … only measure: clients report a few numbers and nothing of their data moves the model. Training
 * rounds have the bits they have without the others. `facts.metrics` of an evaluation round tells clients that have trained
 * from those that have not, `heldOut`: the gap between the two is what the model knows of its clients rather than of the task.
 *
 * An evaluation round draws its cohort as the others do, or a `fraction` of it, clients that are `heldOut` among them. Its own pipeline says
 * how it is protected: under differential privacy it is one more release, so give both pipelines the same `filters`. Rules by ranges of
 * coordinates are not used.
 *
 * A simulation takes it as its `channel`, with its `algorithm`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name for pipelines that do not go together, `OUT_OF_RANGE` for `every`.
 * @example
 * ```ts
 * import { evaluationOnly, fedAvg, plainUpdates, softmaxRegression, withEvaluationRounds } from '@fedkit/core';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const measured = evaluationOnly({ bounds: { loss: 5 }, evaluate: () => ({ examples: 10, means: { loss: 1 } }) });
 * const pipeline = withEvaluationRounds(plainUpdates({ algorithm: fedAvg(), layout }), {
 *   evaluation: plainUpdates({ algorithm: measured, layout }),
 *   every: 5,
 * });
 * console.log(pipeline.terms.find(([name]) => name === 'evaluation: every')?.[1]); // => 5
 * ```
 */
export function withEvaluationRounds<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  training: ReportingPipeline<S, B, C, U, R>,
  options: EvaluationRoundsOptions<
    ReportingPipeline<EvaluationState, EvaluationState, NoState, MetricsSlot, MetricsSlot>
  >,
): ReportingPipeline<S, B, C, U, R>;
/** The same under secure aggregation. */
export function withEvaluationRounds<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(
  training: ExchangingPipeline<S, B, C, U, R>,
  options: EvaluationRoundsOptions<
    ExchangingPipeline<EvaluationState, EvaluationState, NoState, MetricsSlot, MetricsSlot>
  >,
): ExchangingPipeline<S, B, C, U, R>;
export function withEvaluationRounds(training: Any, options: EvaluationRoundsOptions<Any>): unknown {
  checkOptions(WHERE, options, OPTIONS);
  const { evaluation } = options;
  if (typeof training?.server !== 'function' || isAsynchronous(training.algorithm)) {
    refuse(
      'INVALID_ARGUMENT',
      `${WHERE}: training`,
      'a pipeline around an algorithm with rounds',
      training?.algorithm?.kind,
    );
  }
  const measures = evaluation?.algorithm as Partial<EvaluationAlgorithm> | undefined;
  if (typeof measures?.measure !== 'function') {
    refuse('INVALID_ARGUMENT', `${WHERE}: evaluation`, 'a pipeline around evaluationOnly(…)', measures?.kind);
  }
  if (evaluation.size !== training.size) {
    refuse('SHAPE_MISMATCH', `${WHERE}: evaluation`, `a model of ${training.size} parameters`, evaluation.size);
  }
  const every = checkInteger(`${WHERE}: every`, options.every, 2);
  const [halves, servers] = [
    [training.client(), evaluation.client()],
    [training.server(), evaluation.server()],
  ] as const;
  if (servers[0].collects !== servers[1].collects) {
    const kinds = {
      reports: 'reports, as plainUpdates and centralDp',
      exchange: 'an exchange, as secureSum and distributedDp',
    };
    refuse(
      'INVALID_ARGUMENT',
      `${WHERE}: evaluation`,
      `one that collects ${kinds[servers[0].collects]}`,
      evaluation.kind,
    );
  }
  const measured = (round: number) => round % every === 0;
  const draw = drawOf(options, measured);
  const of = <T>([trains, evaluates]: readonly [T, T], { round }: { readonly round: number }): T =>
    measured(round) ? evaluates : trains;
  const algorithm = alternating(training.algorithm, evaluation.algorithm as unknown as EvaluationAlgorithm, measured);
  const terms: readonly Term[] = [
    ...training.terms,
    ...evaluation.terms.map(([name, value]): Term => [`evaluation: ${name}`, value]),
    ['evaluation: every', `${every}`],
  ];

  const clientOf = (pair: readonly [unknown, unknown]) => {
    const both = pair as typeof halves;
    if (both[0].sends === 'exchange') {
      const exchanging = both as readonly [Exchanging, Exchanging];
      return {
        sends: 'exchange',
        sealer: exchanging[0].sealer,
        keeping: exchanging[0].keeping,
        check: (task) => of(exchanging, task).check(task),
        input: (task, ...rest) => of(exchanging, task).input(task, ...rest),
        counted: (task, ...rest) => of(exchanging, task).counted(task, ...rest),
        enter: (task, how) => of(exchanging, task).enter(task, how),
      } satisfies Exchanging;
    }
    const reporting = both as readonly [Reporting, Reporting];
    return {
      sends: 'report',
      check: (task) => of(reporting, task).check(task),
      encode(task, contribution, how) {
        const sent = of(reporting, task).encode(task, contribution, how);
        // What is owed from the last training is owed still.
        return measured(task.round) && how.memory ? { ...sent, memory: how.memory } : sent;
      },
    } satisfies Reporting;
  };
  return {
    kind: training.kind,
    size: training.size,
    ...(training.layout && { layout: training.layout }),
    terms,
    digest: digestOfTerms(terms),
    algorithm,
    client: (...own: []) => clientOf([training.client(...own), evaluation.client(...own)]),
    server: () => ({
      collects: servers[0].collects,
      minimumContributors: Math.max(...servers.map(({ minimumContributors }) => minimumContributors)),
      ...(draw && { draw }),
      kinds: [1, every],
      announce: (round: Parameters<(typeof servers)[0]['announce']>[0]) => of(servers, round).announce(round),
      open: (round: never) => of(servers, round).open(round),
    }),
  };
}

/** Whom rounds ask; `undefined` where that is whoever is drawn. */
function drawOf(
  { fraction = 1, heldOut }: EvaluationRoundsOptions<Any>,
  measured: (round: number) => boolean,
): RoundDraw | undefined {
  checkPositive(`${WHERE}: fraction`, fraction, 1);
  if (fraction === 1 && heldOut === undefined) return undefined;
  const isHeldOut = heldOut === undefined ? () => false : typeof heldOut === 'function' ? heldOut : drawnFrom(heldOut);
  return {
    asks: (round, client) => measured(round) || !isHeldOut(client),
    share: (round) => (measured(round) ? fraction : 1),
  };
}

function drawnFrom(options: Exclude<HeldOutClients, (client: ClientId) => boolean>): (client: ClientId) => boolean {
  const where = `${WHERE}: heldOut`;
  checkOptions(where, options, { fraction: true, seed: true } satisfies OptionNames<typeof options>);
  const fraction = checkPositive(`${where}.fraction`, options.fraction, 1 - 2 ** -53);
  const root = seededRng(options.seed);
  return (client) => root.fork('held out', client).uniform() < fraction;
}

type Reporting = Extract<ReturnType<Any['client']>, { sends: 'report' }>;
type Exchanging = Extract<ReturnType<Any['client']>, { sends: 'exchange' }>;

/** What a client keeps that has trained, beside what the algorithm keeps. */
type Trained = { readonly trained: number };

function alternating(
  training: Any['algorithm'],
  evaluation: EvaluationAlgorithm,
  measured: (round: number) => boolean,
): Any['algorithm'] {
  const models = modelsOf(training);
  const roundOf = (round: number | undefined) => checkInteger(`${WHERE}: clientRound: round`, round, 1);
  const trainedState = (state: PlainData) => ({ ...(state as object), trained: 1 }) satisfies Trained as PlainData;
  const isMeasurement = (values: object) => Object.keys(values).join() === 'metrics';
  return {
    ...training,
    async clientRound(round) {
      if (!measured(roundOf(round.round))) {
        const report = await training.clientRound(round);
        return { ...report, state: trainedState(report.state as PlainData) };
      }
      const { broadcast, state } = round as { readonly broadcast: PlainData; readonly state?: PlainData };
      const report = await evaluation.measure({
        params: models.global(broadcast),
        personal: state === undefined ? undefined : models.personal?.(broadcast, state),
        trained: (state as Partial<Trained> | undefined)?.trained === 1,
      });
      return { ...report, state: state ?? {} };
    },
    ...(training.settle && {
      settle(settlement) {
        if (isMeasurement(settlement.counted)) return (settlement.state ?? {}) as PlainData;
        return trainedState(training.settle?.(settlement) as PlainData);
      },
    }),
    serverStep: (state, aggregate, info) =>
      measured(info.round) ? state : (training.serverStep(state, aggregate, info) as PlainData),
    metricsOf: (aggregate, noiseStd) =>
      isMeasurement(aggregate as object)
        ? evaluation.metricsOf(aggregate as MetricsSlot, noiseStd)
        : training.metricsOf?.(aggregate, noiseStd),
  };
}
