// The page's figures: a round of its model in Chromium beside Node, the same code to the same bytes, and what its tabs do on their main
// thread while they learn, by Chromium's trace. `pnpm bench page [rounds|tasks]`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBrowser } from '../../packages/core/test/browser/chromium.ts';
import { bundled, serveModules } from '../../packages/core/test/browser/serve-module.ts';
import { serverBinary } from '../../packages/core/test/server-binary.ts';
import { interleave, table, writeResults } from '../shared/measure.ts';
import type { Piece } from './round.ts';
import { movingPicture } from './picture.ts';
import { longestTasks } from './tasks.ts';

const ROUNDS = 9;
const MOST = 1.5;
const LONGEST = 50;

const program = serverBinary('chromium', 'the page’s figures');
const [only] = process.argv.slice(2);
const results: Record<string, unknown> = {};
let missed = false;

async function rounds(chromium: string): Promise<void> {
  const code = await bundled(join(import.meta.dirname, 'round.ts'));
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-page-'));
  const server = await serveModules({ '/round.js': code });
  const browser = await openBrowser(chromium);
  try {
    writeFileSync(join(folder, 'round.mjs'), code);
    const { PIECES } = (await import(pathToFileURL(join(folder, 'round.mjs')).href)) as {
      readonly PIECES: Readonly<Record<string, () => Promise<Piece>>>;
    };
    const page = await browser.context.newPage();
    await page.goto(server.url);
    const rows: string[][] = [];
    for (const [name, onNode] of Object.entries(PIECES)) {
      const digests = new Set<string>();
      const noted = ({ milliseconds, digest }: Piece) => {
        digests.add(digest);
        return milliseconds;
      };
      // Text, since the loader rewrites `import` in functions.
      const script = `import('/round.js').then(({ PIECES }) => PIECES[${JSON.stringify(name)}]())`;
      const candidates = {
        [`${name}, Node`]: async () => noted(await onNode()),
        [`${name}, Chromium`]: async () => noted(await page.evaluate<Piece>(script)),
      };
      const [node, chrome] = Object.values(await interleave(candidates, ROUNDS));
      const same = digests.size === 1;
      rows.push([name, node.toFixed(1), chrome.toFixed(1), (chrome / node).toFixed(2), same ? 'yes' : 'NO']);
      results[name] = { node, chromium: chrome, ratio: chrome / node, same };
      if (!same || chrome / node > MOST) missed = true;
    }
    console.log(table(['one round', 'Node, ms', 'Chromium, ms', `ratio, at most ${MOST}`, 'same bytes'], rows));
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tasks(chromium: string): Promise<void> {
  const { published, tabs } = await longestTasks(chromium);
  results.tasks = { published, tabs };
  console.log(`\nTasks with a script of ours on the main thread, over ${published} published rounds; thread time\n`);
  console.log(
    table(
      ['tab', 'tasks', 'all, ms', 'longest, ms'],
      tabs.map(({ tab, count, total, longest }) => [tab, String(count), total.toFixed(0), longest.toFixed(1)]),
    ),
  );
  if (tabs.some(({ longest }) => longest > LONGEST)) missed = true;
}

if (program !== undefined && only === 'picture') await movingPicture(program);
else if (program !== undefined) {
  if (only !== 'tasks') await rounds(program);
  if (only !== 'rounds') await tasks(program);
  if (only === undefined) writeResults('page', results);
  if (missed) {
    console.error(`above ${MOST} times Node’s time, other bytes, or a task above ${LONGEST} ms`);
    process.exitCode = 1;
  }
}
