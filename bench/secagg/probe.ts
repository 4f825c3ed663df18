// One measurement in a process of its own, printed as JSON; `against` runs it in two checkouts by turns, so that it uses what both
// have: the public package, and its own copy.
//   node --import tsx --conditions=@fedkit/source bench/secagg/probe.ts <setting> <clients> <entries> [degree threshold]
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type Directory,
  type RoundConfig,
  type RoundOptions,
  roundConfig,
  SecAggClient,
  SecAggServer,
} from '@fedkit/secagg';
import { nodeWorkerExecutor } from '@fedkit/secagg/node-workers';
import { acceptingPolicy, testingIdentities } from '@fedkit/secagg/testing';

// The sources are TypeScript, which a thread runs through a loader.
const WORKER = new URL('../../packages/secagg/test/worker-from-source.mjs', import.meta.url);

type Setting = 'ring' | 'ring-wall' | 'client' | 'malicious' | 'memory';

const [setting, clients, entries, degree, threshold] = process.argv
  .slice(2)
  .map((word, i) => (i === 0 ? word : Number(word))) as [Setting, number, number, number?, number?];
const DROPPED = { ring: 0.3, 'ring-wall': 0.3, client: 0, malicious: 0.2, memory: 0.05 }[setting];

function configOf(): RoundConfig {
  const options: RoundOptions = {
    clients,
    vectors: { update: { length: entries, bound: 32_767 } },
    corruptFraction: setting === 'malicious' ? 0.1 : 0.05,
    dropoutFraction: DROPPED,
    session: new Uint8Array(16).fill(1),
  };
  // Of the earlier version's sizes only the weaker guarantee holds; that version knows neither.
  const graph =
    degree === undefined || threshold === undefined ? {} : { degree, threshold, guarantee: 'one-sum' as const };
  if (setting === 'ring' || setting === 'ring-wall') return roundConfig({ ...options, graph: 'harary', ...graph });
  if (setting === 'memory') return roundConfig({ ...options, graph: 'harary', mode: 'semi-honest', ...graph });
  if (setting === 'client') {
    return roundConfig({ ...options, dropoutFraction: 0.05, graph: 'complete', mode: 'semi-honest' });
  }
  return roundConfig({ ...options, graph: 'complete', mode: 'malicious' });
}

const config = configOf();
const ids = Array.from({ length: clients }, (_, i) => `c${i}`);
const silent = new Set(ids.filter((_, i) => Math.floor((i + 1) * DROPPED) > Math.floor(i * DROPPED)));

/** CPU milliseconds of this process since then. */
function cpuSince(start?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const signing = testingIdentities(config.identities ? ids : [], 'probe');

/** Every device has a directory of its own, which it keeps; nothing is shared that devices would not share. */
const directories = new Map(
  config.identities
    ? ids.map((id) => {
        const keys = new Map(ids.map((other) => [other, signing.directory(other)?.slice()]));
        return [id, (other: string) => keys.get(other)];
      })
    : [],
);

function clientOf(id: string): SecAggClient {
  const options = {
    id,
    config,
    policy: acceptingPolicy(config),
    sealingKey: new Uint8Array(32),
    persist: async () => undefined,
    // Of one of the two versions.
    singleInstance: true,
    ...(config.identities && { identity: signing.identities[id], directory: directories.get(id) as Directory }),
  };
  return new SecAggClient(options);
}

interface Handler {
  receive(id: string, message: Uint8Array): Promise<void>;
  advance(): Promise<Iterable<readonly [string, Uint8Array]> | AsyncIterable<readonly [string, Uint8Array]>>;
  stage(): string;
}

/** A whole round; what clients spend, by client. */
async function drive(server: Handler): Promise<number[]> {
  const spent = new Map<string, number>(ids.map((id) => [id, 0]));
  const timed = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
    const start = process.cpuUsage();
    const result = await work();
    spent.set(id, (spent.get(id) as number) + cpuSince(start));
    return result;
  };
  const machines = new Map(ids.map((id) => [id, clientOf(id)]));
  for (const [id, machine] of machines) await server.receive(id, await timed(id, () => machine.start()));
  const input = { update: new Int32Array(entries).fill(3) };
  while (server.stage() !== 'finished') {
    const messages = await server.advance();
    const stage = server.stage();
    for await (const [id, message] of messages) {
      if (stage === 'input' && silent.has(id)) {
        machines.delete(id);
        continue;
      }
      const machine = machines.get(id) as SecAggClient;
      if (stage === 'input') machine.setInput(input);
      const answer = await timed(id, () => machine.receive(message));
      await server.receive(id, answer as Uint8Array);
    }
  }
  return [...spent].filter(([id]) => !silent.has(id)).map(([, time]) => time);
}

/** CPU and wall of what a server does. */
class Stopwatch {
  cpu = 0;
  wall = 0;

  async time<T>(work: () => Promise<T> | T): Promise<T> {
    const [start, began] = [process.cpuUsage(), performance.now()];
    const result = await work();
    this.cpu += cpuSince(start);
    this.wall += performance.now() - began;
    return result;
  }
}

function checkSum(server: SecAggServer): void {
  const { sums, survivors } = server.result();
  if (sums.update.some((value) => value !== 3 * survivors.length)) throw new Error('the sum is wrong');
}

function figures(times: number[], { cpu, wall }: { cpu: number; wall: number }): Record<string, number> {
  times.sort((one, other) => one - other);
  const round = times.reduce((sum, time) => sum + time, cpu);
  return { server: cpu, serverWall: wall, client: times[times.length >> 1], round };
}

/** Everybody in this process. */
async function inProcess(): Promise<Record<string, number>> {
  // What a device keeps of the keys in its directory it has from its first round, which is a figure of its own.
  const first = await measured();
  const later = await measured();
  return { ...later, firstRound: first.round, firstClient: first.client };
}

async function measured(): Promise<Record<string, number>> {
  const server = new SecAggServer({ config, ...(config.identities && { directory: signing.directory }) });
  const watch = new Stopwatch();
  const times = await drive({
    receive: (id, message) => watch.time(() => server.receive(id, message)),
    advance: () => watch.time(async () => [...(await server.advance())]),
    stage: () => server.stage,
  });
  checkSum(server);
  return figures(times, watch);
}

/** The server in a process of its own, so that what it spends is its alone, garbage of clients not among it. */
async function inChild(): Promise<Record<string, number>> {
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    env: { ...process.env, PROBE_SERVER: '1' },
    execArgv: process.execArgv,
    serialization: 'advanced',
  });
  const waiting: ((reply: unknown) => void)[] = [];
  child.on('message', (reply) => waiting.shift()?.(reply));
  const ask = <T>(request: unknown): Promise<T> =>
    new Promise((resolve) => {
      waiting.push(resolve as (reply: unknown) => void);
      child.send(request as object);
    });
  let stage = 'advertise';
  const times = await drive({
    receive: async (id, message) => void (await ask({ kind: 'receive', id, message })),
    async advance() {
      const opened = await ask<{ stage: string; ids: string[] }>({ kind: 'advance' });
      ({ stage } = opened);
      // Asked for one by one, as by a network.
      return fetched(opened.ids, (id) => ask<{ message: Uint8Array }>({ kind: 'message', id }));
    },
    stage: () => stage,
  });
  const { cpu, wall, rss } = await ask<{ cpu: number; wall: number; rss: number }>({ kind: 'figures' });
  child.disconnect();
  return setting === 'memory' ? { residentMiB: rss / 1024 } : figures(times, { cpu, wall });
}

async function* fetched(
  wanted: readonly string[],
  ask: (id: string) => Promise<{ message: Uint8Array }>,
): AsyncGenerator<readonly [string, Uint8Array]> {
  for (const id of wanted) yield [id, (await ask(id)).message];
}

function serve(): void {
  const executor =
    setting === 'ring-wall'
      ? nodeWorkerExecutor({ workers: 2, entry: WORKER, execArgv: ['--conditions=@fedkit/source'] })
      : undefined;
  const server = new SecAggServer({ config, ...(executor && { executor }) });
  const watch = new Stopwatch();
  process.on('message', (request: { kind: string; id: string; message: Uint8Array }) => {
    const answer = async (): Promise<object> => {
      switch (request.kind) {
        case 'receive':
          await watch.time(() => server.receive(request.id, request.message));
          return {};
        case 'advance': {
          const opened = await watch.time(() => server.advance());
          return { stage: server.stage, ids: [...opened.keys()] };
        }
        case 'message':
          return { message: await watch.time(() => server.messageFor(request.id)) };
        default:
          checkSum(server);
          await executor?.close();
          return { cpu: watch.cpu, wall: watch.wall, rss: process.resourceUsage().maxRSS };
      }
    };
    void answer().then((reply) => process.send?.(reply));
  });
}

/** One client alone, with peers that are made for it: a whole round of such clients takes minutes. */
async function oneClient(): Promise<Record<string, number>> {
  const { makePeers, runClient } = await import('./synthetic.ts');
  const peers = await makePeers(clients);
  const times: number[] = [];
  for (let run = -1; run < 5; run++) {
    const { cpu } = await runClient(config, peers, Math.floor(clients / 20));
    if (run >= 0) times.push(cpu.total);
  }
  times.sort((one, other) => one - other);
  return { client: times[times.length >> 1] };
}

if (process.env.PROBE_SERVER === '1') serve();
else {
  const measure = { client: oneClient, malicious: inProcess, ring: inChild, 'ring-wall': inChild, memory: inChild };
  console.log(JSON.stringify(await measure[setting]()));
}
