/**
 * Files that are there as a whole or not at all.
 *
 * @module
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes texts into `folder`, under their names, all of them or none. @returns Their paths. */
export function writeFiles<const N extends string>(
  folder: string,
  texts: Readonly<Record<N, string>>,
): Record<N, string> {
  mkdirSync(folder, { recursive: true });
  const files = Object.entries<string>(texts).map(([name, text]) => ({ name, path: join(folder, name), text }));
  const temporary = (path: string) => `${path}.${process.pid}.tmp`;
  try {
    for (const { path, text } of files) writeFileSync(temporary(path), text);
    for (const { path } of files) renameSync(temporary(path), path);
  } finally {
    for (const { path } of files) rmSync(temporary(path), { force: true });
  }
  return Object.fromEntries(files.map(({ name, path }) => [name, path])) as Record<N, string>;
}
