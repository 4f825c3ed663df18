// What came of test files on engines, kept as it comes: a run of all of them that was stopped goes on where it was.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./out', import.meta.url));
const pathOf = (title) => join(folder, `${title}.jsonl`);

/** Forgets what came of files on an engine. */
export const forget = (title) => rmSync(pathOf(title), { force: true });

/** @returns The latest result of each file whose modules are as they were, and the engine that gave them. */
export function readKept(title, digests) {
  const path = pathOf(title);
  const results = new Map();
  let engine;
  if (!existsSync(path)) return { engine, results };
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    // The last one may have been cut.
    if (!line.endsWith('}')) continue;
    const one = JSON.parse(line);
    if (digests.get(one.result.file) !== one.digest) continue;
    results.set(one.result.file, one.result);
    engine = one.engine;
  }
  return { engine, results };
}

/** Keeps what came of one file; `digest` is of its modules. */
export function keepResult(title, one) {
  const path = pathOf(title);
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(one)}\n`);
}
