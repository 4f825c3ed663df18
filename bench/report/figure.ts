// A number that a page quotes, by the key under which bench/results keeps it.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../results');

/** How a value is written on a page. */
export type Format = (value: number) => string;

export interface Figure {
  /** Each `file/step/step`: a file of bench/results and the way to a value in its `results`. */
  readonly keys: readonly string[];
  /** What is quoted of them. */
  readonly of: (...values: number[]) => number;
  readonly format: Format;
}

/**
 * A figure by its key. A step is a name, an index, `last`, or `name=value` for the element of a list that has it; a slash inside
 * of a step is written ÷.
 *
 * @example figure('accounting/questions/0/ratio', significant(2))
 */
export function figure(key: string, format: Format): Figure {
  return { keys: [key], of: (value) => value, format };
}

/** How many times one figure is another. */
export function quotient(key: string, over: string, format: Format): Figure {
  return { keys: [key, over], of: (value, base) => value / base, format };
}

/** What follows from several. */
export function derived(keys: readonly string[], of: Figure['of'], format: Format): Figure {
  return { keys, of, format };
}

/** As a page has to write it. */
export function written({ keys, of, format }: Figure, from?: string): string {
  return format(of(...keys.map((key) => valueOf(key, from))));
}

/** Plain digits, so many that count: 0.29, 43, 398, 1472. What is above them stays: no 1500 for 1472. */
export function significant(digits: number, times = 1): Format {
  return (value) => {
    const scaled = value * times;
    const whole = Math.floor(Math.log10(Math.abs(scaled))) + 1;
    return scaled === 0 ? '0' : scaled.toFixed(Math.max(0, digits - whole));
  };
}

/** So many digits after the point. */
export function fixed(digits: number, times = 1): Format {
  return (value) => (value * times).toFixed(digits);
}

type Json = number | string | boolean | null | readonly Json[] | { readonly [name: string]: Json };

const files = new Map<string, Json>();

function resultsOf(file: string, from: string): Json {
  const path = join(from, `${file}.json`);
  if (!files.has(path)) {
    if (!existsSync(path)) throw new Error(`no bench/results/${file}.json`);
    files.set(path, (JSON.parse(readFileSync(path, 'utf8')) as { results: Json }).results);
  }
  return files.get(path) as Json;
}

/** The value of a key. Throws where there is none, or it is no number. */
export function valueOf(key: string, from: string = folder): number {
  const [file, ...steps] = key.split('/');
  let value: Json | undefined = resultsOf(file, from);
  for (const step of steps) value = inside(value, step.replaceAll('÷', '/'));
  if (typeof value !== 'number') throw new Error(`${key}: expected a number in bench/results, got ${typeof value}`);
  return value;
}

function inside(value: Json | undefined, step: string): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (!Array.isArray(value)) return (value as Readonly<Record<string, Json>>)[step];
  if (step === 'last') return (value as readonly Json[]).at(-1);
  const equals = step.indexOf('=');
  if (equals < 0) return (value as readonly Json[])[Number(step)];
  const [name, wanted] = [step.slice(0, equals), step.slice(equals + 1)];
  return (value as readonly Json[]).find((element) => {
    const found = inside(element, name);
    return typeof found !== 'object' && String(found) === wanted;
  });
}

/** Forgets what was read, as after a run. */
export function readAgain(): void {
  files.clear();
}
