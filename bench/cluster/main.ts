// A round of a federation over processes that are killed: the model is the one that a single process comes to, to the last byte.
// pnpm bench cluster          1,000 updates of 1M parameters, then 20 schedules of kills on each database
// pnpm bench cluster short    64 updates of 100K parameters, two schedules on each
import { kinds } from '../../packages/bullmq/test/servers.ts';
import { table, writeResults } from '../shared/measure.ts';
import { type Outcome, runRound, scheduleOf } from './cluster.ts';
import { expectedDigest } from './federation.ts';

// What was started ends with this process, and so it must end as such.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const short = process.argv[2] === 'short';
const few = { parameters: 100_000, clients: 64, shard: 8, hold: 100 };
const many = { parameters: 1_000_000, clients: 1000, shard: 64, hold: 0 };
const schedules = short ? 2 : Number(process.argv[2] ?? 20);
const rows: (Outcome & { database: string; what: string; same: boolean })[] = [];

for (const { name, start } of kinds) {
  if (start === undefined) {
    console.log(`${name} is not installed: skipped`);
    continue;
  }
  const plans = [
    ...(short ? [] : [{ what: 'none killed', load: many, kills: [] }]),
    ...Array.from({ length: schedules }, (_, seed) => ({
      what: `schedule ${seed}`,
      load: few,
      kills: scheduleOf(seed, few.clients),
    })),
  ];
  for (const { what, load, kills } of plans) {
    const server = await start();
    try {
      const outcome = await runRound(server, name, load, kills);
      const same =
        outcome.digest === expectedDigest(load) && outcome.contributors === load.clients && outcome.rounds === 1;
      rows.push({ ...outcome, database: name, what, same });
      const verdict = same ? 'the same bytes' : 'ANOTHER MODEL';
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
    rows.map(({ database, what, kills, seconds, folding, same, left }) => [
      `${database}, ${what}`,
      String(kills),
      seconds.toFixed(1),
      folding.toFixed(1),
      same ? 'the same bytes' : 'ANOTHER',
      String(left),
    ]),
  ),
);
if (!short) writeResults('cluster', rows);
if (rows.length === 0 && process.env.FEDKIT_REQUIRE_SERVERS)
  throw new Error('neither Redis nor PostgreSQL is installed');
if (rows.some(({ same, left }) => !same || left > 0)) process.exitCode = 1;
