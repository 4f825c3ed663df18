// pnpm bench experiments <name> [options of `fedkit bench`]: the experiment files of this folder, by the command that users have.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../packages/fedkit/src/command.ts';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const [name, ...rest] = process.argv.slice(2);

if (name !== undefined && names.includes(name)) {
  process.exitCode = await run(['bench', join(import.meta.dirname, `${name}.ts`), ...rest]);
} else {
  console.error(`usage: pnpm bench experiments <name> [options of fedkit bench], one of: ${names.join(', ')}`);
  process.exitCode = 1;
}
