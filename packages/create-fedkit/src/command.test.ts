import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SEEDED } from '../../../scripts/test/seeded-children.ts';
import { run } from './command.ts';
import { TEMPLATES, templates } from './templates.ts';

const scratch = mkdtempSync(join(tmpdir(), 'create-fedkit-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function fresh(): string {
  return mkdtempSync(join(scratch, 'in-'));
}

describe('create-fedkit', () => {
  it.each(templates())('makes a project of %s, and says what comes next', (template) => {
    const directory = fresh();
    expect(run(['my-app', '--template', template], directory)).toContain('  cd my-app && npm install\n  npm test\n');
    const manifest = JSON.parse(readFileSync(join(directory, 'my-app/package.json'), 'utf8')) as {
      readonly name: string;
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    expect(manifest.name).toBe('my-app');
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(readFileSync(join(directory, 'my-app/.gitignore'), 'utf8')).toContain('node_modules');
    expect(existsSync(join(directory, 'my-app/gitignore'))).toBe(false);
    const made = readdirSync(join(directory, 'my-app'));
    expect(made).toEqual(expect.arrayContaining(['README.md', 'test', 'tsconfig.json']));
    // The files of a page of one's own stay as they are.
    const readme = readFileSync(join(TEMPLATES, template, 'README.md'), 'utf8');
    expect(readFileSync(join(directory, 'my-app/README.md'), 'utf8')).toBe(readme);
  });

  const [template] = templates();

  it('takes an empty folder, and one with a repository alone', () => {
    const directory = join(fresh(), 'here');
    mkdirSync(join(directory, '.git'), { recursive: true });
    expect(run(['.', '-t', template], directory)).toContain('here is made. Now:\n\n  npm install\n');
  });

  it('leaves a folder with files in it alone', () => {
    const directory = fresh();
    mkdirSync(join(directory, 'app'));
    writeFileSync(join(directory, 'app/notes.txt'), 'mine');
    expect(() => run(['app', '--template', template], directory)).toThrow(
      /expected a new or empty one; got .*1 entries/,
    );
    expect(readdirSync(join(directory, 'app'))).toEqual(['notes.txt']);
    expect(() => run(['app/notes.txt', '--template', template], directory)).toThrow(/got a file/);
  });

  it('names the templates that there are', () => {
    for (const wrong of ['pages', '', '..', '../src', 'toString']) {
      const attempt = () => run(['app', `--template=${wrong}`], fresh());
      expect(attempt).toThrow(`template: expected ${templates().join(' or ')}; got "${wrong}"`);
    }
  });

  it('refuses names that npm does', () => {
    for (const name of ['My-App', '.app', '_app', 'my app', 'node_modules', 'ä', 'a'.repeat(215), 'a@b']) {
      const directory = fresh();
      expect(() => run([name, '--template', template], directory)).toThrow(/^name: expected .*; got "/);
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('says how it is called', () => {
    expect(run(['--help'])).toContain('create-fedkit <folder> --template <');
    for (const wrong of [[], ['a', 'b', '-t', template], ['a'], ['a', '--templat', template]]) {
      expect(() => run(wrong, fresh())).toThrow(/create-fedkit <folder> --template/);
    }
  });

  it('ends with 1 and one line of words where it refuses', () => {
    const bin = join(import.meta.dirname, 'bin.ts');
    const call = (...words: string[]) =>
      execFileSync(process.execPath, ['--import', 'tsx', bin, ...words], {
        cwd: import.meta.dirname,
        env: { ...process.env, ...SEEDED },
        stdio: 'pipe',
      });
    expect(() => call('X', '--template', template)).toThrow(
      expect.objectContaining({ status: 1, stderr: Buffer.from(expectedRefusal) }) as Error,
    );
  });
});

const expectedRefusal =
  'name: expected lower-case letters, digits, -, _ and ., the first a letter or a digit, at most 214; got "X"\n';
