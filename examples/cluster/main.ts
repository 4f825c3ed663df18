// Starts a database, a coordinator, two front ends and four workers on this machine: examples/cluster/main.ts [clients 200] [rounds 5]
// SIGHUP restarts them one by one; SIGTERM or Ctrl-C ends them, each after what it is at.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secureRng } from '@fedkit/core';
import { say } from './log.ts';
import { freePort, Member, startDatabase } from './members.ts';
import type { Setting } from './setting.ts';

// Before anything is begun: a signal that comes meanwhile is not lost.
let asked = (): void => {};
const stop = new Promise<void>((resolve) => (asked = resolve));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => asked());

const [clients, rounds] = [counted('clients', process.argv[2] ?? '200'), counted('rounds', process.argv[3] ?? '5')];
const folder = mkdtempSync(join(tmpdir(), 'fedkit-cluster-'));
const blobs = join(folder, 'blobs');
mkdirSync(blobs);
const urls = await Promise.all(Array.from({ length: 10 }, async () => `http://127.0.0.1:${await freePort()}`));
const [url, admin, first, second, ...rest] = urls;
const names = ['front-1', 'front-2', 'worker-1', 'worker-2', 'worker-3', 'worker-4'];
const password = process.env.CLUSTER_PASSWORD ?? Buffer.from(secureRng().fill(new Uint8Array(12))).toString('hex');
const database = await startDatabase(folder);
const setting: Setting = {
  database: database.url,
  blobs,
  name: 'cluster',
  clients,
  rounds,
  coordinator: { url, admin },
  fronts: [first, second],
  status: Object.fromEntries(names.map((name, i) => [name, rest[i]])),
};
const environment = {
  CLUSTER: JSON.stringify(setting),
  CLUSTER_KEY: Buffer.from(secureRng().fill(new Uint8Array(32))).toString('hex'),
  CLUSTER_PASSWORD: password,
};
const members = ['coordinator', ...names].map((name) => new Member(name, environment));
const begun = Promise.all(members.map((member) => member.started()));
if (await Promise.race([begun.then(() => true), stop.then(() => false)])) {
  const tsx = 'npx -y pnpm@12.21.0 exec tsx --conditions=@fedkit/source';
  const next = `${tsx} examples/cluster/clients.ts ${setting.fronts.join()} ${clients}`;
  say({ kind: 'up', fronts: setting.fronts, page: admin, password, pid: process.pid, folder, next });
}

let turn = Promise.resolve();
process.on('SIGHUP', () => {
  turn = turn.then(async () => {
    for (const member of members) await member.restart();
    say({ kind: 'restarted' });
  });
});
await stop;
await turn;
// Workers after the coordinator: it may be folding yet.
const [coordinator, ...others] = members;
await coordinator.stop();
await Promise.all(others.map((member) => member.stop()));
await database.stop();
rmSync(folder, { recursive: true, force: true });
say({ kind: 'down' });
process.exit();

function counted(what: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`${what}: expected a positive whole number, got ${text}`);
  process.exit(2);
}
