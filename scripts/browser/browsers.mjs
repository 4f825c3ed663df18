// Runs modules in the browsers that are installed, on those of dist/ as they are: an import map stands for a bundler.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TYPES = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};
const NOBLE = ['ciphers', 'curves', 'hashes'];
const TIMEOUT = 300_000;

/** Without the pages and questions of a first start. */
const FIREFOX_SETTINGS = `user_pref('browser.shell.checkDefaultBrowser', false);
user_pref('browser.aboutwelcome.enabled', false);
user_pref('datareporting.policy.dataSubmissionPolicyBypassNotification', true);
user_pref('toolkit.telemetry.reportingpolicy.firstRun', false);
user_pref('security.sandbox.content.level', 0);
`;

/** Each by the names of its command, what tells whether one is there, and how it opens an address. */
const BROWSERS = {
  Chromium: {
    names: [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'],
    words: (command, profile, address, flags = ['--disable-gpu']) => [
      command,
      '--headless',
      '--no-sandbox',
      ...flags,
      '--disable-dev-shm-usage',
      '--no-first-run',
      `--user-data-dir=${profile}`,
      address,
    ],
  },
  Firefox: {
    names: [process.env.FIREFOX, 'firefox-esr', 'firefox'],
    words(command, profile, address) {
      writeFileSync(join(profile, 'user.js'), FIREFOX_SETTINGS);
      return [command, '--headless', '--no-remote', '--profile', profile, address];
    },
  },
  // WebKitGTK's own browser, which needs a display.
  WebKit: {
    names: [
      process.env.WEBKIT,
      `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-4.1/MiniBrowser`,
    ],
    words: (command, _profile, address) => ['xvfb-run', '--auto-servernum', command, address],
  },
};

/** @returns A browser's title and command; `undefined` where it is not installed. */
export function findBrowser(title) {
  const command = BROWSERS[title].names.filter(Boolean).find((name) => {
    try {
      execFileSync('sh', ['-c', 'command -v "$0"', name], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return command === undefined ? undefined : { title, command };
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

function file(pathname, folder = root) {
  try {
    const bytes = readFileSync(join(folder, normalize(decodeURIComponent(pathname))));
    return new Response(bytes, { headers: { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' } });
  } catch {
    return new Response('', { status: 404 });
  }
}

/** The browser did not get as far as the page. */
export class BrowserUnavailable extends Error {}

/** Ends a browser with whatever it has started, and waits for it. */
async function end(browser) {
  if (browser === undefined || browser.exitCode !== null || browser.signalCode !== null) return;
  const gone = new Promise((resolve) => browser.once('close', resolve));
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    try {
      process.kill(-browser.pid, signal);
    } catch {
      return;
    }
    const ended = await Promise.race([gone.then(() => true), new Promise((resolve) => setTimeout(resolve, 5000))]);
    if (ended) return;
  }
}

/**
 * What a page says: it posts JSON to /done. Every other request is answered by `respond(url, request)`. `flags` are Chromium's.
 *
 * @throws {@link BrowserUnavailable} where the browser asked for nothing.
 */
export async function visit({ title, command }, { respond, query = '', signal, flags, timeout = TIMEOUT }) {
  const { serve } = await import('../../packages/core/dist/transport/node/index.js');
  const profile = mkdtempSync(join(tmpdir(), 'fedkit-browser-'));
  let server;
  let browser;
  let timer;
  let asked = false;
  try {
    return await new Promise((resolve, reject) => {
      const fail = (error) => reject(asked ? error : new BrowserUnavailable(`${title}: ${error.message}`));
      signal?.addEventListener('abort', () => fail(new Error('stopped')));
      timer = setTimeout(() => fail(new Error(`nothing within ${timeout / 1000} s`)), timeout);
      serve(async (request) => {
        asked = true;
        const url = new URL(request.url);
        if (url.pathname !== '/done') return respond(url, request);
        resolve(JSON.parse(await request.text()));
        return new Response('');
      }).then((listening) => {
        server = listening;
        const [program, ...words] = BROWSERS[title].words(command, profile, `${server.url}/${query}`, flags);
        browser = spawn(program, words, { detached: true, stdio: 'ignore', env: { ...process.env, HOME: profile } });
        browser.once('error', fail);
        browser.once('close', (code) => fail(new Error(`it ended with ${code}`)));
      }, reject);
    });
  } finally {
    clearTimeout(timer);
    await end(browser);
    await server?.close();
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    } catch {
      // A process of the browser that still writes; the directory is the system's to clear.
    }
  }
}

/**
 * What `report` of `module`, a path from the repository's root, says of the page's search parameters. The page's requests to
 * /fedkit go to `fedkit`, those to /told to `told`, those below /bundle to the folder `bundle`.
 *
 * @throws {@link BrowserUnavailable}
 */
export async function runInPage(browser, { module, parameters = {}, fedkit, told, bundle, ...how }) {
  const respond = ({ pathname }, request) => {
    if (pathname === '/fedkit') return fedkit(request);
    if (pathname === '/told') return told(request);
    if (bundle && pathname.startsWith('/bundle/')) return file(pathname.slice('/bundle'.length), bundle);
    return pathname === '/' ? page(module) : file(pathname);
  };
  const found = await visit(browser, { respond, query: `?${new URLSearchParams(parameters)}`, ...how });
  if (found.error !== undefined) throw new Error(found.error);
  return found;
}
