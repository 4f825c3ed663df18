/**
 * Processes of flwr: a SuperLink, SuperNodes, runs.
 *
 * @module
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../../core/test/free-port.ts';
import { startedWith, treeOf } from './process-tree.ts';

const run = promisify(execFile);

/** A process and what it said. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Ends it and all that it started. */
  stop(): Promise<void>;
}

/** What a round of the app's ServerApp wrote down. */
export interface RecordedRound {
  readonly replies: readonly {
    readonly arrays?: RecordedArrays;
    readonly metrics?: Readonly<Record<string, number>>;
    readonly error?: string;
  }[];
  readonly arrays: RecordedArrays | null;
  readonly metrics: Readonly<Record<string, number>> | null;
  readonly evaluation?: Readonly<Record<string, number>> | null;
}
export type RecordedArrays = Readonly<
  Record<string, { readonly dtype: string; readonly shape: readonly number[]; readonly values: readonly number[] }>
>;
/** What a run wrote down. */
export interface RecordedRun {
  readonly rounds: readonly RecordedRound[];
  readonly arrays: RecordedArrays;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** flwr of one environment, its files in `folder`. */
export class Flwr {
  readonly #environment: string;
  readonly folder: string;
  readonly #running: Running[] = [];
  readonly #apps = new Map<string, string>();
  #runs = 0;

  constructor(environment: string, folder: string) {
    this.#environment = environment;
    this.folder = folder;
    mkdirSync(join(folder, 'home'), { recursive: true });
    process.once('exit', () => {
      for (const pid of startedWith(`FLWR_HOME=${this.#env.FLWR_HOME}`)) kill(pid);
    });
  }

  get #env(): NodeJS.ProcessEnv {
    const { PATH } = process.env;
    return {
      PATH: `${join(this.#environment, 'bin')}:${PATH}`,
      HOME: this.folder,
      FLWR_HOME: join(this.folder, 'home'),
      FLWR_TELEMETRY_ENABLED: '0',
      TMPDIR: this.folder,
      PYTHONDONTWRITEBYTECODE: '1',
    };
  }

  /** Starts a program. */
  start(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd: string = this.folder): Running {
    const child = spawn(command, words, {
      cwd,
      env: { ...this.#env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-100_000));
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.once('error', (error) => (output += String(error)));
    // Also where this process ends before it has stopped them.
    const end = (): void => {
      if (child.pid === undefined) return;
      for (const { pid } of treeOf(child.pid)) kill(pid);
      kill(child.pid);
    };
    process.once('exit', end);
    // Its number may be another's by then.
    child.once('exit', () => process.off('exit', end));
    const running = {
      child,
      output: () => output,
      stop: async () => {
        process.off('exit', end);
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
        end();
        await gone;
      },
    };
    this.#running.push(running);
    return running;
  }

  /** A SuperLink that answers. */
  async superlink(
    words: readonly string[] = ['--insecure'],
  ): Promise<{ readonly running: Running; readonly port: number }> {
    const port = await freePort();
    const all = [...words, '--disable-runtime-dependency-installation', '--port', String(port)];
    const running = this.start('flower-superlink', all);
    while (!(await this.#listens(port))) await this.#pause(running);
    return { running, port };
  }

  #listens(port: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
  }

  /** A SuperNode of Python. */
  async supernode(
    port: number,
    partition: number,
    words: readonly string[] = ['--insecure'],
    config: Readonly<Record<string, string>> = {},
  ): Promise<Running> {
    const settings = Object.entries(config).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    return this.start('flower-supernode', [
      ...words,
      `--superlink=127.0.0.1:${port}`,
      `--port=${await freePort()}`,
      `--node-config=partition=${partition}${settings.join('')}`,
    ]);
  }

  /** A copy of an app, since building leaves files in it. */
  #app(app: string): string {
    const there = this.#apps.get(app);
    if (there !== undefined) return there;
    const copy = join(this.folder, `app-${this.#apps.size}`);
    cpSync(app, copy, { recursive: true });
    this.#apps.set(app, copy);
    return copy;
  }

  /** The bundle of an app. */
  async bundle(app: string): Promise<Uint8Array> {
    const cwd = this.#app(app);
    await run('flwr', ['build'], { cwd, env: this.#env });
    const name = readdirSync(cwd).find((file) => file.endsWith('.fab')) as string;
    return new Uint8Array(readFileSync(join(cwd, name)));
  }

  /** Where `flwr` finds the SuperLink `here`. */
  configure(port: number, superlink: string): void {
    const file = `[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "127.0.0.1:${port}"\n${superlink}\n`;
    writeFileSync(join(this.folder, 'home/config.toml'), file);
  }

  /** Runs a command of `flwr`. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await run('flwr', words, { cwd: this.folder, env: this.#env });
    return stdout;
  }

  /** Runs an app at a SuperLink: what its ServerApp wrote down. */
  async run<T = RecordedRun>(
    app: string,
    port: number,
    config: Readonly<Record<string, string | number | boolean>>,
    superlink: string = 'insecure = true',
  ): Promise<T> {
    const out = join(this.folder, `run-${++this.#runs}.json`);
    this.configure(port, superlink);
    const settings = Object.entries({ ...config, out }).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    await run('flwr', ['run', this.#app(app), 'here', '--run-config', settings.join(' ')], { env: this.#env });
    for (;;) {
      if (existsSync(out)) {
        try {
          return JSON.parse(readFileSync(out, 'utf8')) as T;
        } catch {
          // Still being written.
        }
      }
      await this.#pause(this.#running[0]);
    }
  }

  async #pause({ child, output }: Running): Promise<void> {
    if (child.exitCode !== null) throw new Error(`flwr ended:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }

  /** What every process said, for a test that failed. */
  outputs(): string {
    return this.#running.map(({ child, output }) => `== ${child.spawnargs.join(' ')}\n${output()}`).join('\n');
  }

  async stop(): Promise<void> {
    for (const running of this.#running.splice(0).reverse()) await running.stop();
    // flwr starts ClientApps by processes that end before them.
    for (const pid of startedWith(`FLWR_HOME=${this.#env.FLWR_HOME}`)) kill(pid);
  }
}
