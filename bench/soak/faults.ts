// What goes wrong in a soak, by seed: processes, disks, clocks, and strangers.
import { type ChildProcess, fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { SeededRng } from '@fedkit/core';
import { post, type Recorded } from './client.ts';
import type { Order, Said } from './server.ts';
import { shuffled } from './shuffled.ts';

const YEAR = 365 * 86_400_000;
const wait = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** One server process. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly port: Promise<number>;
  published = 0;
  rss = 0;
  superseded = false;

  constructor(directory: string, seed: string) {
    this.#child = fork(new URL('server.ts', import.meta.url), [directory, seed], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.port = new Promise((resolve, reject) => {
      this.#child.on('message', (said: Said) => {
        if ('port' in said) resolve(said.port);
        else if ('superseded' in said) this.superseded = true;
        else ({ published: this.published, rss: this.rss } = said);
      });
      this.#child.on('exit', () => reject(new Error('a server ended as it began')));
    });
    this.port.catch(() => {});
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const over = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGKILL');
    await over;
  }
}

/** The servers of one store, the latest last. */
export class Fleet {
  readonly #directory: string;
  readonly #rng: SeededRng;
  readonly #servers: ServerProcess[] = [];
  #ports: number[] = [];
  #lives = 0;
  published = 0;
  rss = 0;

  constructor(directory: string, rng: SeededRng) {
    this.#directory = directory;
    this.#rng = rng;
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  get latest(): ServerProcess {
    return this.#servers[this.#servers.length - 1];
  }

  /** Another server on the store, until one opens it. */
  async open(): Promise<void> {
    for (let tries = 0; tries < 20; tries++) {
      const server = new ServerProcess(this.#directory, `life ${this.#lives++} ${this.#rng.below(2 ** 31)}`);
      try {
        const port = await server.port;
        this.#servers.push(server);
        this.#ports.push(port);
        return;
      } catch {
        await server.end();
      }
    }
    throw new Error('no server could open the store');
  }

  /** All but the latest end. */
  async tidy(): Promise<void> {
    for (const server of this.#servers) {
      this.published = Math.max(this.published, server.published);
      this.rss = Math.max(this.rss, server.rss);
    }
    for (const server of this.#servers.splice(0, this.#servers.length - 1)) await server.end();
    this.#ports = this.#ports.slice(-1);
  }

  async end(): Promise<void> {
    await this.tidy();
    await this.latest.end();
  }
}

export type Fault = (fleet: Fleet, rng: SeededRng, recorded: readonly Recorded[]) => Promise<void>;

const disk =
  (fault: 'ENOSPC' | 'EROFS' | 'EIO'): Fault =>
  async (fleet, rng) => {
    fleet.latest.tell({ disk: fault });
    await wait(500 + rng.below(1500));
    fleet.latest.tell({ disk: null });
  };

/** By name, as they are counted at the end. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  SIGKILL: async (fleet) => {
    await fleet.latest.end();
    await fleet.open();
    await fleet.tidy();
  },
  'SIGSTOP and another server': async (fleet, rng) => {
    const frozen = fleet.latest;
    frozen.signal('SIGSTOP');
    await wait(rng.below(300));
    await fleet.open();
    await wait(500 + rng.below(1500));
    // Awake again beside the newer one: it must stop by itself.
    frozen.signal('SIGCONT');
    await wait(1000 + rng.below(1000));
    await fleet.tidy();
  },
  'a slow SIGSTOP': async (fleet, rng) => {
    const { latest } = fleet;
    latest.signal('SIGSTOP');
    await wait(300 + rng.below(2000));
    latest.signal('SIGCONT');
  },
  'two live servers': async (fleet, rng) => {
    await fleet.open();
    await wait(1000 + rng.below(1500));
    await fleet.tidy();
  },
  'disk full': disk('ENOSPC'),
  'read-only disk': disk('EROFS'),
  'failing disk': disk('EIO'),
  'clock a year off': async (fleet, rng) => {
    fleet.latest.tell({ clock: rng.below(2) === 0 ? YEAR : -YEAR });
    await wait(300);
  },
  'idle connections': async (fleet, rng) => {
    const sockets: Socket[] = [];
    for (let i = 0; i < 1000; i++) {
      const socket = connect(fleet.ports[fleet.ports.length - 1], '127.0.0.1');
      socket.on('error', () => {});
      if (i % 3 === 0) socket.write('POST /fedkit HTTP/1.1\r\nhost: a\r\nx-client: idle\r\ncontent-length: 5');
      sockets.push(socket);
    }
    await wait(500 + rng.below(1500));
    for (const socket of sockets) socket.destroy();
  },
  garbage: async (fleet, rng) => {
    const port = fleet.ports[fleet.ports.length - 1];
    const one = () => post(port, `client ${rng.below(40)}`, rng.fill(new Uint8Array(rng.below(3000)))).catch(() => {});
    for (let i = 0; i < 15; i++) await Promise.all(Array.from({ length: 40 }, one));
  },
  replay: async (fleet, rng, recorded) => {
    const port = fleet.ports[fleet.ports.length - 1];
    const all = shuffled(recorded, rng);
    while (all.length > 0) {
      await Promise.all(all.splice(0, 40).map(({ client, body }) => post(port, client, body).catch(() => {})));
    }
  },
};
