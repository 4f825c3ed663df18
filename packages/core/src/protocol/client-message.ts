/**
 * The client's end of the messages: writes requests, reads responses.
 *
 * @module
 */
import type { ByteReader } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import { ERROR_CODES } from '../errors.ts';
import { DECLINE_REASONS, type Publication, type Request, type Response } from './message.ts';
import { header, MAX_TEXT, open, REQUEST, REQUESTS, RESPONSE, RESPONSES } from './message-head.ts';

/** A request as bytes; {@link decodeRequest} reads them. The layout is in docs/round-protocol.md. */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  const writer = header(REQUEST, REQUESTS.indexOf(request.kind));
  switch (request.kind) {
    case 'join':
      if (request.epoch !== undefined) writer.uint53(request.epoch);
      break;
    case 'terms':
    case 'published':
      break;
    case 'model':
      writer.bytes(checkBytes('encodeRequest: digest', request.digest, 32)).uint53(request.offset);
      break;
    case 'report':
      writer.uint53(request.ticket).bytes(request.bytes);
      break;
    case 'exchange':
      writer.uint53(request.ticket).flag(request.message !== undefined);
      if (request.message !== undefined) writer.bytes(request.message);
      break;
    case 'leave':
    case 'outcome':
      writer.uint53(request.ticket);
      break;
    case 'decline':
      writer.uint53(request.ticket).uint8(DECLINE_REASONS.indexOf(request.reason));
  }
  return writer.finish();
}

/** A report's request in two parts, so that whoever stores or sends it copies the report once. */
export function reportRequest(ticket: number, report: Uint8Array): readonly [head: Uint8Array, report: Uint8Array] {
  return [header(REQUEST, REQUESTS.indexOf('report')).uint53(ticket).finish(), report];
}

/** The fields of a publication, as responses have them. */
export function readPublication(reader: ByteReader): Publication {
  return {
    run: reader.bytes(16),
    round: reader.uint32(),
    modelDigest: reader.bytes(32),
    modelLength: reader.uint53(),
    pipelineDigest: reader.bytes(32),
  };
}

/** Byte strings are views of `bytes`. @throws FedkitError `DECODE_FAILED` for everything that is no response. */
export function decodeResponse(bytes: Uint8Array): Response {
  const { reader, kind } = open('decodeResponse', RESPONSE, RESPONSES, bytes);
  const response = ((): Response => {
    switch (kind) {
      case 'wait':
        return { kind, milliseconds: reader.uint32() };
      case 'task': {
        const task = {
          run: reader.bytes(16),
          round: reader.uint32(),
          ticket: reader.uint53(),
          modelDigest: reader.bytes(32),
          modelLength: reader.uint53(),
          pipelineDigest: reader.bytes(32),
          expiresIn: reader.uint53(),
          parameters: reader.long(),
        };
        if (task.round === 0) reader.refuse('a round from 1', '0');
        return { kind, task };
      }
      case 'part': {
        const part = { total: reader.uint53(), offset: reader.uint53(), bytes: reader.bytes(reader.remaining) };
        if (part.offset + part.bytes.length > part.total)
          reader.refuse(`a part within ${part.total} bytes`, 'a longer one');
        return { kind, ...part };
      }
      case 'published':
        return { kind, publication: readPublication(reader) };
      case 'message':
      case 'terms':
        return { kind, bytes: reader.bytes(reader.remaining) };
      case 'finished':
        return { kind, ticket: reader.uint53(), counted: reader.flag() };
      case 'accepted':
      case 'late':
      case 'left':
        return { kind, ticket: reader.uint53() };
      case 'closed':
        return { kind };
      case 'refused': {
        const code = ERROR_CODES[reader.uint8()];
        if (code === undefined) reader.refuse('the code of an error', 'another number');
        const message = reader.text();
        if (message.length > MAX_TEXT) reader.refuse(`at most ${MAX_TEXT} characters`, `${message.length}`);
        return { kind, code, message };
      }
    }
  })();
  reader.end();
  return response;
}
