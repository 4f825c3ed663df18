/**
 * Hostile inputs that are kept: for each decoder one of every way in which it ends. `corpus.test.ts` replays them.
 *
 *     pnpm bench corpus [mutations 20000] [seed 1]    adds what ends in a new way
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { isFedkitError } from '@fedkit/core';
import type { Decoder } from './decoders.ts';

/** Base64, and the code of the error that it gives, or `value`. */
export type Kept = readonly [input: string, outcome: string];
export type Corpus = Readonly<Record<string, readonly Kept[]>>;

export const FILE: URL = new URL('corpus.json', import.meta.url);

export function readCorpus(): Corpus {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Corpus;
}

/** How an input ends: the code alone, and with what was expected, but for numbers and names, which differ from input to input. */
export interface End {
  readonly code: string;
  readonly way: string;
}

/** @throws Whatever is no FedkitError: a decoder's fault. */
export function endOf({ decode }: Decoder, bytes: Uint8Array): End {
  try {
    decode(bytes);
    return { code: 'value', way: 'value' };
  } catch (error) {
    if (!isFedkitError(error)) throw error;
    const way = error.message
      .replace(/^[^]*?: expected /, '')
      .replace(/, got [^]*$/, '')
      .replace(/"[^"]*"|'[^']*'/g, '…')
      .replace(/[0-9.]+/g, '0');
    return { code: error.code, way: `${error.code} ${way}` };
  }
}
