/**
 * What a node of a Flower federation is made of.
 *
 * @module
 */
import type { DeviceTraining, FedkitError, Layout, LocalResult, SecureRng, Store, Trainer } from '@fedkit/core';
import type { FlowerRecords, Values } from '../array/records.ts';
import type { NodeKeys } from '../key/node-key.ts';

/** What a message asks for. */
export interface FlowerTask {
  /** `train`, `evaluate`, `query`, or one with an action behind it such as `train.personalize`. */
  readonly type: string;
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly messageId: string;
  /** The round: the message's group, or its setting `server-round`; 0 where neither is a number. */
  readonly round: number;
  /** The settings of the one config record, empty without one. Ints of Python are `bigint`. */
  readonly config: Values;
  /**
   * What `flwr run --run-config` set for the whole run, flattened with dots; what the app's `pyproject.toml` says besides stays in
   * its bundle, which a node does not fetch. Ints are `bigint`.
   */
  readonly runConfig: Values;
  /** Seconds until nobody waits for the reply. */
  readonly expiresIn: number;
}

/** Answers messages of one type. What it throws reaches the ServerApp as an error reply. */
export type FlowerHandler = (
  records: FlowerRecords,
  task: FlowerTask,
  options: { readonly signal?: AbortSignal },
) => FlowerRecords | Promise<FlowerRecords>;

/** How records and metrics are called, which every node of a federation must agree on. */
export interface FlowerNames {
  /** The array record of replies to `train`. Default: as it came, which is `arrays`. */
  readonly arrays?: string;
  /** The metric record of replies. Default `metrics`. */
  readonly metrics?: string;
  /** The metric that weighs a reply, an int. Default `num-examples`. */
  readonly examples?: string;
}

/** What happens at a node. */
export type FlowerNodeProgress =
  | { readonly kind: 'registered'; readonly nodeId: bigint }
  /** Online, anew or still. */
  | { readonly kind: 'online'; readonly nodeId: bigint; readonly resumed: boolean }
  | { readonly kind: 'pulled'; readonly task: FlowerTask; readonly bytes: number }
  | { readonly kind: 'trained'; readonly task: FlowerTask; readonly local: Omit<LocalResult, 'values'> }
  /** All of the reply is with the SuperLink; the run may still end without it. */
  | { readonly kind: 'replied'; readonly task: FlowerTask; readonly bytes: number; readonly failed: boolean }
  /**
   * Nobody waits for the reply: the run is over, the time is, or another reply was first. Also where all of it was taken and
   * handed on, and only the last acknowledgement was lost: a SuperLink does not tell the two apart.
   */
  | { readonly kind: 'discarded'; readonly messageId: string }
  /** The work failed; the ServerApp is told so, in the words of the error where it is a `FedkitError`. */
  | { readonly kind: 'failed'; readonly task: FlowerTask; readonly error: unknown }
  | { readonly kind: 'retrying'; readonly error: FedkitError; readonly milliseconds: number };

/** What {@link flowerNode} is made of. */
export interface FlowerNodeOptions {
  /**
   * The SuperLink, such as `https://superlink.example.org:8000`; in a page the page's own origin, which forwards `/v1/fleet`
   * there, since a SuperLink answers no other origins.
   */
  readonly url: string;
  /** Allows plain HTTP to other machines: only where the network itself is trusted. Default `false`. */
  readonly insecure?: boolean;
  /** Trains on the data of this node. */
  readonly trainer: Trainer;
  /**
   * Which arrays are trained, by name. Arrays that it does not name, and those that are no numbers, are answered as they
   * came. Default: the trainer's.
   */
  readonly layout?: Layout;
  /** How to train for a message: its settings are in `task.config`. */
  readonly local: (task: FlowerTask) => DeviceTraining;
  /**
   * Metrics of a reply to `train`, beside the number of examples. The same names for every message and in every node, or the
   * strategy drops the round. Default `{ train_loss }`.
   */
  readonly trainMetrics?: (local: Omit<LocalResult, 'values'>, task: FlowerTask) => Values;
  /**
   * Answers `evaluate`: the number of examples and the metrics by name, such as `{ examples: 100, metrics: { eval_acc } }`.
   * Without it such messages are answered by an error, which strategies leave out.
   */
  readonly evaluate?: (params: Float32Array, task: FlowerTask) => FlowerEvaluation | Promise<FlowerEvaluation>;
  /** Handlers by message type; they come before the node's own `train` and `evaluate`. */
  readonly handlers?: Readonly<Record<string, FlowerHandler>>;
  /** What the app calls its records and configuration; default: as Flower does. */
  readonly names?: FlowerNames;
  /**
   * What a `train` that moved no parameter is answered with. Default `error`, which strategies leave out: an unchanged model
   * makes Flower's clipping divide by zero on the server, which ends the run. `send` for runs without clipping.
   */
  readonly unchanged?: 'error' | 'send';
  /** Where it remembers, under `flower/`. Holds its secret key and its last reply: keep it where the data is. */
  readonly store: Store;
  /** Where its key comes from. Default: WebCrypto. */
  readonly keys?: NodeKeys;
  /**
   * Seconds in which the SuperLink expects a sign of life, 10 to 1800; after twice as long it counts the node as gone.
   * Default 30; 1800 for phones, which sleep.
   */
  readonly heartbeatInterval?: number;
  /** Milliseconds between questions for work, and after an answer that failed or that nobody waited for. Default 3000, Flower's own. */
  readonly pollInterval?: number;
  /** The most bytes a message may have, all objects together. Default 64 bytes a parameter and 16 MiB. */
  readonly maximumMessageBytes?: number;
  /** Milliseconds a call may take. Default 60,000. */
  readonly timeout?: number;
  /** Default: the engine's `fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Shuffles examples and spreads calls. Default: the platform's CSPRNG. */
  readonly rng?: SecureRng;
  /** Told synchronously. What it throws or rejects with changes nothing. */
  readonly onProgress?: (event: FlowerNodeProgress) => void;
  /** Once it fires, `run` rejects with `ABORTED`; what was done is kept. */
  readonly signal?: AbortSignal;
}

/** Options with every default in its place. */
export type CompleteOptions = FlowerNodeOptions &
  Required<
    Pick<
      FlowerNodeOptions,
      | 'layout'
      | 'names'
      | 'unchanged'
      | 'heartbeatInterval'
      | 'pollInterval'
      | 'maximumMessageBytes'
      | 'timeout'
      | 'rng'
      | 'fetch'
      | 'onProgress'
    >
  >;

/** What an evaluation comes to. */
export interface FlowerEvaluation {
  /** ≥ 1. */
  readonly examples: number;
  readonly metrics: Values;
}

/** A node. */
export interface FlowerNode {
  /**
   * Takes part until the signal fires. It registers where it is new, goes on where it was, and stays online: a SuperLink drops
   * replies of nodes that are offline when its ServerApp looks.
   *
   * @throws FedkitError `ABORTED`; `AUTHENTICATION_FAILED` where the SuperLink does not know its key; `PROTOCOL_STATE` for
   * what the SuperLink refuses for good; `DECODE_FAILED` for a store of something else.
   */
  run(): Promise<never>;
  /**
   * Its public key as a line of OpenSSH, `ecdsa-sha2-nistp384 …`: what `flwr supernode register` reads from a file, and what
   * `allowedKeys` of `flowerFleet` takes. A node that has no key yet makes one and keeps it. Not while `run` is under way.
   *
   * @throws FedkitError `PROTOCOL_STATE` while it runs, `DECODE_FAILED` for a store of something else.
   */
  publicKey(): Promise<string>;
  /** Goes offline and forgets its key: the SuperLink will know it no more. Not while `run` is under way. */
  leave(): Promise<void>;
}
