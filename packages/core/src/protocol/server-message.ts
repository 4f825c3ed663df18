/**
 * The server's end of the messages: reads requests, writes responses.
 *
 * @module
 */
import { checkBytes } from '../check.ts';
import { ERROR_CODES } from '../errors.ts';
import { DECLINE_REASONS, type Publication, type Request, type Response } from './message.ts';
import { header, MAX_TEXT, open, REQUEST, REQUESTS, RESPONSE, RESPONSES } from './message-head.ts';
import { encodeTask } from './task-message.ts';

/** Byte strings are views of `bytes`. @throws FedkitError `DECODE_FAILED` for everything that is no request. */
export function decodeRequest(bytes: Uint8Array): Request {
  const { reader, kind } = open('decodeRequest', REQUEST, REQUESTS, bytes);
  const request = ((): Request => {
    switch (kind) {
      case 'join':
        return reader.remaining === 0 ? { kind } : { kind, epoch: reader.uint53() };
      case 'terms':
      case 'published':
        return { kind };
      case 'model':
        return { kind, digest: reader.bytes(32), offset: reader.uint53() };
      case 'report':
        return { kind, ticket: reader.uint53(), bytes: reader.bytes(reader.remaining) };
      case 'exchange': {
        const ticket = reader.uint53();
        return reader.flag() ? { kind, ticket, message: reader.bytes(reader.remaining) } : { kind, ticket };
      }
      case 'leave':
      case 'outcome':
        return { kind, ticket: reader.uint53() };
      case 'decline': {
        const [ticket, reason] = [reader.uint53(), DECLINE_REASONS[reader.uint8()]];
        return reason === undefined ? reader.refuse('a known reason', 'another number') : { kind, ticket, reason };
      }
    }
  })();
  reader.end();
  return request;
}

/** Bytes of a `part` before its own. */
export const PART_HEADER = 21;

/** A `part` whose bytes come in pieces. */
export function partResponse(total: number, offset: number, pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const writer = header(RESPONSE, RESPONSES.indexOf('part')).uint53(total).uint53(offset);
  for (const piece of pieces) writer.bytes(piece);
  return writer.finish();
}

/** A response as bytes; {@link decodeResponse} reads them. The layout is in docs/round-protocol.md. */
export function encodeResponse(response: Response): Uint8Array<ArrayBuffer> {
  const writer = header(RESPONSE, RESPONSES.indexOf(response.kind));
  switch (response.kind) {
    case 'wait':
      writer.uint32(response.milliseconds);
      break;
    case 'task':
      checkNames(response.task);
      return encodeTask(response.task);
    case 'part':
      return partResponse(response.total, response.offset, [response.bytes]);
    case 'message':
    case 'terms':
      writer.bytes(response.bytes);
      break;
    case 'published': {
      const { run, round, modelDigest, modelLength, pipelineDigest } = response.publication;
      checkNames(response.publication);
      writer.bytes(run).uint32(round).bytes(modelDigest).uint53(modelLength).bytes(pipelineDigest);
      break;
    }
    case 'finished':
      writer.uint53(response.ticket).flag(response.counted);
      break;
    case 'accepted':
    case 'late':
    case 'left':
      writer.uint53(response.ticket);
      break;
    case 'closed':
      break;
    case 'refused':
      writer.uint8(ERROR_CODES.indexOf(response.code)).text(response.message.slice(0, MAX_TEXT));
  }
  return writer.finish();
}

function checkNames({ run, modelDigest, pipelineDigest }: Publication): void {
  checkBytes('encodeResponse: run', run, 16);
  checkBytes('encodeResponse: modelDigest', modelDigest, 32);
  checkBytes('encodeResponse: pipelineDigest', pipelineDigest, 32);
}
