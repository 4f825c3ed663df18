/**
 * What client and server say to each other, whatever carries it: requests and responses. Every request is idempotent: sent
 * twice, it does what it does once, so that a transport may lose, repeat and reorder.
 *
 *     join   epoch?              → wait | task | closed        `epoch` of the state that the client holds, 0 for none
 *     model  digest, offset      → part                        until the whole broadcast is there
 *     report ticket, bytes       → accepted | late             `accepted`: stored, and counted exactly once
 *     exchange ticket, message?  → message | wait | finished | late
 *     outcome ticket             → wait | finished | late      what became of an accepted report, once its round has ended
 *     leave  ticket              → left
 *     decline ticket, reason     → left                        and is not asked again at once
 *     published                  → published                   which model is the latest, for whoever asks
 *     terms                      → terms                       what the server's pipeline expects of a client's
 *
 * Any request can be answered `refused`, by the code of a FedkitError. Formats: docs/round-protocol.md.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes } from '../check.ts';
import { type ErrorCode, ERROR_CODES } from '../errors.ts';

/** One client's work on one version of the model. */
export interface RoundTask {
  /** 16 bytes that name the run; a client that finds another on its disk starts anew. */
  readonly run: Uint8Array;
  /** 1 for the first; in asynchronous runs the version of the model, from 1. */
  readonly round: number;
  /** Names this task within the run; never issued twice. */
  readonly ticket: number;
  /** SHA-256 of the broadcast's bytes, and their number. */
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
  /** 32 bytes over what both sides' pipelines must agree on; {@link Request} `terms` asks for what that is. */
  readonly pipelineDigest: Uint8Array;
  /** What the pipeline's server half announced. */
  readonly parameters: Uint8Array;
  /** Milliseconds left until reports come too late, as of the response; 0 where there is no deadline. */
  readonly expiresIn: number;
}

/**
 * Why a client gives a task up: its trainer or options failed; it has no examples; what it trained is not finite; it
 * refuses the task.
 */
export type DeclineReason = (typeof DECLINE_REASONS)[number];
/** All reasons, in an order that never changes: messages carry their places. */
export const DECLINE_REASONS = ['error', 'no-data', 'not-finite', 'refused'] as const;

/** The latest model of a run, whoever trains it. */
export interface Publication {
  /** 16 bytes that name the run. */
  readonly run: Uint8Array;
  /** The round whose step gave it, 0 for the first model; in asynchronous runs the steps taken. */
  readonly round: number;
  /** SHA-256 of the broadcast's bytes, and their number. */
  readonly modelDigest: Uint8Array;
  readonly modelLength: number;
  /** 32 bytes, as a task has them. */
  readonly pipelineDigest: Uint8Array;
}

/** What a client asks of a server. */
export type Request =
  /**
   * `epoch` of algorithms whose server keeps a sum over what clients keep: that of the state the client holds, 0 for none. Absent of
   * other algorithms, and where the client does not know yet what was counted.
   */
  | { readonly kind: 'join'; readonly epoch?: number }
  | { readonly kind: 'outcome'; readonly ticket: number }
  | { readonly kind: 'model'; readonly digest: Uint8Array; readonly offset: number }
  | { readonly kind: 'report'; readonly ticket: number; readonly bytes: Uint8Array }
  | { readonly kind: 'exchange'; readonly ticket: number; readonly message?: Uint8Array }
  | { readonly kind: 'leave'; readonly ticket: number }
  | { readonly kind: 'terms' }
  /** Gives a ticket up for a reason, of which no more is said: an error's text could hold training values. */
  | { readonly kind: 'decline'; readonly ticket: number; readonly reason: DeclineReason }
  | { readonly kind: 'published' };

/** What a server answers. */
export type Response =
  /** Nothing to do yet: ask again after `milliseconds`. */
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'task'; readonly task: RoundTask }
  /** A part of the broadcast, and the length of the whole. */
  | { readonly kind: 'part'; readonly total: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Stored, or in an exchange its sum has been formed with it: it counts once the round is published, as `outcome` tells. */
  | { readonly kind: 'accepted'; readonly ticket: number }
  /** Not counted and never will be: the round went on, was cancelled, or the ticket is void. */
  | { readonly kind: 'late'; readonly ticket: number }
  /** The exchange's next message. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** The round is over: whether this client's report or input is in the published model. */
  | { readonly kind: 'finished'; readonly ticket: number; readonly counted: boolean }
  | { readonly kind: 'left'; readonly ticket: number }
  /** The run is over. */
  | { readonly kind: 'closed' }
  /** What was asked cannot be. The message is for people, and holds nothing secret. */
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
  /** As `encodeTerms` writes them: their digest is the task's `pipelineDigest`. */
  | { readonly kind: 'terms'; readonly bytes: Uint8Array }
  | { readonly kind: 'published'; readonly publication: Publication };

const REQUEST = 0x71;
const RESPONSE = 0x72;
const VERSION = 1;
const REQUESTS = ['join', 'model', 'report', 'exchange', 'leave', 'terms', 'decline', 'published', 'outcome'] as const;
const RESPONSES = [
  'wait',
  'task',
  'part',
  'accepted',
  'late',
  'message',
  'finished',
  'left',
  'closed',
  'refused',
  'terms',
  'published',
] as const;
/** Longest text of a refusal, in characters. */
const MAX_TEXT = 1000;

/** Both start with `66 6b`, `71` for a request or `72` for a response, a version, and the kind's number. */
function header(kind: number, number: number): ByteWriter {
  return new ByteWriter().bytes(Uint8Array.of(0x66, 0x6b, kind, VERSION, number));
}

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
      writer.uint53(request.ticket).uint8(request.message === undefined ? 0 : 1);
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

/** A response as bytes; {@link decodeResponse} reads them. The layout is in docs/round-protocol.md. */
export function encodeResponse(response: Response): Uint8Array<ArrayBuffer> {
  const writer = header(RESPONSE, RESPONSES.indexOf(response.kind));
  switch (response.kind) {
    case 'wait':
      writer.uint32(response.milliseconds);
      break;
    case 'task': {
      const { task } = response;
      writer
        .bytes(checkBytes('encodeResponse: run', task.run, 16))
        .uint32(task.round)
        .uint53(task.ticket)
        .bytes(checkBytes('encodeResponse: modelDigest', task.modelDigest, 32))
        .uint53(task.modelLength)
        .bytes(checkBytes('encodeResponse: pipelineDigest', task.pipelineDigest, 32))
        .uint53(task.expiresIn)
        .long(task.parameters);
      break;
    }
    case 'part':
      writer.uint53(response.total).uint53(response.offset).bytes(response.bytes);
      break;
    case 'message':
    case 'terms':
      writer.bytes(response.bytes);
      break;
    case 'published': {
      const { run, round, modelDigest, modelLength, pipelineDigest } = response.publication;
      writer
        .bytes(checkBytes('encodeResponse: run', run, 16))
        .uint32(round)
        .bytes(checkBytes('encodeResponse: modelDigest', modelDigest, 32))
        .uint53(modelLength)
        .bytes(checkBytes('encodeResponse: pipelineDigest', pipelineDigest, 32));
      break;
    }
    case 'finished':
      writer.uint53(response.ticket).uint8(response.counted ? 1 : 0);
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
      case 'published': {
        const publication = {
          run: reader.bytes(16),
          round: reader.uint32(),
          modelDigest: reader.bytes(32),
          modelLength: reader.uint53(),
          pipelineDigest: reader.bytes(32),
        };
        return { kind, publication };
      }
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

function open<K extends string>(
  where: string,
  direction: number,
  kinds: readonly K[],
  bytes: Uint8Array,
): { reader: ByteReader; kind: K } {
  const reader = new ByteReader(where, checkBytes(`${where}: bytes`, bytes));
  const [first, second, third, version, number] = reader.bytes(5);
  if (first !== 0x66 || second !== 0x6b || third !== direction)
    reader.refuse('a message of this direction', 'other bytes');
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `version ${version}`);
  const kind = kinds[number];
  if (kind === undefined) reader.refuse('a known kind', `${number}`);
  return { reader, kind };
}
