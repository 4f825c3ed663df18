// The server of a complete graph at 0, 10 and 30 % dropouts, one thread; how its clients are made up, see
// synthetic-server.ts.
// pnpm bench secagg server [clients, default 1000] [percents, default 0,10,30] [entries, default 100000]
import { roundConfig } from '@fedkit/secagg';
import { table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { every } from './simulate.ts';
import { makeCohort, type ServerRun } from './synthetic-server.ts';

const clients = Number(process.argv[2] ?? 1000);
const percents = (process.argv[3] ?? '0,10,30').split(',').map(Number);
const entries = Number(process.argv[4] ?? 100_000);
const GOALS: Record<number, [goal: number, stretch: number, published: number]> = {
  0: [1, 1, 4.9],
  10: [25, 18, 180.9],
  30: [60, 45, 413.8],
};
const threshold = Math.ceil((2 * clients) / 3);
const config = roundConfig({
  clients,
  vectors: { update: { length: entries, bound: 32_767 } },
  graph: 'complete',
  threshold,
  corruptFraction: 0.3,
  dropoutFraction: 0.3,
  minimumClients: threshold,
  mode: 'semi-honest',
});
const machine = yardstick();
const run = await makeCohort(config);
await run(new Set());
const results = [];
for (const percent of percents) {
  // Long runs settle themselves; the short one is the median of five.
  const runs: ServerRun[] = [];
  for (let i = 0; i < (percent === 0 ? 5 : 1); i++) runs.push(await run(every(clients, percent / 100)));
  runs.sort((one, other) => one.total - other.total);
  results.push({ percent, ...runs[runs.length >> 1] });
}
console.log(
  `Server of ${clients} clients, complete graph, t = ${threshold}, ${entries} entries, one thread, CPU seconds:\n`,
);
const stages = ['advertise', 'share', 'input', 'unmask'];
console.log(
  table(
    ['dropouts', ...stages, 'total', 'goal', 'stretch', 'Bonawitz 2017, recorded'],
    results.map(({ percent, cpu, total }) => [
      `${percent} %`,
      ...stages.map((stage) => (cpu[stage] ?? 0).toFixed(2)),
      total.toFixed(2),
      ...(clients === 1000 && entries === 100_000 && GOALS[percent] ? GOALS[percent].map(String) : ['', '', '']),
    ]),
  ),
);
const measured = machine();
if (clients === 1000) writeResults('secagg-server', results, measured);
