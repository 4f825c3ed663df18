/**
 * A cluster on this machine: a database, a coordinator, two front ends, four workers, as processes that can be killed and come back.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queueTasks } from '@fedkit/bullmq';
import { fileStore, seededRng, secureRng } from '@fedkit/core';
import { storeBlobs } from '@fedkit/core/engine';
import { buildSync } from 'esbuild';
import type { Server } from '../../packages/bullmq/test/servers.ts';
import { freePort } from '../../packages/core/test/free-port.ts';
import { SERVER_FLAGS } from '../../packages/fedkit/src/serve/relaunch.ts';
import { pause, reportAll } from './clients.ts';
import { type ClusterConfig, CLIP, digestOf, expectedParams, ledgerOn, NOISE, vanishing } from './federation.ts';

const root = join(import.meta.dirname, '../..');
export const FRONTS = 2;
export const WORKERS = 4;

/** A process that is started again whenever it ends. */
class Kept {
  readonly #words: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #tell: (line: Record<string, unknown>) => void;
  #child!: ChildProcess;
  #stopped = false;
  /** The last that it said beside what it says by lines. */
  errors = '';

  constructor(words: readonly string[], env: NodeJS.ProcessEnv, tell: (line: Record<string, unknown>) => void) {
    this.#words = words;
    this.#env = env;
    this.#tell = tell;
    this.#start();
  }

  #start(): void {
    const child = spawn(process.execPath, [...SERVER_FLAGS, ...this.#words], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let rest = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) this.#tell(JSON.parse(line) as Record<string, unknown>);
    });
    child.stderr?.on('data', (chunk: Buffer) => (this.errors = (this.errors + chunk.toString()).slice(-4000)));
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => {
      process.off('exit', end);
      // At once where it was killed; where it cannot start yet, not as fast as it can.
      if (!this.#stopped) setTimeout(() => this.#stopped || this.#start(), 200);
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** What may be killed. */
export type Target = 'worker' | 'coordinator' | 'front' | 'database';

/** A kill as so many reports have been accepted; several there hit while they are folded. */
export interface Kill {
  readonly accepted: number;
  readonly target: Target;
  readonly which: number;
}

/** Kills of one schedule: some while reports come, some while they are folded, in an order of its seed. */
export function scheduleOf(seed: number, clients: number): Kill[] {
  const rng = seededRng(`cluster schedule ${seed}`);
  const targets: Target[] = [
    'worker',
    'worker',
    'coordinator',
    'front',
    'database',
    'worker',
    'coordinator',
    'database',
  ];
  return targets
    .filter((_, i) => i < 5 || rng.below(2) === 1)
    .map((target) => ({ target, accepted: rng.below(3) > 0 ? clients : rng.below(clients), which: rng.below(8) }))
    .sort((a, b) => a.accepted - b.accepted || a.which - b.which);
}

/** A round to run. */
export type Load = Pick<ClusterConfig, 'work' | 'parameters' | 'clients' | 'shard' | 'hold'>;

/** What became of a round. */
export interface Outcome {
  /** Whether the model is what one process comes to, of everyone who stayed, in one round, paid for once. */
  readonly right: boolean;
  readonly kills: number;
  readonly seconds: number;
  /** Seconds from the last report to the model. */
  readonly folding: number;
  /** Keys, rows and blobs after clean-up. */
  readonly left: number;
}

/** Runs one round under a schedule. */
export async function runRound(
  server: Server,
  kind: ClusterConfig['database'],
  load: Load,
  kills: readonly Kill[],
): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-cluster-'));
  const folder = join(scratch, 'blobs');
  mkdirSync(folder);
  const [port, ...ports] = await Promise.all(Array.from({ length: 1 + FRONTS }, freePort));
  const key = Buffer.from(secureRng().fill(new Uint8Array(32))).toString('hex');
  const config: ClusterConfig = { ...load, database: kind, url: server.url, folder, name: 'bench', port, ports, key };
  const env = { CLUSTER: JSON.stringify(config) };
  const script = bundled('process.ts');
  let outcome: Finished | undefined;
  let abandoned: string | undefined;
  let opening = (): void => {};
  /** The moment at which a secure sum is opened: nobody reports. */
  const opened = new Promise<void>((resolve) => (opening = resolve));
  const tell = (line: Record<string, unknown>): void => {
    if (process.env.DEBUG) console.log(JSON.stringify(line).slice(0, 300));
    if ('finished' in line) outcome = line as never;
    if ('abandoned' in line) abandoned = String(line.abandoned);
    if (line.stage === 'opening') opening();
  };
  const started = performance.now();
  const coordinator = new Kept([script, 'coordinator'], env, tell);
  const fronts = ports.map((_, i) => new Kept([script, 'front', String(i)], env, () => {}));
  const workers = Array.from({ length: WORKERS }, () => new Kept([script, 'worker'], env, () => {}));
  const all = [coordinator, ...fronts, ...workers];
  let killed = 0;
  try {
    let accepted = 0;
    const due = [...kills];
    const strike = async (): Promise<void> => {
      while (due.length > 0 && due[0].accepted <= accepted) {
        const { target, which } = due.shift() as Kill;
        killed++;
        if (process.env.DEBUG) console.log('killed', target, which);
        if (target === 'database') {
          await server.kill();
          await server.start();
        } else if (target === 'coordinator') coordinator.kill();
        else if (target === 'front') fronts[which % FRONTS].kill();
        else workers[which % WORKERS].kill();
        // While a few tasks are begun and others wait.
        if (accepted === load.clients) await pause(150 + 50 * which);
      }
    };
    let striking = Promise.resolve();
    const reporting = reportAll(config, () => {
      accepted++;
      if (due.length > 0 && due[0].accepted <= accepted && accepted < load.clients) striking = striking.then(strike);
    });
    if (load.work === 'secure') {
      await Promise.race([opened, reporting]);
      accepted = load.clients;
    } else await reporting;
    const folding = performance.now();
    await striking;
    await strike();
    while (outcome === undefined) {
      // The next round would wait for those who have vanished.
      if (abandoned !== undefined) throw new Error(`the round was abandoned: ${abandoned}`);
      await pause(20);
    }
    const ended = performance.now();
    await reporting;
    await Promise.all(all.map((one) => one.stop()));
    // Killed as it published, a coordinator leaves what the next one to open the run removes.
    await new Promise<void>((resolve) => {
      const next = new Kept([script, 'coordinator'], env, ({ listening }) => listening === true && resolve());
      all.push(next);
    });
    await all.at(-1)?.stop();
    const right = await isRight(server, config, outcome);
    const left = await cleanUp(server, config);
    const seconds = (ended - started) / 1000;
    return { right, kills: killed, seconds, folding: (ended - folding) / 1000, left };
  } catch (error) {
    for (const { errors } of all) process.stderr.write(errors);
    throw error;
  } finally {
    await Promise.all(all.map((one) => one.stop()));
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the coordinator says at the end. */
interface Finished {
  readonly finished: string;
  readonly contributors: number;
  readonly rounds: number;
  /** Of a noised model: its values, 4 bytes each, as base64. */
  readonly params?: string;
}

async function isRight(server: Server, config: ClusterConfig, outcome: Finished): Promise<boolean> {
  const { work, clients, name, parameters } = config;
  const expected = expectedParams(config);
  const stayed = clients - (work === 'secure' ? vanishing(clients) : 0);
  if (outcome.contributors !== stayed || outcome.rounds !== 1) return false;
  if (work !== 'central') return outcome.finished === digestOf(expected);
  // Charged once, and noised once: the noise of a coordinate has the deviation that was paid for, to 5 %.
  const store = server.database().store({ prefix: `${name}/` });
  const ledger = await ledgerOn(store, name);
  const charges = ledger.charged(1).length;
  await store.close();
  const params = new Float32Array(Uint8Array.from(Buffer.from(outcome.params ?? '', 'base64')).buffer);
  const squares = params.reduce((sum, value, i) => sum + (value - expected[i]) ** 2, 0);
  const deviation = (Math.sqrt(squares / parameters) * clients) / (NOISE * CLIP);
  return charges === 1 && Math.abs(deviation - 1) < 0.05;
}

const bundles = new Map<string, string>();
/** A program of this folder as one file beside the packages that it needs: a process that dies often should start fast. */
export function bundled(program: string): string {
  const there = bundles.get(program);
  if (there !== undefined) return there;
  const outfile = join(root, 'packages/bullmq/node_modules/.cache', `fedkit-cluster-${program.replace('.ts', '.mjs')}`);
  buildSync({
    entryPoints: [join(import.meta.dirname, program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@fedkit/source'],
    external: ['bullmq', 'ioredis', 'pg'],
    logLevel: 'error',
  });
  bundles.set(program, outfile);
  return outfile;
}

/** Removes what a run leaves to its operator, and counts what is there after it. */
async function cleanUp(server: Server, config: ClusterConfig): Promise<number> {
  const database = server.database();
  const files = fileStore(fs, config.folder);
  const blobs = storeBlobs(files);
  let left = 0;
  for await (const key of files.keys('')) left += key.length > 0 ? 1 : 0;
  const tasks = await queueTasks({ database, name: config.name, blobs });
  await tasks.clear();
  await tasks.close();
  const store = database.store();
  for await (const key of store.keys(`${config.name}/`)) await store.delete(key);
  for await (const key of store.keys('')) left += key.length > 0 ? 1 : 0;
  await store.close();
  return left + (await server.left()).length;
}
