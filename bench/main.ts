// `pnpm bench <name> [arguments]` runs bench/<name>/main.ts; without a name it lists what there is.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const mainOf = (name: string) => join(here, name, 'main.ts');
const names = readdirSync(here).filter((name) => existsSync(mainOf(name)));
const [name, ...rest] = process.argv.slice(2);

if (name !== undefined && names.includes(name)) {
  // The benchmark sees its own arguments alone.
  process.argv.splice(2, process.argv.length, ...rest);
  await import(pathToFileURL(mainOf(name)).href);
} else {
  console.error(`usage: pnpm bench <name>, one of: ${names.join(', ')}`);
  process.exitCode = 1;
}
