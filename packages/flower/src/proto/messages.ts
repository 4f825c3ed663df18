/**
 * The messages of Flower's Fleet API that a node and a fleet exchange, as tables of field numbers; others are skipped.
 * Held against flwr 1.42.0 by the tests.
 *
 * @module
 */
import { always, many, maybe, message, messages, type Table } from './table.ts';

/** Where a message comes from, where it goes, and how long it is good for. */
export interface Metadata {
  readonly runId: bigint;
  readonly messageId: string;
  readonly srcNodeId: bigint;
  readonly dstNodeId: bigint;
  readonly replyToMessageId: string;
  readonly groupId: string;
  /** Seconds from `createdAt` on. */
  readonly ttl: number;
  readonly messageType: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly srcTaskId?: bigint;
  readonly dstTaskId?: bigint;
}
const METADATA: Table<Metadata> = {
  runId: always(1, 'uint64'),
  messageId: always(2, 'string'),
  srcNodeId: always(3, 'uint64'),
  dstNodeId: always(4, 'uint64'),
  replyToMessageId: always(5, 'string'),
  groupId: always(6, 'string'),
  ttl: always(7, 'double'),
  messageType: always(8, 'string'),
  createdAt: always(9, 'double'),
  srcTaskId: maybe(10, 'uint64'),
  dstTaskId: maybe(11, 'uint64'),
};

interface Nothing {}
const NOTHING: Table<Nothing> = {};

interface ErrorReply {
  readonly code: bigint;
  readonly reason: string;
}
const ERROR_REPLY: Table<ErrorReply> = { code: always(1, 'sint64'), reason: always(2, 'string') };

/** A message without its objects: `content` is there and empty where it has any, `error` where it failed. */
export interface Envelope {
  readonly metadata?: Metadata;
  readonly content?: object;
  readonly error?: ErrorReply;
}
export const ENVELOPE: Table<Envelope> = {
  metadata: message(1, () => METADATA),
  content: message(2, () => NOTHING),
  error: message(3, () => ERROR_REPLY),
};

/** Which objects a message is made of. */
export interface ObjectTree {
  readonly objectId: string;
  readonly children: readonly ObjectTree[];
}
export const OBJECT_TREE: Table<ObjectTree> = {
  objectId: always(1, 'string'),
  children: messages(2, () => OBJECT_TREE),
};

interface List<T> {
  readonly values: readonly T[];
}

/** A value of a metric or config record: one of these. */
export interface RecordValue {
  readonly double?: number;
  readonly sint64?: bigint;
  readonly uint64?: bigint;
  readonly bool?: boolean;
  readonly string?: string;
  readonly bytes?: Uint8Array;
  readonly doubles?: List<number>;
  readonly sint64s?: List<bigint>;
  readonly uint64s?: List<bigint>;
  readonly bools?: List<boolean>;
  readonly strings?: List<string>;
  readonly byteStrings?: List<Uint8Array>;
}
const RECORD_VALUE: Table<RecordValue> = {
  double: maybe(1, 'double'),
  sint64: maybe(2, 'sint64'),
  uint64: maybe(3, 'uint64'),
  bool: maybe(4, 'bool'),
  string: maybe(5, 'string'),
  bytes: maybe(6, 'bytes'),
  doubles: message(21, (): Table<List<number>> => ({ values: many(1, 'double') })),
  sint64s: message(22, (): Table<List<bigint>> => ({ values: many(1, 'sint64') })),
  uint64s: message(23, (): Table<List<bigint>> => ({ values: many(1, 'uint64') })),
  bools: message(24, (): Table<List<boolean>> => ({ values: many(1, 'bool') })),
  strings: message(25, (): Table<List<string>> => ({ values: many(1, 'string') })),
  byteStrings: message(26, (): Table<List<Uint8Array>> => ({ values: many(1, 'bytes') })),
};

interface RecordItem {
  readonly key: string;
  readonly value?: RecordValue;
}
const RECORD_ITEM: Table<RecordItem> = { key: always(1, 'string'), value: message(2, () => RECORD_VALUE) };

/** The body of a metric record and of a config record. */
export interface ValueRecord {
  readonly items: readonly RecordItem[];
}
export const VALUE_RECORD: Table<ValueRecord> = { items: messages(1, () => RECORD_ITEM) };

interface Node {
  readonly nodeId: bigint;
}
const NODE: Table<Node> = { nodeId: always(1, 'uint64') };

interface RunConfigValue {
  readonly double?: number;
  readonly uint64?: bigint;
  readonly sint64?: bigint;
  readonly bool?: boolean;
  readonly string?: string;
  readonly bytes?: Uint8Array;
}
const RUN_CONFIG_VALUE: Table<RunConfigValue> = {
  double: maybe(1, 'double'),
  uint64: maybe(6, 'uint64'),
  sint64: maybe(8, 'sint64'),
  bool: maybe(13, 'bool'),
  string: maybe(14, 'string'),
  bytes: maybe(15, 'bytes'),
};

interface RunConfigItem {
  readonly key: string;
  readonly value?: RunConfigValue;
}
const RUN_CONFIG_ITEM: Table<RunConfigItem> = { key: always(1, 'string'), value: message(2, () => RUN_CONFIG_VALUE) };

interface RunStatus {
  readonly status: string;
}
const RUN_STATUS: Table<RunStatus> = { status: always(1, 'string') };

export interface FlowerRun {
  readonly runId: bigint;
  readonly fabId: string;
  readonly fabVersion: string;
  readonly config: readonly RunConfigItem[];
  readonly fabHash: string;
  readonly runningAt: string;
  readonly status?: RunStatus;
  readonly federation: string;
  readonly primaryTaskType: string;
  readonly seriesId: bigint;
}
const RUN: Table<FlowerRun> = {
  runId: always(1, 'uint64'),
  fabId: always(2, 'string'),
  fabVersion: always(3, 'string'),
  config: messages(4, () => RUN_CONFIG_ITEM),
  fabHash: always(5, 'string'),
  runningAt: always(8, 'string'),
  status: message(10, () => RUN_STATUS),
  federation: always(12, 'string'),
  primaryTaskType: always(16, 'string'),
  seriesId: always(18, 'uint64'),
};

interface Fab {
  readonly hash: string;
  readonly content: Uint8Array;
}
const FAB: Table<Fab> = { hash: always(1, 'string'), content: always(2, 'bytes') };

interface Reconnect {
  readonly seconds: bigint;
}
const RECONNECT: Table<Reconnect> = { seconds: always(1, 'uint64') };

interface ByKey {
  readonly publicKey: Uint8Array;
}
interface ByKeyAndInterval extends ByKey {
  readonly heartbeatInterval: number;
}
interface ByNode {
  readonly node?: Node;
}

/** One call of the API: its path and the tables of both directions. */
export interface Call<Q extends object, A extends object> {
  readonly path: string;
  readonly request: Table<Q>;
  readonly answer: Table<A>;
}

const node = message(1, () => NODE);
const runId = always(2, 'uint64');

export const REGISTER: Call<ByKey, Node> = {
  path: 'register-node',
  request: { publicKey: always(1, 'bytes') },
  answer: NODE,
};
export const ACTIVATE: Call<ByKeyAndInterval, Node> = {
  path: 'activate-node',
  request: { publicKey: always(1, 'bytes'), heartbeatInterval: always(2, 'double') },
  answer: NODE,
};
export const DEACTIVATE: Call<Node, Nothing> = { path: 'deactivate-node', request: NODE, answer: NOTHING };
export const UNREGISTER: Call<Node, Nothing> = { path: 'unregister-node', request: NODE, answer: NOTHING };
export const HEARTBEAT: Call<ByNode & { readonly heartbeatInterval: number }, { readonly success: boolean }> = {
  path: 'send-node-heartbeat',
  request: { node, heartbeatInterval: always(2, 'double') },
  answer: { success: always(1, 'bool') },
};
export const PULL_MESSAGES: Call<
  ByNode,
  { readonly messages: readonly Envelope[]; readonly trees: readonly ObjectTree[] }
> = {
  path: 'pull-messages',
  request: { node },
  answer: { messages: messages(2, () => ENVELOPE), trees: messages(3, () => OBJECT_TREE) },
};
export const PUSH_MESSAGES: Call<
  ByNode & {
    readonly messages: readonly Envelope[];
    readonly trees: readonly ObjectTree[];
    /** How long the work took, in seconds, one a message. */
    readonly runtimes: readonly number[];
  },
  { readonly reconnect?: Reconnect; readonly wanted: readonly string[]; readonly sessionId: string }
> = {
  path: 'push-messages',
  request: {
    node,
    messages: messages(2, () => ENVELOPE),
    trees: messages(3, () => OBJECT_TREE),
    runtimes: many(4, 'double'),
  },
  answer: { reconnect: message(1, () => RECONNECT), wanted: many(3, 'string'), sessionId: always(4, 'string') },
};
export const PULL_OBJECT: Call<
  ByNode & { readonly runId: bigint; readonly objectId: string },
  { readonly found: boolean; readonly available: boolean; readonly content: Uint8Array }
> = {
  path: 'pull-object',
  request: { node, runId, objectId: always(3, 'string') },
  answer: { found: always(1, 'bool'), available: always(2, 'bool'), content: always(3, 'bytes') },
};
export const PUSH_OBJECT: Call<
  ByNode & {
    readonly runId: bigint;
    readonly objectId: string;
    readonly content: Uint8Array;
    readonly sessionId: string;
  },
  { readonly stored: boolean }
> = {
  path: 'push-object',
  request: {
    node,
    runId,
    objectId: always(3, 'string'),
    content: always(4, 'bytes'),
    sessionId: always(5, 'string'),
  },
  answer: { stored: always(1, 'bool') },
};
export const CONFIRM: Call<ByNode & { readonly runId: bigint; readonly messageId: string }, Nothing> = {
  path: 'confirm-message-received',
  request: { node, runId, messageId: always(3, 'string') },
  answer: NOTHING,
};
export const GET_RUN: Call<ByNode & { readonly runId: bigint }, { readonly run?: FlowerRun }> = {
  path: 'get-run',
  request: { node, runId },
  answer: { run: message(1, () => RUN) },
};
export const GET_FAB: Call<ByNode & { readonly hash: string; readonly runId: bigint }, { readonly fab?: Fab }> = {
  path: 'get-fab',
  request: { node, hash: always(2, 'string'), runId: always(3, 'uint64') },
  answer: { fab: message(1, () => FAB) },
};
