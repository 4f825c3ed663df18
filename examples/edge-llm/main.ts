// Language models on the edge, from the server's base to a device's own model: see README.md beside this file.
import { join, relative } from 'node:path';
import { abortedBySignals, integer, runCommand, UsageError } from '../command-line.ts';
import { writeFiles } from '../report/write-files.ts';
import { type Stories, tellMissing } from './kept-stories.ts';
import { cells, HEAD, table } from './report.ts';
import { EDGE, type EdgeSetting, FULL } from './setting.ts';
import { type Chapter, tellStory } from './story.ts';

const OUT = join(import.meta.dirname, '../out/edge-llm');
export const USAGE = `usage: pnpm demo:edge [--full] [--rounds N] [--clients N]

  --full       six stories, with more and all coordinates, with and without noise; goes on where it stopped
  --rounds N   rounds of each of the two federations; default ${EDGE.rounds}
  --clients N  presidents that take part, 4 to ${EDGE.authors}; default ${EDGE.authors}`;

/** @throws UsageError for anything else than the flags of {@link USAGE}. */
export function parseArguments(words: readonly string[]): { setting: EdgeSetting; full: boolean } | 'help' {
  let setting = EDGE;
  let full = false;
  for (let i = 0; i < words.length; i++) {
    const flag = words[i];
    if (flag === '--help') return 'help';
    if (flag === '--full') full = true;
    else if (flag === '--rounds') setting = { ...setting, rounds: integer(flag, words[++i] ?? '', 1, 1000) };
    else if (flag === '--clients') setting = { ...setting, authors: integer(flag, words[++i] ?? '', 4, EDGE.authors) };
    else throw new UsageError(`unknown argument ${flag}`);
  }
  return { setting, full };
}

async function main(): Promise<void> {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed === 'help') {
    console.log(USAGE);
    return;
  }
  const { setting, full } = parsed;
  const began = Date.now();
  const { signal } = abortedBySignals();
  const tell = async (name: string, own: EdgeSetting): Promise<readonly Chapter[]> => {
    if (full) console.log(`\n${name}`);
    console.log(HEAD.join('  '));
    const chapters = await tellStory(
      own,
      (chapter) => console.log(cells(chapter).join('  ')),
      (phase, round, { bitsPerByte }) => {
        signal.throwIfAborted();
        if (round % 4 === 0)
          console.log(`  federation ${phase}, round ${round}: ${bitsPerByte.toFixed(3)} bits a byte`);
      },
    );
    signal.throwIfAborted();
    return chapters;
  };
  const stories: Stories = full
    ? await tellMissing(FULL, setting, OUT, tell, console.log)
    : { 'the story': await tell('the story', setting) };
  if (full) console.log(`\n${table(stories)}`);
  writeFiles(OUT, { 'results.json': `${JSON.stringify({ setting, stories }, null, 2)}\n` });
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  console.log(`\n${seconds} s; all numbers in ${relative(process.cwd(), join(OUT, 'results.json'))}`);
}

if (process.argv[1]?.endsWith('main.ts')) await runCommand(main, USAGE);
