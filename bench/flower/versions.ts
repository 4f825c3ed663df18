/**
 * What of Flower holds on a version of it: its strategies over nodes of both kinds, nodes of ours that die at every place, TLS with
 * node authentication.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateIn } from '../../packages/flower/test/flwr/keys.ts';
import { mixedFederation } from '../../packages/flower/test/flwr/mixed.ts';
import {
  Flwr,
  type RecordedArrays,
  type RecordedRound,
  type RecordedRun,
  type Running,
} from '../../packages/flower/test/flwr/processes.ts';
import { findChromium, openPage } from './chromium.ts';

const root = join(import.meta.dirname, '../..');
const app = join(root, 'examples/flower/app');
const TRAINED = ['layers.0.weight', 'layers.0.bias'];

/** Before which call a node dies, and for how long. A ServerApp looks every three seconds: once before the node is back, after five. */
const DEATHS = [
  { call: 'pull-messages', seconds: 0 },
  { call: 'pull-object', seconds: 0 },
  { call: 'push-object', seconds: 0 },
  { call: 'push-object', seconds: 5 },
  { call: 'confirm-message-received', seconds: 5 },
];

const AUTHENTICATED = 'TLS, node authentication, 1 node of ours';

/** What was done, and what came of it. */
export async function checkVersion(environment: string): Promise<[string, string][]> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-flower-'));
  const flwr = new Flwr(environment, folder);
  const seen: [string, string][] = [];
  const note = (what: string, saw: string): void => {
    console.log(`${what}: ${saw}`);
    seen.push([what, saw]);
  };
  try {
    const { port } = await flwr.superlink();
    const url = `http://127.0.0.1:${port}`;
    for (const partition of [0, 1]) await flwr.supernode(port, partition);
    const nodes = [2, 3].map((partition) => start(flwr, folder, url, partition));
    for (const strategy of ['FedAvg', 'FedProx', 'FedAdam', 'FedMedian']) {
      const run = await flwr.run(app, port, { strategy, nodes: 4, rounds: 3, extras: strategy === 'FedAvg' });
      note(`${strategy}, 2 nodes of Python and 2 of ours, 3 rounds`, verdict(run, 4, strategy));
    }
    await nodes[1].stop();
    for (const { call, seconds } of DEATHS) {
      const doomed = start(flwr, folder, url, 3, { KILL_AT: call });
      const run = flwr.run(app, port, { nodes: 4, rounds: 1 });
      await new Promise<void>((resolve) => doomed.child.once('exit', () => resolve()));
      if (doomed.child.signalCode !== 'SIGKILL') throw new Error(`ended before it could be killed: ${doomed.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      const reborn = start(flwr, folder, url, 3);
      note(
        `killed (SIGKILL) as it is about to ${call}, started again after ${seconds} s`,
        verdict(await run, 4, 'FedAvg'),
      );
      await reborn.stop();
    }
    const chromium = findChromium();
    if (chromium === undefined) note('a page in Chromium', 'no Chromium here');
    else {
      for (const node of nodes) await node.stop();
      const page = await openPage(flwr, chromium, url);
      const run = await flwr.run(app, port, { nodes: 3, rounds: 2 });
      note('2 nodes of Python and a page in Chromium, 2 rounds', verdict(run, 3, 'FedAvg'));
      await page.stop();
    }
    await flwr.stop();
    note(AUTHENTICATED, await authenticated(flwr, folder));
  } catch (error) {
    process.stderr.write(flwr.outputs());
    throw error;
  } finally {
    await flwr.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return seen;
}

function start(flwr: Flwr, folder: string, url: string, partition: number, env: NodeJS.ProcessEnv = {}): Running {
  const store = join(folder, `node-${partition}`);
  mkdirSync(store, { recursive: true });
  const script = join(root, 'packages/flower/test/flwr/node-process.ts');
  const words = ['--import', 'tsx', '--conditions=@fedkit/source', script, url, `${partition}`, store];
  return flwr.start(process.execPath, words, env, root);
}

/** By keys over TLS, both ways: nodes of Python under a server of ours, and a node of ours under theirs. */
export async function checkKeys(environment: string): Promise<[string, string][]> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-flower-'));
  const flwr = new Flwr(environment, folder);
  try {
    const { contributors, off, deliveries, failures } = await mixedFederation(flwr, environment, app);
    const all = contributors.every((count) => count === 4) && deliveries === 2 && failures.length === 0;
    const what =
      '2 SuperNodes by their keys over TLS, one of them killed, and 2 clients of ours under our server, 2 rounds';
    const verdictOfOurs = `${all ? 'every' : 'NOT every'} node answered every round; off by ${off.toExponential(1)}`;
    await flwr.stop();
    return [
      [what, verdictOfOurs],
      [AUTHENTICATED, await authenticated(flwr, folder)],
    ];
  } catch (error) {
    process.stderr.write(flwr.outputs());
    throw error;
  } finally {
    await flwr.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether every node answered every round, and how far the strategy's arrays are from what its rule makes of the replies. */
function verdict(run: RecordedRun, nodes: number, strategy: string): string {
  const answers = run.rounds.map(({ replies }) => replies.filter(isAnswer).length);
  for (const { replies } of run.rounds) {
    for (const { arrays, metrics, error } of replies.filter((reply) => !isAnswer(reply)))
      console.log('no answer:', error ?? JSON.stringify({ names: Object.keys(arrays ?? {}), metrics }));
  }
  let worst = 0;
  let before: Vectors = new Map(TRAINED.map((name) => [name, run.rounds[0].arrays?.[name].values.map(() => 0) ?? []]));
  const adam = new Map(TRAINED.map((name) => [name, { m: 0, v: 0 } as unknown as Moments]));
  for (const [index, round] of run.rounds.entries()) {
    for (const name of TRAINED) {
      const expected = rule(strategy, round, name, before.get(name) ?? [], adam, index + 1);
      const got = round.arrays?.[name].values ?? [];
      expected.forEach(
        (value, i) => (worst = Math.max(worst, Math.abs(value - got[i]) / Math.max(1, Math.abs(value)))),
      );
    }
    before = new Map(TRAINED.map((name) => [name, round.arrays?.[name].values ?? []]));
  }
  const all = answers.every((count) => count === nodes);
  return `${all ? 'every' : 'NOT every'} node answered every round; off by ${worst.toExponential(1)}`;
}

/** A reply that holds what was to be trained. */
function isAnswer(
  reply: RecordedRound['replies'][number],
): reply is RecordedRound['replies'][number] & { readonly arrays: RecordedArrays } {
  return TRAINED.every((name) => reply.arrays?.[name] !== undefined);
}

type Vectors = ReadonlyMap<string, readonly number[]>;
interface Moments {
  m: number[];
  v: number[];
}

/** What a strategy's rule makes of one array's replies. */
function rule(
  strategy: string,
  { replies }: RecordedRound,
  name: string,
  before: readonly number[],
  adam: Map<string, Moments>,
  round: number,
): number[] {
  const answered = replies.filter(isAnswer);
  const weights = answered.map(({ metrics }) => metrics?.['num-examples'] ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const column = (i: number) => answered.map(({ arrays }) => arrays[name].values[i]);
  const mean = before.map((_, i) => column(i).reduce((sum, value, k) => sum + weights[k] * value, 0) / total);
  if (strategy === 'FedMedian') {
    return before.map((_, i) => {
      const sorted = column(i).sort((a, b) => a - b);
      const middle = sorted.length / 2;
      return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
    });
  }
  if (strategy !== 'FedAdam') return mean;
  // Flower's defaults, and its bias correction, whose exponent is the round's number and one.
  const [eta, beta1, beta2, tau] = [0.1, 0.9, 0.99, 0.001];
  const moments = adam.get(name) as Moments;
  const zeros = before.map(() => 0);
  const [m, v] = [round === 1 ? zeros : moments.m, round === 1 ? zeros : moments.v];
  moments.m = mean.map((value, i) => beta1 * m[i] + (1 - beta1) * (value - before[i]));
  moments.v = mean.map((value, i) => beta2 * v[i] + (1 - beta2) * (value - before[i]) ** 2);
  const step = (eta * Math.sqrt(1 - beta2 ** (round + 1))) / (1 - beta1 ** (round + 1));
  return before.map((value, i) => value + (step * moments.m[i]) / (Math.sqrt(moments.v[i]) + tau));
}

async function authenticated(flwr: Flwr, folder: string): Promise<string> {
  const { key, certificate } = certificateIn(folder);
  const tls = ['--ssl-certfile', certificate, '--ssl-keyfile', key, '--ssl-ca-certfile', certificate];
  const { port } = await flwr.superlink([...tls, '--enable-supernode-auth']);
  const link = `root-certificates = "${certificate}"`;
  flwr.configure(port, link);
  // Refused until its operator has registered it: it says by which key it comes, and is started again.
  const env = { NODE_EXTRA_CA_CERTS: certificate };
  const url = `https://127.0.0.1:${port}`;
  const stranger = start(flwr, folder, url, 4, env);
  await new Promise<void>((resolve) => stranger.child.once('exit', () => resolve()));
  const file = join(folder, 'node.pub');
  const [line] = /^ecdsa-sha2-nistp384 \S+$/m.exec(stranger.output()) as RegExpExecArray;
  writeFileSync(file, `${line} bench\n`);
  await flwr.command('supernode', 'register', file, 'here');
  start(flwr, folder, url, 4, env);
  const run = await flwr.run(app, port, { nodes: 1, rounds: 2 }, link);
  return verdict(run, 1, 'FedAvg');
}
