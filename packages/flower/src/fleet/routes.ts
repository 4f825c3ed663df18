/**
 * The calls of the Fleet API, answered.
 *
 * @module
 */
import type { PlainData, Update } from '@fedkit/core';
import { secureRng } from '@fedkit/core';
import { toHex } from '@fedkit/core/internal';
import {
  ACTIVATE,
  type Call,
  CONFIRM,
  DEACTIVATE,
  type FlowerRun,
  GET_FAB,
  GET_RUN,
  HEARTBEAT,
  PULL_MESSAGES,
  PULL_OBJECT,
  PUSH_MESSAGES,
  PUSH_OBJECT,
  REGISTER,
  UNREGISTER,
} from '../proto/messages.ts';
import { toWire } from '../array/records.ts';
import type { Caller } from './authentication.ts';
import { type FleetEvent, type FlowerApp, Refused } from './contract.ts';
import type { ServedNode } from './served-node.ts';

/** Flower's codes. */
const INVALID_INTERVAL = 2003;
const REGISTRATION_DISABLED = 2001;
const UNKNOWN_RUN = 2008;

/** A call and what answers it. */
export interface Route {
  readonly call: Call<object, object>;
  readonly serve: (caller: Caller, request: object) => object | Promise<object>;
}

/** What the calls need of the fleet. */
export interface Fleet<B extends PlainData, C extends PlainData, U extends Update> {
  readonly servedOf: (caller: Caller) => ServedNode<B, C, U>;
  readonly forget: (caller: Caller) => void;
  /** Whether there is room for one more reply under way. */
  readonly mayReceive: (servedNode: ServedNode<B, C, U>) => boolean;
  readonly selfRegistration: boolean;
  readonly runId: bigint;
  readonly app: FlowerApp & { readonly hash: string };
  readonly tell: (event: FleetEvent) => void;
}

function route<Q extends object, A extends object>(
  call: Call<Q, A>,
  serve: (caller: Caller, request: Q) => A | Promise<A>,
): [string, Route] {
  return [call.path, { call, serve } as unknown as Route];
}

/** The routes by the last part of their path. */
export function routesOf<B extends PlainData, C extends PlainData, U extends Update>(
  fleet: Fleet<B, C, U>,
): Readonly<Record<string, Route>> {
  const { servedOf, runId, app, tell } = fleet;
  // Who calls is known by the key; a node that says it is another is not believed.
  const own = ({ nodeId }: Caller, node: { readonly nodeId: bigint } | undefined): void => {
    if (node?.nodeId !== nodeId) throw new Refused(401);
  };
  const known = (run: bigint): void => {
    if (run !== runId) throw new Refused(403, UNKNOWN_RUN);
  };
  const interval = (seconds: number): void => {
    if (!(seconds >= 10 && seconds <= 1800)) throw new Refused(400, INVALID_INTERVAL);
  };
  const leave = async (caller: Caller, request: { readonly nodeId: bigint }): Promise<object> => {
    own(caller, request);
    await servedOf(caller).leave();
    fleet.forget(caller);
    return {};
  };
  const run: FlowerRun = {
    runId,
    fabId: app.id,
    fabVersion: app.version,
    fabHash: app.hash,
    config: Object.entries(app.runConfig ?? {}).map(([key, value]) => ({ key, value: toWire(key, value) })),
    runningAt: new Date(0).toISOString().replace('Z', '+00:00'),
    status: { status: 'running' },
    federation: '@none/default',
    primaryTaskType: 'flwr-serverapp',
    seriesId: runId,
  };
  return Object.fromEntries([
    route(REGISTER, (caller) => {
      if (!fleet.selfRegistration) throw new Refused(412, REGISTRATION_DISABLED);
      return { nodeId: caller.nodeId };
    }),
    // A node that is online may come online: it died and came back, and its key says that it is the same.
    route(ACTIVATE, (caller, { heartbeatInterval }) => {
      interval(heartbeatInterval);
      tell({ kind: 'activated', client: servedOf(caller).client });
      return { nodeId: caller.nodeId };
    }),
    route(DEACTIVATE, leave),
    route(UNREGISTER, (caller, request) => {
      own(caller, request);
      return {};
    }),
    route(HEARTBEAT, (caller, { node, heartbeatInterval }) => {
      own(caller, node);
      interval(heartbeatInterval);
      return { success: true };
    }),
    route(PULL_MESSAGES, async (caller, { node }) => {
      own(caller, node);
      const message = await servedOf(caller).pull();
      return { messages: message ? [message.envelope] : [], trees: message ? [message.tree] : [] };
    }),
    route(PULL_OBJECT, (caller, { node, runId: id, objectId }) => {
      own(caller, node);
      known(id);
      const content = servedOf(caller).object(objectId);
      const there = content !== undefined;
      return { found: there, available: there, content: content ?? new Uint8Array(0) };
    }),
    route(CONFIRM, (caller, { node, runId: id }) => {
      own(caller, node);
      known(id);
      return {};
    }),
    route(PUSH_MESSAGES, async (caller, { node, messages: [envelope], trees: [tree] }) => {
      own(caller, node);
      if (envelope?.metadata === undefined || tree === undefined) throw new Refused(400);
      known(envelope.metadata.runId);
      const servedNode = servedOf(caller);
      if (!fleet.mayReceive(servedNode)) throw new Refused(503);
      const sessionId = toHex(secureRng().fill(new Uint8Array(16)));
      const { wanted } = await servedNode.begin(envelope, tree, sessionId);
      return { reconnect: { seconds: 5n }, wanted, sessionId };
    }),
    route(PUSH_OBJECT, async (caller, { node, runId: id, objectId, content, sessionId }) => {
      own(caller, node);
      known(id);
      return { stored: await servedOf(caller).take(sessionId, objectId, content) };
    }),
    route(GET_RUN, (caller, { node, runId: id }) => {
      own(caller, node);
      known(id);
      return { run };
    }),
    route(GET_FAB, (caller, { node, hash }) => {
      own(caller, node);
      if (hash !== app.hash) throw new Refused(403, UNKNOWN_RUN);
      return { fab: { hash: app.hash, content: app.bytes } };
    }),
  ]);
}
