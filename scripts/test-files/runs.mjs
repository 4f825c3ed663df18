// Test files in a process or in pages of a browser, one after another: what came of each is told as it comes.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BrowserUnavailable, findBrowser, runInPage } from '../browser/browsers.mjs';
import { root } from './choose.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** A file that says nothing for so many milliseconds is stopped with its engine. */
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

/** Aborts with `signal`, and where no file is through for too long; `in(test)` says which test runs. */
function silence(signal) {
  const controller = new AbortController();
  let timer;
  let test = '';
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), SILENCE);
  };
  heard();
  return {
    heard,
    in: (name) => (test = name),
    end: () => clearTimeout(timer),
    fault: (otherwise) =>
      controller.signal.aborted ? `not through within ${SILENCE / 1000} s, at last in: ${test}` : otherwise,
    signal: AbortSignal.any([controller.signal, signal]),
  };
}

/** The program itself: ending `npx` would leave it running. */
async function processRun(title) {
  const { path, words } = PROCESSES[title];
  const { stdout } = await promisify(execFile)('npx', ['-y', ...path], { cwd: root });
  const program = stdout.trim().split('\n').at(-1);
  return async ({ folder, runner, files, told, signal }) => {
    const watch = silence(signal);
    const child = spawn(program, [...words, join(here, 'process.mjs'), folder, runner, ...files], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: watch.signal,
      killSignal: 'SIGKILL',
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)));
    const ended = new Promise((resolve) =>
      child.once('error', ({ message }) => (errors += message)).once('close', resolve),
    );
    let engine;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('engine:')) engine = line.slice(7);
      if (line.startsWith('test:')) watch.in(line.slice(5));
      if (!line.startsWith('fedkit:')) continue;
      watch.heard();
      told(JSON.parse(line.slice(7)), engine);
    }
    const code = await ended;
    watch.end();
    if (engine === undefined) throw new Error(`did not start: ${errors}`);
    return code === 0 ? undefined : watch.fault(`ended with ${code}: ${errors}`);
  };
}

/** Each file in a page of its own, in one browser. */
function browserRun() {
  const browser = findBrowser(BROWSER);
  if (browser === undefined) throw new BrowserUnavailable('not installed here');
  return async ({ folder, runner, files, told, signal }) => {
    const watch = silence(signal);
    const stated = readFileSync(join(folder, 'stated.json'), 'utf8');
    const respond = async (request) => {
      const { engine, result, test } = await request.json();
      if (result === undefined) watch.in(test);
      else {
        watch.heard();
        told(result, engine);
      }
      return new Response('');
    };
    try {
      await runInPage(browser, {
        module: '/scripts/test-files/page.mjs',
        parameters: { runner, files: files.join(), stated },
        bundle: folder,
        told: respond,
        signal: watch.signal,
        timeout: files.length * SILENCE,
      });
      return undefined;
    } catch (error) {
      if (error instanceof BrowserUnavailable) throw error;
      return watch.fault(error.message);
    } finally {
      watch.end();
    }
  };
}

/**
 * What runs files on an engine: of the bundle's `folder` and `runner`, the `files`, with `told(result, engine)` for each as it is
 * through, until `signal`. It resolves to what ended the engine before its last file, if anything did.
 *
 * @throws {@link BrowserUnavailable} for a browser that is not there.
 */
export const runOf = async (title) => (title === BROWSER ? browserRun() : processRun(title));
