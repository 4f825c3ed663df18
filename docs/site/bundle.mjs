// The packages as modules for the page, and the examples of all pages as JavaScript.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transformSync } from 'esbuild';
import { PAGES } from './pages.mjs';

const root = join(import.meta.dirname, '../..');
/** Those that a page can load. */
const PACKAGES = ['core', 'compression', 'privacy', 'secagg', 'llm', 'flower'];

/** [what an import says, its source] of every entry, `node` ones aside. */
function entries() {
  return PACKAGES.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
    return Object.entries(exports)
      .filter(([, entry]) => typeof entry === 'object' && entry['@fedkit/source']?.endsWith('.ts'))
      .map(([path, entry]) => [
        `@fedkit/${name}${path.slice(1)}`,
        join(root, 'packages', name, entry['@fedkit/source']),
      ]);
  });
}

/** Entries that load outside of a browser alone are left out: they name Node's modules, or a peer that the page has not. */
export async function bundle(target) {
  rmSync(target, { recursive: true, force: true });
  const options = {
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@fedkit/source'],
    logLevel: 'silent',
    metafile: true,
  };
  const all = entries();
  const loadable = [];
  for (const [name, source] of all) {
    const result = await build({ ...options, entryPoints: [source], outdir: target, write: false }).catch(
      () => undefined,
    );
    if (result !== undefined) loadable.push([name, source]);
  }
  const outputs = Object.fromEntries(loadable.map(([name, source]) => [name.replace('@fedkit/', ''), source]));
  await build({ ...options, entryPoints: outputs, outdir: target });
  mkdirSync(target, { recursive: true });
  writeFileSync(
    join(target, 'examples.json'),
    `${JSON.stringify({ modules: loadable.map(([name]) => name), examples: examples(loadable.map(([name]) => name)) })}\n`,
  );
}

/** Blocks of code that import nothing but what the page has. */
function examples(modules) {
  return PAGES.flatMap(([title, file]) => {
    if (!existsSync(join(root, file))) return [];
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^(?:(#+ .*)\n(?:(?!^#)[\s\S])*?)?^```ts\n(.*?)^```$/gms)].flatMap((match, i) => {
      const code = match[2];
      const imports = [...code.matchAll(/from '([^']+)'/g)].map(([, name]) => name);
      if (imports.length === 0 || !imports.every((name) => modules.includes(name))) return [];
      const { code: javascript } = transformSync(code, { loader: 'ts', target: 'es2022', format: 'esm' });
      return [{ title: `${title} ${i + 1}`, page: file, code: comments(code) ?? javascript }];
    });
  });
}

/** The block as it stands where it is JavaScript already: esbuild drops comments and blank lines. */
function comments(code) {
  try {
    transformSync(code, { loader: 'js' });
    return code;
  } catch {
    return undefined;
  }
}
