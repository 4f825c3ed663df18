// Starts a database, a coordinator, two front ends and four workers on this machine: examples/cluster/main.ts [clients 200] [rounds 5]
// SIGHUP restarts them one by one; SIGTERM or Ctrl-C ends them, each after what it is at.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secureRng } from '@fedkit/core';
import { Member, startDatabase, freePort } from './members.ts';
import type { Setting } from './setting.ts';

const [clients = '200', rounds = '5'] = process.argv.slice(2);
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
  clients: Number(clients),
  rounds: Number(rounds),
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
await Promise.all(members.map((member) => member.started()));
console.log(JSON.stringify({ kind: 'up', fronts: setting.fronts, page: admin, password, folder }));
writeFileSync(join(folder, 'fronts.json'), JSON.stringify(setting.fronts));

let turn = Promise.resolve();
process.on('SIGHUP', () => {
  turn = turn.then(async () => {
    for (const member of members) await member.restart();
    console.log(JSON.stringify({ kind: 'restarted' }));
  });
});
const stop = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});
await stop;
await turn;
// Workers after the coordinator: it may be folding yet.
const [coordinator, ...others] = members;
await coordinator.stop();
await Promise.all(others.map((member) => member.stop()));
await database.stop();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ kind: 'down' }));
process.exit();
