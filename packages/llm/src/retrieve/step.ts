/**
 * One step of contrastive learning: texts to vectors, vectors to a loss, and back.
 *
 * @module
 */
import { meansOf, portions } from '../encoder/pooled.ts';
import type { EncoderSession } from '../encoder/session.ts';
import { contrastiveLoss } from './contrastive.ts';

/** A batch as tokens; see `ContrastiveBatch`. */
export interface ContrastiveTexts {
  readonly queries: readonly ArrayLike<number>[];
  readonly passages: readonly ArrayLike<number>[];
  readonly still?: readonly (readonly Float32Array[])[];
  readonly masked: (i: number, j: number) => boolean;
  readonly scale: number;
}

/** Vectors, not normalized, of texts that go through `tokens` at a time. */
export function vectorsOf(
  session: EncoderSession,
  texts: readonly ArrayLike<number>[],
  tokens: number,
): Float32Array[] {
  return [...portions(texts, tokens)].flatMap(([from, to]) => {
    const part = texts.slice(from, to);
    return meansOf(session.states(part), part, session.shape.width);
  });
}

/**
 * Mean loss of a query; with `back` its gradient is then in the session's.
 *
 * @param tokens - That go through at a time: with more, all texts go through once for the loss and again for the way back.
 */
export function contrastiveStep(
  session: EncoderSession,
  batch: ContrastiveTexts,
  tokens: number,
  back: boolean,
): number {
  const { queries, passages, still, masked, scale } = batch;
  const texts = [...queries, ...passages];
  const vectors = vectorsOf(session, texts, tokens);
  const { loss, ...gradients } = contrastiveLoss({
    queries: vectors.slice(0, queries.length),
    passages: vectors.slice(queries.length),
    ...(still && { still }),
    masked,
    scale,
  });
  if (!back) return loss;
  session.gradient().fill(0);
  const all = [...gradients.queries, ...gradients.passages];
  for (const [from, to] of portions(texts, tokens)) {
    const some = texts.slice(from, to);
    if (some.length < texts.length) session.states(some);
    session.backward(spread(all.slice(from, to), some, session.shape.width));
  }
  return loss;
}

/** What a gradient of means is for every token's state. */
function spread(gradients: readonly Float32Array[], texts: readonly ArrayLike<number>[], width: number): Float32Array {
  const values = new Float32Array(texts.reduce((sum, { length }) => sum + length * width, 0));
  let at = 0;
  texts.forEach(({ length }, i) => {
    const own = gradients[i].map((value) => value / length);
    for (let t = 0; t < length; t++, at += width) values.set(own, at);
  });
  return values;
}
