// Runs every ```ts block of the READMEs and guides as a user would paste it: type-checked, then executed. What a block
// prints must equal its `// =>` comments, where it has any. A block marked ```ts browser or ```ts sketch is only checked
// for the first, or for nothing.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const scratch = join(root, 'examples/out/documentation');
const run = promisify(execFile);

interface Block {
  readonly name: string;
  readonly kind: 'run' | 'browser';
  readonly code: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts( browser| sketch)?\n(.*?)^```$/gms)]
    .map(([, mark, code], index) => ({ name: `${page}#${index + 1}`, mark: mark?.trim(), code }))
    .filter(({ mark }) => mark !== 'sketch')
    .map(({ name, mark, code }) => ({ name, kind: mark === 'browser' ? 'browser' : 'run', code }));
}

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((page) => page !== '' && !page.endsWith('CHANGELOG.md'));
const blocks = pages.flatMap(blocksOf);

function fileOf({ name }: Block): string {
  return join(scratch, `${name.replace(/[^a-z0-9]+/gi, '-')}.ts`);
}

beforeAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  for (const block of blocks) writeFileSync(fileOf(block), `${block.code}\nexport {};\n`);
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

describe('code in the documentation', () => {
  it('type-checks', async () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['-p', scratch]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  it.each(blocks.filter(({ kind }) => kind === 'run'))('$name runs', async (block) => {
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '--conditions=@fedkit/source', fileOf(block)], {
      cwd: join(root, 'examples'),
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
