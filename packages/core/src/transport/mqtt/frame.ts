/**
 * What one MQTT message holds: requests and their pieces on the way up, answers on the way down. Formats:
 * docs/transports.md.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../../bytes.ts';
import { decodeHave, decodePiece, encodeHave, encodePiece, type Piece } from '../piece.ts';

/** From a client: what it asks, under a number of its own. */
export type UpFrame =
  | { readonly kind: 'whole'; readonly id: Uint8Array; readonly request: Uint8Array }
  | { readonly kind: 'piece'; readonly id: Uint8Array; readonly piece: Piece };

/** To a client: the answer to the message of that number. */
export type DownFrame =
  | {
      readonly kind: 'response';
      readonly id: Uint8Array;
      readonly total: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'have'; readonly id: Uint8Array; readonly have: number }
  | { readonly kind: 'refused'; readonly id: Uint8Array; readonly status: number };

/** Length of a message's number. */
export const ID_BYTES = 8;
const VERSION = 1;
const UP = ['whole', 'piece'] as const;
const DOWN = ['response', 'have', 'refused'] as const;

export function encodeUp(frame: UpFrame): Uint8Array<ArrayBuffer> {
  const body = frame.kind === 'whole' ? frame.request : encodePiece(frame.piece);
  return head(UP.indexOf(frame.kind), frame.id).bytes(body).finish();
}

/** A view of `bytes`. @throws FedkitError `DECODE_FAILED` for everything that is no such frame. */
export function decodeUp(bytes: Uint8Array): UpFrame {
  const { reader, kind, id } = open('decodeUp', UP, bytes);
  const body = reader.bytes(reader.remaining);
  return kind === 'whole' ? { kind, id, request: body } : { kind, id, piece: decodePiece(body) };
}

export function encodeDown(frame: DownFrame): Uint8Array<ArrayBuffer> {
  const writer = head(DOWN.indexOf(frame.kind), frame.id);
  switch (frame.kind) {
    case 'response':
      return writer.uint53(frame.total).uint53(frame.offset).bytes(frame.bytes).finish();
    case 'have':
      return writer.bytes(encodeHave(frame.have)).finish();
    case 'refused':
      return writer.uint32(frame.status).finish();
  }
}

/** A view of `bytes`. @throws FedkitError `DECODE_FAILED` for everything that is no such frame. */
export function decodeDown(bytes: Uint8Array): DownFrame {
  const { reader, kind, id } = open('decodeDown', DOWN, bytes);
  switch (kind) {
    case 'response': {
      const [total, offset] = [reader.uint53(), reader.uint53()];
      const rest = reader.bytes(reader.remaining);
      if (offset + rest.length > total) reader.refuse(`a part within ${total} bytes`, 'a longer one');
      return { kind, id, total, offset, bytes: rest };
    }
    case 'have':
      return { kind, id, have: decodeHave(reader.bytes(reader.remaining)) };
    case 'refused': {
      const status = reader.uint32();
      reader.end();
      return { kind, id, status };
    }
  }
}

function head(kind: number, id: Uint8Array): ByteWriter {
  return new ByteWriter().bytes(Uint8Array.of(VERSION, kind)).bytes(id);
}

function open<K extends string>(where: string, kinds: readonly K[], bytes: Uint8Array) {
  const reader = new ByteReader(where, bytes);
  const version = reader.uint8();
  if (version !== VERSION) reader.refuse(`version ${VERSION}`, `version ${version}`);
  const kind = kinds[reader.uint8()];
  if (kind === undefined) reader.refuse('a known kind', 'another');
  return { reader, kind, id: reader.bytes(ID_BYTES) };
}
