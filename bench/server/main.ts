// Processor time of a report at the server, over HTTP in pieces, on files, with downloads and the ledger, and the server's memory: this
// version beside an earlier one, turn by turn in one run, each with clients of its own.
// pnpm bench server [setting, default 200k; all for one after another] [turns] [commit or path of a checkout, default 026a3b0]
//   200k, 2m, 20m   float32 updates of so many parameters
//   top-k           1 % of 2M
//   flags           200k, with the V8 flags of `fedkit serve` for both
//   ring            a whole round of 500 clients of 2000 parameters in a secure ring, clients included, in one process
//   50m             float32 updates of so many parameters: what the server holds at most
//   stretch         20M: the longest that nobody else had a turn of the event loop, in the quietest round
import { existsSync } from 'node:fs';
import { checkout, place, ROOT } from '../shared/checkout.ts';
import { SERVER_FLAGS } from '../../packages/fedkit/src/serve/relaunch.ts';
import { table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { compare } from './compare.ts';
import type { Setting } from './setting.ts';

interface Goal {
  readonly setting: Setting;
  readonly turns: number;
  readonly goal: number;
  readonly memory?: number;
  /** What the server may hold at most, in MB. */
  readonly peak?: number;
  /** The longest stretch, in milliseconds. */
  readonly stretch?: number;
}

const GOALS: Readonly<Record<string, Goal>> = {
  '200k': { setting: { parameters: 200_000, cohort: 20 }, turns: 21, goal: 0.45 },
  '2m': { setting: { parameters: 2_000_000, cohort: 10 }, turns: 11, goal: 0.5, memory: 0.6 },
  '20m': { setting: { parameters: 20_000_000, cohort: 4 }, turns: 3, goal: 0.4 },
  'top-k': { setting: { parameters: 2_000_000, cohort: 10, topK: 0.01 }, turns: 11, goal: 0.6 },
  ring: { setting: { parameters: 2000, cohort: 500, by: 'ring' }, turns: 3, goal: 0.5, peak: 350 },
  '50m': { setting: { parameters: 50_000_000, cohort: 2 }, turns: 2, goal: Infinity, peak: 2000 },
  stretch: { setting: { parameters: 20_000_000, cohort: 2, stretches: true }, turns: 5, goal: Infinity, stretch: 50 },
  flags: { setting: { parameters: 200_000, cohort: 20, flags: SERVER_FLAGS }, turns: 21, goal: 0.6 },
};

const [chosen = '200k', turns, earlier = '026a3b0'] = process.argv.slice(2);
const names = chosen === 'all' ? Object.keys(GOALS) : [chosen];
for (const name of names) {
  if (!(name in GOALS)) throw new Error(`unknown setting ${name}: one of ${Object.keys(GOALS).join(', ')}, all`);
}
const machine = yardstick();
const FILES = ['version', 'ring', 'setting'].map((name) => `bench/server/${name}.ts`);
const other = existsSync(earlier) ? { root: earlier, remove: () => {} } : checkout(earlier, ...FILES);
place(other.root, ...FILES);
const rows: string[][] = [];
const results: Record<string, unknown> = {};
try {
  for (const name of names) {
    const { setting, turns: usual, goal, memory, stretch, peak } = GOALS[name];
    const measured = await compare(ROOT, other.root, setting, turns === undefined ? usual : Number(turns));
    results[name] = { ...setting, ...measured, ...(goal < Infinity && { goal }), ...(stretch && { longest: stretch }) };
    const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
    const { now, before, ratio, rssRatio } = measured;
    if (peak !== undefined) {
      const [then, today] = [before, now].map((usage) => megabytes(usage.peak));
      console.log(`At most, ${name}: ${then} before, ${today} now; goal ≤ ${peak} MB.`);
    }
    if (stretch !== undefined) {
      const [then, today] = [before, now].map((usage) => usage.stretch.toFixed(0));
      console.log(`Longest stretch, ${name}: ${then} ms before, ${today} ms now; goal ≤ ${stretch} ms.`);
      continue;
    }
    rows.push([
      name,
      `${before.milliseconds.toFixed(2)} ms`,
      `${now.milliseconds.toFixed(2)} ms`,
      ratio.toFixed(2),
      goal === Infinity ? '' : `≤ ${goal}`,
      megabytes(before.rss),
      megabytes(now.rss),
      rssRatio.toFixed(2),
      memory === undefined ? '' : `≤ ${memory}`,
    ]);
  }
} finally {
  other.remove();
}
const head = ['setting', earlier.slice(-7), 'now', 'ratio', 'goal', 'memory before', 'now', 'ratio', 'goal'];
if (rows.length > 0) console.log(table(head, rows));
if (process.env.RECORD !== 'never') {
  for (const [name, result] of Object.entries(results)) writeResults(`server-${name}`, result, machine());
}
