/**
 * One node at the fleet: the task it holds in our server's federation, the message that asks for it, the reply to it.
 *
 * @module
 */
import { type ClientId, FedkitError, isFedkitError, type PlainData, secureRng, type Update } from '@fedkit/core';
import { refuse, SerialQueue, utf8Encode } from '@fedkit/core/internal';
import type { ReportingClient } from '@fedkit/core/pipeline';
import type { RoundTask } from '@fedkit/core/protocol';
import { type FlowerRecords, type Values, writeRecord } from '../array/records.ts';
import { makeObject } from '../object/object.ts';
import { objectsOf, treeOf } from '../object/tree.ts';
import { placeArrays } from '../node/place-arrays.ts';
import { encodeMessage } from '../proto/encode.ts';
import { type Envelope, ENVELOPE, type Metadata, type ObjectTree } from '../proto/messages.ts';
import type { Ask } from './ask.ts';
import type { Caller } from './authentication.ts';
import type { Broadcasts, FleetBroadcast } from './broadcasts.ts';
import { type FleetEvent, isTemporary, Refused } from './contract.ts';
import { contributionOf } from './plan.ts';
import { type ReplyBounds, ReplyIntake } from './reply-intake.ts';

/** Flower's own life of a message, in seconds, for tasks without a deadline. */
const TTL = 43_200;
/** The ServerApp's node id at a SuperLink. */
const SERVER = 1n;

/** What all nodes of a fleet share. */
export interface FleetContext<B extends PlainData, C extends PlainData, U extends Update> {
  readonly ask: Ask;
  readonly half: ReportingClient<U>;
  readonly algorithm: Parameters<typeof contributionOf<B, C, U>>[0];
  readonly layout: Parameters<typeof placeArrays>[1];
  readonly broadcasts: Broadcasts<B, C, U>;
  readonly runId: bigint;
  readonly examples: string;
  readonly config: (task: RoundTask) => Values;
  readonly bounds: ReplyBounds;
  readonly deliveries: number;
  readonly now: () => number;
  readonly tell: (event: FleetEvent) => void;
  /** One thing after another, for the whole fleet: decoding and reporting take a model's size of memory. */
  readonly queue: SerialQueue;
}

interface Job<B> {
  readonly task: RoundTask;
  readonly broadcast: FleetBroadcast<B>;
  readonly envelope: Envelope & { readonly metadata: Metadata };
  readonly tree: ObjectTree;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  deliveries: number;
  /** The reply whose objects are coming. */
  intake?: ReplyIntake;
  /** The report of a complete reply: sent again as it is where the server could not take it. */
  report?: { readonly bytes: Uint8Array; readonly metrics: Values };
}

/** What the fleet holds of one node. Calls wait for each other. */
export class ServedNode<B extends PlainData, C extends PlainData, U extends Update> {
  readonly client: ClientId;
  readonly #caller: Caller;
  readonly #fleet: FleetContext<B, C, U>;
  #job: Job<B> | undefined;
  readonly #calls = new SerialQueue();

  constructor(client: ClientId, caller: Caller, context: FleetContext<B, C, U>) {
    this.client = client;
    this.#caller = caller;
    this.#fleet = context;
  }

  /** Whether a reply is on its way. */
  get receiving(): boolean {
    return this.#job?.intake !== undefined;
  }

  /** When its last object came, in milliseconds; 0 where none is on its way. */
  get touched(): number {
    return this.#job?.intake?.touched ?? 0;
  }

  /** The message there is for the node: the one that it has been given before and not answered, or a new task's. */
  pull(): Promise<{ readonly envelope: Envelope; readonly tree: ObjectTree } | undefined> {
    return this.#calls.run(async () => {
      const { ask, half, broadcasts, deliveries, tell } = this.#fleet;
      // A node asks for more when it is done. One that has not answered has lost the message: it died, or its reply failed.
      delete this.#job?.intake;
      const response = await ask(this.client, { kind: 'join' });
      if (response.kind === 'refused') throw new FedkitError(response.code, response.message);
      if (response.kind !== 'task') {
        this.#job = undefined;
        return undefined;
      }
      const { task } = response;
      if (this.#job?.task.ticket !== task.ticket) {
        half.check(task);
        this.#job = await this.#message(task, await broadcasts.of(this.client, task));
      }
      const job = this.#job as Job<B>;
      if (job.deliveries >= deliveries) {
        await this.#giveUp(`no answer to ${deliveries} deliveries`);
        return undefined;
      }
      job.deliveries++;
      tell({ kind: 'delivered', client: this.client, round: task.round, delivery: job.deliveries });
      return { envelope: job.envelope, tree: job.tree };
    });
  }

  /** An object of the node's message. */
  object(id: string): Uint8Array | undefined {
    return this.#job?.objects.get(id);
  }

  /** Begins a reply: which of its objects are to come. None for a reply that nobody waits for. */
  begin(envelope: Envelope, tree: ObjectTree, sessionId: string): Promise<{ readonly wanted: readonly string[] }> {
    return this.#calls.run(async () => {
      const job = this.#job;
      if (job === undefined || envelope.metadata?.replyToMessageId !== job.envelope.metadata.messageId)
        return { wanted: [] };
      if (envelope.error !== undefined) {
        await this.#giveUp(`code ${envelope.error.code}: ${envelope.error.reason.slice(0, 1000)}`);
        // The error's own object is of no use, but a node sees by it that it was heard.
        return { wanted: [] };
      }
      try {
        const session = { id: sessionId, now: this.#fleet.now() };
        job.intake = new ReplyIntake(tree, job.objects, this.#fleet.bounds, session);
        return { wanted: job.intake.wanted };
      } catch (error) {
        await this.#refuse(error);
        return { wanted: [] };
      }
    });
  }

  /** Takes an object of the reply; the last one makes the report. */
  take(sessionId: string, id: string, content: Uint8Array): Promise<boolean> {
    return this.#calls.run(async () => {
      const job = this.#job;
      const intake = job?.intake;
      if (job === undefined || intake?.sessionId !== sessionId) return false;
      try {
        if (!(await intake.take(id, content, this.#fleet.now()))) return false;
        if (intake.complete) await this.#fleet.queue.run(() => this.#finish(job, intake));
        return true;
      } catch (error) {
        await this.#refuse(error);
        return false;
      }
    });
  }

  /** The node goes: whoever else waits takes its place. */
  leave(): Promise<void> {
    return this.#calls.run(async () => {
      if (this.#job) await this.#resign(this.#job.task);
      this.#fleet.tell({ kind: 'left', client: this.client });
    });
  }

  async #message(task: RoundTask, broadcast: FleetBroadcast<B>): Promise<Job<B>> {
    const { runId, config, now } = this.#fleet;
    const { proximal } = broadcast.plan;
    const values = {
      ...config(task),
      'server-round': BigInt(task.round),
      ...(proximal !== 0 && { 'proximal-mu': proximal }),
    };
    const settings = await writeRecord({ kind: 'config', values });
    const body = `{"arrays": "${broadcast.arrays.id}", "config": "${settings.id}"}`;
    const dict = await makeObject('RecordDict', [broadcast.arrays, settings], utf8Encode(body));
    const metadata: Metadata = {
      runId,
      messageId: '',
      srcNodeId: SERVER,
      dstNodeId: this.#caller.nodeId,
      replyToMessageId: '',
      groupId: String(task.round),
      ttl: task.expiresIn === 0 ? TTL : task.expiresIn / 1000,
      messageType: 'train',
      createdAt: now() / 1000,
      srcTaskId: 1n,
    };
    const root = await makeObject('Message', [dict], encodeMessage(ENVELOPE, { metadata }));
    return {
      task,
      broadcast,
      envelope: { metadata: { ...metadata, messageId: root.id }, content: {} },
      tree: treeOf(root),
      objects: new Map(objectsOf(root).map(({ id, bytes }) => [id, bytes])),
      deliveries: 0,
    };
  }

  async #finish(job: Job<B>, intake: ReplyIntake): Promise<void> {
    const { ask, tell } = this.#fleet;
    const { client } = this;
    const { round, ticket } = job.task;
    const { bytes, metrics } = (job.report ??= await this.#reportOf(job, intake.records()));
    const response = await ask(client, { kind: 'report', ticket, bytes });
    if (response.kind === 'refused') throw new FedkitError(response.code, response.message);
    this.#job = undefined;
    if (response.kind === 'accepted') tell({ kind: 'reported', client, round, metrics });
    else tell({ kind: 'late', client, round });
  }

  async #reportOf(
    job: Job<B>,
    records: FlowerRecords,
  ): Promise<{ readonly bytes: Uint8Array; readonly metrics: Values }> {
    const { algorithm, half, layout, examples } = this.#fleet;
    const where = 'flowerFleet: reply';
    const arrays = Object.values(records).filter((record) => record.kind === 'arrays');
    const metrics = Object.values(records).filter((record) => record.kind === 'metrics');
    if (arrays.length !== 1) refuse('SHAPE_MISMATCH', where, 'one array record', arrays.length);
    if (metrics.length !== 1) refuse('SHAPE_MISMATCH', where, 'one metric record', metrics.length);
    const { values } = metrics[0];
    const count = Number(Object.hasOwn(values, examples) ? values[examples] : 0);
    if (!Number.isSafeInteger(count) || count < 1)
      refuse('OUT_OF_RANGE', `${where}: ${examples}`, 'an integer ≥ 1', count);
    const update = placeArrays(arrays[0], layout);
    const { start } = job.broadcast.plan;
    for (let i = 0; i < update.length; i++) update[i] -= start[i];
    const result = { values: update, steps: 1, examples: count };
    const { contribution } = await contributionOf<B, C, U>(algorithm, job.broadcast.broadcast, result);
    const { bytes } = half.encode(job.task, contribution, { rng: secureRng(), client: this.client });
    return { bytes, metrics: values };
  }

  /** What is wrong with a reply ends its task; what is wrong with the server does not. */
  async #refuse(error: unknown): Promise<void> {
    if (!isFedkitError(error)) throw error;
    if (isTemporary(error)) throw new Refused(503);
    await this.#giveUp(`${error.code}: ${error.message}`);
  }

  async #giveUp(reason: string): Promise<void> {
    const { task } = this.#job as Job<B>;
    await this.#resign(task);
    this.#fleet.tell({ kind: 'failed', client: this.client, round: task.round, reason });
  }

  async #resign({ ticket }: RoundTask): Promise<void> {
    await this.#fleet.ask(this.client, { kind: 'leave', ticket });
    this.#job = undefined;
  }
}
