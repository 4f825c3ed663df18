// What came of test files on engines, kept as it comes: a run of all of them that was stopped goes on where it was.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(new URL('./out', import.meta.url));
const pathOf = (title, folder) => join(folder, `${title}.jsonl`);

/** Forgets what came of files on an engine. */
export const forget = (title, folder = OWN) => rmSync(pathOf(title, folder), { force: true });

/** @returns The latest result of each file whose modules are as they were, and the engine that gave them. */
export function readKept(title, digests, folder = OWN) {
  const path = pathOf(title, folder);
  const results = new Map();
  let engine;
  if (!existsSync(path)) return { engine, results };
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    // One that was cut as its run was stopped.
    if (!line.startsWith('{') || !line.endsWith('}}')) continue;
    const one = JSON.parse(line);
    if (digests.get(one.result.file) !== one.digest) continue;
    results.set(one.result.file, one.result);
    engine = one.engine;
  }
  return { engine, results };
}

/** Keeps what came of one file; `digest` is of its modules. */
export function keepResult(title, one, folder = OWN) {
  mkdirSync(folder, { recursive: true });
  // A line that was cut before stays alone.
  appendFileSync(pathOf(title, folder), `\n${JSON.stringify(one)}`);
}
