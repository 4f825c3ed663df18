// Test files on one engine, part by part: an engine that one of them takes down is started again for the others.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './choose.mjs';

/** One process or browser runs so many files. */
const AT_ONCE = 45;

/** Files that put something in a global's place see modules that nobody has used before: each runs alone. */
const ALONE = /\bvi\.(stubGlobal|spyOn)\b/;
const alone = (file) => ALONE.test(readFileSync(join(root, file), 'utf8'));

/** What runs next in one process or browser. */
function nextPart(waiting, size) {
  const end = waiting.findIndex((file, i) => i === size || alone(file));
  return waiting.slice(0, end === -1 ? size : Math.max(1, end));
}

/**
 * @param start - Resolves to a run, as `runOf` says.
 * @param options - `files`; `kept`, the engine and a map of results that are there already; `told` hears of each new one; what else a
 * run takes.
 * @returns What came of every file, and the engine.
 */
export async function runParts(start, { files, kept, told, signal, ...bundle }) {
  let { engine } = kept;
  const results = [...kept.results.values()];
  const take = (result, from) => {
    engine = from ?? engine;
    results.push(result);
    told?.({ engine, result });
  };
  // Those that run alone at the end.
  const waiting = files.filter((file) => !kept.results.has(file)).sort((a, b) => Number(alone(a)) - Number(alone(b)));
  const run = waiting.length > 0 ? await start() : undefined;
  let size = AT_ONCE;
  while (waiting.length > 0) {
    const part = nextPart(waiting, size);
    const before = results.length;
    const fault = await run({ ...bundle, files: part, told: take, signal });
    signal.throwIfAborted();
    const through = results.length - before;
    waiting.splice(0, through);
    size = AT_ONCE;
    if (through === part.length) continue;
    // One took its engine down: by itself, or by what ran before it.
    if (part.length > 1) size = 1;
    else {
      const failed = [{ name: 'the file', message: `${fault}` }];
      take({ file: waiting.shift(), passed: 0, skipped: 0, failed, milliseconds: 0 });
    }
  }
  return { engine, results };
}
