// SecAgg+ with real clients, its degree and threshold from graphParameters: what server and clients spend.
// pnpm bench secagg ring [clients, default 1000] [dropouts in percent, default 30] [mode, default semi-honest]
//   [assumed dropouts in percent, default as many] [entries, default 100000] [guarantee, default one-sum where semi-malicious]
//   [degree] [threshold]
import { type Guarantee, type Mode, roundConfig } from '@fedkit/secagg';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { crewApart } from './crew.ts';
import { every, simulate } from './simulate.ts';

const [clients = 1000, percent = 30] = process.argv.slice(2, 4).map(Number);
const mode = (process.argv[4] ?? 'semi-honest') as Mode;
const assumed = Number(process.argv[5] ?? percent);
const entries = Number(process.argv[6] ?? 100_000);
const guarantee = (process.argv[7] ?? (mode === 'semi-malicious' ? 'one-sum' : 'cohort')) as Guarantee;
const [degree, threshold] = process.argv.slice(8, 10).map(Number);
const config = roundConfig({
  clients,
  vectors: { update: { length: entries, bound: 32_767 } },
  graph: 'harary',
  corruptFraction: 0.05,
  dropoutFraction: assumed / 100,
  mode,
  guarantee,
  ...(degree === undefined ? {} : { degree }),
  ...(threshold === undefined ? {} : { threshold }),
});
const machine = yardstick();
// Clients in processes of their own: a heap full of them would be the server's to collect.
const result = await simulate(config, every(clients, percent / 100), crewApart(config));
const stages = Object.entries(result.server) as [string, number][];
const total = stages.reduce((sum, [, time]) => sum + time, 0);
const client = {
  cpu: median(result.clients.map(({ cpu }) => cpu)),
  up: median(result.clients.map(({ up }) => up)),
  down: median(result.clients.map(({ down }) => down)),
};
console.log(
  `${clients} clients, ${mode}, ${config.guarantee}, k = ${config.degree}, t = ${config.threshold}, ${entries} entries of ${config.vectors[0].bits} bits, ${percent} % dropped before their input, ${result.survivors} survivors; the sum is right.\n`,
);
console.log(
  table(
    ['server stage', 'CPU s'],
    [
      ...stages.map(([stage, time]) => [stage, (time / 1000).toFixed(2)] as const),
      ['total', (total / 1000).toFixed(2)] as const,
    ],
  ),
);
console.log(
  `\nclient, median: ${client.cpu.toFixed(1)} ms CPU, ${client.up} bytes up, ${client.down} down; whole simulation ${result.wallSeconds.toFixed(0)} s; resident, the server alone: ${(result.residentBytes / 2 ** 20).toFixed(0)} MiB`,
);
const measured = machine();
writeResults(
  `secagg-ring-${clients}-${percent}-${mode}`,
  {
    clients,
    percent,
    mode,
    degree: config.degree,
    threshold: config.threshold,
    serverCpu: result.server,
    client,
    wallSeconds: result.wallSeconds,
    residentBytes: result.residentBytes,
  },
  measured,
);
