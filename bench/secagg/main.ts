// Figures of secure aggregation, each a command of its own.
// pnpm bench secagg <figure> [arguments]
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const SHARED = new Set([
  'main',
  'synthetic',
  'synthetic-server',
  'simulate',
  'crew',
  'client-process',
  'probe',
  'baseline',
  'earlier-server',
]);
const figures = readdirSync(here)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3))
  .filter((name) => !SHARED.has(name));
const [figure = 'client', ...rest] = process.argv.slice(2);
const file = join(here, `${figure}.ts`);

if (figures.includes(figure) && existsSync(file)) {
  process.argv.splice(2, process.argv.length, ...rest);
  await import(pathToFileURL(file).href);
} else {
  console.error(`usage: pnpm bench secagg <figure>, one of: ${figures.join(', ')}`);
  process.exitCode = 1;
}
