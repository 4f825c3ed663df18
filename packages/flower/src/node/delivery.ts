/**
 * A reply's way to its SuperLink.
 *
 * A SuperLink hands a reply on to the ServerApp once it is announced, before its objects are there, and forgets what it replies
 * to. From then on it answers the same announcement by wanting nothing, and takes the objects in the session of the first alone
 * (flwr 1.40.0 to 1.42.0: `PullMessages` of the runtime deletes the message; `store_object` asks for its session). Therefore the
 * session is remembered before the first object goes out, and wanting nothing is believed only where the objects are there.
 *
 * @module
 */
import { sleep, systemClock } from '@fedkit/core/internal';
import { idsOf } from '../object/tree.ts';
import { type Metadata, PULL_OBJECT, PUSH_MESSAGES, PUSH_OBJECT } from '../proto/messages.ts';
import type { NodeMemory, PendingReply, PushSession } from './memory.ts';
import { OBJECT_PAUSE, type ObjectSource, pullObjects } from './message-objects.ts';

/** How often a push is begun anew where a session ran out under it, or an object was not stored. */
const ATTEMPTS = 6;
/** Without a session flwr looks for one that waits for the object: for nodes that were told of none. */
const ANY_SESSION = '';

/** A reply and where it goes. */
export interface Delivery extends ObjectSource {
  readonly memory: NodeMemory;
  readonly reply: PendingReply;
  /** Whether an earlier process may have pushed some or all of it. */
  readonly again: boolean;
  /** Objects of the message, which a reply may echo. */
  readonly echoed: ReadonlyMap<string, Uint8Array>;
}

/**
 * Pushes the reply and all of its objects that are not there yet.
 *
 * @returns Whether all of it is there. If not, nobody waits for it; or it was there and was handed on, where the last
 * acknowledgement was lost: a SuperLink does not tell the two apart.
 * @throws FedkitError as calls do.
 */
export async function deliver(delivery: Delivery): Promise<boolean> {
  const { client, nodeId, memory, reply, signal } = delivery;
  const { envelope, tree, runtime } = reply;
  const request = { node: { nodeId }, messages: [envelope], trees: [tree], runtimes: [runtime] };
  let session = delivery.again ? await memory.session(tree.objectId) : undefined;
  let refused: readonly string[] | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep('flowerNode: push-object', systemClock, OBJECT_PAUSE * (attempt - 1), signal);
    const { wanted, sessionId } = await client.call(PUSH_MESSAGES, request);
    if (wanted.length > 0) {
      session = { replyId: tree.objectId, sessionId, wanted };
      await memory.keepSession(session);
    } else {
      // The reply itself goes last, so that it stands for all; what was refused speaks for itself.
      const left = await outstanding(delivery, refused ?? [tree.objectId]);
      if (left === undefined || left.length === 0) return left !== undefined;
      session = {
        replyId: tree.objectId,
        sessionId: session?.sessionId ?? ANY_SESSION,
        wanted: refused === undefined ? (session?.wanted ?? reply.objects.map(({ id }) => id)) : left,
      };
    }
    refused = await pushObjects(delivery, session);
    if (refused.length === 0) return true;
  }
  return false;
}

/** Which of these objects are announced and not there; `undefined` where one is not even announced. */
async function outstanding(
  { client, nodeId, reply }: Delivery,
  ids: readonly string[],
): Promise<readonly string[] | undefined> {
  const { runId } = reply.envelope.metadata as Metadata;
  const left: string[] = [];
  for (const objectId of ids) {
    const { found, available } = await client.call(PULL_OBJECT, { node: { nodeId }, runId, objectId });
    if (!found) return undefined;
    if (!available) left.push(objectId);
  }
  return left;
}

/** Pushes what is wanted, parts before what they are parts of, and says what was not stored: it may be there already. */
async function pushObjects(delivery: Delivery, { sessionId, wanted }: PushSession): Promise<readonly string[]> {
  const { client, nodeId, reply, echoed } = delivery;
  const { runId } = reply.envelope.metadata as Metadata;
  const own = new Map(reply.objects.map(({ id, bytes }) => [id, bytes]));
  const missing = new Set(wanted);
  const refused: string[] = [];
  for (const id of idsOf(reply.tree).filter((candidate) => missing.has(candidate))) {
    const content = own.get(id) ?? echoed.get(id) ?? (await again(delivery, runId, id));
    const { stored } = await client.call(PUSH_OBJECT, { node: { nodeId }, runId, objectId: id, content, sessionId });
    if (!stored) refused.push(id);
  }
  return refused;
}

/** An object of the message that an earlier process had. */
async function again(delivery: Delivery, runId: bigint, id: string): Promise<Uint8Array> {
  const into = new Map<string, Uint8Array>();
  await pullObjects(delivery, runId, [id], into);
  return into.get(id) as Uint8Array;
}
