// Runs modules in Chromium, on those of dist/ as they are: an import map stands for a bundler.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.json': 'application/json' };
const NOBLE = ['ciphers', 'curves', 'hashes'];
const TIMEOUT = 300_000;

/** The browser's command: `CHROMIUM`, or one of the usual names; `undefined` where there is none. */
export function findChromium() {
  const names = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean);
  return names.find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

function importMap() {
  const imports = {};
  for (const name of readdirSync(join(root, 'packages'))) {
    const { name: title, exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
    for (const [subpath, target] of Object.entries(exports)) {
      if (target.default !== undefined)
        imports[join(title, subpath)] = `/packages/${name}/${normalize(target.default)}`;
    }
  }
  for (const name of NOBLE) imports[`@noble/${name}/`] = `/packages/secagg/node_modules/@noble/${name}/`;
  imports.fflate = '/packages/compression/node_modules/fflate/esm/browser.js';
  return { imports };
}

/** Runs the `report` of a module and posts what it says. */
function page(module) {
  const run = `const answer = await import('${module}')
      .then(({ report }) => report(new URLSearchParams(location.search)))
      .catch((error) => ({ error: \`\${error?.stack ?? error}\` }));
    await fetch('/done', { method: 'POST', body: JSON.stringify(answer) });`;
  const map = JSON.stringify(importMap());
  const html = `<!doctype html><script type="importmap">${map}</script><script type="module">${run}</script>`;
  return new Response(html, { headers: { 'content-type': 'text/html' } });
}

function file(pathname) {
  try {
    const bytes = readFileSync(join(root, normalize(decodeURIComponent(pathname))));
    return new Response(bytes, { headers: { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' } });
  } catch {
    return new Response('', { status: 404 });
  }
}

/** The browser did not get as far as the page. */
export class BrowserUnavailable extends Error {}

/**
 * What `report` of `module`, a path from the repository's root, says of the page's search parameters. The page's requests to
 * /fedkit go to `fedkit`.
 *
 * @throws {@link BrowserUnavailable}
 */
export async function runInChromium(command, { module, parameters = {}, fedkit, signal }) {
  const { serve } = await import('../../packages/core/dist/transport/node/index.js');
  const profile = mkdtempSync(join(tmpdir(), 'fedkit-chromium-'));
  let server;
  let browser;
  let asked = false;
  try {
    const answer = new Promise((resolve, reject) => {
      serve(async (request) => {
        asked = true;
        const { pathname } = new URL(request.url);
        if (pathname === '/fedkit') return fedkit(request);
        if (pathname === '/') return page(module);
        if (pathname !== '/done') return file(pathname);
        resolve(JSON.parse(await request.text()));
        return new Response('');
      }).then((listening) => {
        server = listening;
        const flags = [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-dev-shm-usage',
          '--no-first-run',
          `--user-data-dir=${profile}`,
        ];
        const address = `${server.url}/?${new URLSearchParams(parameters)}`;
        browser = execFile(command, [...flags, address], { timeout: TIMEOUT, maxBuffer: 2 ** 26, signal }, (error) =>
          reject(
            asked ? (error ?? new Error('the browser went away')) : new BrowserUnavailable(`${error ?? 'it ended'}`),
          ),
        );
      }, reject);
    });
    const found = await answer;
    if (found.error !== undefined) throw new Error(found.error);
    return found;
  } finally {
    if (browser !== undefined && browser.exitCode === null) {
      const gone = new Promise((resolve) => browser.once('close', resolve));
      browser.kill();
      await gone;
    }
    await server?.close();
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    } catch {
      // A process of the browser that still writes; the directory is the system's to clear.
    }
  }
}
