// A round of a federation over processes that are killed: the model is the one that a single process comes to, to the last byte.
// pnpm bench cluster          1,000 updates of 1M parameters, then 20 schedules of kills on each database
// RESUME=1 pnpm bench cluster    the same, but for rounds that the last run has done: a busy machine takes them in doses
// pnpm bench cluster short    64 updates of 100K parameters: means by two schedules on each database; a median, a central and a secure
//                             round by one on a database that is drawn
// pnpm bench cluster speed [updates 1000] [parameters 1000000]       folding on two threads beside two independent loops
// pnpm bench cluster unmasking [dropped 40] [entries 100000]         unmasking a ring of which 30 % dropped, on two threads likewise
// pnpm bench cluster shares [updates 1000] [parameters 1000000]      four workers of the queue, and what the queue itself takes
// pnpm bench cluster queueing [short]  a model of queueing beside rounds on 1, 2 and 4 workers
// pnpm bench cluster growth   bytes, memory and processor time over clients and parameters, rounds of waiting tasks over workers: a picture,
//                             and what the model says of rounds that nobody runs here
//                             queueing and growth go on where they were cut off
// pnpm bench cluster scale [clients 1000000] [cohort 1000] [rounds 3]  a million virtual clients in one process
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRng } from '@fedkit/core';
import { kinds } from '../../packages/bullmq/test/servers.ts';
import type { DatabaseLoad } from '../../packages/bullmq/test/database-load.ts';
import { chart } from '../../packages/fedkit/src/experiment/chart.ts';
import { table, writeResults } from '../shared/measure.ts';
import { afresh, resumed } from '../shared/resume.ts';
import { type Load, type Outcome, runRound, scheduleOf } from './cluster.ts';
import { type Extrapolated, extrapolate, SETTINGS } from './extrapolate.ts';
import { growthChart } from './growth-chart.ts';
import { growth } from './growth.ts';
import { points } from './points.ts';
import { type Costs, foldingTime } from './queueing.ts';
import { scale } from './scale.ts';
import { shares } from './shares.ts';
import { speed } from './speed.ts';
import { unmasking } from './unmasking.ts';

// What was started ends with this process, and so it must end as such.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const [word, ...words] = process.argv.slice(2);
const numbers = (...defaults: number[]): number[] => defaults.map((one, i) => Number(words[i] ?? one));
/** What figures depend on: a run that was cut off goes on while they are what they were. */
const SOURCES = ['packages/core/src', 'packages/bullmq/src', 'bench/cluster'];
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

if (word === 'scale') {
  const [clients, cohort, rounds] = numbers(1_000_000, 1000, 3);
  const found = await scale(clients, cohort, rounds);
  console.log(
    `${clients} clients of whom ${cohort} take part in each of ${rounds} rounds, ${found.parameters} parameters:`,
  );
  console.log(`at most ${megabytes(found.most)} (goal 400), ${megabytes(found.before)} before there was a client;`);
  console.log(
    `${found.touched} states on the disk, ${found.seconds.toFixed(1)} s, accuracy ${found.accuracy.toFixed(3)}`,
  );
  writeResults('cluster-scale', found);
} else if (word === 'speed') {
  const [updates, parameters] = numbers(1000, 1_000_000);
  const found = await speed(updates, parameters, 64);
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  console.log(
    `${updates} updates of ${parameters}: one loop ${seconds(found.oneLoop)}, ${seconds(found.cpu)} of processor time;`,
  );
  console.log(
    `two loops ${seconds(found.twoLoops)}, two threads ${seconds(found.twoThreads)}: ${found.share.toFixed(2)} of them (goal 0.85)`,
  );
  writeResults('cluster-speed', found);
} else if (word === 'unmasking') {
  const [dropped, entries] = numbers(40, 100_000);
  const found = await unmasking(dropped, entries);
  for (const { cpu, twoLoops, twoThreads, share } of found.turns) {
    const [processor, loops, threads] = [cpu, twoLoops, twoThreads].map((time) => `${(time / 1000).toFixed(2)} s`);
    console.log(
      `${processor} of processor time: two loops ${loops}, two threads ${threads}, ${share.toFixed(2)} of them`,
    );
  }
  console.log(`${found.masks} masks of ${entries} entries: ${found.share.toFixed(2)} in the middle (goal 0.9)`);
  writeResults('cluster-unmasking', found);
} else if (word === 'queueing') await queueing(words[0] === 'short');
else if (word === 'growth') await grow();
else if (word === 'shares') {
  const [updates, parameters] = numbers(1000, 1_000_000);
  await queueShares(updates, parameters);
} else await schedulesOfKills(word === 'short', word === undefined || word === 'short' ? 20 : Number(word));

/** The rounds of the first two commands. */
async function schedulesOfKills(short: boolean, most: number): Promise<void> {
  const few: Load = { work: 'mean', parameters: 100_000, clients: 64, shard: 8, hold: 100 };
  const many: Load = { work: 'mean', parameters: 1_000_000, clients: 1000, shard: 64, hold: 0 };
  const median: Load = { ...few, work: 'median' };
  const central: Load = { ...few, work: 'central' };
  const secure: Load = { ...few, work: 'secure', parameters: 20_000, clients: 24 };
  const schedules = short ? 2 : most;
  const installed = kinds.filter(({ start }) => start !== undefined).map(({ name }) => name);
  const drawn = ({ work }: Load): string => installed[seededRng(`cluster short ${work}`).below(installed.length)];
  const rows: (Outcome & { database: string; what: string })[] = [];
  const before = process.env.RESUME && !short ? doneBefore() : [];

  for (const { name, start } of kinds) {
    if (start === undefined) {
      console.log(`${name} is not installed: skipped`);
      continue;
    }
    const plans = [
      ...(short ? [] : [{ what: 'none killed', load: many, kills: [] }]),
      ...[few, median, central, secure]
        .filter((load) => !short || load.work === 'mean' || drawn(load) === name)
        .flatMap((load) =>
          Array.from({ length: load.work === 'mean' ? schedules : Math.ceil(schedules / 4) }, (_, seed) => ({
            what: `${load.work}, schedule ${seed}`,
            load,
            kills: scheduleOf(seed, load.clients),
          })),
        ),
    ];
    for (const { what, load, kills } of plans) {
      const kept = before.find((row) => row.database === name && row.what === what && row.right && row.left === 0);
      if (kept !== undefined) {
        rows.push(kept);
        continue;
      }
      const server = await start();
      try {
        const outcome = await runRound(server, name, load, kills);
        rows.push({ ...outcome, database: name, what });
        if (!short) writeResults('cluster', rows);
        const verdict = verdictOf(load, outcome);
        console.log(
          `${name}, ${what}: ${outcome.kills} kills, ${outcome.seconds.toFixed(1)} s, ${verdict}, ${outcome.left} left`,
        );
      } finally {
        await server.stop();
      }
    }
  }
  console.log(
    table(
      ['round', 'kills', 'seconds', 'of them folding', 'model', 'keys, rows and blobs left'],
      rows.map(({ database, what, kills, seconds, folding, right, left }) => [
        `${database}, ${what}`,
        String(kills),
        seconds.toFixed(1),
        folding.toFixed(1),
        right ? 'right' : 'ANOTHER',
        String(left),
      ]),
    ),
  );
  if (rows.length === 0 && process.env.FEDKIT_REQUIRE_SERVERS)
    throw new Error('neither Redis nor PostgreSQL is installed');
  if (rows.some(({ right, left }) => !right || left > 0)) process.exitCode = 1;
}

function verdictOf({ work }: Load, { right }: Outcome): string {
  if (!right) return 'ANOTHER MODEL';
  return work === 'central' ? 'noised once and charged once' : 'the same bytes';
}

/** Predicts rounds from pieces, and runs them. */
async function queueing(short: boolean): Promise<void> {
  const kind = kinds.find(({ start }) => start !== undefined);
  if (kind?.start === undefined) return console.log('neither Redis nor PostgreSQL is installed: skipped');
  const server = await kind.start();
  try {
    const rounds = short
      ? [{ reports: 64, parameters: 100_000 }]
      : [64, 256].flatMap((reports) => [100_000, 1_000_000].map((parameters) => ({ reports, parameters })));
    const earlier = resumed('cluster-queueing', ...SOURCES);
    const found = await points(server, kind.name, rounds, short ? afresh : earlier.step);
    const worst = Math.max(...found.points.map(({ measured, predicted }) => Math.abs(predicted / measured - 1)));
    console.log(`predicted to ${(100 * worst).toFixed(0)} % at worst (goal 15)`);
    if (short) return;
    earlier.end();
    writeResults('cluster-queueing', { database: kind.name, ...found, worst });
    const line = (parameters: number, what: 'measured' | 'predicted') => ({
      label: `${parameters / 1e6}M parameters, ${what}`,
      points: found.points
        .filter((point) => point.parameters === parameters && point.reports === 256)
        .map((point) => [point.workers, point[what]] as const),
    });
    const grown = (d: number) => ({
      label: `${d / 1e6}M parameters`,
      points: [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20].map((power) => {
        const folding = {
          reports: 2 ** power,
          parameters: d,
          shard: 2 ** Math.ceil(power / 2),
          workers: 1000,
          cores: 1000,
        };
        return [power, Math.log10(foldingTime(found.costs, folding).total)] as const;
      }),
    });
    const panels = [
      {
        title: '256 reports on this machine',
        curves: [1e5, 1e6].flatMap((d) => [line(d, 'measured'), line(d, 'predicted')]),
        x: 'workers',
        y: 'seconds',
      },
      {
        title: 'a thousand workers, as the model has it',
        curves: [1e5, 1e6].map(grown),
        x: 'log2 of clients',
        y: 'log10 of seconds',
      },
    ];
    writeFileSync(
      join(import.meta.dirname, '../results/cluster-queueing.svg'),
      chart('Folding a round by workers', panels),
    );
  } finally {
    await server.stop();
  }
}

/** Rounds that nobody has run here, told. */
function furtherOut(costs: Costs, task: DatabaseLoad): Extrapolated[] {
  const settings = SETTINGS.map((setting) => extrapolate(costs, setting, task));
  for (const { what, slowest, steps, cpu, machines, traffic } of settings) {
    console.log(
      `${what}: ${(cpu / 3600).toFixed(2)} core hours, ${machines.toFixed(2)} $ and ${traffic.toFixed(0)} $ of models sent`,
    );
    for (const [step, seconds] of Object.entries(steps))
      console.log(`  ${step}: ${seconds.toFixed(1)} s${step === slowest ? ', first to break' : ''}`);
  }
  return settings;
}

/** What grows with what, drawn. */
async function grow(): Promise<void> {
  const kind = kinds.find(({ start }) => start !== undefined);
  if (kind?.start === undefined) return console.log('neither Redis nor PostgreSQL is installed: skipped');
  const server = await kind.start();
  try {
    const earlier = resumed('cluster-growth', ...SOURCES);
    const { costs, task, grown, held } = await growth(server, kind.name, earlier.step);
    const rows = grown.map((one) => [
      `${one.reports} x ${one.parameters}`,
      megabytes(one.reportBytes),
      megabytes(one.accumulatorBytes),
      megabytes(one.memory),
      `${one.cpu.toFixed(2)} s`,
      `${one.predictedCpu.toFixed(2)} s`,
    ]);
    console.log(table(['round', 'reports', 'accumulators', 'memory of a worker', 'processor', 'predicted'], rows));
    console.log(`a task: ${task.commands.toFixed(1)} commands and ${task.bytes.toFixed(0)} bytes of the database`);
    for (const { workers, measured, predicted } of held)
      console.log(`waiting tasks, ${workers} workers: ${measured.toFixed(2)} s, predicted ${predicted.toFixed(2)} s`);
    const off = (pairs: readonly (readonly [number, number])[]): number =>
      Math.max(...pairs.map(([measured, predicted]) => Math.abs(predicted / measured - 1)));
    const worst = {
      processor: off(grown.map(({ cpu, predictedCpu }) => [cpu, predictedCpu])),
      waiting: off(held.map(({ measured, predicted }) => [measured, predicted])),
    };
    const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
    console.log(`off by ${percent(worst.processor)} of processor time, ${percent(worst.waiting)} of waiting (goal 15)`);
    const settings = furtherOut({ ...costs, round: 0 }, task);
    earlier.end();
    writeResults('cluster-growth', { database: kind.name, costs, task, grown, held, worst, settings });
    writeFileSync(join(import.meta.dirname, '../results/cluster-growth.svg'), growthChart(costs, grown, held));
  } finally {
    await server.stop();
  }
}

/** What an earlier run wrote down. */
function doneBefore(): (Outcome & { database: string; what: string })[] {
  const file = join(import.meta.dirname, '../results/cluster.json');
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as { results: ReturnType<typeof doneBefore> }).results;
}

async function queueShares(updates: number, parameters: number): Promise<void> {
  const kind = kinds.find(({ start }) => start !== undefined);
  if (kind?.start === undefined) return console.log('neither Redis nor PostgreSQL is installed: skipped');
  const server = await kind.start();
  try {
    const found = await shares(server, kind.name, updates, parameters, 64);
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    console.log(
      `two loops ${found.twoLoops.toFixed(1)} s, four workers on ${kind.name} ${found.fourWorkers.toFixed(1)} s: ${found.share.toFixed(2)} of them (goal 0.7)`,
    );
    console.log(
      `of ${found.folding.toFixed(1)} s of folding the queue takes ${percent(found.queueShare)} (goal 10), accumulators ${percent(found.accumulatorShare)} (goal 25)`,
    );
    writeResults('cluster-shares', { database: kind.name, ...found });
  } finally {
    await server.stop();
  }
}
