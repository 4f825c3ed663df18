// The site, as files that need no network, in docs/out/site: guides, protocol pages, the reference, a playground.
//   pnpm run site            builds it; VitePress is fetched once and kept outside the tree
//   pnpm run site --check    and opens every page in Chromium: links, accessibility, the playground; pictures in docs/out/site-pictures
//   pnpm run site --serve    and serves it
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assemble } from './assemble.mjs';
import { bundle } from './bundle.mjs';
import { serve } from './serve.mjs';

const here = import.meta.dirname;
const out = join(here, '../out/site');
/** What builds and checks the site; kept where the next build finds it. */
const TOOLS = ['vitepress@1.6.4', 'playwright-core@1.65.1', 'axe-core@4.14.1'];

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, serve: { type: 'boolean', default: false } },
});

function tools() {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit', TOOLS[0].replace('@', '-'));
  if (!existsSync(join(folder, 'made'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...TOOLS];
    execFileSync('npm', install, { cwd: folder, stdio: 'inherit' });
    writeFileSync(join(folder, 'made'), '');
  }
  return folder;
}

const folder = tools();
const source = join(folder, 'source');
rmSync(source, { recursive: true, force: true });
const pages = assemble(source);
await bundle(join(source, 'public/play'));
if (!existsSync(join(here, '../out/index.html')))
  execFileSync('node', [join(here, '../build.mjs')], { stdio: 'inherit' });
cpSync(join(here, '../out'), join(source, 'public/reference'), {
  recursive: true,
  filter: (path) => !path.startsWith(out) && !path.endsWith('site-pictures'),
});
rmSync(out, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(folder, 'node_modules/vitepress/bin/vitepress.js'), 'build', source, '--outDir', out],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  },
);
console.log(`${pages.length} pages in docs/out/site`);
if (values.check) {
  const { check } = await import('./check.mjs');
  if (!(await check(out, folder))) process.exitCode = 1;
} else if (values.serve) {
  const { url } = await serve(out, 8080);
  console.log(url);
}
