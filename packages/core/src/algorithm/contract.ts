/**
 * The shape of a federated algorithm: a client's half and a server's half, pure functions around data that can be stored and
 * sent. Servers without rounds have a half of another kind: asynchronous.ts.
 *
 *     server                                            client i
 *     state ── broadcast(state) ────────────────────▶  clientRound({ broadcast, state?, trainer, options })
 *       ▲                                                 │        │
 *       └─ serverStep(state, aggregate, info)             │        └─ state, kept by the client for its next round
 *             ▲                                           │
 *             └──── aggregator(size) ◀── contribution ────┘
 *
 * Nothing here knows of networks, storage, clocks or who takes part, so one algorithm runs unchanged in a simulation, in
 * an app and a server that talk over HTTP, and under secure aggregation. How the published algorithms map:
 *
 * | algorithm | broadcast | client state | contribution | server state |
 * | --- | --- | --- | --- | --- |
 * | FedAvg, FedProx | params | – | update | params |
 * | FedAvgM, FedAdam, FedYogi, FedAdagrad | params | – | update | params, optimizer |
 * | SCAFFOLD | params, control c, epoch | control c_i, epoch | update, c_i⁺ − c_i | params, Σ c_i |
 * | FedNova | params | – | direction, steps | params |
 * | FedDyn | params, epoch | gradient g_i, epoch | update | params, Σ of updates |
 * | q-FedAvg | params | – | update, h | params |
 * | MimeLite | params, optimizer | – | update, gradient | params, optimizer |
 * | Ditto | params | personal params | update | params |
 * | FedRep | params of the body | params of the head | update of the body | params of the body |
 *
 * @module
 */
import type { Aggregator, Contribution, LinearAggregator, Update } from '../aggregate/contract.ts';
import type { LocalResult, Trainer, TrainOptions } from '../client/trainer.ts';
import type { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import type { RoundInfo } from './round-info.ts';
import type { RoundMetrics } from './round-metrics.ts';

/** What a client works with in one round. */
export interface ClientRound<B, C> {
  /** As the server's {@link ServerAlgorithm.broadcast} made it; never changed. */
  readonly broadcast: B;
  /** What {@link ClientReport.state} was in the client's last round; absent in its first. */
  readonly state?: C;
  readonly trainer: Trainer;
  /** The round's number, from 1: for algorithms whose rounds differ by it. */
  readonly round?: number;
  /** How to train locally. Part of the round, not of the algorithm: schedules change it, devices differ in it. */
  readonly options: TrainOptions;
}

/** What one client's round comes to. */
export interface ClientReport<U, C> {
  /** What leaves the client: give it to the aggregator, with the client's name where the rule wants one. */
  readonly contribution: Contribution<U>;
  /** What stays on the client until its next round: of an algorithm that settles, where its values count as they are. */
  readonly state: C;
  /** What local training said, for progress and ledgers; leaves the client only if the application sends it. */
  readonly local: Omit<LocalResult, 'values'>;
}

/**
 * The client's half of an algorithm: what a device runs. Its functions are pure: arguments are never changed.
 *
 * @typeParam B - What every client of a round receives.
 * @typeParam C - What a client keeps between its rounds; {@link NoState} if nothing, so that any client can be asked.
 * @typeParam U - What a client reports, one aggregator slot each.
 */
export interface ClientAlgorithm<B extends PlainData, C extends PlainData, U extends Update> {
  /** The algorithm's name, as written into checkpoints and ledgers. */
  readonly kind: string;

  /** What changes a client's part, by option: both sides must have the same, and a client with another value is told so. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;

  /** Of `withRoles`, the layout whose roles it keeps: a pipeline of a layout with roles takes no other algorithm. */
  readonly roles?: Layout;

  /**
   * Slots that are no update: what was measured, moving statistics, counters. No codec named for all slots, no momentum, error
   * feedback or joint clip touches them.
   */
  readonly beside?: readonly string[];

  /**
   * The variance ω of unbiased codecs up to which what clients keep settles nevertheless, as of algorithms that keep a share of what
   * was counted alone. Without it unbiased codecs of ω ≥ 1 are refused.
   */
  readonly absorbs?: { readonly variance: number };

  /**
   * One client's part of one round.
   *
   * @throws FedkitError what the trainer throws; `OUT_OF_RANGE` if the local update is not finite.
   */
  clientRound(round: ClientRound<B, C>): Promise<ClientReport<U, C>>;

  /**
   * For algorithms whose server keeps a sum over what clients keep: the client's next state from the values that it put into the
   * aggregate, which a lossy channel made others than it computed. To be kept once the round is published. Without a loss it is the
   * report's `state`, up to float32.
   *
   * Settling is error feedback: what was not counted is computed anew in the next round. So the channel must contract, or keep to
   * {@link absorbs}, and is refused beside error feedback, which would count the loss twice.
   */
  settle?(round: Settlement<B, C, U>): C;
}

/** What a client's next state follows from. */
export interface Settlement<B, C, U> {
  /** As the round had it. */
  readonly broadcast: B;
  /** As the round had it. */
  readonly state?: C;
  /** What this client put into the aggregate. */
  readonly counted: U;
  /** The report's state: what it holds that no sum mirrors is kept from it. */
  readonly reported?: C;
}

/**
 * The server's half of an algorithm with rounds. Its functions are pure: arguments are never changed, results share no memory
 * with the state they came from unless neither side may write it.
 *
 * @typeParam S - Server state; checkpoint it and a run resumes.
 * @typeParam B - What every client of a round receives.
 * @typeParam U - What a client reports, one aggregator slot each.
 * @typeParam R - What the aggregator makes of it.
 */
export interface ServerAlgorithm<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData> {
  /** As the client's half has it. */
  readonly kind: string;

  /** Set where the state holds a sum over all clients: whoever runs it must state N, and who waits is not N. */
  readonly mirrors?: true;

  /**
   * Set where a step looks at every coordinate by itself: on the same range of all vectors as long as the state's longest, with
   * everything else as it is, `serverStep` gives that range of the next state, of the same shape. A server then steps a large model
   * range by range, and answers in between.
   */
  readonly coordinateWise?: true;

  /**
   * The state before the first round.
   *
   * @param params - The initial model, shape [d].
   * @throws FedkitError `OUT_OF_RANGE` if a parameter is not finite.
   */
  init(params: Float32Array): S;

  /** The global model, shape [d]: what to evaluate and publish. A view of the state, not to be written to. */
  params(state: S): Float32Array;

  /** What every client of the next round needs. */
  broadcast(state: S): B;

  /** The rule that folds contributions for d = `size`. */
  aggregator(size: number): Aggregator<unknown, R, U>;

  /**
   * What the clients measured, read from an aggregate: of `withMetrics`.
   *
   * @param noiseStd - Standard deviation of the noise on each value of the slot `metrics`; default: none.
   */
  metricsOf?(aggregate: R, noiseStd?: number): RoundMetrics | undefined;

  /**
   * The next server state.
   *
   * @throws FedkitError `SHAPE_MISMATCH` if the aggregate has another size, `OUT_OF_RANGE` if it or the result is not
   * finite; `state` holds on.
   */
  serverStep(state: S, aggregate: R, info: RoundInfo): S;
}

/** A federated algorithm with rounds over models of d parameters: both halves. */
export interface Algorithm<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends ClientAlgorithm<B, C, U>,
    ServerAlgorithm<S, B, U, R> {}

/** An algorithm whose contributions are only ever summed, so that secure aggregation can stand in for its aggregator. */
export interface LinearAlgorithm<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends Algorithm<S, B, C, U, R> {
  aggregator(size: number): LinearAggregator<unknown, R, U>;
}

/** An algorithm with rounds whose types are forgotten: for lists of several, as an experiment has. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever they are
export type AnyAlgorithm = Algorithm<any, any, any, any, any>;
