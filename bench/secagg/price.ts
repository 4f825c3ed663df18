// What acknowledging costs a client, at equal k and t, beside rounds without it in the same run: these send what clients sent
// before there were words. Then the degrees that a lying server asks for, beside the earlier ones.
// pnpm bench secagg price [clients, default 1000] [runs, default 5] [entries of the rings, default 10000]
import { type RoundOptions, roundConfig } from '@fedkit/secagg';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { every, simulate } from './simulate.ts';
import { makePeers, runClient, type ClientRun } from './synthetic.ts';

const [clients = 1000, runs = 5, ringEntries = 10_000] = process.argv.slice(2).map(Number);
const dropped = Math.floor(clients / 20);
const machine = yardstick();

async function completeGraph(entries: number) {
  const configOf = (mode: RoundOptions['mode']) =>
    roundConfig({
      clients,
      vectors: { update: { length: entries, bound: 32_767 } },
      graph: 'complete',
      threshold: Math.ceil((2 * clients) / 3),
      minimumClients: Math.ceil((2 * clients) / 3),
      corruptFraction: 0.05,
      dropoutFraction: 0.05,
      ...(mode === undefined ? {} : { mode }),
    });
  const configs = { before: configOf('semi-honest'), now: configOf('semi-malicious') };
  const peers = await makePeers(clients);
  const all: Record<'before' | 'now', ClientRun[]> = { before: [], now: [] };
  for (let run = -2; run < runs; run++) {
    for (const which of ['before', 'now'] as const) {
      const result = await runClient(configs[which], peers, dropped);
      if (run >= 0) all[which].push(result);
    }
  }
  const cpu = {
    before: median(all.before.map((one) => one.cpu.total)),
    now: median(all.now.map((one) => one.cpu.total)),
  };
  // Ratios of neighbouring runs: what else the machine does meets both.
  const ratio = median(all.now.map((one, i) => one.cpu.total / all.before[i].cpu.total));
  const up = all.now[0].bytesUp - all.before[0].bytesUp;
  const down = all.now[0].bytesDown - all.before[0].bytesDown;
  return { entries, cpu, ratio, up, down, upPerPeer: up / (clients - 1), downPerPeer: down / (clients - 1) };
}

async function ring(label: string, options: Partial<RoundOptions>) {
  const config = roundConfig({
    clients,
    vectors: { update: { length: ringEntries, bound: 32_767 } },
    graph: 'harary',
    corruptFraction: 0.05,
    dropoutFraction: 0.05,
    ...options,
  });
  const result = await simulate(config, every(clients, 0.02));
  const of = (what: 'cpu' | 'up' | 'down') => median(result.clients.map((client) => client[what]));
  return { label, degree: config.degree, threshold: config.threshold, cpu: of('cpu'), up: of('up'), down: of('down') };
}

const complete = [await completeGraph(100_000), await completeGraph(10_000)];
console.log(`One client of ${clients} in the complete graph, medians of ${runs}:\n`);
console.log(
  table(
    ['entries', 'CPU ms before', 'now', 'ratio', 'goal', 'bytes up a peer', 'down a peer'],
    complete.map(({ entries, cpu, ratio, upPerPeer, downPerPeer }, i) => [
      `${entries}`,
      cpu.before.toFixed(1),
      cpu.now.toFixed(1),
      ratio.toFixed(3),
      `≤ ${i === 0 ? '1.10' : '1.25'}`,
      upPerPeer.toFixed(2),
      downPerPeer.toFixed(2),
    ]),
  ),
);

// 62 and 43 were the degree and threshold of n = 1000, γ = δ = 0.05 in protocol version 1.
const early = { degree: 62, threshold: 43 };
const rings = [
  await ring('before, 62/43 without words', { mode: 'semi-honest', ...early }),
  await ring('the same degree with words', { guarantee: 'one-sum', ...early }),
  await ring('one-sum', { guarantee: 'one-sum' }),
  await ring('cohort', {}),
];
const [base] = rings;
console.log(`\nOne client on a ring of ${clients}, γ = δ = 0.05, ${ringEntries} entries:\n`);
console.log(
  table(
    ['ring', 'k', 't', 'CPU ms', '×', 'bytes up', 'down'],
    rings.map(({ label, degree, threshold, cpu, up, down }) => [
      label,
      `${degree}`,
      `${threshold}`,
      cpu.toFixed(1),
      (cpu / base.cpu).toFixed(2),
      `${up}`,
      `${down}`,
    ]),
  ),
);
const measured = machine();
if (clients === 1000 && ringEntries === 10_000) {
  writeResults('secagg-price', { clients, ringEntries, complete, rings }, measured);
}
