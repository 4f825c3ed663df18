// The packages' own test files on every engine: all of them, or the tenth that a commit draws. What came of all is kept in results.json
// and told in docs/engines.md.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BrowserUnavailable, findBrowser, runInPage } from '../browser/browsers.mjs';
import { bundleFiles } from './bundle.mjs';
import { chooseFiles, root, tenth } from './choose.mjs';
import { engineTable, PAGE, readResults, RESULTS } from './table.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** One process or page runs so many files, and a part of them may take so long in milliseconds. */
const AT_ONCE = 45;
const TIMEOUT = 1_200_000;
/** Engines that run beside each other. */
const AT_A_TIME = 2;

/** Processes; `Node 20` is the oldest that is supported. */
const PROCESSES = {
  'Node 20': ['npx', '-y', 'node@20'],
  'Node 22': ['npx', '-y', 'node@22'],
  'Node 24': ['npx', '-y', 'node@24'],
  'Bun 1.4': ['npx', '-y', 'bun@1.4.5'],
  'Deno 2.9': ['npx', '-y', 'deno@2.9.6', 'run', '--allow-all', '--no-config'],
};
export const ENGINES = [...Object.keys(PROCESSES), 'Chromium'];

/** Lines of one process: the engine's version, then what came of each file. */
async function inProcess([command, ...words], { folder, runner, files }) {
  const child = spawn(command, [...words, join(here, 'process.mjs'), folder, runner, ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)));
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  let engine;
  const results = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('engine:')) engine = line.slice(7);
    if (line.startsWith('fedkit:')) results.push(JSON.parse(line.slice(7)));
  }
  const code = await ended;
  return { engine, results, fault: code === 0 ? undefined : `ended with ${code}: ${errors}` };
}

async function inBrowser(browser, { folder, runner, files }) {
  const parameters = { runner, files: files.join(), stated: readFileSync(join(folder, 'stated.json'), 'utf8') };
  const module = '/scripts/test-files/page.mjs';
  try {
    return await runInPage(browser, { module, parameters, bundle: folder, timeout: TIMEOUT });
  } catch (error) {
    if (error instanceof BrowserUnavailable) throw error;
    return { engine: undefined, results: [], fault: error.message };
  }
}

/** Files that put something in a global's place see modules that nobody has used before: each runs alone. */
const ALONE = /\bvi\.(stubGlobal|spyOn)\b/;
const alone = (file) => ALONE.test(readFileSync(join(root, file), 'utf8'));

/** What runs next in one process or page. */
function nextPart(waiting, size) {
  const end = waiting.findIndex((file, i) => i === size || alone(file));
  return waiting.slice(0, end === -1 ? size : Math.max(1, end));
}

/** What came of `files` on one engine. */
async function runOn(title, bundle) {
  const browser = title === 'Chromium' ? findBrowser(title) : undefined;
  if (title === 'Chromium' && browser === undefined) throw new BrowserUnavailable('not installed here');
  let engine;
  let size = AT_ONCE;
  const results = [];
  // Those that run alone at the end.
  const waiting = [...bundle.files].sort((a, b) => Number(alone(a)) - Number(alone(b)));
  while (waiting.length > 0) {
    const files = nextPart(waiting, size);
    const found = browser
      ? await inBrowser(browser, { ...bundle, files })
      : await inProcess(PROCESSES[title], { ...bundle, files });
    engine ??= found.engine;
    if (!browser && engine === undefined) throw new Error(`did not start: ${found.fault}`);
    results.push(...found.results);
    waiting.splice(0, found.results.length);
    if (found.results.length === files.length) size = AT_ONCE;
    else if (files.length > 1) size = Math.ceil(files.length / 2);
    else {
      // This one takes its engine down.
      const failed = [{ name: 'the file', message: `${found.fault}` }];
      results.push({ file: waiting.shift(), passed: 0, skipped: 0, failed, milliseconds: 0 });
      size = AT_ONCE;
    }
  }
  return { engine, results };
}

const sum = (results, of) => results.reduce((total, one) => total + of(one), 0);

/** A row: files whose every test passed, and how many tests that was. */
function rowOf({ engine, results }) {
  const failed = results.filter((one) => one.failed.length > 0);
  return {
    engine,
    files: results.length,
    passedFiles: results.length - failed.length,
    tests: sum(results, ({ passed }) => passed),
    skipped: sum(results, ({ skipped }) => skipped),
    failures: failed.flatMap(({ file, failed: tests }) => tests.map(({ name }) => `${file}: ${name}`)),
  };
}

export const commit = () => execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

/**
 * Runs the files on `engines` and prints a table.
 *
 * @param options - `all`: every file, kept in results.json; else a tenth, drawn by the commit. `only`: files whose path has one of
 * these words.
 * @returns Whether every test passed on every engine that is here.
 */
export async function runTestFiles({ engines = ENGINES, all = false, only = [] } = {}) {
  const { free, apart } = await chooseFiles();
  const able = free.filter((file) => !apart.has(file));
  let files = all ? able : tenth(able, commit());
  if (only.length > 0) files = able.filter((file) => only.some((word) => file.includes(word)));
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-test-files-'));
  let good = true;
  const waiting = [...engines];
  const next = async (runner) => {
    for (let title = waiting.shift(); title !== undefined; title = waiting.shift()) {
      // A page lacks more than a process does: files are drawn there once a run of all of them is on record.
      if (title === 'Chromium' && !all && only.length === 0 && !recorded(title)) {
        console.log(`| ${title} | none drawn before \`--all\` has run there | | |`);
        continue;
      }
      try {
        const found = await runOn(title, { folder, runner, files });
        const row = rowOf(found);
        console.log(`| ${title} | ${row.passedFiles} | ${row.tests} | ${row.skipped} |`);
        for (const { file, failed } of found.results) {
          for (const { name, message } of failed)
            console.error(`${title}: ${file}: ${name}\n  ${message.slice(0, 1200)}`);
        }
        if (row.failures.length > 0) good = false;
        if (all && only.length === 0) keep(title, row, { free: free.length, apart });
      } catch (error) {
        console.log(`| ${title} | did not run | | |`);
        console.error(`${title}: ${error.message}`);
        if (!(error instanceof BrowserUnavailable)) good = false;
      }
    }
  };
  try {
    const runner = await bundleFiles(files, folder);
    console.log(`\n| engine | test files, of ${files.length} | tests | skipped |\n|---|---:|---:|---:|`);
    await Promise.all(Array.from({ length: AT_A_TIME }, () => next(runner)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return good;
}

const recorded = (title) => existsSync(RESULTS) && readResults().engines[title] !== undefined;

function keep(title, row, { free, apart }) {
  const kept = existsSync(RESULTS) ? readResults() : { engines: {} };
  const engines = { ...kept.engines, [title]: row };
  const ordered = Object.fromEntries(ENGINES.filter((one) => engines[one]).map((one) => [one, engines[one]]));
  const results = { free, apart: Object.fromEntries(apart), engines: ordered };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(PAGE, engineTable(results));
}
