/**
 * A small federation for tests of the server: every client's update is a function of its name, so that the model of a set of
 * contributors can be computed beside.
 *
 * @module
 */
import type { Algorithm } from '../../src/algorithm/contract.ts';
import { fedAvg, type FedAvgBroadcast, type FedAvgState, type FedAvgUpdate } from '../../src/algorithm/fed-avg.ts';
import { decodeState } from '../../src/model/state-file.ts';
import type { NoState } from '../../src/plain-data.ts';
import { plainUpdates } from '../../src/pipeline/plain-updates.ts';
import { secureRng, seededRng } from '../../src/random.ts';
import { stateOwner } from '../../src/protocol/broadcast.ts';
import { decodeResponse, encodeRequest } from '../../src/protocol/client-message.ts';
import type { Request, Response, RoundTask } from '../../src/protocol/message.ts';
import { federatedServer } from '../../src/round/server.ts';
import type { FederatedServer, FederatedServerOptions } from '../../src/round/server-options.ts';
import { memoryStore } from '../../src/store/memory-store.ts';

export const SIZE = 3;

export type TestOptions = FederatedServerOptions<FedAvgState<NoState>, FedAvgBroadcast, FedAvgUpdate, FedAvgUpdate>;
export type TestServer = FederatedServer<FedAvgState<NoState>>;
export type TestAlgorithm = Algorithm<FedAvgState<NoState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>;

export const plain = (minimumContributors = 1) =>
  plainUpdates({ algorithm: fedAvg(), size: SIZE, minimumContributors });

/** Client `client`'s contribution in `round`: magnitudes differ, so that an order that mattered would show. */
export function contributionOf(client: string, round: number): { values: FedAvgUpdate; weight: number } {
  const rng = seededRng(`${client} ${round}`);
  const update = Float32Array.from({ length: SIZE }, () => (rng.uniform() - 0.5) * 2 ** (rng.below(20) - 10));
  return { values: { update }, weight: 1 + rng.below(100) };
}

/** The model after `contributors` of `round` have been folded into `params`. */
export function expectedParams(params: Float32Array, contributors: readonly string[], round: number): Float32Array {
  const algorithm = fedAvg();
  const rule = algorithm.aggregator(SIZE);
  const sum = rule.create();
  for (const client of contributors) rule.accumulate(sum, { client, ...contributionOf(client, round) });
  const info = { round, cohort: contributors.length, population: contributors.length };
  return algorithm.params(algorithm.serverStep(algorithm.init(params), rule.finalize(sum), info));
}

/** A clock that tests turn. */
export function testClock(): { (): number; time: number } {
  const clock = () => clock.time;
  clock.time = 1000;
  return clock;
}

export function testOptions(options: Partial<TestOptions> = {}): TestOptions {
  return {
    pipeline: plain(),
    initial: Float32Array.of(1, 2, 3),
    store: memoryStore(),
    cohort: 3,
    clock: testClock(),
    rng: seededRng(1),
    ...options,
  };
}

export const testServer = (options: Partial<TestOptions> = {}): Promise<TestServer> =>
  federatedServer(testOptions(options));

export async function ask(
  server: { handle(client: string, request: Uint8Array): Promise<Uint8Array> },
  client: string,
  request: Request,
): Promise<Response> {
  return decodeResponse(await server.handle(client, encodeRequest(request)));
}

/** Joins; the task, or `undefined` if there is none now. */
export async function join(server: TestServer, client: string): Promise<RoundTask | undefined> {
  const response = await ask(server, client, { kind: 'join' });
  return response.kind === 'task' ? response.task : undefined;
}

/** The bytes that `client` reports for a task. */
export function reportOf(client: string, task: RoundTask, pipeline: ReturnType<typeof plain> = plain()): Uint8Array {
  const half = pipeline.client();
  half.check(task);
  return half.encode(task, contributionOf(client, task.round), { rng: secureRng(), client }).bytes;
}

export function report(server: TestServer, client: string, task: RoundTask): Promise<Response> {
  return ask(server, client, { kind: 'report', ticket: task.ticket, bytes: reportOf(client, task) });
}

/** The broadcast of a task, fetched in parts. */
export async function download(server: TestServer, client: string, task: RoundTask): Promise<Float32Array> {
  const bytes = new Uint8Array(task.modelLength);
  for (let offset = 0; offset < bytes.length; ) {
    const part = await ask(server, client, { kind: 'model', digest: task.modelDigest, offset });
    if (part.kind !== 'part') throw new Error(part.kind);
    bytes.set(part.bytes, offset);
    offset += part.bytes.length;
  }
  return (decodeState(bytes, stateOwner(plain())) as FedAvgBroadcast).params;
}

/** A server with a round open: tasks by client. */
export async function openedServer(
  options: Parameters<typeof testServer>[0] = {},
  names: readonly string[] = ['a', 'b', 'c'],
) {
  const server = await testServer(options);
  const tasks: Record<string, RoundTask> = {};
  for (const client of [...names, ...names]) {
    const task = await join(server, client);
    if (task) tasks[client] = task;
  }
  return { server, tasks };
}
