/**
 * Token windows: what language models are trained and measured on.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, refuse } from '@fedkit/core/internal';

/** Windows of one length. */
export interface Windows {
  /** Tokens of a window T. */
  readonly length: number;
  /** Shape [n, T]; behind the end of a text 0. */
  readonly tokens: Int32Array;
  /** Shape [n, T]: the token that comes next, −1 where nothing is to be learned. */
  readonly targets: Int32Array;
}

/** A text as token ids; of an answer alone is learned if `from` says where it begins. */
export type TokenText = ArrayLike<number> | { readonly tokens: ArrayLike<number>; readonly from: number };

/** How texts are cut. */
export interface WindowOptions {
  /** T, an integer ≥ 1, at most the model's context. */
  readonly length: number;
}

/**
 * Cuts every text into windows of `length` tokens that follow each other; no window holds parts of two texts. Each token but
 * a text's first is the target of the one before it, so n tokens make n − 1 targets whatever the length. Texts of fewer
 * than two tokens are left out.
 *
 * @throws FedkitError `INVALID_ARGUMENT` if no target is left, `OUT_OF_RANGE` for a length or token that is no integer in
 * its range.
 */
export function tokenWindows(texts: readonly TokenText[], options: WindowOptions): Windows {
  checkOptions('tokenWindows', options, { length: true } satisfies OptionNames<typeof options>);
  const length = checkInteger('tokenWindows: length', options.length, 1, 1 << 20);
  const plain = texts.map((text) => ('tokens' in text ? text : { tokens: text, from: 1 }));
  const counts = plain.map(({ tokens }) => Math.ceil(Math.max(0, tokens.length - 1) / length));
  const count = counts.reduce((sum, n) => sum + n, 0);
  const windows = { length, tokens: new Int32Array(count * length), targets: new Int32Array(count * length).fill(-1) };
  let targets = 0;
  let at = 0;
  plain.forEach(({ tokens, from }, i) => {
    checkInteger('tokenWindows: from', from, 0);
    for (let t = 0; t + 1 < tokens.length; t++) {
      windows.tokens[at + t] = checkInteger('tokenWindows: token', tokens[t], 0, 0x7fffffff);
      const next = checkInteger('tokenWindows: token', tokens[t + 1], 0, 0x7fffffff);
      if (t + 1 < from) continue;
      windows.targets[at + t] = next;
      targets++;
    }
    at += counts[i] * length;
  });
  if (targets === 0) refuse('INVALID_ARGUMENT', 'tokenWindows', 'at least one target', targets);
  return windows;
}

/**
 * All windows of several texts, such as new ones and some of old ones to rehearse.
 *
 * @throws FedkitError `SHAPE_MISMATCH` for windows of different lengths, `INVALID_ARGUMENT` for none.
 */
export function joinWindows(parts: readonly Windows[]): Windows {
  if (parts.length === 0) refuse('INVALID_ARGUMENT', 'joinWindows', 'at least one', 0);
  const { length } = parts[0];
  const size = parts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const joined = { length, tokens: new Int32Array(size), targets: new Int32Array(size) };
  parts.reduce((at, part) => {
    if (part.length !== length) refuse('SHAPE_MISMATCH', 'joinWindows', `windows of ${length}`, part.length);
    joined.tokens.set(part.tokens, at);
    joined.targets.set(part.targets, at);
    return at + part.tokens.length;
  }, 0);
  return joined;
}

/** Number of targets in the windows of these numbers. */
export function targetCount({ targets, length }: Windows, rows: Uint32Array): number {
  let count = 0;
  for (const row of rows) for (let t = row * length; t < (row + 1) * length; t++) if (targets[t] >= 0) count++;
  return count;
}

/**
 * Checks windows against a model.
 *
 * @returns The number of every window.
 * @throws FedkitError `OUT_OF_RANGE` for a token outside the vocabulary or windows longer than `context`,
 * `SHAPE_MISMATCH` if tokens and targets do not go together, `INVALID_ARGUMENT` for other types or no target.
 */
export function checkWindows(where: string, windows: Windows, vocabulary: number, context: number): Uint32Array {
  const { length, tokens, targets } = windows;
  checkInteger(`${where}: length`, length, 1, context);
  if (!(tokens instanceof Int32Array)) refuse('INVALID_ARGUMENT', `${where}: tokens`, 'an Int32Array', tokens);
  if (!(targets instanceof Int32Array)) refuse('INVALID_ARGUMENT', `${where}: targets`, 'an Int32Array', targets);
  if (tokens.length % length !== 0) {
    refuse('SHAPE_MISMATCH', `${where}: tokens`, `whole windows of ${length}`, tokens.length);
  }
  if (tokens.length !== targets.length) {
    refuse('SHAPE_MISMATCH', `${where}: targets`, `${tokens.length} values`, targets.length);
  }
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] < 0 || tokens[i] >= vocabulary) {
      refuse('OUT_OF_RANGE', `${where}: tokens[${i}]`, `a token in [0, ${vocabulary - 1}]`, tokens[i]);
    }
    if (targets[i] < -1 || targets[i] >= vocabulary) {
      refuse('OUT_OF_RANGE', `${where}: targets[${i}]`, `a token in [0, ${vocabulary - 1}] or −1`, targets[i]);
    }
  }
  const rows = Uint32Array.from({ length: tokens.length / length }, (_, row) => row);
  if (targetCount(windows, rows) === 0) refuse('INVALID_ARGUMENT', where, 'at least one target', 0);
  return rows;
}
