/**
 * One round of many nodes with a large model, through `flowerFleet` and through a SuperLink with FedAvg: processor time and
 * memory of the server's whole process tree, and the bytes of its nodes. The nodes are the same process with the same work.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { Flwr, type Running } from '../../packages/flower/test/flwr/processes.ts';
import { Session } from './session.ts';

/** How much of it. */
export interface Load {
  readonly nodes: number;
  readonly rounds: number;
  readonly tensors: number;
  readonly values: number;
}

/** A round as one server took it, on average over all but the first, which has the start-up in it. */
export interface Figures {
  readonly cpu: number;
  readonly memory: number;
  readonly seconds: number;
  /** Bytes that the nodes sent and took, in a round. */
  readonly sent: number;
  readonly taken: number;
  /** The first parameter after each round: both servers come to the same. */
  readonly first: readonly number[];
}

const root = join(import.meta.dirname, '../..');
const BUNDLE: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@fedkit/source'],
  logLevel: 'error',
};
const tsx = ['--import', 'tsx', '--conditions=@fedkit/source'];

/** Against a SuperLink of this environment. */
export async function ofSuperLink(environment: string, load: Load): Promise<Figures> {
  return withFlwr(environment, async (flwr) => {
    const { running, port } = await flwr.superlink();
    const session = new Session(running.child.pid as number);
    const nodes = await startNodes(flwr, `http://127.0.0.1:${port}`, load);
    const app = join(import.meta.dirname, 'app');
    const { ends, first } = await flwr.run<{ readonly ends: number[]; readonly first: number[] }>(app, port, {
      ...load,
    });
    return figuresOf(session, nodes, load, ends, first);
  });
}

/** Against a fleet of ours. */
export async function ofFleet(environment: string, load: Load): Promise<Figures> {
  return withFlwr(environment, async (flwr) => {
    const { nodes: cohort, rounds, tensors, values } = load;
    // As a server runs in earnest: compiled, with room for its model, and giving back to the system what it has freed.
    const script = join(flwr.folder, 'fleet-server.mjs');
    const store = join(flwr.folder, 'store');
    mkdirSync(store);
    buildSync({ entryPoints: [join(import.meta.dirname, 'fleet-server.ts')], outfile: script, ...BUNDLE });
    const words = ['--max-semi-space-size=4', script, store, ...[cohort, rounds, tensors, values].map(String)];
    const server = flwr.start(process.execPath, words, {}, root);
    const url = await line(server, /^(http:\S+)$/m);
    const session = new Session(server.child.pid as number);
    const nodes = await startNodes(flwr, url, load);
    await line(server, new RegExp(`^(\\{"round":${rounds},.*)$`, 'm'));
    const told = [...server.output().matchAll(/^\{"round".*$/gm)].map(
      ([text]) => JSON.parse(text) as { end: number; first: number },
    );
    return figuresOf(
      session,
      nodes,
      load,
      told.map(({ end }) => end),
      told.map(({ first }) => first),
    );
  });
}

async function withFlwr(environment: string, work: (flwr: Flwr) => Promise<Figures>): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-flower-'));
  const flwr = new Flwr(environment, folder);
  try {
    return await work(flwr);
  } catch (error) {
    process.stderr.write(flwr.outputs());
    throw error;
  } finally {
    await flwr.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startNodes(flwr: Flwr, url: string, { nodes, tensors, values }: Load): Promise<Running> {
  const script = join(import.meta.dirname, 'nodes.ts');
  const running = flwr.start(process.execPath, [...tsx, script, url, `${nodes}`, `${tensors}`, `${values}`], {}, root);
  await line(running, /^(online)$/m);
  return running;
}

async function figuresOf(
  session: Session,
  nodes: Running,
  { nodes: count, rounds }: Load,
  ends: readonly number[],
  first: readonly number[],
): Promise<Figures> {
  // The last reply may still be on its way to whoever counts.
  while ((nodes.output().match(/^replied$/gm)?.length ?? 0) < count * rounds) await pause(nodes);
  session.stop();
  nodes.child.kill('SIGTERM');
  const bytes = JSON.parse(await line(nodes, /^(\{"sent".*)$/m)) as { readonly sent: number; readonly taken: number };
  const { cpu, memory } = session.between(ends[0], ends[rounds - 1]);
  const measured = rounds - 1;
  return {
    cpu: cpu / measured,
    memory,
    seconds: (ends[rounds - 1] - ends[0]) / measured,
    sent: bytes.sent / rounds,
    taken: bytes.taken / rounds,
    first,
  };
}

async function line(running: Running, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(running.output());
    if (match !== null) return match[1];
    await pause(running);
  }
}

async function pause({ child, output }: Running): Promise<void> {
  if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`a process ended:\n${output()}`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
