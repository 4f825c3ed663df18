/**
 * A round's broadcast on the server: the parts in which clients fetch it.
 *
 * @module
 */
import { lengthOf, sameBytes } from '../bytes.ts';
import { refuse } from '../check.ts';
import { type StateOwner, statePieces } from '../model/state-file.ts';
import type { PlainData } from '../plain-data.ts';
import { sha256Stream } from '../sha256-stream.ts';
import { atOnce, inStretches, type Steps, STRETCH_BYTES } from '../turns.ts';
import type { Request } from './message.ts';
import { PART_HEADER, partResponse } from './server-message.ts';

/** The model as clients fetch it: encoded once, whoever asks. */
export interface EncodedBroadcast {
  readonly length: number;
  /** SHA-256 of its bytes. */
  readonly digest: Uint8Array;
  /** Responses with its parts, each of {@link partBytes} but the last. */
  readonly parts: readonly Uint8Array[];
  readonly partBytes: number;
}

/** A copy of a broadcast as responses of `partBytes` each. */
export function encodeBroadcast(broadcast: PlainData, owner: StateOwner, partBytes: number): EncodedBroadcast {
  return atOnce(broadcastSteps(broadcast, owner, partBytes));
}

/** {@link encodeBroadcast}, with rests. */
export function* broadcastSteps(broadcast: PlainData, owner: StateOwner, partBytes: number): Steps<EncodedBroadcast> {
  const pieces = statePieces(broadcast, owner);
  const total = lengthOf(pieces);
  const parts: Uint8Array[] = [];
  const hash = sha256Stream();
  yield* inStretches(
    total,
    (from, to) => {
      for (let offset = from; offset < to; offset += partBytes) {
        const part = partResponse(total, offset, cut(pieces, offset, Math.min(total, offset + partBytes)));
        hash.update(part.subarray(PART_HEADER));
        parts.push(part);
      }
    },
    partBytes * Math.ceil(STRETCH_BYTES / partBytes),
  );
  return { length: total, digest: hash.digest(), parts, partBytes };
}

/** What lies between two places, in pieces. */
function cut(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let start = 0;
  for (const piece of pieces) {
    const [begin, end] = [Math.max(from - start, 0), Math.min(to - start, piece.length)];
    if (begin < end) found.push(piece.subarray(begin, end));
    start += piece.length;
  }
  return found;
}

/** The response with the part that is asked for, at most `partBytes` long. It is the same for all who ask: not to be written to. */
export function broadcastPart(
  { digest, offset }: Request & { kind: 'model' },
  broadcast: EncodedBroadcast | undefined,
): Uint8Array {
  if (!broadcast || !sameBytes(digest, broadcast.digest)) {
    refuse('PROTOCOL_STATE', 'federatedServer: model', 'the digest of the current model', 'another');
  }
  const { length, parts, partBytes } = broadcast;
  if (offset > length) refuse('OUT_OF_RANGE', 'federatedServer: model: offset', `at most ${length}`, offset);
  const at = Math.floor(offset / partBytes);
  if (offset < length && offset === at * partBytes) return parts[at];
  const bytes = parts.slice(at, at + 2).map((part) => part.subarray(PART_HEADER));
  const from = offset - at * partBytes;
  return partResponse(length, offset, cut(bytes, from, from + partBytes));
}
