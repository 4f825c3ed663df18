// Flower's setting: 20 clients, complete graph, 100,000 entries, 30 % dropped before their input.
// pnpm bench secagg flower [runs, default 5]
import { roundConfig } from '@fedkit/secagg';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { every, simulate } from './simulate.ts';

// Recorded for Flower 1.28 on a machine of this kind: medians of its own in-process round with 6 of 20 dropped.
const FLOWER = { server: 1870, client: 74, upload: 800_264 };
const runs = Number(process.argv[2] ?? 5);
const clients = 20;
const config = roundConfig({
  clients,
  // Flower sums 22-bit values; weights included it uses 32 bits of the ring.
  vectors: { update: { length: 100_000, bound: 2 ** 21 } },
  graph: 'complete',
  threshold: 11,
  corruptFraction: 0.3,
  dropoutFraction: 0.3,
  minimumClients: 11,
  mode: 'semi-honest',
});
const machine = yardstick();
const dropped = every(clients, 0.3);
const all = [];
// Ten rounds first, as a server that has run for a while: engines go on compiling until then.
for (let run = -10; run < runs; run++) {
  const result = await simulate(config, dropped, false);
  if (run >= 0) all.push(result);
}
const serverTimes = all.map(({ server }) => Object.values(server).reduce((sum, time) => sum + time, 0));
const server = median(serverTimes);
const client = median(all.flatMap((result) => result.clients.map(({ cpu }) => cpu)));
const upload = median(all.flatMap((result) => result.clients.map(({ up }) => up)));
const whole = server + clients * client;
const flowerWhole = FLOWER.server + clients * FLOWER.client;
console.log(
  table(
    ['', 'here', 'Flower 1.28, recorded', 'ratio', 'goal'],
    [
      ['server, CPU ms', server.toFixed(1), `${FLOWER.server}`, `${(FLOWER.server / server).toFixed(1)} ×`, '≥ 40 ×'],
      ['client, CPU ms', client.toFixed(1), `${FLOWER.client}`, `${(FLOWER.client / client).toFixed(1)} ×`, ''],
      ['whole round, CPU ms', whole.toFixed(0), `${flowerWhole}`, `${(flowerWhole / whole).toFixed(1)} ×`, '≥ 15 ×'],
      ['upload, bytes', `${upload}`, `${FLOWER.upload}`, `${(upload / FLOWER.upload).toFixed(3)} of it`, '≤ 0.44'],
    ],
  ),
);
console.log(`\n${config.vectors[0].bits} bits an entry; medians of ${runs}`);
writeResults('secagg-flower', { server, client, whole, upload, recorded: FLOWER }, machine());
