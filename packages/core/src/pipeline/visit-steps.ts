/**
 * Decoding with rests, for servers: the plain codec's, and that of every codec that has some.
 *
 * @module
 */
import type { Codec, DecodeContext } from '../codec/contract.ts';
import type { Sink } from '../codec/sink.ts';
import { inStretches, type Steps, STRETCH } from '../turns.ts';
import { plainBody, plainCodec, visitBody } from './plain-codec.ts';

/** `codec.visit(bytes, sink, context)`, with rests where the codec has them. */
export function* visitSteps(codec: Codec, bytes: Uint8Array, sink: Sink, context: DecodeContext): Steps<void> {
  if (codec.visitSteps) return yield* codec.visitSteps(bytes, sink, context);
  // Here and not in the codec: it is on every device, where nobody waits meanwhile.
  if (codec !== plainCodec) return codec.visit(bytes, sink, context);
  const body = plainBody(bytes, context.expectedSize);
  return yield* inStretches(body.length, (from, to) => visitBody(body, sink, from, to), 4 * STRETCH);
}
