/**
 * How one round's updates travel and are combined: a pipeline with a client half and a server half, around any algorithm.
 *
 *     client                                                      server
 *     check(task) ─ trains ─ encode(task, contribution) ── bytes ──▶ collector.accept ─┐
 *       or                                                                           ├─ close() ─▶ aggregate, facts
 *     check(task) ─ trains ─ enter(task) ◀──── messages ───────────▶ collector.receive ┘
 *
 * Four of them: `plainUpdates`, `secureSum`, `centralDp`, `distributedDp`. A pipeline does no IO; who asks whom and when is
 * the round's affair.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { ChoosingRule } from '../aggregate/robust/rule.ts';
import type { AsynchronousAlgorithm } from '../algorithm/asynchronous.ts';
import type { Algorithm, ClientAlgorithm, ServerAlgorithm } from '../algorithm/contract.ts';
import type { RoundMetrics } from '../algorithm/round-metrics.ts';
import type { FedAvgBroadcast } from '../algorithm/fed-avg.ts';
import type { Layout } from '../model/layout.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import type { SecureRng } from '../random.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';
import type {
  Blame,
  Persist,
  Sealer,
  SecureAggregation,
  SecureClient,
  SecureClientKeeping,
  SecureInput,
} from '../secure/contract.ts';
import type { SecureKeeping } from '../secure/keeping.ts';
import type { SumSaturation } from './saturation.ts';
import type { Term } from './terms.ts';

/** What a client is asked to do, as the pipeline sees it. */
export interface PipelineTask {
  readonly round: number;
  /** 32 bytes: the digest of the broadcast the client trains from. */
  readonly modelDigest: Uint8Array;
  /** What {@link ReportingServer.announce} made for the round. Hostile until {@link ClientHalf} has checked it. */
  readonly parameters: Uint8Array;
}

/** A client of a pipeline whose updates travel as one report. */
export interface ReportingClient<U extends Update> {
  readonly sends: 'report';
  /** @throws FedkitError by name for a task this client refuses: before it trains. */
  check(task: PipelineTask): void;
  /**
   * The report, and what the client must remember if and only if the server counts it: error feedback's residual, client
   * momentum. Pure: the same arguments and stream give the same bytes, and nothing is remembered here.
   *
   * @param options.memory - What the last counted report gave; absent before the first.
   * @param options.finite - Whether the caller knows that all values are finite, as of an algorithm: they are not looked at again.
   */
  encode(
    task: PipelineTask,
    contribution: Contribution<U>,
    options: {
      readonly rng: SecureRng;
      readonly client: ClientId;
      readonly memory?: Uint8Array;
      readonly finite?: boolean;
    },
  ): {
    readonly bytes: Uint8Array;
    readonly memory?: Uint8Array;
    /** The values that these bytes put into the aggregate: what an algorithm's `settle` is given. Decoded when called. */
    readonly counted: () => Update;
  };
}

/** A client of a pipeline under secure aggregation. */
export interface ExchangingClient<U extends Update> {
  readonly sends: 'exchange';
  /** @throws FedkitError by name for a task this client refuses: before it trains. */
  check(task: PipelineTask): void;
  /**
   * The integers to be masked: what `SecureClient.setInput` takes. Draws fresh noise and rounding.
   *
   * @param options.client - The name under which this client enters: its dither comes from it.
   * @throws FedkitError `OUT_OF_RANGE`, `SHAPE_MISMATCH`, `INVALID_ARGUMENT` for a contribution that is not of this pipeline.
   */
  input(
    task: PipelineTask,
    contribution: Contribution<U>,
    options: { readonly rng: SecureRng; readonly client: ClientId },
  ): SecureInput;
  /**
   * The values that an input puts into the aggregate: what an algorithm's `settle` is given. Those of the integers before they
   * wrapped, less the client's own dither and without any noise.
   *
   * @param drawn - What `input` gave for this task, contribution and client.
   */
  counted(
    task: PipelineTask,
    contribution: Contribution<U>,
    drawn: SecureInput,
    options: { readonly client: ClientId },
  ): Update;
  /** The state machine of the exchange, from the start or from what it saved. */
  enter(task: PipelineTask, options: SecureClientKeeping & { readonly client: ClientId }): SecureClient;
  /** What it keeps of a round, its input above all, it keeps sealed. */
  readonly sealer: Sealer;
  /** How a device keeps it, and goes on from it: `secureKeeping` of `@fedkit/core/pipeline`. */
  readonly keeping: SecureKeeping;
}

/** What a device does in a round: it sends one report, or exchanges messages until a sum is formed. */
export type ClientHalf<U extends Update> = ReportingClient<U> | ExchangingClient<U>;

/** What a finished round says of itself, for the ledger. Absent is what may not be published or does not apply. */
export interface PipelineFacts {
  /** Σ of the contributors' weights, where it may be told. */
  readonly weight?: number;
  /** What the contributors measured, where the algorithm is one of `withMetrics`. */
  readonly metrics?: RoundMetrics;
  /** Root mean square a coordinate of the error that encoding put into the aggregate: by the codec's own formula. */
  readonly quantizationError?: number;
  /** Of the contributors, how many were clipped; noised where privacy asks for it. */
  readonly clipFraction?: number;
  /** Contributions set aside because they were not finite. */
  readonly quarantined?: number;
  /** Of a secure sum: who is proved not to have followed the protocol. */
  readonly blamed?: readonly Blame[];
  /**
   * Of an algorithm whose clients keep what was counted, under noise: how far a coordinate of the server's mean of it has drifted
   * from the clients', as predicted.
   */
  readonly stateDrift?: number;
  /** Of a secure sum: whether it carries what its clients gave, as far as that can be known. */
  readonly saturation?: SumSaturation;
  /** The probability that the released sum wrapped around, as predicted. */
  readonly wrapProbability?: number;
  /** ε spent so far in the whole run, by observer, at `delta`. */
  readonly epsilon?: {
    readonly delta: number;
    /** Against the server: the client that took part most often, nothing amplified. */
    readonly server?: number;
    /** Against everyone who sees the models. */
    readonly recipients?: number;
  };
}

/** What a round came to. */
export interface Collected<R> {
  readonly aggregate: R;
  /** Whose updates are in it, each once. */
  readonly contributors: readonly ClientId[];
  readonly facts: PipelineFacts;
  /** Of noised slots beside the update, by name: the standard deviation on each coordinate of the sum. */
  readonly noiseStd?: Readonly<Record<string, number>>;
}

/** What the server knows about a round when it opens or closes it. */
export interface RoundFacts {
  readonly round: number;
  /** Names the run among all that there are, also after a restart, in hexadecimal: rounds of two runs are never one release. */
  readonly run?: string;
  /** How the cohort was really drawn. */
  readonly scheme: SamplingScheme;
  /** N: clients that could have been drawn. */
  readonly population: number;
}

/** Folds reports. */
export interface ReportCollector<R> {
  readonly contributors: number;
  /**
   * Decodes and folds one client's report. Synchronous: when it returns, the report counts.
   *
   * @param options.staleness - In asynchronous rounds, server steps since the client fetched its model; default 0.
   * @throws FedkitError for hostile bytes, another size, values out of range, a second report; the collector is as before.
   */
  accept(client: ClientId, report: Uint8Array, options?: { readonly staleness?: number }): void;
  /**
   * As `accept`, with turns of the event loop in between: the report counts once the promise resolves, and nothing else is asked of the
   * collector before. Absent where it takes one stretch whatever the model.
   */
  acceptInTurns?(client: ClientId, report: Uint8Array): Promise<void>;
  /** Everything folded so far, as bytes. Holds what the server has seen: keep it as the updates themselves. */
  serialize(): Uint8Array;
  /** What `serialize` gives, in pieces that may be views of what is folded into: as they are until something more is. */
  pieces?(): readonly Uint8Array[];
  /**
   * Folds in what `serialize` of another collector of this round gave, of other clients: the aggregate is as if all reports had come
   * here. Absent where a pipeline cannot.
   *
   * @throws FedkitError `PROTOCOL_STATE` for a client that is in both; `DECODE_FAILED`; the collector is as before.
   */
  merge?(saved: Uint8Array): void;
  /** Keeps a report elsewhere before it is accepted: what it returns stands for it from then on, in `accept` and in the journal. */
  keep?(client: ClientId, report: Uint8Array): Promise<Uint8Array>;
  /** Removes what the round has left elsewhere, once its model is stored. */
  forget?(): Promise<void>;
  /** The aggregate. Consults the privacy filter before anything is released, and charges a round once however often it is closed. */
  close(facts: RoundFacts): Promise<Collected<R>>;
  dispose(): void;
}

/** Runs a secure sum. */
export interface ExchangeCollector<R> {
  /** Name of the stage, another after every `advance`. */
  readonly stage: string;
  /** Who is still awaited in this stage; empty in the first, where anyone may come. */
  readonly waitingFor: readonly ClientId[];
  /** Whether `waitingFor` has a client, without the list: asked after every message. By default the list is looked through. */
  awaits?(client: ClientId): boolean;
  /** Whether `advance` has what it needs. */
  readonly ready: boolean;
  /** Whether `close` can be called. */
  readonly finished: boolean;
  /** Takes a client's message; one that is refused changes nothing. */
  receive(client: ClientId, message: Uint8Array): Promise<void>;
  leave(client: ClientId): void;
  /**
   * Ends the stage with whoever has answered. Before the stage that opens the sum the privacy filter is consulted with what
   * really survived: `BUDGET_EXHAUSTED` then, and nothing is opened.
   */
  advance(facts: RoundFacts): Promise<void>;
  messageFor(client: ClientId): Uint8Array | undefined;
  /** Who is proved not to have followed the protocol, also where the round comes to nothing. */
  readonly blamed?: readonly Blame[];
  close(facts: RoundFacts): Promise<Collected<R>>;
  dispose(): void;
}

interface OpenRound {
  readonly round: number;
  /** What `announce` gave for this round. */
  readonly parameters: Uint8Array;
}

/** A report by slots. */
interface DecodedReport {
  readonly weight: number;
  /** A vector for each slot; absent is what held NaN or infinities. */
  readonly slots: readonly (Float32Array | undefined)[];
}

/**
 * A round by ranges of coordinates, where rules want every update at once but look at each coordinate alone, after they have chosen by
 * distances where they do that. The aggregate is that of a collector, to the last byte.
 */
export interface RangedReports<R> {
  /** How many coordinates each slot has. */
  readonly sizes: readonly number[];
  /** @throws FedkitError as {@link ReportCollector.accept}. */
  decode(round: OpenRound, client: ClientId, report: Uint8Array): DecodedReport;
  /** Of each slot: the rule that chooses among whole updates by their distances first; `undefined` where it does not. */
  readonly choosing: readonly (ChoosingRule | undefined)[];
  /**
   * The rule of one slot that chooses nothing, on `length` neighbouring coordinates of every update.
   *
   * @throws FedkitError `THRESHOLD_NOT_MET` for too few updates.
   */
  combine(slot: number, length: number, updates: readonly Contribution[]): Float32Array;
  /**
   * @param slots - The aggregate of each.
   * @param reports - Who was decoded, and whether any of it was absent.
   * @throws FedkitError `THRESHOLD_NOT_MET`.
   */
  conclude(
    slots: readonly Float32Array[],
    reports: readonly { readonly client: ClientId; readonly weight: number; readonly excluded: boolean }[],
  ): Collected<R>;
}

/** Whom a round asks, where that is not everybody who is drawn. */
export interface RoundDraw {
  /** Whether a client may be drawn for a round. */
  asks(round: number, client: ClientId): boolean;
  /** The share, in (0, 1], of those drawn for a round who are asked. */
  share(round: number): number;
}

/** A server that takes reports. */
export interface ReportingServer<R> {
  readonly collects: 'reports';
  /** The fewest contributors of an aggregate that is released. */
  readonly minimumContributors: number;
  readonly draw?: RoundDraw;
  /** The parameters of a round, for every client: fresh seeds, rings and terms. */
  announce(round: { readonly round: number; readonly places: number; readonly modelDigest: Uint8Array }): Uint8Array;
  /**
   * @param round.saved - What `serialize` of an earlier collector of this round gave.
   * @param round.rng - Central noise; default the platform's CSPRNG. A simulation's seeded stream protects nobody.
   */
  open(round: OpenRound & { readonly saved?: Uint8Array; readonly rng?: SecureRng }): ReportCollector<R>;
  /** As `open` of what was saved, with turns of the event loop in between. */
  readonly reopenInTurns?: (round: OpenRound & { readonly saved: Uint8Array }) => Promise<ReportCollector<R>>;
  /** Present where the rule of every slot wants every update at once and looks at each coordinate alone, of those it may have chosen. */
  readonly ranges?: RangedReports<R>;
  /**
   * What rounds have left elsewhere: looks for it, and gives a function that removes what was found and nothing that has come since. To be
   * asked before a write that fails where another server has taken over the run, whose reports would lie there too.
   */
  readonly leftovers?: () => Promise<() => Promise<void>>;
}

/** A server of secure sums. */
export interface ExchangingServer<R> {
  readonly collects: 'exchange';
  readonly minimumContributors: number;
  readonly draw?: RoundDraw;
  /** A round of each kind that this server announces; default: the first, since all are of one kind. */
  readonly kinds?: readonly number[];
  announce(round: { readonly round: number; readonly places: number; readonly modelDigest: Uint8Array }): Uint8Array;
  /**
   * @param round.persist - Awaited as a stage ends, before any message of the next leaves; what it was last given comes back as
   * `saved`. Messages of a stage that a crash cut short come again: clients repeat them, byte for byte.
   */
  open(round: OpenRound & { readonly persist: Persist; readonly saved?: Uint8Array }): ExchangeCollector<R>;
}

/** What a server does in a round: it collects reports, or keeps the clients' exchange going. */
export type ServerHalf<R> = ReportingServer<R> | ExchangingServer<R>;

/** What both sides of a pipeline must agree on. */
export interface PipelineTerms {
  readonly kind: string;
  /** d, the model's parameters. */
  readonly size: number;
  /** The model's tensors; without it models are told apart by their size alone. */
  readonly layout?: Layout;
  /** Every option, slot, codec and tensor that both sides must have alike, by name. */
  readonly terms: readonly Term[];
  /** 32 bytes over the terms: a client refuses tasks of another pipeline by it. */
  readonly digest: Uint8Array;
}

/** What a device needs of a pipeline. */
export interface ClientPipeline<B extends PlainData, C extends PlainData, U extends Update> extends PipelineTerms {
  readonly algorithm: ClientAlgorithm<B, C, U>;
  client(): ClientHalf<U>;
}

/** What a server with rounds needs of a pipeline. */
export interface ServerPipeline<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>
  extends PipelineTerms {
  readonly algorithm: ServerAlgorithm<S, B, U, R>;
  server(): ServerHalf<R>;
}

/** A pipeline around an algorithm of models of d = `size` parameters: both halves. */
export interface Pipeline<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends ClientPipeline<B, C, U>,
    ServerPipeline<S, B, U, R> {
  readonly algorithm: Algorithm<S, B, C, U, R>;
}

/** A pipeline around an algorithm without rounds. Its server decodes single reports: the aggregate of one is its update. */
export interface AsynchronousPipeline<U extends Update> extends ClientPipeline<FedAvgBroadcast, NoState, U> {
  readonly algorithm: AsynchronousAlgorithm<U>;
  client(): ReportingClient<U>;
  server(): ReportingServer<U>;
}

/** A pipeline whose updates travel as one report each. */
export interface ReportingPipeline<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends Pipeline<S, B, C, U, R> {
  client(): ReportingClient<U>;
  server(): ReportingServer<R>;
}

/** A pipeline under secure aggregation. */
export interface ExchangingPipeline<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> extends Pipeline<S, B, C, U, R> {
  /**
   * @param aggregation - A client's own, with its key and identity, in the place of the pipeline's: many clients in one process
   * then share what the pipeline has computed.
   */
  client(aggregation?: SecureAggregation): ExchangingClient<U>;
  server(): ExchangingServer<R>;
}
