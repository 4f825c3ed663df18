// Today's build beside an earlier commit, by turns in one run, each measurement in a process of its own.
// pnpm bench secagg against [setting, default ring] [clients] [entries] [runs, default 3, of rings 1: some three minutes a build] [commit, default 026a3b0] [degree threshold]
//   ring       server and client of a semi-malicious ring, 30 % dropped, at degree 362 and threshold 204 unless stated
//   ring-wall  the same with the masks on two threads
//   client     a client of a complete graph
//   malicious  everybody in a malicious round, 20 % dropped, on devices that have seen each other's keys before, and their first
//   memory     what is resident in a server's own process, 5 % dropped
// The server of rings and memory has a process of its own. A run that is cut off is resumed by the same command: measurements
// that are done wait in the system's temporary folder.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { checkout, probe, revision, ROOT } from './baseline.ts';

const USUAL: Record<string, readonly [clients: number, entries: number, ...graph: number[]]> = {
  ring: [1000, 100_000, 362, 204],
  'ring-wall': [1000, 100_000, 362, 204],
  client: [1000, 100_000],
  malicious: [100, 100_000],
  memory: [10_000, 1000],
};
const GOALS: Record<string, Record<string, number>> = {
  ring: { server: 0.75 },
  'ring-wall': { serverWall: 0.45 },
  client: { client: 0.8 },
  malicious: { round: 0.75, firstRound: 0.75 },
  memory: { residentMiB: 0.4 },
};
const UNIT: Record<string, string> = { residentMiB: 'MiB', serverWall: 'wall ms' };

const [setting = 'ring', ...rest] = process.argv.slice(2);
const usual = USUAL[setting];
if (usual === undefined) throw new Error(`unknown setting ${setting}: one of ${Object.keys(USUAL).join(', ')}`);
const [clients = usual[0], entries = usual[1]] = rest.slice(0, 2).map(Number);
const runs = Number(rest[2] ?? (setting === 'client' || setting === 'malicious' ? 3 : 1));
const commit = rest[3] ?? '026a3b0';
const stated = rest.slice(4).map(Number);
const graph = stated.length === 2 ? stated : clients === usual[0] ? usual.slice(2) : [];
const words = [setting, `${clients}`, `${entries}`, ...graph.map(String)];

type Measured = Record<string, number>;

const machine = yardstick();
const done = join(tmpdir(), `fedkit-against-${[...words, commit, revision()].join('-')}.json`);
const results = soFar();
if (results.before.length < runs || results.now.length < runs) {
  const earlier = checkout(commit);
  try {
    for (let run = 0; run < runs; run++) {
      const turns = [() => measure(results.before, run, earlier.root), () => measure(results.now, run, ROOT)];
      // Whoever goes first in one turn goes second in the next.
      for (const turn of run % 2 === 0 ? turns : turns.reverse()) turn();
    }
  } finally {
    earlier.remove();
  }
}

function soFar(): { readonly before: Measured[]; readonly now: Measured[] } {
  try {
    return JSON.parse(readFileSync(done, 'utf8')) as { before: Measured[]; now: Measured[] };
  } catch {
    return { before: [], now: [] };
  }
}

function measure(into: Measured[], run: number, root: string): void {
  if (into.length > run) return;
  into.push(probe(root, words));
  writeFileSync(done, JSON.stringify(results));
}

const rows = Object.keys(results.now[0]).map((what) => {
  const [before, now] = [results.before, results.now].map((all) => median(all.map((one) => one[what])));
  return { what, before, now, ratio: now / before };
});
console.log(
  table(
    [
      `${setting}, ${clients} clients, ${entries} entries${graph.length > 0 ? `, ${graph.join('/')}` : ''}`,
      commit,
      'now',
      'ratio',
      'goal',
    ],
    rows.map(({ what, before, now, ratio }) => [
      `${what}, ${UNIT[what] ?? 'CPU ms'}`,
      before.toFixed(1),
      now.toFixed(1),
      `${ratio.toFixed(2)} ×`,
      GOALS[setting][what] === undefined ? '' : `≤ ${GOALS[setting][what]} ×`,
    ]),
  ),
);
if (clients === usual[0] && entries === usual[1]) {
  writeResults(`secagg-against-${setting}`, { clients, entries, graph, commit, runs, rows }, machine());
}
rmSync(done, { force: true });
