/**
 * A piece of a request that is too long for one message. The digest of the whole names the upload, so that whoever has
 * the same bytes, be it another process after a crash, goes on where it stopped.
 *
 * @module
 */
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes } from '../check.ts';

/** A part of a longer message. */
export interface Piece {
  /** SHA-256 of the whole request. */
  readonly digest: Uint8Array;
  /** Length of the whole, ≥ 1. */
  readonly total: number;
  /** Where `bytes` belong. */
  readonly offset: number;
  /** May be empty: a question how much is there. */
  readonly bytes: Uint8Array;
}

/** What a receiver answers to a message: the response, or how many bytes of the request it has, from the start. */
export type Receipt = { readonly response: Uint8Array } | { readonly have: number };

/** Bytes of a piece before its own: digest, total and offset. */
export const PIECE_HEADER = 48;

/**
 * A piece as bytes: 48 of header, then its own. {@link decodePiece} reads it.
 *
 * @throws FedkitError for a digest that is not 32 bytes.
 */
export function encodePiece(piece: Piece): Uint8Array<ArrayBuffer> {
  return new ByteWriter()
    .bytes(checkBytes('encodePiece: digest', piece.digest, 32))
    .uint53(piece.total)
    .uint53(piece.offset)
    .bytes(piece.bytes)
    .finish();
}

/** A view of `bytes`. @throws FedkitError `DECODE_FAILED` for everything that is no piece of a whole. */
export function decodePiece(bytes: Uint8Array): Piece {
  const reader = new ByteReader('decodePiece', bytes);
  const piece = { digest: reader.bytes(32), total: reader.uint53(), offset: reader.uint53() };
  const rest = reader.bytes(reader.remaining);
  if (piece.total === 0) reader.refuse('a whole of at least 1 byte', '0');
  if (piece.offset + rest.length > piece.total) reader.refuse(`a piece within ${piece.total} bytes`, 'a longer one');
  return { ...piece, bytes: rest };
}

/** A receipt for a piece, 8 bytes: how many bytes of the whole are there. {@link decodeHave} reads it. */
export function encodeHave(have: number): Uint8Array<ArrayBuffer> {
  return new ByteWriter().uint53(have).finish();
}

/** @throws FedkitError `DECODE_FAILED` for everything that {@link encodeHave} does not write. */
export function decodeHave(bytes: Uint8Array): number {
  const reader = new ByteReader('decodeHave', bytes);
  const have = reader.uint53();
  reader.end();
  return have;
}
