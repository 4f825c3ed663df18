/**
 * A node of a Flower federation.
 *
 * @module
 */
import { isFedkitError, type Layout, secureRng } from '@fedkit/core';
import {
  checkOptions,
  type OptionNames,
  checkAborted,
  checkInteger,
  checkNumber,
  heard,
  refuse,
  sleep,
  systemClock,
} from '@fedkit/core/internal';
import type { FlowerRecords, Values } from '../array/records.ts';
import { openSshOf } from '../key/der.ts';
import { type NodeKeys, webCryptoKeys } from '../key/node-key.ts';
import { idsOf } from '../object/tree.ts';
import { CONFIRM, type Metadata, PULL_MESSAGES } from '../proto/messages.ts';
import { answerEvaluate, answerTrain } from './answer.ts';
import type { CompleteOptions, FlowerNode, FlowerNodeOptions, FlowerTask } from './contract.ts';
import { deliver } from './delivery.ts';
import { checkUrl, type FleetClient } from './fleet-client.ts';
import { type PendingReply, NodeMemory, type Pulled } from './memory.ts';
import { type ObjectSource, pullObjects } from './message-objects.ts';
import { Presence } from './presence.ts';
import { RunConfigs } from './run-configs.ts';
import { type Outcome, recordsOf, replyTo, taskOf } from './reply.ts';

/**
 * A node that takes part in a federation of Flower's SuperLink, beside nodes of Python: any trainer of this SDK answers
 * `train`, functions of yours the rest.
 *
 * What it pulled and what it has to say survive its process. Killed while it trains, it pulls the objects of the message again
 * and trains again; killed while it pushes, it pushes the rest of the same bytes. A SuperLink hands out each message once and takes
 * one reply, so that nothing counts twice; and it gives up a node that is gone for twice the heartbeat interval.
 *
 * @throws FedkitError `INVALID_ARGUMENT`, `OUT_OF_RANGE`, `SHAPE_MISMATCH` for options that do not fit;
 * `UNSUPPORTED_PLATFORM` without WebCrypto where no `keys` are given.
 * @example
 * ```ts
 * import { memoryStore, plainTrainer, softmaxRegression } from '@fedkit/core';
 * import { flowerNode } from '@fedkit/flower';
 *
 * const model = softmaxRegression({ inputs: 2, classes: 2 });
 * const node = flowerNode({
 *   url: 'http://127.0.0.1:9092',
 *   trainer: plainTrainer(model, { inputs: Float32Array.of(3, 1, 1, 2), labels: Uint8Array.of(1, 0) }),
 *   local: ({ config }) => ({ epochs: 1, batchSize: 10, learningRate: Number(config.lr) }),
 *   store: memoryStore(),
 * });
 * // `await node.run()` takes part until the SuperLink at that address is done.
 * console.log(typeof node.run); // => function
 * ```
 */
export function flowerNode(options: FlowerNodeOptions): FlowerNode {
  checkOptions('flowerNode', options, {
    url: true,
    insecure: true,
    trainer: true,
    layout: true,
    local: true,
    trainMetrics: true,
    evaluate: true,
    handlers: true,
    names: true,
    unchanged: true,
    store: true,
    keys: true,
    heartbeatInterval: true,
    pollInterval: true,
    maximumMessageBytes: true,
    timeout: true,
    fetch: true,
    rng: true,
    onProgress: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const where = 'flowerNode';
  const { trainer, layout = trainer?.layout, heartbeatInterval = 30, pollInterval = 3000, timeout = 60_000 } = options;
  const url = checkUrl(where, options.url, options.insecure === true);
  if (typeof trainer?.train !== 'function') refuse('INVALID_ARGUMENT', `${where}: trainer`, 'a trainer', trainer);
  if (layout === undefined)
    return refuse('INVALID_ARGUMENT', `${where}: layout`, 'a layout, or a trainer with one', layout);
  if (trainer.layout && !trainer.layout.equals(layout))
    refuse('SHAPE_MISMATCH', `${where}: the trainer's layout`, 'the layout given', 'another');
  if (typeof options.local !== 'function') refuse('INVALID_ARGUMENT', `${where}: local`, 'a function', options.local);
  if (typeof options.store?.put !== 'function') refuse('INVALID_ARGUMENT', `${where}: store`, 'a store', options.store);
  return new Node(
    {
      ...options,
      url,
      layout,
      names: options.names ?? {},
      unchanged: options.unchanged ?? 'error',
      heartbeatInterval: checkNumber(`${where}: heartbeatInterval`, heartbeatInterval, 10, 1800),
      pollInterval: checkInteger(`${where}: pollInterval`, pollInterval, 1),
      timeout: checkInteger(`${where}: timeout`, timeout, 1),
      maximumMessageBytes: checkInteger(
        `${where}: maximumMessageBytes`,
        options.maximumMessageBytes ?? defaultMaximum(layout),
        1,
      ),
      rng: options.rng ?? secureRng(),
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      onProgress: heard(options.onProgress),
    },
    options.keys ?? webCryptoKeys(),
  );
}

function defaultMaximum(layout: Layout): number {
  return 64 * layout.size + 2 ** 24;
}

class Node implements FlowerNode {
  readonly #options: CompleteOptions;
  readonly #keys: NodeKeys;
  readonly #memory: NodeMemory;
  /** The metric names of the first reply by message type. */
  readonly #metricNames = new Map<string, string>();
  readonly #runs = new RunConfigs();
  #running = false;

  constructor(options: CompleteOptions, keys: NodeKeys) {
    this.#options = options;
    this.#keys = keys;
    this.#memory = new NodeMemory(options.store);
  }

  run(): Promise<never> {
    return this.#alone(async (presence) => {
      await presence.join();
      return presence.during(() => this.#serve(presence));
    });
  }

  publicKey(): Promise<string> {
    return this.#alone(async (presence) => openSshOf(presence.publicKey));
  }

  leave(): Promise<void> {
    return this.#alone((presence) => presence.leave());
  }

  /** One call at a time: two that found no key would make two. */
  async #alone<T>(work: (presence: Presence) => Promise<T>): Promise<T> {
    if (this.#running) refuse('PROTOCOL_STATE', 'flowerNode', 'one call at a time', 'another while it runs');
    this.#running = true;
    try {
      const presence = await Presence.open(this.#options, this.#keys, this.#memory);
      return await work(presence).finally(() => presence.end());
    } finally {
      this.#running = false;
    }
  }

  async #serve(presence: Presence): Promise<never> {
    const { signal } = presence;
    for (;;) {
      checkAborted('flowerNode', signal);
      // Whoever fails at once may be asked again at once: without a pause it would do nothing else, and in a page let nothing else run.
      if (!(await this.#turn(presence))) await sleep('flowerNode', systemClock, this.#options.pollInterval, signal);
    }
  }

  /** Does what there is to do. Whether there was something, and it went well. */
  async #turn(presence: Presence): Promise<boolean> {
    const reply = await this.#memory.reply();
    if (reply !== undefined) return this.#push(presence.client, presence.nodeId, reply, true);
    const pulled = (await this.#memory.message()) ?? (await this.#pull(presence));
    return pulled !== undefined && this.#work(presence, pulled);
  }

  async #pull({ client, nodeId }: Presence): Promise<Pulled | undefined> {
    const { messages, trees } = await client.call(PULL_MESSAGES, { node: { nodeId } });
    if (messages.length === 0 || trees.length === 0) return undefined;
    const pulled = { envelope: messages[0], tree: trees[0] };
    // A SuperLink hands it out this once.
    await this.#memory.keepMessage(pulled);
    return pulled;
  }

  async #work({ client, nodeId, signal }: Presence, { envelope, tree }: Pulled): Promise<boolean> {
    const { metadata } = envelope;
    const started = systemClock.now();
    let runConfig: Values;
    const objects = new Map<string, Uint8Array>();
    if (metadata === undefined || metadata.dstNodeId !== nodeId || metadata.messageId !== tree.objectId)
      return this.#discard(metadata?.messageId ?? '');
    try {
      runConfig = await this.#runs.config(client, nodeId, metadata.runId);
      await pullObjects(this.#source(client, nodeId), metadata.runId, idsOf(tree), objects);
    } catch (error) {
      if (isFedkitError(error, 'PROTOCOL_STATE')) return this.#discard(metadata.messageId);
      if (!isFedkitError(error) || !PERMANENT.has(error.code)) throw error;
      return this.#reply(client, nodeId, metadata, { kind: 'failure', error }, objects, started);
    }
    const outcome = await this.#answer(metadata, objects, runConfig, signal);
    return this.#reply(client, nodeId, metadata, outcome, objects, started);
  }

  async #answer(
    metadata: Metadata,
    objects: ReadonlyMap<string, Uint8Array>,
    runConfig: Values,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const bytes = [...objects.values()].reduce((sum, { length }) => sum + length, 0);
    const { onProgress } = this.#options;
    let task = taskOf(metadata, {}, runConfig, Date.now() / 1000);
    try {
      const records = recordsOf(metadata.messageId, (id) => objects.get(id));
      task = taskOf(metadata, records, runConfig, Date.now() / 1000);
      onProgress({ kind: 'pulled', task, bytes });
      const answer = await this.#handle(records, task, signal);
      this.#checkMetrics(task, answer);
      return { kind: 'records', records: answer };
    } catch (error) {
      checkAborted('flowerNode', signal);
      onProgress({ kind: 'failed', task, error });
      return { kind: 'failure', error };
    }
  }

  #handle(records: FlowerRecords, task: FlowerTask, signal: AbortSignal): FlowerRecords | Promise<FlowerRecords> {
    const { handlers = {} } = this.#options;
    if (Object.hasOwn(handlers, task.type)) return handlers[task.type](records, task, { signal });
    const options = { ...this.#options, signal };
    if (task.type === 'train') return answerTrain(records, task, options);
    if (task.type === 'evaluate') return answerEvaluate(records, task, options);
    return refuse('PROTOCOL_STATE', 'flowerNode', 'a message type with a handler', task.type);
  }

  /** Flower drops a round, and with some strategies the run, over one reply whose metrics are called otherwise. */
  #checkMetrics({ type }: FlowerTask, records: FlowerRecords): void {
    if (type !== 'train' && type !== 'evaluate') return;
    const names = Object.values(records)
      .flatMap((record) => (record.kind === 'metrics' ? Object.keys(record.values) : []))
      .sort()
      .join(', ');
    const first = this.#metricNames.get(type) ?? names;
    if (names !== first) refuse('INVALID_ARGUMENT', `flowerNode: metrics of ${type}`, `the names ${first}`, names);
    this.#metricNames.set(type, first);
  }

  async #reply(
    client: FleetClient,
    nodeId: bigint,
    metadata: Metadata,
    outcome: Outcome,
    objects: ReadonlyMap<string, Uint8Array>,
    started: number,
  ): Promise<boolean> {
    const now = Date.now() / 1000;
    if (metadata.createdAt + metadata.ttl <= now) return this.#discard(metadata.messageId);
    const runtime = (systemClock.now() - started) / 1000;
    const reply = await replyTo(metadata, outcome, { now, runtime, known: new Set(objects.keys()) });
    await this.#memory.keepReply(reply);
    return this.#push(client, nodeId, reply, false, objects);
  }

  /**
   * @param again - Whether an earlier process may have pushed some or all of it.
   * @returns Whether it is there and tells of no failure.
   */
  async #push(
    client: FleetClient,
    nodeId: bigint,
    reply: PendingReply,
    again: boolean,
    echoed: ReadonlyMap<string, Uint8Array> = new Map(),
  ): Promise<boolean> {
    const metadata = reply.envelope.metadata as Metadata;
    const before = client.sent;
    try {
      const source = { ...this.#source(client, nodeId), memory: this.#memory };
      if (!(await deliver({ ...source, reply, again, echoed }))) return await this.#discard(metadata.replyToMessageId);
    } catch (error) {
      if (!isFedkitError(error, 'PROTOCOL_STATE')) throw error;
      return this.#discard(metadata.replyToMessageId);
    }
    await this.#confirm(client, nodeId, metadata);
    const runConfig = this.#runs.known(metadata.runId);
    const task = {
      ...taskOf(metadata, {}, runConfig, Date.now() / 1000),
      messageId: metadata.replyToMessageId,
      nodeId,
    };
    await this.#memory.forget();
    const failed = reply.envelope.error !== undefined;
    this.#options.onProgress({ kind: 'replied', task, bytes: client.sent - before, failed });
    return !failed;
  }

  async #confirm(client: FleetClient, nodeId: bigint, { runId, replyToMessageId }: Metadata): Promise<void> {
    try {
      await client.call(CONFIRM, { node: { nodeId }, runId, messageId: replyToMessageId });
    } catch (error) {
      // The reply is there; a run that is over has forgotten its messages by itself.
      if (!isFedkitError(error, 'PROTOCOL_STATE')) throw error;
    }
  }

  #source(client: FleetClient, nodeId: bigint): ObjectSource {
    const { maximumMessageBytes, signal } = this.#options;
    return { client, nodeId, maximumMessageBytes, ...(signal && { signal }) };
  }

  async #discard(messageId: string): Promise<false> {
    await this.#memory.forget();
    this.#options.onProgress({ kind: 'discarded', messageId });
    return false;
  }
}

/** What no other try will change. */
const PERMANENT: ReadonlySet<string> = new Set(['DECODE_FAILED', 'OUT_OF_RANGE', 'AUTHENTICATION_FAILED']);
