import { type FlowerRecords, readRecords, writeRecords } from '../src/array/records.ts';
import { makeObject, objectId } from '../src/object/object.ts';
import { gather, idsOf, objectsOf, treeOf } from '../src/object/tree.ts';
import { decodeMessage } from '../src/proto/decode.ts';
import { encodeMessage } from '../src/proto/encode.ts';
import {
  ACTIVATE,
  type Call,
  CONFIRM,
  DEACTIVATE,
  type Envelope,
  ENVELOPE,
  type FlowerRun,
  GET_RUN,
  HEARTBEAT,
  type Metadata,
  type ObjectTree,
  PULL_MESSAGES,
  PULL_OBJECT,
  PUSH_MESSAGES,
  PUSH_OBJECT,
  REGISTER,
  UNREGISTER,
} from '../src/proto/messages.ts';

/** How a SuperLink says no. */
export class No extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

/** A reply as a ServerApp gets it. */
export interface LinkReply {
  readonly metadata: Metadata;
  readonly error?: { readonly code: bigint; readonly reason: string };
  readonly records?: FlowerRecords;
}

/**
 * A SuperLink of one node as flwr 1.42 behaves: it hands out a message once, keeps its objects until the node confirms, takes
 * one reply, and wants no object that it has.
 */
export class FakeLink {
  readonly calls: string[] = [];
  readonly objects = new Map<string, Uint8Array>();
  readonly nodeId = 77n;
  online = false;
  registered = false;
  /** What the run was started with. */
  runConfig: FlowerRun['config'] = [];
  /** Bytes of the objects pushed so far. */
  pushed = 0;
  /** Called before each call is answered; what it throws is the answer, a {@link No} or a broken connection. */
  hook: (path: string, request: never) => void = () => {};
  readonly #queue: { readonly envelope: Envelope; readonly tree: ObjectTree }[] = [];
  readonly #waiting = new Map<string, (reply: LinkReply) => void>();
  #reply: { readonly envelope: Envelope; readonly tree: ObjectTree; readonly session: string } | undefined;
  #sessions = 0;

  /** Sends a message, and resolves with its reply. */
  async send(type: string, records: FlowerRecords, metadata: Partial<Metadata> = {}): Promise<LinkReply> {
    const own: Metadata = {
      runId: 5n,
      messageId: '',
      srcNodeId: 1n,
      dstNodeId: this.nodeId,
      replyToMessageId: '',
      groupId: '3',
      ttl: 3600,
      messageType: type,
      createdAt: Date.now() / 1e3,
      srcTaskId: 9n,
      ...metadata,
    };
    const root = await makeObject('Message', [await writeRecords(records)], encodeMessage(ENVELOPE, { metadata: own }));
    for (const { id, bytes } of objectsOf(root)) this.objects.set(id, bytes);
    this.#queue.push({ envelope: { metadata: { ...own, messageId: root.id }, content: {} }, tree: treeOf(root) });
    return new Promise((resolve) => this.#waiting.set(root.id, resolve));
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const path = url.slice(url.lastIndexOf('/') + 1);
    this.calls.push(path);
    try {
      const [call, answer] = this.#routes[path];
      const request = decodeMessage('link', call.request, new Uint8Array(init.body as Uint8Array));
      this.hook(path, request as never);
      const bytes = encodeMessage(call.answer, await answer(request as never));
      return new Response(bytes, { headers: { 'content-type': 'application/protobuf' } });
    } catch (error) {
      if (!(error instanceof No)) throw error;
      return new Response(JSON.stringify({ code: error.code, detail: 'no' }), { status: error.status });
    }
  };

  readonly #routes: Readonly<Record<string, readonly [Call<object, object>, (request: never) => Promise<object>]>> =
    Object.fromEntries([
      route(REGISTER, async () => {
        if (this.registered) throw new No(412, 23);
        this.registered = true;
        return { nodeId: this.nodeId };
      }),
      route(ACTIVATE, async () => {
        if (!this.registered || this.online) throw new No(412, 2004);
        this.online = true;
        return { nodeId: this.nodeId };
      }),
      route(DEACTIVATE, async () => ((this.online = false), {})),
      route(UNREGISTER, async () => ((this.registered = false), {})),
      route(HEARTBEAT, async ({ node }) => {
        if (node?.nodeId !== this.nodeId || !this.registered) throw new No(401, 0);
        this.online = true;
        return { success: true };
      }),
      route(PULL_MESSAGES, async () => {
        const next = this.#queue.shift();
        return { messages: next ? [next.envelope] : [], trees: next ? [next.tree] : [] };
      }),
      route(PULL_OBJECT, async ({ objectId: id }) => {
        const content = this.objects.get(id);
        return {
          found: content !== undefined,
          available: content !== undefined,
          content: content ?? new Uint8Array(0),
        };
      }),
      route(PUSH_MESSAGES, async ({ messages: [envelope], trees: [tree] }) => {
        const { replyToMessageId, messageId } = envelope.metadata as Metadata;
        const taken = this.#reply?.envelope.metadata?.messageId ?? messageId;
        if (!this.#waiting.has(replyToMessageId) || taken !== messageId) return { wanted: [], sessionId: '' };
        const session = `session ${++this.#sessions}`;
        this.#reply = { envelope, tree, session };
        const wanted = idsOf(tree).filter((id) => !this.objects.has(id));
        return { wanted, sessionId: session };
      }),
      route(PUSH_OBJECT, async ({ objectId: id, content, sessionId }) => {
        if (this.#reply?.session !== sessionId || (await objectId(content)) !== id) return { stored: false };
        this.objects.set(id, content.slice());
        this.pushed += content.length;
        const { envelope, tree } = this.#reply;
        if (idsOf(tree).every((one) => this.objects.has(one))) this.#finish(envelope, tree);
        return { stored: true };
      }),
      route(CONFIRM, async () => ({})),
      route(GET_RUN, async ({ runId }) => ({
        run: {
          runId,
          fabId: 'fedkit/points',
          fabVersion: '1.0.0',
          config: this.runConfig,
          fabHash: '',
          runningAt: '',
          federation: '',
          primaryTaskType: '',
          seriesId: runId,
        },
      })),
    ]);

  #finish(envelope: Envelope, tree: ObjectTree): void {
    const metadata = envelope.metadata as Metadata;
    this.#reply = undefined;
    const resolve = this.#waiting.get(metadata.replyToMessageId);
    this.#waiting.delete(metadata.replyToMessageId);
    const root = gather(tree.objectId, (id) => this.objects.get(id));
    const { error } = envelope;
    resolve?.({ metadata, ...(error ? { error } : { records: readRecords(root.children[0]) }) });
  }
}

function route<Q extends object, A extends object>(
  call: Call<Q, A>,
  answer: (request: Q) => Promise<A>,
): readonly [string, readonly [Call<object, object>, (request: never) => Promise<object>]] {
  return [call.path, [call as unknown as Call<object, object>, answer]];
}
