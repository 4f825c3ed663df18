/**
 * What a federated server is made of, and what can be asked of it.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import { checkBytes, checkInteger, checkOptions, checkVector, type OptionNames, refuse } from '../check.ts';
import type { ErrorCode } from '../errors.ts';
import type { AsynchronousPipeline, PipelineTerms, ServerPipeline } from '../pipeline/contract.ts';
import type { RoundEngine } from '../engine/round-engine.ts';
import type { PlainData } from '../plain-data.ts';
import type { Rng } from '../random.ts';
import type { Selector } from '../select/contract.ts';
import type { Store } from '../store/contract.ts';
import { checkCreates } from '../store/memory-store.ts';
import type { Telemetry } from '../telemetry/contract.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import type { DeclineReason } from '../protocol/message.ts';
import type { RoundRecord } from './record.ts';
import type { RoundOptions } from './round-options.ts';
import type { Exclusion } from './state.ts';

/** What a server tells while it runs: after it is in the store, each thing once; a store's failure in between delays it. */
export type ServerEvent =
  | { readonly kind: 'opened'; readonly round: number; readonly invited: number }
  | { readonly kind: 'accepted'; readonly client: ClientId; readonly ticket: number }
  | { readonly kind: 'advanced'; readonly round: number; readonly stage: string }
  | { readonly kind: 'published' | 'abandoned' | 'cancelled'; readonly record: RoundRecord }
  | { readonly kind: 'finished' }
  /** The model is again that after `round`. */
  | { readonly kind: 'rolledBack'; readonly round: number }
  /**
   * A store, a pipeline or a callback failed. Nothing is lost; it is tried again with the next request or tick. The same failure is told
   * once in ten seconds, with how many more there were since.
   */
  | { readonly kind: 'failed'; readonly error: unknown; readonly hidden?: number }
  /** A request was refused; the message is what the client is told. */
  | { readonly kind: 'refused'; readonly client: ClientId; readonly code: ErrorCode; readonly message: string }
  /** A client has given its ticket up, and is not drawn again at once. */
  | { readonly kind: 'declined'; readonly client: ClientId; readonly ticket: number; readonly reason: DeclineReason }
  /**
   * `deadlines.recruiting` is over and a round cannot be filled: `needed` more clients have to come, `waiting` are there, `resting`
   * have declined. Told once, until something moves.
   */
  | {
      readonly kind: 'unfilled';
      readonly round: number;
      readonly needed: number;
      readonly waiting: number;
      readonly resting: number;
    }
  /** Another server has opened the run: this one has stopped for good, and refuses everything as `UNAVAILABLE`. */
  | { readonly kind: 'superseded' };

/** What a server takes before it looks closer. */
export interface ServerLimits {
  /** Bytes of a report or an exchange's message; default 64 KiB + 16 for each parameter. */
  readonly requestBytes?: number;
  /** Clients that wait at a time; default 100,000. More are told to come again. */
  readonly clients?: number;
  /** Bytes of the model in one response; default 1 MiB. */
  readonly partBytes?: number;
  /** How long a waiting client that does not ask again is counted as there, in milliseconds; default 120,000. */
  readonly presence?: number;
}

/** A round that was published. */
export interface Published {
  /** The model, shape [d]: the listener's own. */
  readonly params: Float32Array;
  readonly record: RoundRecord;
}

/** What every federated server is made of, around its pipeline. */
export interface ServerSettings extends RoundOptions {
  /**
   * The model of the first round, shape [`pipeline.size`]; a run that goes on has its own. One that is over is refused together with
   * another first model: its store is not that of a new run.
   */
  readonly initial: Float32Array;
  /** Where the run is kept, under `round/`. One server at a time uses it. Holds what the server has seen of clients. */
  readonly store: Store;
  /**
   * N, the clients of the whole federation: what SCAFFOLD and FedDyn divide by, which therefore need it. Default for others: those
   * that waited as the round was drawn.
   */
  readonly federationSize?: number;
  /** Who of those that wait takes part; default: as many as there are places, uniformly. */
  readonly selection?: Selector;
  /** The time in milliseconds: any clock, which may jump and start anew with the process. */
  readonly clock: () => number;
  /** Draws cohorts and names runs: `secureRng()`, unless a test has to repeat. */
  readonly rng: Rng;
  /** 16 bytes that name the run; default: drawn. A store that holds another is refused. */
  readonly run?: Uint8Array;
  /** Asked after every round, before it is published: whether it was the last. */
  readonly until?: (params: Float32Array, round: number) => boolean | Promise<boolean>;
  /** Told synchronously, and not waited for. What it throws or rejects with changes nothing, and is `progress.lastFailure`. */
  readonly onEvent?: (event: ServerEvent) => void;
  /**
   * Told of every published round, with a copy of its model: to keep it, to measure it. Nobody waits for it; where it throws or rejects,
   * that is told as `failed`. After a crash the latest round may be told again.
   */
  readonly onPublish?: (published: Published) => void | Promise<void>;
  /** Where counts go: `prometheusTelemetry()` or `openTelemetry(meter)` of `@fedkit/core/telemetry`. */
  readonly telemetry?: Telemetry;
  /** How much clients may send. */
  readonly limits?: ServerLimits;
  /** Models of so many rounds before the latest are kept, for {@link FederatedServer.rollBack}; default 0. */
  readonly history?: number;
  /**
   * Where reports are folded, in the place of this thread: they go to the engine's blobs as they come, and are folded as the round
   * closes. The model is the same to the last bit. For pipelines whose clients report; a secure sum takes an `executor` instead.
   */
  readonly engine?: RoundEngine;
}

/** What a server with rounds is made of. */
export interface FederatedServerOptions<S extends PlainData, B extends PlainData, U extends Update, R extends PlainData>
  extends ServerSettings {
  /** The same as the clients', to the last option. */
  readonly pipeline: ServerPipeline<S, B, U, R>;
  /**
   * The algorithm's state that a new run begins with in the place of `initial`, optimizer included: `server.state` of another run, whose
   * pipeline may have been another around the same algorithm. A run that goes on has its own.
   */
  readonly startFrom?: S;
}

/** What a server without rounds is made of. */
export interface AsynchronousServerOptions<U extends Update> extends ServerSettings {
  /** `plainUpdates` around `fedBuff()` or `fedAsync()`. */
  readonly pipeline: AsynchronousPipeline<U>;
}

/** Where a run stands. */
export interface ServerProgress {
  readonly phase: 'waiting' | 'opening' | 'collecting' | 'advancing' | 'closing' | 'finished' | 'cancelled';
  readonly paused: boolean;
  /** The latest round, 0 before the first. */
  readonly round: number;
  /** Rounds published. */
  readonly published: number;
  /** Clients that wait for a round. */
  readonly waiting: number;
  /** Of the current round: clients still awaited, and reports or messages accepted in this stage. */
  readonly open: number;
  readonly accepted: number;
  /** The stage of the current round: `reporting`, or an exchange's; absent between rounds. */
  readonly stage?: string;
  /** Milliseconds until the stage ends whoever has answered; absent where there is no deadline. */
  readonly remaining?: number;
  /** Who is still awaited, in the order of names. O(n log n) when read. */
  readonly awaited: readonly ClientId[];
  /** Rounds whose models can be gone back to, the latest last; 0 is the first model. Absent without rounds. */
  readonly history?: readonly number[];
  /** Who takes part no more: proved not to have followed the protocol of a secure sum. Absent without rounds. */
  readonly excluded?: readonly Exclusion[];
  /** What failed last, and when by the server's clock. */
  readonly lastFailure?: { readonly time: number; readonly error: unknown };
}

/** How long an end may take. */
export interface Grace {
  /** Milliseconds ≥ 0 by the engine's clock, after which what is under way is left alone; default 30,000. */
  readonly grace?: number;
}

/** A server of a federated run: hand it to a transport. */
export interface FederatedServer<S extends PlainData> extends RequestHandler {
  /** 16 bytes: the run's name. */
  readonly run: Uint8Array;
  readonly progress: ServerProgress;
  /** The algorithm's state after the latest published round. */
  readonly state: S;
  /** The published model, shape [d]; not to be written to. */
  readonly params: Float32Array;
  /** The longest request it takes, in bytes: let the transport refuse longer ones before it buffers them. */
  readonly maximumRequestLength: number;
  /**
   * Lets deadlines pass; call it by a timer, every second or so. Requests do the same. Resolves once everything that could
   * be done is done.
   *
   * @throws FedkitError `UNAVAILABLE` where the store fails: nothing is lost, call it again.
   */
  tick(): Promise<void>;
  /** Opens and closes no more rounds; deadlines stand still, reports are taken. @throws FedkitError `UNAVAILABLE`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * The current stage, or the wait for more clients, ends so many milliseconds later.
   *
   * @throws FedkitError `PROTOCOL_STATE` where neither is under way, or without rounds.
   */
  extend(milliseconds: number): Promise<void>;
  /**
   * Goes on from the model after `round`, 0 for the first: the current round comes to nothing (`abandoned`, `ABORTED`), and the next
   * says in its record what it started from. What was published stays published, and its ε spent.
   *
   * @throws FedkitError `OUT_OF_RANGE` for a round whose model is not kept (`history`); `PROTOCOL_STATE` for a run that is over, or
   * without rounds.
   */
  rollBack(round: number): Promise<void>;
  /** Lets a client take part again that was excluded; nothing for others. @throws FedkitError `PROTOCOL_STATE` without rounds. */
  readmit(client: ClientId): Promise<void>;
  /** Ends the run: what was reported for the current round is in no model, and its record says so. */
  cancel(): Promise<void>;
  /**
   * The ledger: every finished round in order, or those after round `since`. Beside everything else: no request waits for it.
   *
   * @complexity One listing, and one `get` a record that is asked for.
   */
  records(since?: number): Promise<RoundRecord[]>;
  /**
   * Opens no more rounds in this process, and resolves once the current one has ended, or after `grace`: whether it has. Clients are
   * told to wait; `readiness` says so. The run itself goes on with the next server.
   */
  drain(options?: Grace): Promise<boolean>;
  /** Waits for what is under way, at most `grace`, and frees memory. The run goes on from its store with another server. */
  close(options?: Grace): Promise<void>;
  /** Whether it can go on at all: not closed, and no other server has opened its run. */
  readonly health: { readonly healthy: boolean; readonly reason?: string };
  /** Whether requests are served now: healthy, not draining, and with a store that works. */
  readonly readiness: { readonly ready: boolean; readonly reason?: string };
}

const OPTIONS: OptionNames<FederatedServerOptions<never, never, never, never>> = {
  pipeline: true,
  initial: true,
  store: true,
  federationSize: true,
  selection: true,
  clock: true,
  rng: true,
  run: true,
  until: true,
  onEvent: true,
  onPublish: true,
  startFrom: true,
  telemetry: true,
  history: true,
  limits: true,
  engine: true,
  cohort: true,
  minimum: true,
  overSelection: true,
  population: true,
  deadlines: true,
  retryAfter: true,
  rounds: true,
};

/** Bytes of the model in one response, unless stated. */
export const PART_BYTES: number = 2 ** 20;

const LIMITS: OptionNames<ServerLimits> = { requestBytes: true, clients: true, partBytes: true, presence: true };

/** Checks what {@link RoundOptions} does not cover, and that nothing is given that has no meaning. */
export function checkServerOptions(
  options: ServerSettings & {
    readonly startFrom?: unknown;
    readonly pipeline: PipelineTerms & { readonly algorithm: object; server(): unknown };
  },
): Required<ServerLimits> {
  const where = 'federatedServer';
  if ('layout' in options)
    refuse('INVALID_ARGUMENT', `${where}: layout`, 'none here: the pipeline has it, on both sides', 'one');
  checkOptions(where, options, OPTIONS);
  const { pipeline, store, clock, rng, run, limits = {} } = options;
  if (typeof pipeline?.server !== 'function') refuse('INVALID_ARGUMENT', `${where}: pipeline`, 'a pipeline', pipeline);
  checkBytes(`${where}: pipeline.digest`, pipeline.digest, 32);
  checkVector(`${where}: initial`, options.initial, pipeline.size);
  if (typeof store?.put !== 'function') refuse('INVALID_ARGUMENT', `${where}: store`, 'a store', store);
  checkCreates(where, store);
  checkOptions(`${where}: limits`, limits, LIMITS);
  if (options.startFrom !== undefined && !('serverStep' in pipeline.algorithm))
    refuse('INVALID_ARGUMENT', `${where}: startFrom`, 'none: only an algorithm with rounds takes one', 'one');
  for (const listener of ['onEvent', 'onPublish', 'until'] as const) {
    const given: unknown = options[listener];
    if (given !== undefined && typeof given !== 'function')
      refuse('INVALID_ARGUMENT', `${where}: ${listener}`, 'a function', given);
  }
  if (typeof clock !== 'function') refuse('INVALID_ARGUMENT', `${where}: clock`, 'a function', clock);
  if (typeof rng?.below !== 'function') refuse('INVALID_ARGUMENT', `${where}: rng`, 'such as secureRng()', rng);
  if (run !== undefined) checkBytes(`${where}: run`, run, 16);
  if (options.history !== undefined) checkInteger(`${where}: history`, options.history, 0, 10_000);
  if (options.federationSize !== undefined) checkInteger(`${where}: federationSize`, options.federationSize, 1);
  const { requestBytes = 65_536 + 16 * pipeline.size, clients = 100_000, partBytes = PART_BYTES } = limits;
  return {
    requestBytes: checkInteger(`${where}: limits.requestBytes`, requestBytes, 64),
    clients: checkInteger(`${where}: limits.clients`, clients, 1),
    partBytes: checkInteger(`${where}: limits.partBytes`, partBytes, 1),
    presence: checkInteger(`${where}: limits.presence`, limits.presence ?? 120_000, 1),
  };
}
