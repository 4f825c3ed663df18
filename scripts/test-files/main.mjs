// node scripts/test-files/main.mjs [--all [--fresh]] [--only=WORD,…] [ENGINE…]: the packages' test files on engines. Run after
// `pnpm build`. A run of all that was stopped goes on with the files that it had not come to; `--fresh` begins anew.
import { runTestFiles } from './engines.mjs';
import { ENGINES } from './runs.mjs';

const words = process.argv.slice(2);
const engines = words.filter((word) => !word.startsWith('--'));
const unknown = engines.filter((title) => !ENGINES.includes(title));
if (unknown.length > 0) throw new Error(`test files: expected ${ENGINES.join(', ')}, got ${unknown.join(', ')}`);
const only =
  words
    .find((word) => word.startsWith('--only='))
    ?.slice(7)
    .split(',') ?? [];
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('stopped')));
const good = await runTestFiles({
  ...(engines.length > 0 && { engines }),
  all: words.includes('--all'),
  fresh: words.includes('--fresh'),
  only,
  signal: stop.signal,
});
if (!good) process.exitCode = 1;
