// What a clone costs, and what a reader of the documentation downloads.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const MB = 1e6;

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

const files = git('ls-files', '-z').split('\0').filter(Boolean);
const sizeOf = (file: string): number => statSync(join(root, file), { throwIfNoEntry: false })?.size ?? 0;

describe('the repository', () => {
  it('is at most 30 MB when it is packed', () => {
    const objects = git('rev-list', '--objects', '--no-object-names', 'HEAD');
    const { stdout } = spawnSync('git', ['pack-objects', '--stdout', '--quiet'], {
      cwd: root,
      input: objects,
      maxBuffer: 2 ** 28,
    });
    expect(stdout.length).toBeGreaterThan(0);
    expect(stdout.length).toBeLessThan(30 * MB);
  });

  it('has no file of more than 2 MB', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => sizeOf(file) > 2 * MB)).toEqual([]);
  });

  it('has no source or test of more than 400 lines: one concept a file', () => {
    const sources = files.filter(
      (file) => /\.(?:[cm]?[jt]s|tsx)$/.test(file) && !/\.wasm\.ts$|\/assembly\//.test(file),
    );
    expect(sources.length).toBeGreaterThan(1000);
    const lines = (file: string): number => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;
    const long = sources.filter((file) => sizeOf(file) > 0 && lines(file) > 400);
    expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([]);
  });

  it('shows at most 2 MB of pictures in its pages, and none that is not there', () => {
    const shown = files
      .filter((file) => file.endsWith('.md') && !file.endsWith('CHANGELOG.md'))
      .flatMap((page) =>
        [...readFileSync(join(root, page), 'utf8').matchAll(/(?:\]\(|src=")([^)"\s]+\.(?:svg|png|jpe?g|gif|webp))/g)]
          .map(([, path]) => path)
          .filter((path) => !path.startsWith('http'))
          .map((path) => normalize(join(dirname(page), path))),
      );
    const inDocs = files.filter((file) => /^docs\/.*\.(svg|png|jpe?g|gif|webp)$/.test(file));
    expect(shown.filter((picture) => !files.includes(picture))).toEqual([]);
    const sum = [...new Set([...shown, ...inDocs])].reduce((bytes, picture) => bytes + sizeOf(picture), 0);
    expect(sum).toBeLessThanOrEqual(2 * MB);
  });
});
