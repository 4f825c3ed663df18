/**
 * Decoding with rests, for servers: the plain codec's, and that of every codec that has some.
 *
 * @module
 */
import type { Codec, DecodeContext } from '../codec/contract.ts';
import type { Sink } from '../codec/sink.ts';
import { inStretches, type Steps, STRETCH } from '../turns.ts';
import { plainBody, plainCodec } from './plain-codec.ts';

/** Values of the plain codec that are handed on at once. */
export const CHUNK = 16_384;

/** `codec.visit(bytes, sink, context)`, with rests where the codec has them. */
export function* visitSteps(codec: Codec, bytes: Uint8Array, sink: Sink, context: DecodeContext): Steps<void> {
  if (codec.visitSteps) return yield* codec.visitSteps(bytes, sink, context);
  // Here and not in the codec: it is on every device, where nobody waits meanwhile.
  if (codec !== plainCodec) return codec.visit(bytes, sink, context);
  const body = plainBody(bytes, context.expectedSize);
  const visit = body.byteOffset % 4 === 0 ? visitInPlace : visitBody;
  return yield* inStretches(body.length, (from, to) => visit(body, sink, from, to), 4 * STRETCH);
}

/** {@link visitBody} of a body whose values lie where an array of them may, without a copy. */
function visitInPlace(body: Uint8Array, sink: Sink, from: number, to: number): void {
  for (let at = from; at < to; at += 4 * CHUNK) {
    const length = Math.min(CHUNK, (to - at) / 4);
    sink.dense(at / 4, new Float32Array(body.buffer, body.byteOffset + at, length));
  }
}

/** Hands on what lies between two places of a body: both are multiples of 4 bytes. */
function visitBody(body: Uint8Array, sink: Sink, from: number, to: number): void {
  const chunk = new Float32Array(Math.min(CHUNK, (to - from) / 4));
  const raw = new Uint8Array(chunk.buffer);
  for (let at = from; at < to; at += raw.length) {
    const part = body.subarray(at, Math.min(to, at + raw.length));
    raw.set(part);
    sink.dense(at / 4, part.length === raw.length ? chunk : chunk.subarray(0, part.length / 4));
  }
}
