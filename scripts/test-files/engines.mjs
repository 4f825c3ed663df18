// The packages' own test files on every engine: all of them, or the tenth that a commit draws. What came of all is kept in results.json
// and told in docs/engines.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserUnavailable } from '../browser/browsers.mjs';
import { bundleFiles } from './bundle.mjs';
import { chooseFiles, NOT_IN_A_PAGE, root, tenth } from './choose.mjs';
import { forget, keepResult, readKept } from './kept.mjs';
import { runParts } from './parts.mjs';
import { ENGINES, runOf } from './runs.mjs';
import { engineTable, PAGE, readResults, RESULTS } from './table.mjs';

/** Engines that run beside each other. */
const AT_A_TIME = 2;

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
 * What came of `files` on the engine `title`, as `runParts` says.
 *
 * @param options - `bundle` of them; `keeps`: what comes is kept in `keptIn`; `resumes`: what is there is not run again; `start`, what
 * runs files there; `signal` stops.
 */
export function filesOn(title, files, { bundle, keeps, resumes, keptIn, start = () => runOf(title), signal }) {
  const { folder, runner, digests } = bundle;
  const kept = resumes ? readKept(title, digests, keptIn) : { results: new Map() };
  const keep = (one) => keepResult(title, { digest: digests.get(one.result.file), ...one }, keptIn);
  const own = title === 'Chromium' ? files.filter((file) => !Object.hasOwn(NOT_IN_A_PAGE, file)) : files;
  return runParts(start, { folder, runner, files: own, kept, signal, ...(keeps && { told: keep }) });
}

/**
 * Runs the files on `engines` and prints a table.
 *
 * @param options - `all`: every file, kept in results.json, going on with a run that was stopped unless `fresh`; else a tenth, drawn
 * by the commit. `only`: files whose path has one of these words. `signal` stops.
 * @returns Whether every test passed on every engine that is here.
 */
export async function runTestFiles({
  engines = ENGINES,
  all = false,
  fresh = false,
  only = [],
  signal = new AbortController().signal,
} = {}) {
  const { free, apart } = await chooseFiles();
  const able = free.filter((file) => !apart.has(file));
  const whole = all && only.length === 0;
  let files = all ? able : tenth(able, commit());
  if (only.length > 0) files = able.filter((file) => only.some((word) => file.includes(word)));
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-test-files-'));
  let good = true;
  const waiting = [...engines];
  const next = async (bundle) => {
    for (let title = waiting.shift(); title !== undefined; title = waiting.shift()) {
      // A page lacks more than a process does: files are drawn there once all of them have passed in two runs on end.
      if (title === 'Chromium' && !all && only.length === 0 && passesOf(title) < 2) {
        console.log(`| ${title} | none drawn before \`--all\` has passed there twice | | |`);
        continue;
      }
      try {
        if (whole && fresh) forget(title);
        const found = await filesOn(title, files, { bundle, keeps: all, resumes: whole, signal });
        const row = rowOf(found);
        console.log(`| ${title} | ${row.passedFiles} | ${row.tests} | ${row.skipped} |`);
        for (const { file, failed } of found.results) {
          for (const { name, message } of failed)
            console.error(`${title}: ${file}: ${name}\n  ${message.slice(0, 1200)}`);
        }
        if (row.failures.length > 0) good = false;
        if (whole) {
          record(title, row, { free: free.length, apart });
          // The next run of all is another one.
          if (row.failures.length === 0) forget(title);
        }
      } catch (error) {
        signal.throwIfAborted();
        console.log(`| ${title} | did not run | | |`);
        console.error(`${title}: ${error.message}`);
        if (!(error instanceof BrowserUnavailable)) good = false;
      }
    }
  };
  try {
    const bundle = { folder, ...(await bundleFiles(files, folder)) };
    console.log(`\n| engine | test files, of ${files.length} | tests | skipped |\n|---|---:|---:|---:|`);
    await Promise.all(Array.from({ length: AT_A_TIME }, () => next(bundle)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return good;
}

/** How many runs of all on end have passed. */
const passesOf = (title) => (existsSync(RESULTS) && readResults().engines[title]?.passes) || 0;

function record(title, row, { free, apart }) {
  const kept = existsSync(RESULTS) ? readResults() : { engines: {} };
  const passes = row.failures.length === 0 ? passesOf(title) + 1 : 0;
  const engines = { ...kept.engines, [title]: { ...row, passes } };
  const ordered = Object.fromEntries(ENGINES.filter((one) => engines[one]).map((one) => [one, engines[one]]));
  const results = { free, apart: Object.fromEntries(apart), pageless: NOT_IN_A_PAGE, engines: ordered };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(PAGE, engineTable(results));
}
