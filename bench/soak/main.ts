// A federation over HTTP on files, while its servers are killed, frozen and doubled, its disk fails and its clock jumps; then the exact
// check: every acknowledged report is in the record of its round, once, and the model is what follows from what was sent.
// pnpm bench soak [minutes, default 5] [seed, default 1]
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { federatedServer, fileStore, secureRng, seededRng } from '@fedkit/core';
import { verifyStore } from '@fedkit/core/round';
import { Client, type Recorded } from './client.ts';
import { FAULTS, Fleet } from './faults.ts';
import { initial, pipeline, rounds } from './federation.ts';
import { judge } from './judge.ts';
import { shuffled } from './shuffled.ts';

const minutes = Number(process.argv[2] ?? 5);
const seed = process.argv[3] ?? '1';
const CLIENTS = 24;

const directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-soak-'));
const rng = seededRng(`soak ${seed}`);
const fleet = new Fleet(directory, rng.fork('fleet'));
const faults: Record<string, number> = {};
const problems: string[] = [];
console.log(`seed ${seed}, ${minutes} minutes, ${CLIENTS} clients, at most 1,200 sockets`);
console.log(
  'skipped: a disk that is really full or read-only needs root to mount one; both are put into the file system instead',
);

try {
  await fleet.open();
  const recorded: Recorded[] = [];
  let stopped = false;
  const clients = Array.from(
    { length: CLIENTS },
    (_, i) => new Client(`client ${i}`, rng.fork(`client ${i}`), () => fleet.ports, recorded),
  );
  const running = clients.map((client) => client.run(() => stopped));
  const names = Object.keys(FAULTS);
  const end = performance.now() + minutes * 60_000;
  let order: string[] = [];
  while (performance.now() < end) {
    // Every kind comes once before any comes again.
    if (order.length === 0) order = shuffled(names, rng);
    const name = order.pop() as string;
    await FAULTS[name](fleet, rng, recorded);
    faults[name] = (faults[name] ?? 0) + 1;
    await new Promise((resolve) => setTimeout(resolve, 300 + rng.below(700)));
  }
  // Without faults a round more comes to its end, and with it everything that was acknowledged.
  await fleet.tidy();
  const before = fleet.latest.published;
  const patience = performance.now() + 60_000;
  while (fleet.latest.published < before + 2 && performance.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (fleet.latest.published < before + 2) problems.push('no round was published once the faults had ended');
  stopped = true;
  await Promise.all(running);
  await fleet.end();

  const store = fileStore(fs, directory);
  for (const { key, problem } of (await verifyStore(store)).faults) problems.push(`${key}: ${problem}`);
  const server = await federatedServer({
    ...rounds,
    pipeline,
    initial,
    store,
    clock: () => performance.now(),
    rng: secureRng(),
  });
  const records = await server.records();
  const { problems: found, acknowledged } = judge(records, clients, server.params);
  problems.push(...found);
  const published = records.filter(({ outcome }) => outcome === 'published').length;
  await server.close();
  console.log(
    Object.entries(faults)
      .map(([name, count]) => `${count} × ${name}`)
      .join(', '),
  );
  console.log(
    `${acknowledged} acknowledged reports in ${published} published rounds of ${records.length}; at most ${Math.round(fleet.rss / 2 ** 20)} MB`,
  );
} finally {
  await fleet.end().catch(() => {});
  await fs.rm(directory, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'nothing lost, nothing doubled, the model exact' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
