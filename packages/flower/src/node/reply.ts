/**
 * A message and its reply as Flower has them.
 *
 * @module
 */
import { FedkitError, isFedkitError } from '@fedkit/core';
import { type FlowerRecords, readRecords, type Values, writeRecords } from '../array/records.ts';
import { type FlowerObject, makeObject } from '../object/object.ts';
import { gather, objectsOf, treeOf } from '../object/tree.ts';
import { encodeMessage } from '../proto/encode.ts';
import { type Envelope, ENVELOPE, type Metadata } from '../proto/messages.ts';
import type { FlowerTask } from './contract.ts';
import type { PendingReply } from './memory.ts';

/** Flower's code of a ClientApp that raised. */
const CLIENT_APP_RAISED = 2n;

/** The settings that Flower's strategies add: the number of the round. */
const SERVER_ROUND = 'server-round';

/**
 * The records of a message, of objects whose digests were verified.
 *
 * @throws FedkitError `DECODE_FAILED`.
 */
export function recordsOf(messageId: string, bytesOf: (id: string) => Uint8Array | undefined): FlowerRecords {
  const { type, children } = gather(messageId, bytesOf);
  if (type !== 'Message' || children.length !== 1) {
    throw new FedkitError('DECODE_FAILED', 'flower message: expected a message of one RecordDict, got another object');
  }
  return readRecords(children[0]);
}

/** What a message asks for. @param now - Seconds since 1970. */
export function taskOf(metadata: Metadata, records: FlowerRecords, runConfig: Values, now: number): FlowerTask {
  const configs = Object.values(records).filter((record) => record.kind === 'config');
  const config = configs.length === 1 ? configs[0].values : {};
  const setting = config[SERVER_ROUND];
  const round = /^[0-9]{1,9}$/.test(metadata.groupId)
    ? Number(metadata.groupId)
    : typeof setting === 'bigint' || typeof setting === 'number'
      ? Number(setting)
      : 0;
  return {
    type: metadata.messageType,
    runId: metadata.runId,
    nodeId: metadata.dstNodeId,
    messageId: metadata.messageId,
    round,
    config,
    runConfig,
    expiresIn: metadata.createdAt + metadata.ttl - now,
  };
}

/** What the work on a message came to. */
export type Outcome =
  | { readonly kind: 'records'; readonly records: FlowerRecords }
  | { readonly kind: 'failure'; readonly error: unknown };

/** The reply to a message. */
export async function replyTo(
  metadata: Metadata,
  outcome: Outcome,
  options: { readonly now: number; readonly runtime: number; readonly known: ReadonlySet<string> },
): Promise<PendingReply> {
  const { now, runtime, known } = options;
  const own: Metadata = {
    runId: metadata.runId,
    messageId: '',
    srcNodeId: metadata.dstNodeId,
    dstNodeId: metadata.srcNodeId,
    replyToMessageId: metadata.messageId,
    groupId: metadata.groupId,
    // What is left of the message's time: a SuperLink drops replies that would outlive it.
    ttl: metadata.createdAt + metadata.ttl - now,
    messageType: metadata.messageType,
    createdAt: now,
    ...(metadata.dstTaskId !== undefined && { srcTaskId: metadata.dstTaskId }),
    ...(metadata.srcTaskId !== undefined && { dstTaskId: metadata.srcTaskId }),
  };
  let root: FlowerObject;
  let said: Omit<Envelope, 'metadata'>;
  if (outcome.kind === 'failure') {
    said = { error: { code: CLIENT_APP_RAISED, reason: reasonOf(outcome.error) } };
    root = await makeObject('Message', [], encodeMessage(ENVELOPE, { metadata: own, ...said }));
  } else {
    said = { content: {} };
    const dict = await writeRecords(outcome.records);
    root = await makeObject('Message', [dict], encodeMessage(ENVELOPE, { metadata: own }));
  }
  return {
    envelope: { metadata: { ...own, messageId: root.id }, ...said },
    tree: treeOf(root),
    objects: objectsOf(root).filter(({ id }) => !known.has(id)),
    runtime,
  };
}

/** What a ServerApp is told of an error: the words of ours, which hold nothing secret, and of others their name. */
function reasonOf(error: unknown): string {
  if (isFedkitError(error)) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.name : 'an error';
}
