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

/** A reply that was announced, and the objects that it still waits for in its session. */
interface Announced {
  readonly envelope: Envelope;
  readonly tree: ObjectTree;
  readonly session: string;
  readonly pending: Set<string>;
}

/**
 * A SuperLink of one node as flwr 1.42 behaves: it hands out a message once, keeps its objects until the node confirms, takes
 * one reply, wants no object that it has, and takes each object once, in the session that waits for it. Once its ServerApp has
 * looked it knows the message no more, whether the reply's objects are there or not.
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
  /** Messages sent so far, and of those handed out. */
  sent = 0;
  handedOut = 0;
  /** Called before each call is answered; what it throws is the answer, a {@link No} or a broken connection. */
  hook: (path: string, request: never) => void = () => {};
  /** Whether its ServerApp looks for replies the moment that one is announced. */
  eager = false;
  readonly #queue: { readonly envelope: Envelope; readonly tree: ObjectTree }[] = [];
  readonly #waiting = new Map<string, (reply: LinkReply) => void>();
  /** Messages whose reply was handed on to the ServerApp. */
  readonly #handedOn = new Set<string>();
  #announced: Announced | undefined;
  #sessions = 0;
  /** Microseconds since 1970. */
  #last = 0;

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
      createdAt: this.#now(),
      srcTaskId: 9n,
      ...metadata,
    };
    const root = await makeObject('Message', [await writeRecords(records)], encodeMessage(ENVELOPE, { metadata: own }));
    for (const { id, bytes } of objectsOf(root)) this.objects.set(id, bytes);
    this.#queue.push({ envelope: { metadata: { ...own, messageId: root.id }, content: {} }, tree: treeOf(root) });
    this.sent++;
    return new Promise((resolve) => this.#waiting.set(root.id, resolve));
  }

  /** Seconds since 1970, never the same twice: a message's id is the digest of what it says, and two in one millisecond were one. */
  #now(): number {
    this.#last = Math.max(Date.now() * 1e3, this.#last + 1);
    return this.#last / 1e6;
  }

  /** The ServerApp looks: what was announced is handed on, and forgotten but for its objects. */
  look(): void {
    const replyTo = this.#announced?.envelope.metadata?.replyToMessageId;
    if (replyTo !== undefined) this.#handedOn.add(replyTo);
  }

  /** The session's time is over: what was announced in it is deleted. */
  expire(): void {
    this.#announced = undefined;
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
        if (next) this.handedOut++;
        return { messages: next ? [next.envelope] : [], trees: next ? [next.tree] : [] };
      }),
      route(PULL_OBJECT, async ({ objectId: id }) => {
        const content = this.objects.get(id);
        return {
          found: content !== undefined || this.#announced?.pending.has(id) === true,
          available: content !== undefined,
          content: content ?? new Uint8Array(0),
        };
      }),
      route(PUSH_MESSAGES, async ({ messages: [envelope], trees: [tree] }) => {
        const { replyToMessageId, messageId } = envelope.metadata as Metadata;
        const session = `session ${++this.#sessions}`;
        const known = this.#waiting.has(replyToMessageId) && !this.#handedOn.has(replyToMessageId);
        const first = this.#announced?.envelope.metadata?.messageId ?? messageId;
        if (!known || first !== messageId) return { wanted: [], sessionId: session };
        const wanted = idsOf(tree).filter((id) => !this.objects.has(id));
        this.#announced = { envelope, tree, session, pending: new Set(wanted) };
        if (this.eager) this.look();
        return { wanted, sessionId: session };
      }),
      route(PUSH_OBJECT, async ({ objectId: id, content, sessionId }) => {
        const announced = this.#announced;
        // Without a session any that waits for the object: for nodes of before there were sessions.
        const session = sessionId === '' ? announced?.session : sessionId;
        if (announced?.session !== session || !announced?.pending.has(id) || (await objectId(content)) !== id)
          return { stored: false };
        this.objects.set(id, content.slice());
        announced.pending.delete(id);
        this.pushed += content.length;
        if (announced.pending.size === 0) this.#finish(announced);
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

  #finish({ envelope, tree }: Announced): void {
    const metadata = envelope.metadata as Metadata;
    this.#announced = undefined;
    const resolve = this.#waiting.get(metadata.replyToMessageId);
    this.#waiting.delete(metadata.replyToMessageId);
    const root = gather(tree.objectId, (id) => this.objects.get(id));
    // The ServerApp confirms what it has.
    if (this.eager) this.objects.delete(tree.objectId);
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
