// One word a thing, as words.json lists them: a limit is `minimumX` or `maximumX`, also where no caller sees it, but for the
// names that it keeps; names say what a thing does and not what it is like; and a name on its list is declared in one file.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const words = JSON.parse(readFileSync(join(import.meta.dirname, 'words.json'), 'utf8')) as {
  prefixes: Record<string, string>;
  kept: Record<string, string>;
  metaphors: readonly string[];
  oneMeaning: Record<string, string>;
};

const sources = execFileSync('git', ['ls-files', 'packages/*/src/*.ts', 'packages/*/src/**/*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !file.endsWith('.test.ts') && existsSync(join(root, file)));
const texts = new Map([...new Set(sources)].map((file) => [file, readFileSync(join(root, file), 'utf8')]));

/** Every word of the code and of its comments: members, parameters, what is private too. */
const NAMED = /(?<![\w.#])(\w+)/g;

it('spells minimum and maximum', () => {
  const short = new RegExp(`^(?:${Object.keys(words.prefixes).join('|')})[A-Z]`);
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(NAMED)]
      .map(([, name]) => name)
      .filter((name) => short.test(name))
      .map((name) => ({ file, name })),
  );
  expect(found.filter(({ name }) => !Object.hasOwn(words.kept, name))).toEqual([]);
  expect(Object.keys(words.kept).filter((name) => !found.some((one) => one.name === name))).toEqual([]);
});

it('names nothing after furniture and servants', () => {
  const spoken = (name: string) => name.split(/(?=[A-Z])|[_-]/).map((word) => word.toLowerCase());
  const found = [...texts].flatMap(([file, text]) =>
    [...text.matchAll(/\w+/g), ...file.slice(file.lastIndexOf('/')).matchAll(/[\w-]+/g)]
      .filter(([name]) => spoken(name).some((word) => words.metaphors.includes(word)))
      .map(([name]) => `${file}: ${name}`),
  );
  expect(found).toEqual([]);
});

it.each(Object.entries(words.oneMeaning))('has one meaning for %s', (name, place) => {
  const declared = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:async )?(?:interface|type|class|function|const) ${name}\\b`,
    'm',
  );
  expect([...texts].filter(([, text]) => declared.test(text)).map(([file]) => file)).toEqual([place]);
});
