// pnpm bench experiments <name> [options of `fedkit bench`]: the experiment files of this folder, by the command that users have. The page and all
// runs are in bench/experiments/out, the table alone in bench/results.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../packages/fedkit/src/command.ts';
import { writeResults } from '../shared/measure.ts';

const here = import.meta.dirname;
const names = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name, ...rest] = process.argv.slice(2);

if (name !== undefined && names.includes(name)) {
  const out = join(here, 'out', name);
  const elsewhere = rest.includes('--out');
  process.exitCode = await run(['bench', join(here, `${name}.ts`), ...(elsewhere ? [] : ['--out', out]), ...rest]);
  const results = join(out, 'results.json');
  if (process.exitCode === 0 && !elsewhere && existsSync(results)) {
    // Curves and runs stay where they are: megabytes that the same command makes anew.
    const { rows, ...head } = JSON.parse(readFileSync(results, 'utf8')) as { rows: Record<string, unknown>[] };
    writeResults(`experiments-${name}`, { ...head, rows: rows.map(({ runs: _runs, ...row }) => row) });
  }
} else {
  console.error(`usage: pnpm bench experiments <name> [options of fedkit bench], one of: ${names.join(', ')}`);
  process.exitCode = 1;
}
