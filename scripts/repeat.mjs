// Shows that the tests do not fail by chance:
//   repeat files [--times 200] [filter ...]      every file with unseeded input, which states its odds, so many times
//   repeat processes [--times 20] [filter ...]   every file whose own input is seeded, but not what its browsers and servers draw
//   repeat seeds [--times 200] [filter ...]      every other file that draws, each test from so many seeds
//   ... [--from FILE] [--minutes M]           stops after M minutes and says how to go on
//   repeat suite [--times 3] [--load 8]          the whole suite in a row, beside so many busy processes
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from './load.mjs';
import { suite } from './suite.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: 'string' },
    load: { type: 'string' },
    from: { type: 'string', default: '' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
const [what, ...filters] = positionals;
const QUIET = ['--reporter=dot', '--reporter=./scripts/closing-line.ts'];

/** How often each is repeated, and what its files say of chance. */
const KINDS = {
  files: { times: 200, says: (text) => /\bOdds: /.test(text) },
  processes: { times: 20, says: (text) => /\bOdds of its /.test(text) },
  seeds: { times: 200, says: (text) => !/\bOdds(: | of its )/.test(text) },
};

function testFiles(says) {
  const all = execFileSync('git', ['ls-files', '*.test.ts'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  const texts = all.map((file) => [file, readFileSync(file, 'utf8')]);
  const matching = texts.filter(([file]) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  return matching.filter(([, text]) => says(text)).map(([file]) => file);
}

/** Whether a file says, as it runs once, that it draws at random. */
function draws(file) {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-draws-'));
  process.env.FEDKIT_LIST_DRAWS = join(folder, 'list');
  try {
    if (suite([...QUIET, file]) !== 0) throw new Error(`${file} fails already`);
    return existsSync(process.env.FEDKIT_LIST_DRAWS);
  } finally {
    delete process.env.FEDKIT_LIST_DRAWS;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns Minutes. */
function since(time) {
  return (Date.now() - time) / 60_000;
}

function repeatFiles(kind) {
  const { times: usual, says } = KINDS[kind];
  const times = Number(values.times ?? usual);
  const all = testFiles(says);
  const first = values.from === '' ? 0 : all.indexOf(values.from);
  if (first < 0) throw new Error(`--from: no such file, ${values.from}`);
  for (const [i, file] of all.entries()) {
    if (i < first) continue;
    if (since(start) > Number(values.minutes)) {
      console.log(`\n${i} of ${all.length} files have passed ${times} times; go on with --from ${file}`);
      return;
    }
    if (kind === 'seeds' && !draws(file)) continue;
    const own = Date.now();
    process.env.FEDKIT_TIMES = String(times);
    if (suite([...QUIET, file]) !== 0) throw new Error(`${file} failed; run suite ${file} with the FEDKIT_SEED above`);
    delete process.env.FEDKIT_TIMES;
    console.log(`${i + 1} of ${all.length}: ${file} passed ${times} times in ${since(own).toFixed(1)} minutes`);
  }
  console.log(`\n${all.length} files: ${kind === 'seeds' ? 'those that draw' : 'all'} passed ${times} times.`);
}

function repeatSuite(times) {
  for (let time = 1; time <= times; time++) {
    console.log(`\nsuite: ${time} of ${times}`);
    if (suite([...QUIET, ...filters]) !== 0)
      throw new Error(`run ${time} of ${times} failed; the same command repeats it`);
  }
  console.log(`\nThe suite passed ${times} times in a row beside ${values.load ?? 8} busy processes.`);
}

const start = Date.now();
const end = load(Number(values.load ?? (what === 'suite' ? 8 : 0)));
try {
  if (Object.hasOwn(KINDS, what ?? '')) {
    repeatFiles(what);
  } else if (what === 'suite') {
    repeatSuite(Number(values.times ?? 3));
  } else {
    throw new Error('expected "files", "processes", "seeds" or "suite"; see the head of scripts/repeat.mjs');
  }
  console.log(`${since(start).toFixed(1)} minutes`);
} finally {
  end();
}
