/**
 * What a fleet of Flower nodes is made of.
 *
 * @module
 */
import type { ClientId, FederatedServer, FedkitError, PlainData, ReportingPipeline, Update } from '@fedkit/core';
import type { RoundTask } from '@fedkit/core/protocol';
import type { Values } from '../array/records.ts';

/** A Flower app bundle, as `flwr build` made it. It goes to the nodes as it is. */
export interface FlowerApp {
  readonly bytes: Uint8Array;
  /** `publisher/name`, as its `pyproject.toml` says. */
  readonly id: string;
  /** As its `pyproject.toml` says, such as `1.0.0`. */
  readonly version: string;
  /** What nodes find in `context.run_config` in place of the app's own settings: floats, ints as `bigint`, booleans, text. */
  readonly runConfig?: Readonly<Record<string, number | bigint | boolean | string>>;
}

/** Which nodes may take part: those whose keys are known, or everyone that comes. */
export type FleetAdmission =
  | {
      /** Public keys on P-384: lines of OpenSSH, `ecdsa-sha2-nistp384 …`, or PEM. */
      readonly allowedKeys: readonly string[];
      readonly selfRegistration?: false;
    }
  /** Any key is as good as another: on a network where only nodes are, or for a test. */
  | { readonly selfRegistration: true; readonly allowedKeys?: undefined };

/** What a fleet takes of its nodes. */
export interface FleetLimits {
  /** The most bytes of a reply, all objects together. Default 8 bytes a parameter, 64 KiB a tensor, and 1 MiB. */
  readonly replyBytes?: number;
  /** The most objects of a reply. Default: what float64 arrays of the layout take, and 64. */
  readonly replyObjects?: number;
  /** Replies that may be under way at a time; nodes beyond it are told to come again. Default 4. */
  readonly replies?: number;
  /** How often a node is given the same message. Default 5. */
  readonly deliveries?: number;
  /** Milliseconds that a request's body may take. Default 60,000. Node's own HTTP server ends it after 300,000. */
  readonly bodyMilliseconds?: number;
  /** Milliseconds within which the next object of a reply must come. Default 60,000. */
  readonly replyMilliseconds?: number;
}

/** What happens in a fleet. */
export type FleetEvent =
  | { readonly kind: 'activated'; readonly client: ClientId }
  | { readonly kind: 'left'; readonly client: ClientId }
  /** A node has been given a message; `delivery` counts from 1. */
  | { readonly kind: 'delivered'; readonly client: ClientId; readonly round: number; readonly delivery: number }
  | { readonly kind: 'reported'; readonly client: ClientId; readonly round: number; readonly metrics: Values }
  /** The round went on without it. */
  | { readonly kind: 'late'; readonly client: ClientId; readonly round: number }
  /** A node said that it failed, or what it said is no update: in its own words or in ours. */
  | { readonly kind: 'failed'; readonly client: ClientId; readonly round: number; readonly reason: string }
  /** The fleet's own fault, which the node is told nothing about. */
  | { readonly kind: 'fault'; readonly error: unknown };

/** What {@link flowerFleet} is made of, beside the server. */
export type FlowerFleetOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> = FleetAdmission & {
  /**
   * The server's own, with a layout: arrays go out under its names. Of algorithms it may hold those that training alone can
   * serve: FedAvg, FedProx, FedOpt.
   */
  readonly pipeline: ReportingPipeline<S, B, C, U, R>;
  readonly app: FlowerApp;
  /** Settings of a message, beside `server-round` and FedProx's `proximal-mu`: what the ClientApp reads. Default none. */
  readonly config?: (task: RoundTask) => Values;
  /** The metric that weighs a reply. Default `num-examples`. */
  readonly examples?: string;
  /** What a node is called at the server. Default `flower-` and 32 digits of its key's SHA-256. */
  readonly clientName?: (fingerprint: string) => ClientId;
  readonly limits?: FleetLimits;
  /** Told synchronously. What it throws or rejects with changes nothing. */
  readonly onEvent?: (event: FleetEvent) => void;
  /** The time of day in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
};

/** The server that a fleet brings nodes to. */
export type FleetServer<S extends PlainData> = Pick<FederatedServer<S>, 'handle' | 'run'>;

/** What a node is told instead of an answer. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 412 | 413 | 415 | 500 | 503;
  /** Flower's own number, where it has one. */
  readonly code: number;
}

/** Thrown within the fleet, answered by its handler. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(status: Refusal['status'], code = 0) {
    super(`${status}`);
    this.refusal = { status, code };
  }
}

/** Errors that are not the node's fault. */
export function isTemporary(error: FedkitError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'ABORTED';
}
