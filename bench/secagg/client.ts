// CPU of one client in a complete graph, semi-honest, all steps with their state saved.
// pnpm bench secagg client [clients, default 1000] [entries, default 100000] [runs, default 5]
import { roundConfig } from '@fedkit/secagg';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { makePeers, runClient, type ClientRun } from './synthetic.ts';

const [clients = 1000, entries = 100_000, runs = 5] = process.argv.slice(2).map(Number);
// 16-bit inputs, as the paper has them.
const config = roundConfig({
  clients,
  vectors: { update: { length: entries, bound: 32_767 } },
  graph: 'complete',
  threshold: Math.ceil((2 * clients) / 3),
  corruptFraction: 0.3,
  dropoutFraction: 0.3,
  minimumClients: Math.ceil(0.67 * clients),
  mode: 'semi-honest',
});
const machine = yardstick();
const peers = await makePeers(clients);
const all: ClientRun[] = [];
for (let run = -2; run < runs; run++) {
  const result = await runClient(config, peers, Math.floor(clients / 10));
  if (run >= 0) all.push(result);
}
const steps = ['start', 'cohort', 'shares', 'unmask', 'total'] as const;
const cpu = Object.fromEntries(steps.map((step) => [step, median(all.map((run) => run.cpu[step]))]));
console.log(
  `One client of ${clients}, t = ${config.threshold}, ${entries} entries of ${config.vectors[0].bits} bits, median of ${runs}:\n`,
);
console.log(
  table(
    ['step', 'CPU ms'],
    steps.map((step) => [step, cpu[step].toFixed(1)]),
  ),
);
const clear = entries * 2;
console.log(
  `\nup ${all[0].bytesUp} bytes, ${(all[0].bytesUp / clear).toFixed(3)} × the clear 16-bit input; down ${all[0].bytesDown}; ${all[0].shares | 0} shares released`,
);
const measured = machine();
if (clients === 1000 && entries === 100_000) {
  console.log(`goal: ≤ 350 ms; Bonawitz et al. 2017, table recorded in a published figure: 1,699 ms (0 % dropout)`);
  writeResults('secagg-client', { clients, entries, cpu, bytesUp: all[0].bytesUp }, measured);
}
