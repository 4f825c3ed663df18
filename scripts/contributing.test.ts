// CONTRIBUTING says where things are: every package, every folder of core's sources, every folder at the top.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n');

function foldersIn(folder: string): string[] {
  const inside = files.filter((file) => file.startsWith(folder)).map((file) => file.slice(folder.length).split('/'));
  return [...new Set(inside.filter((parts) => parts.length > 1).map(([name]) => `${folder}${name}`))];
}

it('names every folder that there is', () => {
  const places = [...foldersIn('packages/'), ...foldersIn('packages/core/src/'), ...foldersIn('')].filter(
    (place) => !place.startsWith('.') && place !== 'packages' && place !== 'packages/core',
  );
  expect(places.filter((place) => !page.includes(`\`${place}\``))).toEqual([]);
});

it('names no folder that there is not, and no command that there is not', () => {
  const named = [...page.matchAll(/^\| `([\w/.-]+)`/gm)].map(([, place]) => place);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((place) => !files.some((file) => file === place || file.startsWith(`${place}/`)))).toEqual([]);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  const commands = [...page.matchAll(/pnpm@[\d.]+ (?:run )?(\w+)/g)].map(([, name]) => name);
  expect(commands.filter((name) => !['exec', 'changeset', ...Object.keys(scripts)].includes(name))).toEqual([]);
});
