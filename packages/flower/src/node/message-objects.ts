/**
 * The objects of a message, by their ids.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { refuse, sleep, systemClock } from '@fedkit/core/internal';
import { objectId } from '../object/object.ts';
import { PULL_OBJECT } from '../proto/messages.ts';
import type { FleetClient } from './fleet-client.ts';

/** Milliseconds between questions for an object that its sender has announced and not delivered. */
export const OBJECT_PAUSE = 250;

/** Whose objects, and how much of them. */
export interface ObjectSource {
  readonly client: FleetClient;
  readonly nodeId: bigint;
  readonly maximumMessageBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Pulls objects of a run into `into`, and waits for those that their sender has not delivered yet.
 *
 * @throws FedkitError `PROTOCOL_STATE` for an object that is not there; `OUT_OF_RANGE` for more bytes than allowed;
 * `AUTHENTICATION_FAILED` for bytes of another digest.
 */
export async function pullObjects(
  { client, nodeId, maximumMessageBytes, signal }: ObjectSource,
  runId: bigint,
  ids: readonly string[],
  into: Map<string, Uint8Array>,
): Promise<void> {
  let total = 0;
  for (const id of ids) {
    for (;;) {
      const { found, available, content } = await client.call(PULL_OBJECT, { node: { nodeId }, runId, objectId: id });
      if (!found) refuse('PROTOCOL_STATE', 'flowerNode: pull-object', 'an object of the message', 'none');
      if (!available) {
        await sleep('flowerNode: pull-object', systemClock, OBJECT_PAUSE, signal);
        continue;
      }
      total += content.length;
      if (total > maximumMessageBytes)
        refuse('OUT_OF_RANGE', 'flowerNode: message', `at most ${maximumMessageBytes} bytes`, total);
      if ((await objectId(content)) !== id) {
        throw new FedkitError(
          'AUTHENTICATION_FAILED',
          'flowerNode: pull-object: expected the bytes of the digest, got others',
        );
      }
      into.set(id, content);
      break;
    }
  }
}
