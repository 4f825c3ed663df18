// The packages as users meet them: packages [part ...]. Without a name every part runs, in this order, and each says how long it took.
// What a part needs of the registry it fetches into a temporary folder. `check:packages` runs the first two, which CI does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packAll } from '../packed.mjs';
import { app } from './app.mjs';
import { bill } from './bill.mjs';
import { frameworks } from './frameworks.mjs';
import { install } from './install.mjs';
import { managers } from './managers.mjs';
import { notes } from './notes.mjs';
import { publish } from './publish.mjs';
import { requires } from './requires.mjs';
import { tarballs } from './tarballs.mjs';
import { typescript } from './typescript.mjs';
import { weight } from './weight.mjs';

const PARTS = { tarballs, install, managers, typescript, requires, bill, publish, notes, weight, app, frameworks };
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) throw new Error(`expected ${Object.keys(PARTS).join(', ')}, got ${unknown}`);

const scratch = mkdtempSync(join(tmpdir(), 'fedkit-packages-'));
try {
  const packed = packAll(scratch);
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const start = performance.now();
    try {
      console.log(`${name}: ${await part(packed, mkdtempSync(join(scratch, `${name}-`)))}`);
    } catch (error) {
      console.error(`${name}: FAILED: ${error.message}`);
      process.exitCode = 1;
    }
    console.log(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
