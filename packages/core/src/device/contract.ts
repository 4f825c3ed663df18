/**
 * What a client on a device is made of, and what can be asked of it.
 *
 * @module
 */
import type { ClientId, Update } from '../aggregate/contract.ts';
import type { LocalTraining, Trainer } from '../client/trainer.ts';
import type { ClientPipeline, ReportingClient } from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { Rng, SecureRng } from '../random.ts';
import type { RoundTask } from '../protocol/message.ts';
import type { Store } from '../store/contract.ts';
import type { Layout } from '../model/layout.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Exchange } from '../protocol/exchange.ts';
import type { ClientProgress, NextStep } from './progress.ts';
import type { PublishedParams } from './published-model.ts';

/** How a device trains for one task; `rng` shuffles its data, default the client's own stream. */
export type DeviceTraining = LocalTraining & { readonly rng?: Rng };

/** What a client is made of. */
export interface FederatedClientOptions<B extends PlainData, C extends PlainData, U extends Update> {
  /** As the transport authenticates it. */
  readonly id: ClientId;
  /** The same as the server's, to the last option. */
  readonly pipeline: ClientPipeline<B, C, U>;
  /** Trains on the data of this device, which never leaves it. */
  readonly trainer: Trainer;
  /** How to train for a task: an options object at once, no promise of one. */
  readonly local: (task: RoundTask) => DeviceTraining;
  /** Carries requests to the server and answers back. */
  readonly exchange: Exchange;
  /**
   * Where it remembers, under `client/<id>`, `model/<n>/<id>` and `latest…/<id>`. Under secure aggregation the record is sealed under the
   * client's key; otherwise it holds the client's updates as they are: keep it where the data is. One client at a time uses it
   * under one id: under secure aggregation a second one is refused where the store has `compareAndSwap`.
   */
  readonly store: Store;
  /**
   * Needed under secure aggregation where the store has no `compareAndSwap`: the caller answers for it that no other client
   * uses this store under this id. Two could answer one round twice, and the server would learn the input.
   */
  readonly singleInstance?: boolean;
  /** The longest broadcast it accepts, in bytes; default 64 bytes a parameter and 64 KiB: sixteen vectors. */
  readonly maximumModelBytes?: number;
  /** Noise, rounding, and the spread of repeated requests; default: the platform's CSPRNG. */
  readonly rng?: SecureRng;
  /** Must not start anew with the process, since deadlines are kept on disk; default: the platform's time of day. */
  readonly clock?: Clock;
  /** Told of each step, and of what the client goes on in spite of. What it throws or rejects with changes nothing. */
  readonly onProgress?: (event: ClientProgress<B>) => void;
  /** Once it fires, `step` and `run` reject with `ABORTED`; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** What a client is made of that only trains and reports. */
export interface TrainingClientOptions<B extends PlainData, C extends PlainData, U extends Update>
  extends FederatedClientOptions<B, C, U> {
  /** The same as the server's, to the last option: one whose updates travel as one report. */
  readonly pipeline: ClientPipeline<B, C, U> & { client(): ReportingClient<U> };
}

/** A published model on a device. */
export interface DeviceModel extends PublishedParams {
  /** The round whose step gave it, 0 for the first model; in asynchronous runs the steps taken. */
  readonly round: number;
  /** 16 bytes: the run it is of. */
  readonly run: Uint8Array;
  /** 32 bytes: SHA-256 of the broadcast; two models of one digest are the same. */
  readonly digest: Uint8Array;
  /** Which parameter is which, where the pipeline knows. */
  readonly layout?: Layout;
  /** Whether the server has just said that it is the latest. */
  readonly current: boolean;
}

/** How to get a model. */
export interface ModelRequest {
  /** Default `server`. */
  readonly from?: 'server' | 'store';
}

/** A client that trains and reports. */
export interface TrainingClient<C> {
  /**
   * Steps and waits until the run is over.
   *
   * @throws FedkitError as {@link TrainingClient.step}.
   */
  run(): Promise<void>;
  /**
   * Does one thing: one request with what follows from its answer, or one training. For devices that let an app work now
   * and then. Calls wait for each other.
   *
   * Goes on, and tells by `onProgress`: what the network cannot do now, what the server answers wrongly, tasks that this
   * client declines since time may mend what is wrong with them, updates that the server refuses.
   *
   * @throws FedkitError What neither time nor a server can mend, as soon as it is met and after the server was told that the
   * task is declined: another pipeline than the server's (`SHAPE_MISMATCH`), options of `local` that cannot be or have
   * no meaning, what a trainer returns or refuses, what an exchange returns (`INVALID_ARGUMENT`, `SHAPE_MISMATCH`,
   * `OUT_OF_RANGE`); a refusal, of a task or of an update, that is the same a second time. `ABORTED`;
   * `AUTHENTICATION_FAILED` where the transport says so; `DECODE_FAILED` where the store holds what is no record. What
   * else a store, a transport or a trainer throws passes, and the next step tries again; a task in whose training it
   * was thrown is declined first.
   */
  step(): Promise<NextStep>;
  /** The algorithm's state of this client, as of the last update that counted; `undefined` before the first. */
  state(): Promise<C | undefined>;
}

/** A client on a device. */
export interface FederatedClient<C> extends TrainingClient<C> {
  /**
   * The model that the server publishes now, whether this client was ever drawn or not: fetched part by part, so that an
   * interrupted call goes on where it stopped, verified, and kept in the store, from where it is read once the server cannot be
   * reached. Does not wait for a training.
   *
   * @throws FedkitError `SHAPE_MISMATCH` where the server's pipeline is another; `UNAVAILABLE` where neither the server nor the
   * store has a model now; `ABORTED`; `AUTHENTICATION_FAILED`, `DECODE_FAILED` for bytes that are not what the server named.
   */
  model(options?: ModelRequest & { readonly from?: 'server' }): Promise<DeviceModel>;
  /** The model that was fetched last, without the network; `undefined` where there is none of this pipeline. */
  model(options: ModelRequest & { readonly from: 'store' }): Promise<DeviceModel | undefined>;
}
