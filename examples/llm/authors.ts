/**
 * Whose text it is: one author is one device.
 *
 * @module
 */
import { tokenWindows, type Windows } from '@fedkit/llm';
import { LENGTH } from './model.ts';

/** One author: what stays on the device. */
export interface Author {
  readonly name: string;
  readonly train: Windows;
  /** Later in the text than what is trained on. */
  readonly test: Windows;
  /** Bytes that the targets of `test` stand for. */
  readonly testBytes: number;
}

/** Windows that each author trains on, and that are held out. */
export interface Limits {
  readonly train: number;
  readonly test: number;
}

/**
 * Cuts a text.
 *
 * @param bytesOfTokens - How many bytes tokens stand for; default: a token is a byte.
 * @returns `undefined` for a text that is too short.
 */
export function authorOf(
  name: string,
  tokens: ArrayLike<number>,
  limits: Limits,
  bytesOfTokens: (tokens: readonly number[]) => number = ({ length }) => length,
): Author | undefined {
  const cut = limits.train * LENGTH + 1;
  const end = cut + limits.test * LENGTH;
  if (tokens.length < end + 1) return undefined;
  const held = Array.from({ length: end - cut }, (_, i) => tokens[cut + i]);
  return {
    name,
    train: tokenWindows([Array.from({ length: cut }, (_, i) => tokens[i])], { length: LENGTH }),
    test: tokenWindows([held], { length: LENGTH }),
    testBytes: bytesOfTokens(held.slice(1)),
  };
}
