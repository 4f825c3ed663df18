// Clients per second of processor time that one server takes to a folded update, beside node:http copying the same bytes
// alone; and its memory over thousands of them.
// pnpm bench transport [parameters, default 200000] [rounds, default 31] [uploads to watch the memory over, default 10000]
import { type ChildProcess, fork } from 'node:child_process';
import { median, table, writeResults } from '../shared/measure.ts';
import { Load } from './load.ts';
import { COHORT, type Kind, type Usage } from './protocol.ts';

const parameters = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 31);
const watched = Number(process.argv[4] ?? 10_000);
const UPLOADS = 2 * COHORT;
const GOALS: Partial<Record<Kind, number>> = { fold: 0.65, server: 0.45, files: 0.3 };
/** Until every path is compiled. */
const WARM_UP = 2000;
/**
 * For all of them, as docs/transports.md advises. Node reads sockets into fresh buffers of 64 KB: with a small heap V8 collects
 * all of it for every few megabytes of them, with large young generations they have left every cache before they are used
 * again, and glibc gives their pages back to the system only to fetch them again.
 */
const FLAGS = ['--initial-heap-size=256', '--max-semi-space-size=4'];
const ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '100000000', MALLOC_MMAP_THRESHOLD_: '33554432' };

class Server {
  readonly #child: ChildProcess;
  port = 0;

  constructor(kind: Kind) {
    this.#child = fork(
      new URL('server.ts', import.meta.url),
      [kind, `${parameters}`, Buffer.from(load.announced).toString('hex')],
      {
        execArgv: [...process.execArgv, ...FLAGS],
        env: { ...process.env, ...ENVIRONMENT },
      },
    );
  }

  async start(): Promise<this> {
    ({ port: this.port } = await this.#next<{ port: number }>());
    return this;
  }

  usage(): Promise<Usage> {
    const answer = this.#next<Usage>();
    this.#child.send('usage');
    return answer;
  }

  /** It ends once nobody is connected to it any more. */
  end(): void {
    this.#child.disconnect();
  }

  #next<T>(): Promise<T> {
    return new Promise((resolve) => this.#child.once('message', (message) => resolve(message as T)));
  }
}

const load = new Load(parameters);
const kinds: readonly Kind[] = ['copy', 'take', 'float32', 'fold', 'server', 'files'];
const servers = Object.fromEntries(
  await Promise.all(kinds.map(async (kind) => [kind, await new Server(kind).start()] as const)),
) as Record<Kind, Server>;
const send = (kind: Kind, count: number) =>
  load[kind === 'server' || kind === 'files' ? 'rounds' : 'uploads'](servers[kind].port, count);

const each = <T>(value: (kind: Kind) => T) =>
  Object.fromEntries(kinds.map((kind) => [kind, value(kind)])) as Record<Kind, T>;
const times = each((): number[] => []);
for (const kind of kinds) await send(kind, WARM_UP);
for (let round = 0; round < rounds; round++) {
  for (const kind of kinds) {
    const before = await servers[kind].usage();
    await send(kind, UPLOADS);
    const after = await servers[kind].usage();
    times[kind].push((after.milliseconds - before.milliseconds) / UPLOADS);
  }
}
const milliseconds = each((kind) => median(times[kind]));
// Turns are neighbours in time: their ratio bears what else the machine does better than that of the medians.
const ratios = each((kind) => median(times[kind].map((time, i) => times.copy[i] / time)));

const rss: number[] = [];
for (let done = 0; done < watched; done += watched / 20) {
  await send('server', watched / 20);
  rss.push((await servers.server.usage()).rss);
}
const megabytes = rss.map((bytes) => Math.round(bytes / 2 ** 20));
for (const kind of kinds) servers[kind].end();
load.close();

const titles: Record<Kind, string> = {
  copy: 'node:http alone, into one buffer (the limit)',
  take: 'fetchHandler: authenticated, bounded, handed over',
  float32: 'the same, decoded and folded into a float32 mean',
  fold: 'the same, decoded and folded into a reproducible mean',
  server: 'federatedServer behind it: joined, stored, folded, rounds closed',
  files: 'the same on a file store',
};
console.log(
  `Updates of ${parameters} float32 values over loopback; processor time of the server, medians of ${rounds} turns.\n`,
);
console.log(
  table(
    ['server', 'ms', 'clients / s', 'of node:http', 'goal'],
    kinds.map((kind) => [
      titles[kind],
      milliseconds[kind].toFixed(2),
      (1000 / milliseconds[kind]).toFixed(0),
      ratios[kind].toFixed(2),
      GOALS[kind] === undefined ? '' : `≥ ${GOALS[kind]}`,
    ]),
  ),
);
console.log(
  `\nMemory of the whole server over ${watched} clients, sampled ${rss.length} times: ${megabytes.join(' ')} MB.`,
);
writeResults('transport', {
  parameters,
  rounds,
  settings: { node: FLAGS, environment: ENVIRONMENT },
  milliseconds,
  clientsPerSecond: each((kind) => 1000 / milliseconds[kind]),
  ofNodeHttp: ratios,
  memory: { clients: watched, megabytes },
});
