// What a server that lies in every message after set-up can open: the search of the kit over its table.
// pnpm bench secagg cuts [--write, into docs/threat-model.md]
import { readFileSync, writeFileSync } from 'node:fs';
import { cutTable, searchTable } from '@fedkit/secagg/testing';

const text = cutTable(searchTable());
console.log(text);
if (process.argv.includes('--write')) {
  const page = new URL('../../docs/threat-model.md', import.meta.url);
  const markers = /(<!-- cuts -->\n)[\s\S]*?(\n?<!-- \/cuts -->)/;
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(markers, (_, open: string) => `${open}\n${text}\n\n<!-- /cuts -->`),
  );
}
