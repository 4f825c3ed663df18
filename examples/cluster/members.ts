/**
 * Processes that are started again when they die, and end when they are asked.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** With a small heap V8 collects all of it for every few megabytes of reports. */
const HEAP = ['--initial-heap-size=256', '--max-semi-space-size=4'];

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A process of the cluster under its name. What it says goes on, a line of JSON each with the name in it. */
export class Member {
  readonly name: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child!: ChildProcess;
  #gone!: Promise<void>;
  #begun!: Promise<void>;
  #ending = false;

  constructor(name: string, environment: NodeJS.ProcessEnv) {
    this.name = name;
    this.#environment = environment;
    this.#start();
  }

  #start(): void {
    const tsx = import.meta.resolve('tsx');
    const words = [
      ...HEAP,
      '--import',
      tsx,
      '--conditions=@fedkit/source',
      join(import.meta.dirname, 'process.ts'),
      this.name,
    ];
    const child = spawn(process.execPath, words, {
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'inherit'],
      // Ctrl-C is for whoever started it, which ends all in their order.
      detached: true,
    });
    this.#child = child;
    this.#begun = new Promise((resolve) => {
      let rest = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          console.log(line.startsWith('{') ? `{"process":"${this.name}",${line.slice(1)}` : line);
          if (line.includes('"kind":"started"')) resolve();
        }
      });
    });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    this.#gone = new Promise((resolve) =>
      child.once('exit', () => {
        process.off('exit', end);
        resolve();
        if (!this.#ending) setTimeout(() => this.#ending || this.#start(), 500);
      }),
    );
  }

  started(): Promise<void> {
    return this.#begun;
  }

  /** Lets it finish what it is at. */
  async stop(): Promise<void> {
    this.#ending = true;
    this.#child.kill('SIGTERM');
    await this.#gone;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#ending = false;
    this.#start();
    await this.#begun;
  }
}

/** A Redis of our own in `folder`; or the database that `DATABASE_URL` names, which is left as it is. */
export async function startDatabase(folder: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined) return { url: given, stop: async () => {} };
  const program = ['/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(':')]
    .map((path) => join(path, 'redis-server'))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error('install redis-server, or name a database: DATABASE_URL=postgres://…');
  const port = await freePort();
  const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
  const child = spawn(program, [...words, ...durable], { stdio: 'ignore', detached: true });
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  while (!(await listens(port))) await pause(50);
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

const [LOWEST, COUNT] = [10_000, 22_000];
let next = process.pid * 97;

/**
 * A port at which nobody listens, below those that the system hands out by itself: it stays free until it is used, and while its process is
 * restarted.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer().once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
}
