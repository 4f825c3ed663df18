// Runs test files in a process, one line of JSON each: process.mjs FOLDER RUNNER FILE…
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, runner, ...files] = process.argv.slice(2);
const { now, runFile } = await import(pathToFileURL(join(folder, runner)));
const stated = JSON.parse(readFileSync(join(folder, 'stated.json'), 'utf8'));
const load = (file) => import(pathToFileURL(join(folder, file.replace(/\.ts$/, '.js'))));
const { Bun, Deno, process: node } = globalThis;
console.log(
  `engine:${Bun ? `Bun ${Bun.version}` : Deno ? `Deno ${Deno.version.deno}` : `Node ${node.version.slice(1)}`}`,
);
const slowness = Number(node.env.FEDKIT_SLOWNESS ?? 1);
setInterval(() => console.log(`test:${now.test}`), 20_000);
for (const file of files) {
  console.log(`fedkit:${JSON.stringify(await runFile(file, { load, seeded: !stated.includes(file), slowness }))}`);
}
// A library's timer keeps no engine.
process.exit(0);
