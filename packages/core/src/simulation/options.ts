/**
 * What a simulation is told, and what it comes to.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { ClientStates } from '../client/client-states.ts';
import type { FedkitError } from '../errors.ts';
import type { Layout } from '../model/layout.ts';
import type { PlainData } from '../plain-data.ts';
import type { Selector } from '../select/contract.ts';
import type { Byzantine } from './byzantine.ts';
import type { Channel } from './channel.ts';
import type { Conditions } from './conditions.ts';
import type { Devices } from './devices.ts';
import type { SimulatedDownlink } from './downlink.ts';
import type { ClientEngine, EngineOptions, LocalOptions } from './engine.ts';
import type { FinishedRound, SimulationProgress } from './progress.ts';

/** What to simulate. */
export type SimulationOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  E,
> = Pick<EngineOptions<S, B, C, U, R>, 'algorithm' | 'seed'> &
  (
    | Pick<EngineOptions<S, B, C, U, R>, 'clients' | 'local'>
    | { readonly engine: ClientEngine<B, C, U>; readonly local?: LocalOptions }
  ) & {
    /** The initial model, shape [d]. */
    readonly initial: Float32Array;
    /** The server's layout; every client that knows its own must have the same. */
    readonly layout?: Layout;
    /** How local training changes with the rounds: a decaying rate, longer rounds. Default: it does not. */
    readonly schedule?: (local: LocalOptions, round: number) => LocalOptions;
    /** How many clients a round asks, uniformly without replacement, or how to draw them. */
    readonly cohort: number | Selector;
    /**
     * Who drops out and who is slow; default: nobody. They start from `local`, so an engine's is to be named here
     * again.
     */
    readonly conditions?: Conditions;
    /** Bandwidth, speed and availability on a virtual clock: whom a round waits for, and when it ends. Default: no clock. */
    readonly devices?: Devices;
    /** Clients that do not train but send what an attack forges of the honest updates of the round. Default: nobody. */
    readonly byzantine?: Byzantine;
    /**
     * What updates travel through: `plainUpdates` with any codec, `centralDp`, `secureSum` and `distributedDp` around
     * {@link clearAggregation}. Encoded, folded and decoded as in a federation, all of it drawn from `seed`; what clients keep follows
     * from what was counted. Default: as they are. Its algorithm must be `algorithm`.
     */
    readonly channel?: Channel<S, B, C, U, R>;
    /**
     * What the server publishes in the place of whole models: `() => downlink(codec, { size })` of `@fedkit/compression`, and to go on
     * `from` a checkpoint `restoreDownlink` of what is `saved`. Clients and evaluations then see the model that the published updates
     * make. Who takes part first fetches the model, who missed rounds a catch-up. Its algorithm must broadcast `params`. Default: whole
     * models.
     */
    readonly downlink?: (saved?: Uint8Array) => SimulatedDownlink;
    /** Whether a model or update that is no longer finite ends the simulation with what there is, or throws; default `throw`. */
    readonly divergence?: 'result' | 'throw';
    /** Where clients' states are kept; default: in memory. With it `clients` of the result is empty. */
    readonly clientStates?: ClientStates<C>;
    /** The most rounds to run, an integer ≥ 1. */
    readonly rounds: number;
    /** Measures the global model. `params` and what `context` shows are not to be changed. */
    readonly evaluate?: (params: Float32Array, round: number, context: EvaluationContext<S, B, C>) => E | Promise<E>;
    /** After every how many rounds it is measured, an integer ≥ 1; after the last always. Default 1. */
    readonly evaluateEvery?: number;
    /**
     * What a `checkpoint()` gave, of a simulation with these options: goes on after its round, to the same bytes as if it had never
     * stopped. A selector that learns (`oortSelection`) and `clientStates` are the caller's to bring back as they were.
     */
    readonly from?: Uint8Array;
    /** Ends the simulation after a round with this evaluation. */
    readonly until?: (evaluation: E, round: number) => boolean | Promise<boolean>;
    /** Awaited: what it throws or rejects with ends the simulation. */
    readonly onProgress?: (event: SimulationProgress<S, B, C, U, E>) => unknown;
    /** Checked between local steps and between clients. */
    readonly signal?: AbortSignal;
  };

type Every<T> = T extends unknown ? keyof T : never;

/** All of them by name, those of either kind of clients among them. @internal */
export const SIMULATION_OPTIONS: {
  readonly [K in Every<SimulationOptions<PlainData, PlainData, PlainData, Update, PlainData, unknown>>]: true;
} = {
  algorithm: true,
  seed: true,
  clients: true,
  local: true,
  engine: true,
  initial: true,
  layout: true,
  schedule: true,
  cohort: true,
  conditions: true,
  devices: true,
  byzantine: true,
  channel: true,
  downlink: true,
  divergence: true,
  clientStates: true,
  rounds: true,
  evaluate: true,
  evaluateEvery: true,
  from: true,
  until: true,
  onProgress: true,
  signal: true,
};

/** What an evaluation may look at besides the model. */
export interface EvaluationContext<S, B, C> {
  readonly state: S;
  /** What the next round's clients receive: with a client's state, what a personal model is made of. */
  readonly broadcast: () => B;
  /** What a client keeps; `undefined` before it took part. */
  readonly clientState: (client: ClientId) => Promise<C | undefined>;
}

/** How a simulation ended. */
export interface SimulationResult<S, C, E> {
  /** The global model, shape [d]. */
  readonly params: Float32Array;
  /** The server's state, from which rounds could go on. */
  readonly state: S;
  /** What each client that took part keeps, unless `clientStates` does. */
  readonly clients: ReadonlyMap<ClientId, C>;
  /** Those that were run here, not those before `from`. */
  readonly rounds: readonly FinishedRound<E>[];
  /** The end as bytes, for `from`. */
  checkpoint(): Uint8Array<ArrayBuffer>;
  /** Why it ended early, where values were no longer finite and `divergence` is `result`. */
  readonly diverged?: FedkitError;
}
