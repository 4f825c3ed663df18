// Today's build beside an earlier commit, by turns in one run, each measurement in a process of its own.
// pnpm bench secagg against [setting, default ring] [clients] [entries] [runs, default 3] [commit, default 026a3b0] [degree threshold]
//   ring       server and client of a semi-malicious ring, 30 % dropped, at degree 362 and threshold 204 unless stated
//   ring-wall  the same with the masks on two threads
//   client     a client of a complete graph
//   malicious  everybody in a malicious round, 20 % dropped, on devices that have seen each other's keys before
//   memory     what is resident in a server's own process, 5 % dropped
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { checkout, probe, ROOT } from './baseline.ts';

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
  malicious: { round: 0.75 },
  memory: { residentMiB: 0.4 },
};
const UNIT: Record<string, string> = { residentMiB: 'MiB', serverWall: 'wall ms' };

const [setting = 'ring', ...rest] = process.argv.slice(2);
const usual = USUAL[setting];
if (usual === undefined) throw new Error(`unknown setting ${setting}: one of ${Object.keys(USUAL).join(', ')}`);
const [clients = usual[0], entries = usual[1]] = rest.slice(0, 2).map(Number);
const runs = Number(rest[2] ?? 3);
const commit = rest[3] ?? '026a3b0';
const stated = rest.slice(4).map(Number);
const graph = stated.length === 2 ? stated : clients === usual[0] ? usual.slice(2) : [];
const words = [setting, `${clients}`, `${entries}`, ...graph.map(String)];

const machine = yardstick();
const earlier = checkout(commit);
const results: { readonly before: Record<string, number>[]; readonly now: Record<string, number>[] } = {
  before: [],
  now: [],
};
try {
  for (let run = 0; run < runs; run++) {
    // Whoever goes first in one turn goes second in the next.
    const turns = [() => results.before.push(probe(earlier.root, words)), () => results.now.push(probe(ROOT, words))];
    for (const turn of run % 2 === 0 ? turns : turns.reverse()) turn();
  }
} finally {
  earlier.remove();
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
writeResults(`secagg-against-${setting}`, { clients, entries, graph, commit, runs, rows }, machine());
