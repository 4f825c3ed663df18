// A round of a federation over processes that are killed: the model is the one that a single process comes to, to the last byte.
// pnpm bench cluster          1,000 updates of 1M parameters, then 20 schedules of kills on each database
// pnpm bench cluster short    64 updates of 100K parameters, two schedules on each
// pnpm bench cluster speed [updates 1000] [parameters 1000000]       folding on two threads beside two independent loops
// pnpm bench cluster scale [clients 1000000] [cohort 1000] [rounds 3]  a million virtual clients in one process
import { kinds } from '../../packages/bullmq/test/servers.ts';
import { table, writeResults } from '../shared/measure.ts';
import { type Load, type Outcome, runRound, scheduleOf } from './cluster.ts';
import { scale } from './scale.ts';
import { speed } from './speed.ts';

// What was started ends with this process, and so it must end as such.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const [word, ...words] = process.argv.slice(2);
const numbers = (...defaults: number[]): number[] => defaults.map((one, i) => Number(words[i] ?? one));
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
} else await schedulesOfKills(word === 'short', word === undefined || word === 'short' ? 20 : Number(word));

/** The rounds of the first two commands. */
async function schedulesOfKills(short: boolean, most: number): Promise<void> {
  const few: Load = { work: 'mean', parameters: 100_000, clients: 64, shard: 8, hold: 100 };
  const many: Load = { work: 'mean', parameters: 1_000_000, clients: 1000, shard: 64, hold: 0 };
  const median: Load = { ...few, work: 'median' };
  const central: Load = { ...few, work: 'central' };
  const secure: Load = { ...few, work: 'secure', parameters: 20_000, clients: 24 };
  const schedules = short ? 2 : most;
  const rows: (Outcome & { database: string; what: string })[] = [];

  for (const { name, start } of kinds) {
    if (start === undefined) {
      console.log(`${name} is not installed: skipped`);
      continue;
    }
    const plans = [
      ...(short ? [] : [{ what: 'none killed', load: many, kills: [] }]),
      ...[few, median, central, secure].flatMap((load) =>
        Array.from({ length: load.work === 'mean' ? schedules : Math.ceil(schedules / 4) }, (_, seed) => ({
          what: `${load.work}, schedule ${seed}`,
          load,
          kills: scheduleOf(seed, load.clients),
        })),
      ),
    ];
    for (const { what, load, kills } of plans) {
      const server = await start();
      try {
        const outcome = await runRound(server, name, load, kills);
        rows.push({ ...outcome, database: name, what });
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
  if (!short) writeResults('cluster', rows);
  if (rows.length === 0 && process.env.FEDKIT_REQUIRE_SERVERS)
    throw new Error('neither Redis nor PostgreSQL is installed');
  if (rows.some(({ right, left }) => !right || left > 0)) process.exitCode = 1;
}

function verdictOf({ work }: Load, { right }: Outcome): string {
  if (!right) return 'ANOTHER MODEL';
  return work === 'central' ? 'noised once and charged once' : 'the same bytes';
}
