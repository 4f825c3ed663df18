// Runs every ```ts block of the READMEs, the guides and the docstrings as a user would paste it: type-checked, then executed.
// What a block prints must equal its `// =>` comments, where it has any. A block marked ```ts browser or ```ts sketch is only
// type-checked; a sketch may leave out names and modules that are the reader's.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEEDED } from './test/seeded-children.ts';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'fedkit-documentation-'));
const run = promisify(execFile);
/** From here, since the blocks run in a folder that has no tools. */
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

interface Block {
  readonly name: string;
  readonly kind: 'run' | 'browser' | 'sketch';
  readonly code: string;
}

function blocksOf(page: string): Block[] {
  const source = readFileSync(join(root, page), 'utf8');
  // An example of a docstring, without the stars in front of it.
  const text = page.endsWith('.ts') ? source.replaceAll(/^ *\* ?/gm, '') : source;
  return [...text.matchAll(/^```ts( browser| sketch)?\n(.*?)^```$/gms)]
    .map(([, mark, code], index) => ({ name: `${page}#${index + 1}`, mark: mark?.trim(), code }))
    .map(({ name, mark, code }) => ({ name, kind: (mark ?? 'run') as Block['kind'], code }));
}

function filesLike(...patterns: string[]): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns];
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(root, file)));
}

const pages = filesLike('*.md').filter((page) => !page.endsWith('CHANGELOG.md'));
const sources = filesLike('packages/*/src/*.ts', 'packages/*/src/**/*.ts').filter((file) => !file.endsWith('.test.ts'));
const blocks = [...pages, ...new Set(sources)].flatMap(blocksOf);

function fileOf({ name, kind }: Block): string {
  return join(scratch, `${kind}-${name.replace(/[^a-z0-9]+/gi, '-')}.ts`);
}

/** What a sketch may leave out: names, modules, and types that follow from them. */
const LEFT_OUT = /\/sketch-\S+: error TS(?:2304|2307|2552|2882|7006|7031|18004):/;

/** The code with its relative imports, which are the page's, made absolute. */
function inPlace({ name, code }: Block): string {
  return code.replaceAll(/from '(\.{1,2}\/[^']+)'/g, (_, path) => `from '${join(root, dirname(name), path)}'`);
}

beforeAll(() => {
  // A block finds the packages where an example does.
  symlinkSync(join(root, 'examples/node_modules'), join(scratch, 'node_modules'), 'junction');
  writeFileSync(join(scratch, 'package.json'), '{ "type": "module" }\n');
  for (const block of blocks) writeFileSync(fileOf(block), `${inPlace(block)}\nexport {};\n`);
  const options = {
    allowImportingTsExtensions: true,
    noEmit: true,
    composite: false,
    types: ['node'],
    lib: ['ES2023', 'DOM'],
  };
  const noDeclarations = {
    declaration: false,
    declarationMap: false,
    isolatedDeclarations: false,
    rewriteRelativeImportExtensions: false,
  };
  writeFileSync(
    join(scratch, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        ...options,
        ...noDeclarations,
        noUnusedLocals: false,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  );
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('code in the documentation', () => {
  it('type-checks', async () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['-p', scratch]).catch((error: { stdout: string }) => error);
    // A message goes on in lines that are set in.
    const faults = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' ') && !LEFT_OUT.test(line));
    expect(faults).toEqual([]);
  });

  it('is in every @example', () => {
    const examples = sources.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/@example\n/g) ?? []);
    expect(blocks.filter(({ name }) => name.includes('.ts#')).length).toBeGreaterThanOrEqual(examples.length);
  });

  it.each(blocks.filter(({ kind }) => kind === 'run'))('$name runs', async (block) => {
    const { stdout } = await run(process.execPath, ['--import', tsx, '--conditions=@fedkit/source', fileOf(block)], {
      cwd: scratch,
      env: { ...process.env, ...SEEDED },
    });
    const promised = [...block.code.matchAll(/\/\/ => (.*)$/gm)].map(([, text]) => text.trim());
    if (promised.length > 0)
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.trim()),
      ).toEqual(promised);
  });
});
