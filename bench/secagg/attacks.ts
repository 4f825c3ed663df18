// Every cheat of @fedkit/secagg/testing in every mode, as the README's table.
// pnpm bench secagg attacks [--write, into the README]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attackTable, runAttacks } from '@fedkit/secagg/testing';

const table = attackTable(await runAttacks());
console.log(table);
if (process.argv.includes('--write')) {
  const file = fileURLToPath(new URL('../../packages/secagg/README.md', import.meta.url));
  const readme = readFileSync(file, 'utf8');
  const marked = /(<!-- attacks -->\n)[\s\S]*?(<!-- \/attacks -->)/;
  if (!marked.test(readme)) throw new Error('README: expected <!-- attacks --> and <!-- /attacks -->, got neither');
  writeFileSync(file, readme.replace(marked, `$1${table}\n$2`));
}
