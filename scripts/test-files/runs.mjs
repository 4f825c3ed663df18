// Test files in a process or in pages of a browser, one after another: what came of each is told as it comes.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BrowserUnavailable, findBrowser, runInPage } from '../browser/browsers.mjs';
import { root } from './choose.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** An engine in which neither a file nor a test ends for so many milliseconds is stopped; a test has less. */
const SILENCE = 300_000;

const SAYS_PATH = 'console.log(process.execPath)';
/** What the registry has, by what prints the path of its program, and what stands before the script; `Node 20` is the oldest supported. */
const PROCESSES = {
  'Node 20': { path: ['node@20', '-e', SAYS_PATH], words: [] },
  'Node 22': { path: ['node@22', '-e', SAYS_PATH], words: [] },
  'Node 24': { path: ['node@24', '-e', SAYS_PATH], words: [] },
  'Bun 1.4': { path: ['bun@1.4.5', '-e', SAYS_PATH], words: [] },
  'Deno 2.9': { path: ['deno@2.9.6', 'eval', SAYS_PATH], words: ['run', '--allow-all', '--no-config'] },
};
const BROWSER = 'Chromium';
export const ENGINES = [...Object.keys(PROCESSES), BROWSER];

/** How many times slower than a quiet machine this one is by its load: limits grow with it, as they do for tests on Node. */
const slowness = () => Math.ceil(Math.max(1, loadavg()[0] / availableParallelism()));

/** Aborts with `signal`, where asked to, and where nothing ends for too long; `in(test)` says which test runs. */
function silence(signal, slower) {
  const controller = new AbortController();
  const limit = slower * SILENCE;
  let timer;
  let test = '';
  let silent = false;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      controller.abort();
    }, limit);
  };
  heard();
  return {
    heard,
    in(name) {
      if (name !== test) heard();
      test = name;
    },
    stop: () => controller.abort(),
    end: () => clearTimeout(timer),
    fault: (otherwise) => (silent ? `nothing ended within ${limit / 1000} s, at last in: ${test}` : otherwise),
    signal: AbortSignal.any([controller.signal, signal]),
  };
}

/** Files one after another in a process of `program`, `words` before its script, on a machine that is so many times slower. */
export function processRun(program, words = [], slowerBy = slowness) {
  return async ({ folder, runner, files, told, signal }) => {
    const slower = slowerBy();
    const watch = silence(signal, slower);
    const child = spawn(program, [...words, join(here, 'process.mjs'), folder, runner, ...files], {
      cwd: root,
      env: { ...process.env, FEDKIT_SLOWNESS: `${slower}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: watch.signal,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)));
    const ended = new Promise((resolve) =>
      child.once('error', ({ message }) => (errors += message)).once('close', resolve),
    );
    try {
      let engine;
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.startsWith('engine:')) engine = line.slice(7);
        if (line.startsWith('test:')) watch.in(line.slice(5));
        if (!line.startsWith('fedkit:')) continue;
        watch.heard();
        told(JSON.parse(line.slice(7)), engine);
      }
      const code = await ended;
      if (engine === undefined) throw new Error(`did not start: ${errors}`);
      return code === 0 ? undefined : watch.fault(`ended with ${code}: ${errors}`);
    } finally {
      // Where what is told cannot be taken, nobody waits for the rest.
      watch.end();
      child.kill('SIGKILL');
      await ended;
    }
  };
}

/** The program itself: ending `npx` would leave it running. */
async function registryRun({ path, words }) {
  const { stdout } = await promisify(execFile)('npx', ['-y', ...path], { cwd: root });
  return processRun(stdout.trim().split('\n').at(-1), words);
}

/** Each file in a page of its own, in one browser; `open` opens the first page, as `runInPage` does. */
export function pageRun(open, slowerBy = slowness) {
  return async ({ folder, runner, files, told, signal }) => {
    const slower = slowerBy();
    const watch = silence(signal, slower);
    const stated = readFileSync(join(folder, 'stated.json'), 'utf8');
    let untaken;
    const respond = async (request) => {
      const { engine, result, test } = await request.json();
      if (result === undefined) watch.in(test);
      else {
        watch.heard();
        try {
          told(result, engine);
        } catch (error) {
          untaken = error;
          watch.stop();
        }
      }
      return new Response('');
    };
    try {
      await open({
        module: '/scripts/test-files/page.mjs',
        parameters: { runner, files: files.join(), stated, slowness: `${slower}` },
        bundle: folder,
        told: respond,
        signal: watch.signal,
        timeout: files.length * slower * SILENCE,
      });
      return undefined;
    } catch (error) {
      if (untaken !== undefined) throw untaken;
      if (error instanceof BrowserUnavailable) throw error;
      return watch.fault(error.message);
    } finally {
      watch.end();
    }
  };
}

function browserRun() {
  const browser = findBrowser(BROWSER);
  if (browser === undefined) throw new BrowserUnavailable('not installed here');
  return pageRun((options) => runInPage(browser, options));
}

/**
 * What runs files on an engine: of the bundle's `folder` and `runner`, the `files`, with `told(result, engine)` for each as it is
 * through, until `signal`. It resolves to what ended the engine before its last file, if anything did, and rejects with what `told`
 * throws, once the engine has ended.
 *
 * @throws {@link BrowserUnavailable} for a browser that is not there.
 */
export const runOf = async (title) => (title === BROWSER ? browserRun() : registryRun(PROCESSES[title]));
