// Three tasks of retrieval, written down before anything was trained: which gains nothing is reported too.
//
// Clients are presidents; their passages are stretches of 20 words of their addresses. What is asked for is one's own passage.
//
// - typed: five words of the passage as a thumb types them on glass: in every word of four letters or more one or two keys are missed.
// - shorthand: eight words of the passage, without vowels behind the first letter, as in hurried notes.
// - next: the passage in front of it. Words are rarely shared: a base should be weak, and there is least to be learned.
import { type SeededRng, seededRng } from '@fedkit/core';
import { presidentTexts } from '../../examples/llm/presidents.ts';

export const TASKS = ['typed', 'shorthand', 'next'] as const;
export type Task = (typeof TASKS)[number];

/** A query and its passage, as words. */
export interface Question {
  readonly query: readonly string[];
  readonly passage: readonly string[];
}

/** One president. */
export interface Client {
  readonly name: string;
  readonly train: readonly Question[];
  readonly test: readonly Question[];
}

/** Words of a passage, and how many passages a client has. */
const PASSAGE = 20;

/** Keys beside each key, on three rows. */
const ROWS = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm'];
const BESIDE = new Map(
  ROWS.flatMap((row) => row.split('').map((key, i) => [key, [row[i - 1], row[i + 1]].filter(Boolean)])),
);

/** A word with one or two slips: a neighbouring key, two letters swapped, one left out, one doubled. */
export function mistyped(word: string, rng: SeededRng): string {
  if (word.length < 4) return word;
  const letters = word.split('');
  const slips = word.length < 7 ? 1 : 2;
  for (let slip = 0; slip < slips; slip++) {
    const at = rng.below(letters.length - 1);
    const near = BESIDE.get(letters[at]) ?? [letters[at]];
    switch (rng.below(4)) {
      case 0:
        letters[at] = near[rng.below(near.length)] as string;
        break;
      case 1:
        [letters[at], letters[at + 1]] = [letters[at + 1], letters[at]];
        break;
      case 2:
        letters.splice(at, 1);
        break;
      default:
        letters.splice(at, 0, letters[at]);
    }
  }
  return letters.join('');
}

/** A word without the vowels behind its first letter. */
export function shortened(word: string): string {
  return word[0] + word.slice(1).replace(/[aeiou]/g, '');
}

function queryOf(task: Task, passages: readonly (readonly string[])[], i: number, rng: SeededRng): readonly string[] {
  const passage = passages[i];
  if (task === 'next') return passages[i - 1];
  const words = task === 'typed' ? 5 : 8;
  const from = rng.below(PASSAGE - words + 1);
  const own = passage.slice(from, from + words);
  return task === 'typed' ? own.map((word) => mistyped(word, rng)) : own.map(shortened);
}

/** Presidents with their questions; what they are tested on lies behind what they may train on. */
export function clientsOf(task: Task, sizes: { readonly train: number; readonly test: number }): Client[] {
  return presidentTexts().flatMap(({ name, text }) => {
    const words = text.toLowerCase().match(/[a-z']+/g) ?? [];
    const count = sizes.train + sizes.test + 1;
    if (words.length < count * PASSAGE) return [];
    const rng = seededRng(name.length).fork(name, task);
    const passages = Array.from({ length: count }, (_, i) => words.slice(i * PASSAGE, (i + 1) * PASSAGE));
    const all = passages.slice(1).map((passage, i) => ({ query: queryOf(task, passages, i + 1, rng), passage }));
    return [{ name, train: all.slice(0, sizes.train), test: all.slice(sizes.train) }];
  });
}
