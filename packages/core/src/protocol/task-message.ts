/**
 * The message that is a task: servers send it, clients keep it.
 *
 * @module
 */
import type { RoundTask } from './message.ts';
import { header, RESPONSE, RESPONSES } from './message-head.ts';

/** The response `task`, whose bytes have their lengths; `decodeResponse` reads it. */
export function encodeTask(task: RoundTask): Uint8Array<ArrayBuffer> {
  return header(RESPONSE, RESPONSES.indexOf('task'))
    .bytes(task.run)
    .uint32(task.round)
    .uint53(task.ticket)
    .bytes(task.modelDigest)
    .uint53(task.modelLength)
    .bytes(task.pipelineDigest)
    .uint53(task.expiresIn)
    .long(task.parameters)
    .finish();
}
