/**
 * One vector a text: the mean of its tokens' states.
 *
 * @module
 */
import { checkInteger, checkOptions, refuse } from '@fedkit/core/internal';
import type { EncoderSession } from './session.ts';
import type { EncoderShape } from './shape.ts';

/** Rows that go through at a time, unless one text has more. */
const ROWS = 1024;

/** `INVALID_ARGUMENT` for an empty text, `OUT_OF_RANGE` for one that is too long or has unknown tokens. */
export function checkText(where: string, tokens: ArrayLike<number>, { vocabulary, context }: EncoderShape): void {
  if (tokens.length === 0) refuse('INVALID_ARGUMENT', where, 'at least one token', 0);
  checkInteger(`${where}: tokens`, tokens.length, 1, context);
  for (let t = 0; t < tokens.length; t++) checkInteger(`${where}: tokens[${t}]`, tokens[t], 0, vocabulary - 1);
}

/** Stretches [from, to) of texts of at most so many tokens, or of one text. */
export function* portions(texts: readonly ArrayLike<number>[], tokens: number): Generator<[from: number, to: number]> {
  for (let next = 0; next < texts.length; ) {
    const first = next;
    let rows = 0;
    while (next < texts.length && (next === first || rows + texts[next].length <= tokens)) rows += texts[next++].length;
    yield [first, next];
  }
}

/** Means of the states of every text, shape [width] each. */
export function meansOf(states: Float32Array, texts: readonly ArrayLike<number>[], width: number): Float32Array[] {
  let at = 0;
  return texts.map(({ length }) => {
    const sums = new Float64Array(width);
    for (const end = at + length * width; at < end; at++) sums[at % width] += states[at];
    return Float32Array.from(sums, (value) => value / length);
  });
}

export function checkEmbedOptions(where: string, options: unknown): void {
  checkOptions(where, options, { normalize: true });
}

/** Checks and embeds texts, as `LanguageEncoder.embed` says. */
export function embedTexts(
  where: string,
  session: EncoderSession,
  texts: readonly ArrayLike<number>[],
  { normalize = true }: { readonly normalize?: boolean } = {},
): Float32Array[] {
  for (const text of texts) checkText(where, text, session.shape);
  const vectors: Float32Array[] = [];
  for (const [from, to] of portions(texts, ROWS)) {
    const part = texts.slice(from, to);
    vectors.push(...meansOf(session.states(part), part, session.shape.width));
  }
  return normalize ? vectors.map(unit) : vectors;
}

/** The vector at length 1; where all states cancel there is no direction, and it stays 0. */
export function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return length === 0 ? vector : vector.map((value) => value / length);
}
