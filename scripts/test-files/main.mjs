// node scripts/test-files/main.mjs [--all] [--only=WORD,…] [ENGINE…]: the packages' test files on engines. Run after `pnpm build`.
import { ENGINES, runTestFiles } from './engines.mjs';

const words = process.argv.slice(2);
const engines = words.filter((word) => !word.startsWith('--'));
const unknown = engines.filter((title) => !ENGINES.includes(title));
if (unknown.length > 0) throw new Error(`test files: expected ${ENGINES.join(', ')}, got ${unknown.join(', ')}`);
const only =
  words
    .find((word) => word.startsWith('--only='))
    ?.slice(7)
    .split(',') ?? [];
const good = await runTestFiles({ ...(engines.length > 0 && { engines }), all: words.includes('--all'), only });
if (!good) process.exitCode = 1;
