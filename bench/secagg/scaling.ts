// Cost over clients n and entries m against the asymptotics of Bonawitz et al. 2017: client O(n² + mn), server O(mn²) at a
// fixed fraction of dropouts. Complete graph, logarithms to base 2 on both axes.
// pnpm bench secagg scaling
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roundConfig } from '@fedkit/secagg';
import { chart, type Panel } from '../../packages/fedkit/src/experiment/chart.ts';
import { median, table, writeResults } from '../shared/measure.ts';
import { every } from './simulate.ts';
import { makePeers, runClient } from './synthetic.ts';
import { makeCohort } from './synthetic-server.ts';

const RUNS = 3;

function configOf(clients: number, entries: number) {
  return roundConfig({
    clients,
    vectors: { update: { length: entries, bound: 32_767 } },
    graph: 'complete',
    threshold: Math.ceil((2 * clients) / 3),
    corruptFraction: 0.3,
    dropoutFraction: 0.3,
    minimumClients: Math.ceil((2 * clients) / 3),
    mode: 'semi-honest',
  });
}

async function clientCost(clients: number, entries: number): Promise<number> {
  const config = configOf(clients, entries);
  const peers = await makePeers(clients);
  const times: number[] = [];
  for (let run = -1; run < RUNS; run++) {
    const { cpu } = await runClient(config, peers, clients >> 3);
    if (run >= 0) times.push(cpu.total);
  }
  return median(times);
}

async function serverCost(clients: number, entries: number): Promise<number> {
  const run = await makeCohort(configOf(clients, entries));
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) times.push(1000 * (await run(every(clients, 0.125))).total);
  return median(times);
}

type Point = readonly [n: number, m: number, milliseconds: number];
async function sweep(cost: (n: number, m: number) => Promise<number>, cells: [number, number][]): Promise<Point[]> {
  const points: Point[] = [];
  for (const [n, m] of cells) points.push([n, m, await cost(n, m)]);
  return points;
}

/** The asymptotic cost through the largest point. */
function fit(points: readonly Point[], law: (n: number, m: number) => number): Point[] {
  const [n, m, time] = points[points.length - 1];
  return points.map(([a, b]) => [a, b, (time * law(a, b)) / law(n, m)]);
}

const over = (cells: number[], at: (size: number) => [number, number]): [number, number][] => cells.map(at);
const series = {
  clientOverN: await sweep(
    clientCost,
    over([64, 128, 256, 512, 1024], (n) => [n, 50_000]),
  ),
  clientOverM: await sweep(
    clientCost,
    over([12_500, 50_000, 200_000, 800_000], (m) => [128, m]),
  ),
  serverOverN: await sweep(
    serverCost,
    over([32, 64, 128, 256, 512], (n) => [n, 20_000]),
  ),
  serverOverM: await sweep(
    serverCost,
    over([12_500, 50_000, 200_000, 800_000], (m) => [64, m]),
  ),
};

function panel(title: string, points: readonly Point[], axis: 0 | 1, law: (n: number, m: number) => number): Panel {
  const log = (list: readonly Point[]) => list.map((point) => [Math.log2(point[axis]), Math.log2(point[2])] as const);
  return {
    title,
    x: axis === 0 ? 'log2 of clients' : 'log2 of entries',
    y: 'log2 of CPU ms',
    curves: [
      { label: 'measured', points: log(points) },
      { label: 'asymptotics, through the largest', points: log(fit(points, law)) },
    ],
  };
}
const client = (n: number, m: number) => m * n;
const server = (n: number, m: number) => m * n * n;
const svg = chart(
  'Secure aggregation: cost over clients and entries',
  [
    panel('client, m = 50,000: mn', series.clientOverN, 0, client),
    panel('client, n = 128: mn', series.clientOverM, 1, client),
    panel('server, m = 20,000, 1/8 dropped: mn²', series.serverOverN, 0, server),
    panel('server, n = 64, 1/8 dropped: mn²', series.serverOverM, 1, server),
  ],
  2,
);
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), '../results/secagg-scaling.svg'), svg);
for (const [name, points] of Object.entries(series)) {
  console.log(`\n${name}`);
  console.log(
    table(
      ['clients', 'entries', 'CPU ms'],
      points.map(([n, m, time]) => [`${n}`, `${m}`, time.toFixed(1)]),
    ),
  );
}
writeResults('secagg-scaling', series);
