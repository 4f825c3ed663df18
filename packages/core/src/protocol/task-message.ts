/**
 * The message that is a task: servers send it, clients keep it.
 *
 * @module
 */
import { checkBytes } from '../check.ts';
import type { RoundTask } from './message.ts';
import { header, RESPONSE, RESPONSES } from './message-head.ts';

/** The response `task`; `decodeResponse` reads it. */
export function encodeTask(task: RoundTask): Uint8Array<ArrayBuffer> {
  return header(RESPONSE, RESPONSES.indexOf('task'))
    .bytes(checkBytes('encodeResponse: run', task.run, 16))
    .uint32(task.round)
    .uint53(task.ticket)
    .bytes(checkBytes('encodeResponse: modelDigest', task.modelDigest, 32))
    .uint53(task.modelLength)
    .bytes(checkBytes('encodeResponse: pipelineDigest', task.pipelineDigest, 32))
    .uint53(task.expiresIn)
    .long(task.parameters)
    .finish();
}
