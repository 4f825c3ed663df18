/**
 * What a node remembers across the death of its process: its key and node id, the message at hand, the reply on its way.
 *
 *     flower/node      secret, public key, node id          written before the node is activated
 *     flower/message   envelope and tree                    from pull to the end of push
 *     flower/reply     envelope, tree, objects              from the end of the work to the end of push
 *     flower/session   what the SuperLink wants of it       from its announcement to the end of push
 *
 * @module
 */
import { FedkitError, type Store } from '@fedkit/core';
import { decodeMessage } from '../proto/decode.ts';
import { encodeMessage } from '../proto/encode.ts';
import { type Envelope, ENVELOPE, OBJECT_TREE, type ObjectTree } from '../proto/messages.ts';
import { always, many, message, messages, type Table } from '../proto/table.ts';
import type { NodeKeys, StorableKey } from '../key/node-key.ts';

/** A message that was pulled. */
export interface Pulled {
  readonly envelope: Envelope;
  readonly tree: ObjectTree;
}

interface StoredObject {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** A reply, and of its objects those that the SuperLink did not send itself. */
export interface PendingReply {
  readonly envelope: Envelope;
  readonly tree: ObjectTree;
  readonly objects: readonly StoredObject[];
  /** Seconds that the work took. */
  readonly runtime: number;
}

/** What a SuperLink wants of a reply, and in which session it takes it. */
export interface PushSession {
  readonly replyId: string;
  readonly sessionId: string;
  readonly wanted: readonly string[];
}

interface Identity {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly nodeId: bigint;
}

const IDENTITY: Table<Identity> = {
  secret: always(1, 'bytes'),
  publicKey: always(2, 'bytes'),
  nodeId: always(3, 'uint64'),
};
const PULLED: Table<{ readonly envelope?: Envelope; readonly tree?: ObjectTree }> = {
  envelope: message(1, () => ENVELOPE),
  tree: message(2, () => OBJECT_TREE),
};
const STORED_OBJECT: Table<StoredObject> = { id: always(1, 'string'), bytes: always(2, 'bytes') };
const PENDING: Table<{
  readonly envelope?: Envelope;
  readonly tree?: ObjectTree;
  readonly objects: readonly StoredObject[];
  readonly runtime: number;
}> = {
  envelope: message(1, () => ENVELOPE),
  tree: message(2, () => OBJECT_TREE),
  objects: messages(3, () => STORED_OBJECT),
  runtime: always(4, 'double'),
};
const PUSH_SESSION: Table<PushSession> = {
  replyId: always(1, 'string'),
  sessionId: always(2, 'string'),
  wanted: many(3, 'string'),
};

const NODE = 'flower/node';
const MESSAGE = 'flower/message';
const REPLY = 'flower/reply';
const SESSION = 'flower/session';

/** The node's part of a store. */
export class NodeMemory {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The node's key, made and kept if there is none, and its id once it has one. */
  async identity(keys: NodeKeys): Promise<{ readonly key: StorableKey; readonly nodeId: bigint | undefined }> {
    const bytes = await this.#store.get(NODE);
    if (bytes === undefined) {
      const key = await keys.generate();
      await this.keepIdentity(key, 0n);
      return { key, nodeId: undefined };
    }
    const { secret, publicKey, nodeId } = decodeMessage(NODE, IDENTITY, bytes);
    return { key: await keys.restore(secret, publicKey), nodeId: nodeId === 0n ? undefined : nodeId };
  }

  async keepIdentity(key: StorableKey, nodeId: bigint): Promise<void> {
    const { secret, publicKey } = key;
    await this.#store.put(NODE, encodeMessage(IDENTITY, { secret, publicKey, nodeId }));
  }

  async forgetIdentity(): Promise<void> {
    await this.forget();
    await this.#store.delete(NODE);
  }

  async message(): Promise<Pulled | undefined> {
    const bytes = await this.#store.get(MESSAGE);
    if (bytes === undefined) return undefined;
    const { envelope, tree } = decodeMessage(MESSAGE, PULLED, bytes);
    return envelope && tree ? { envelope, tree } : corrupt(MESSAGE);
  }

  async keepMessage(pulled: Pulled): Promise<void> {
    await this.#store.put(MESSAGE, encodeMessage(PULLED, pulled));
  }

  async reply(): Promise<PendingReply | undefined> {
    const bytes = await this.#store.get(REPLY);
    if (bytes === undefined) return undefined;
    const { envelope, tree, objects, runtime } = decodeMessage(REPLY, PENDING, bytes);
    return envelope && tree ? { envelope, tree, objects, runtime } : corrupt(REPLY);
  }

  async keepReply(reply: PendingReply): Promise<void> {
    await this.#store.put(REPLY, encodeMessage(PENDING, reply));
  }

  /** The session in which that reply was being pushed. */
  async session(replyId: string): Promise<PushSession | undefined> {
    const bytes = await this.#store.get(SESSION);
    if (bytes === undefined) return undefined;
    const session = decodeMessage(SESSION, PUSH_SESSION, bytes);
    return session.replyId === replyId ? session : undefined;
  }

  async keepSession(session: PushSession): Promise<void> {
    await this.#store.put(SESSION, encodeMessage(PUSH_SESSION, session));
  }

  /** The message is answered, or nobody waits for its answer. */
  async forget(): Promise<void> {
    // The reply last: a message without one is worked on again, a reply without its message is pushed again.
    await this.#store.delete(MESSAGE);
    await this.#store.delete(REPLY);
    await this.#store.delete(SESSION);
  }
}

function corrupt(where: string): never {
  throw new FedkitError('DECODE_FAILED', `${where}: expected what a node stored, got other bytes`);
}
