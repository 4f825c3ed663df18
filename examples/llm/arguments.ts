/**
 * The demo's command line.
 *
 * @module
 */
import { integer, UsageError } from '../command-line.ts';
import { SETTING, type Setting } from './arms.ts';

export const USAGE = `usage: demo:llm [--rounds N] [--clients N] [--threads N]
  A byte transformer that was trained on addresses up to 1900 learns from the presidents since,
  each of whom keeps his texts. Results: examples/out/llm/.`;

interface Arguments {
  readonly setting: Setting;
  readonly threads: number;
}

/** @throws UsageError for anything else than the flags of {@link USAGE}. */
export function parseArguments(words: readonly string[]): Arguments | 'help' {
  let setting = SETTING;
  let threads = 2;
  for (let i = 0; i < words.length; i += 2) {
    const [flag, value] = [words[i], words[i + 1]];
    if (flag === '--help') return 'help';
    if (!['--rounds', '--clients', '--threads'].includes(flag)) throw new UsageError(`unknown argument ${flag}`);
    if (value === undefined) throw new UsageError(`${flag}: expected a number`);
    if (flag === '--rounds') setting = { ...setting, rounds: integer(flag, value, 1, 1000) };
    else if (flag === '--clients') setting = { ...setting, authors: integer(flag, value, 2, SETTING.authors) };
    else threads = integer(flag, value, 1, 64);
  }
  return { setting, threads };
}
