import { expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { joined, sameBytes } from '../bytes.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { decodeResponse, encodeRequest } from '../protocol/client-message.ts';
import type { Request, RoundTask } from '../protocol/message.ts';
import { secureRng, seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { STRETCH } from '../turns.ts';
import { RoundReports } from './round-reports.ts';
import { federatedServer } from './server.ts';
import { turn } from '../turn.ts';

/** Turns that the event loop takes until `work` is done. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const next = (): void => {
    if (over) return;
    turns++;
    void turn().then(next);
  };
  void turn().then(next);
  await work();
  over = true;
  return turns;
}

/** Different values under each name. */
function drawn(size: number, name: string): Float32Array {
  const rng = seededRng(name);
  const values = new Float32Array(size).fill(rng.uniform());
  for (let i = 0; i < size; i += 97) values[i] = rng.uniform() - 0.5;
  return values;
}

/** Whether they are the same, told without a look at each by the assertion. */
const expectSame = (one: Float32Array, other: Float32Array) =>
  expect(sameBytes(new Uint8Array(one.buffer), new Uint8Array(other.buffer))).toBe(true);

/** A round of two clients, and the turns that its parts take. */
async function round(size: number): Promise<{ accepted: number; closed: number; params: Float32Array }> {
  const pipeline = plainUpdates({ algorithm: fedAvg(), size });
  const store = memoryStore();
  const options = { pipeline, initial: drawn(size, 'model'), store, cohort: 2, clock: () => 0, rng: secureRng() };
  const server = await federatedServer(options);
  const ask = async (client: string, request: Request) =>
    decodeResponse(await server.handle(client, encodeRequest(request)));
  const tasks: Record<string, RoundTask> = {};
  for (const client of ['a', 'b', 'a', 'b']) {
    const answer = await ask(client, { kind: 'join' });
    if (answer.kind === 'task') tasks[client] = answer.task;
    await server.tick();
  }
  const half = pipeline.client();
  if (half.sends !== 'report') throw new Error('a pipeline of reports');
  const report = (client: string) => {
    const contribution = { values: { update: drawn(size, client) }, weight: client === 'a' ? 3 : 5 };
    const { bytes } = half.encode(tasks[client], contribution, { rng: secureRng(), client });
    return ask(client, { kind: 'report', ticket: tasks[client].ticket, bytes });
  };
  const accepted = await turnsOf(() => report('a'));
  // The last report closes the round, in the background.
  const closed = await turnsOf(async () => {
    await report('b');
    await server.tick();
  });
  expect(server.progress.published).toBe(1);
  const params = server.params.slice();
  await server.close();
  // What a restart reads is what was published.
  const again = await federatedServer(options);
  expectSame(again.params.slice(), params);
  await again.close();
  return { accepted, closed, params };
}

it('a round of a large model is cut into stretches, and gives the bits of the plain one', async () => {
  const size = 2 * STRETCH + 1;
  const { accepted, closed, params } = await round(size);
  // Folding rests twice; so do the quotient and the step.
  expect(accepted).toBeGreaterThanOrEqual(2);
  expect(closed).toBeGreaterThanOrEqual(6);
  const algorithm = fedAvg();
  const rule = algorithm.aggregator(size);
  const sum = rule.create();
  for (const [client, weight] of [
    ['a', 3],
    ['b', 5],
  ] as const) {
    rule.accumulate(sum, { values: { update: drawn(size, client) }, weight });
  }
  const info = { round: 1, cohort: 2, population: 2 };
  const state = algorithm.init(drawn(size, 'model'));
  expectSame(algorithm.params(algorithm.serverStep(state, rule.finalize(sum), info)), params);
});

it('a round of a small model waits for nobody', async () => {
  const { accepted, closed } = await round(1000);
  expect(accepted).toBeLessThanOrEqual(1);
  expect(closed).toBeLessThanOrEqual(2);
});

it('nothing is folded into what a snapshot is being written from, and nothing frees it', async () => {
  const pipeline = plainUpdates({ algorithm: fedAvg(), size: 2000 });
  const [half, client] = [pipeline.server(), pipeline.client()];
  if (half.collects !== 'reports' || client.sends !== 'report') throw new Error('a pipeline of reports');
  const parameters = half.announce({ round: 1, places: 2, modelDigest: new Uint8Array(32) });
  const opened = { round: 1, parameters };
  const reportOf = (name: string) =>
    client.encode(
      { ...opened, modelDigest: new Uint8Array(32) },
      { values: { update: drawn(2000, name) } },
      { rng: secureRng(), client: name },
    ).bytes;
  const reports = await RoundReports.open(half, opened);
  expect((await reports.capture(() => 'nothing')).pieces).toBeUndefined();
  const fresh = await RoundReports.open(half, opened);
  await fresh.accept('a', reportOf('a'), () => {});
  const { now, pieces = [], release } = await fresh.capture(() => 'now');
  expect(now).toBe('now');
  const before = joined(pieces).slice();
  const order: string[] = [];
  const accepted = fresh.accept('b', reportOf('b'), () => order.push('accepted'));
  const captured = fresh.capture(() => order.push('captured'));
  fresh.dispose();
  await turn();
  expect(joined(pieces)).toEqual(before);
  expect(order).toEqual([]);
  release();
  await accepted;
  const later = await captured;
  expect(order).toEqual(['accepted', 'captured']);
  expect(joined(later.pieces ?? [])).not.toEqual(before);
  later.release();
  const restored = await RoundReports.open(half, { ...opened, saved: before });
  const again = await restored.capture(() => {});
  expect(joined(again.pieces ?? [])).toEqual(before);
  again.release();
});
