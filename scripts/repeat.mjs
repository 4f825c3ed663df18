// Shows that the tests do not fail by chance:
//   repeat files [--times 200] [filter ...]   every test file that draws at random, each time from another seed
//   repeat suite [--times 3] [--load 8]       the whole suite in a row, beside so many busy processes
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load } from './load.mjs';
import { suite } from './suite.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string' }, load: { type: 'string' } },
});
const [what, ...filters] = positionals;
const QUIET = ['--reporter=dot', '--reporter=./scripts/closing-line.ts'];

/** The files that a run says have drawn, laws of fast-check included. */
function drawingFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-draws-'));
  process.env.FEDKIT_LIST_DRAWS = join(folder, 'list');
  try {
    if (suite([...QUIET, ...filters]) !== 0) throw new Error('the tests fail already');
    return [...new Set(readFileSync(process.env.FEDKIT_LIST_DRAWS, 'utf8').split('\n').filter(Boolean))];
  } finally {
    delete process.env.FEDKIT_LIST_DRAWS;
    rmSync(folder, { recursive: true, force: true });
  }
}

function repeat(times, words, seeded) {
  for (let time = 1; time <= times; time++) {
    if (seeded) process.env.FEDKIT_SEED = String(time);
    console.log(`\n${what}: ${time} of ${times}`);
    if (suite([...QUIET, ...words]) === 0) continue;
    const again = seeded ? `FEDKIT_SEED=${time} npx -y pnpm@12.21.0 run suite` : 'the same command';
    throw new Error(`run ${time} of ${times} failed; ${again} repeats it`);
  }
}

const start = Date.now();
const end = load(Number(values.load ?? (what === 'suite' ? 8 : 0)));
try {
  if (what === 'files') {
    const files = drawingFiles();
    const times = Number(values.times ?? 200);
    repeat(times, files, true);
    console.log(`\n${files.length} files that draw at random passed ${times} times:\n${files.join('\n')}`);
  } else if (what === 'suite') {
    const times = Number(values.times ?? 3);
    repeat(times, filters, false);
    console.log(`\nThe suite passed ${times} times in a row beside ${values.load ?? 8} busy processes.`);
  } else {
    throw new Error('expected "files" or "suite"; see the head of scripts/repeat.mjs');
  }
  console.log(`${((Date.now() - start) / 60_000).toFixed(1)} minutes`);
} finally {
  end();
}
