import { describe, expect, it } from 'vitest';
import { ask, contributionOf, SIZE, testClock } from '../../test/round/federation.ts';
import { type Fates, Mortal } from '../../test/round/mortal.ts';
import { stoppingStore } from '../../test/round/two-servers.ts';
import { mean } from '../aggregate/mean.ts';
import { fedAsync } from '../algorithm/fed-async.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { stalenessWeight } from '../algorithm/staleness.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { secureRng, seededRng } from '../random.ts';
import { serverSgd } from '../server/sgd.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { RoundTask } from '../protocol/message.ts';
import { federatedServer } from './server.ts';
import type { RoundRecord } from './record.ts';
import type { Store } from '../store/contract.ts';
import { turn } from '../turn.ts';

const CLIENTS = ['d', 'a', 'b', 'c'];
const BUFFER = 2;
const VERSIONS = 4;

const pipeline = plainUpdates({ algorithm: fedBuff({ bufferSize: BUFFER }), size: SIZE });

function open(store: Store, clock: () => number, more: Partial<Parameters<typeof federatedServer>[0]> = {}) {
  return federatedServer({
    pipeline,
    initial: Float32Array.of(1, 2, 3),
    store,
    cohort: 1,
    rounds: VERSIONS,
    clock,
    rng: seededRng(5),
    ...(more as object),
  });
}

const reportOf = (client: string, task: RoundTask) =>
  pipeline.client().encode(task, contributionOf(client, task.round), { rng: secureRng(), client }).bytes;

/** The model that the records say, from the contributions of the tasks that were acknowledged. */
function modelOf(records: readonly RoundRecord[], counted: ReadonlyMap<string, readonly RoundTask[]>): Float32Array {
  const weight = stalenessWeight({ kind: 'polynomial', exponent: 0.5 });
  const server = serverSgd({ learningRate: 1 });
  const left = new Map([...counted].map(([client, tasks]) => [client, [...tasks]]));
  let params: Float32Array = Float32Array.of(1, 2, 3);
  for (const { round, contributors, survivors, staleness } of records) {
    expect(contributors).toHaveLength(survivors);
    const rule = mean(SIZE);
    const sum = rule.create();
    const ages = contributors.map((client) => {
      const task = left.get(client)?.shift() as RoundTask;
      const age = round - task.round;
      const { update } = contributionOf(client, task.round).values;
      rule.accumulate(sum, { values: update.map((x) => weight(age) * x) });
      return age;
    });
    expect(staleness).toEqual({ mean: ages.reduce((x, y) => x + y) / ages.length, max: Math.max(...ages) });
    params = server.step(server.init(SIZE), params, rule.finalize(sum)).params;
  }
  return params;
}

async function run(fates: Fates, killAfterRequest = Infinity) {
  const clock = testClock();
  const tasks = new Map<string, RoundTask>();
  const counted = new Map<string, RoundTask[]>(CLIENTS.map((client) => [client, []]));
  let requests = 0;
  const mortal = await Mortal.live((store) => open(store, clock), fates);
  for (let turn = 0; turn < 60; turn++) {
    for (const client of CLIENTS) {
      // The slow one reports every other turn only, so that its work is stale.
      if (client === 'd' && turn % 2 !== 0) continue;
      for (let step = 0; step < 2; step++) {
        const task = tasks.get(client);
        const response = await ask(
          mortal.server,
          client,
          task ? { kind: 'report', ticket: task.ticket, bytes: reportOf(client, task) } : { kind: 'join' },
        );
        if (++requests === killAfterRequest) await mortal.die();
        if (response.kind === 'task') tasks.set(client, response.task);
        else if (response.kind === 'refused') {
          expect(response).toMatchObject({ code: 'UNAVAILABLE' });
          await mortal.die();
        } else {
          if (response.kind === 'accepted') counted.get(client)?.push(task as RoundTask);
          tasks.delete(client);
        }
        if (client === 'd' && response.kind === 'task') break;
      }
    }
    if (mortal.server.progress.phase === 'finished' && tasks.size === 0) break;
  }
  expect(mortal.server.progress).toMatchObject({ phase: 'finished', published: VERSIONS });
  const { operations } = mortal;
  await mortal.server.close();
  const server = await open(mortal.disk, clock);
  const records = await server.records();
  expect(records.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
  expect(server.params).toEqual(modelOf(records, counted));
  const all = records.reduce((sum, { survivors }) => sum + survivors, 0);
  expect([...counted.values()].flat()).toHaveLength(all);
  return { operations, requests, records };
}

describe('a server without rounds', () => {
  it('steps as contributions come, and says how stale they were', async () => {
    const { records } = await run(() => ({}));
    expect(records[0]).toMatchObject({ outcome: 'published', scheme: { kind: 'none' }, survivors: BUFFER });
    expect(Math.max(...records.map(({ staleness }) => staleness?.max ?? 0))).toBeGreaterThan(0);
  });

  it('goes on where it was, killed at any operation of its store', async () => {
    const { operations } = await run(() => ({}));
    for (let at = 0; at < operations; at++) {
      for (const done of [false, true]) await run((life) => (life === 0 ? { at, done } : {}));
    }
  });

  it('goes on where it was, killed after any request or by a store that fails once', async () => {
    const { requests, operations } = await run(() => ({}));
    for (let request = 1; request <= requests; request++) await run(() => ({}), request);
    for (let at = 0; at < operations; at++) {
      await run((life) => (life === 0 ? { at, done: at % 2 === 0, forGood: false } : {}));
    }
  });

  it('answers a ticket the same way, however often it comes', async () => {
    const server = await open(memoryStore(), testClock());
    const join = async (client: string) => {
      const response = await ask(server, client, { kind: 'join' });
      return response.kind === 'task' ? response.task : expect.fail(response.kind);
    };
    const task = await join('a');
    expect(await join('a')).toEqual(task);
    const report = { kind: 'report', ticket: task.ticket, bytes: reportOf('a', task) } as const;
    for (const _ of [1, 2]) expect(await ask(server, 'a', report)).toEqual({ kind: 'accepted', ticket: task.ticket });
    expect(server.progress.accepted).toBe(1);
    // Another's ticket, one that never was, one that was given back.
    expect((await ask(server, 'b', report)).kind).toBe('late');
    expect((await ask(server, 'a', { ...report, ticket: 99 })).kind).toBe('late');
    const next = await join('a');
    expect((await ask(server, 'a', { kind: 'leave', ticket: next.ticket })).kind).toBe('left');
    expect((await ask(server, 'a', { ...report, ticket: next.ticket })).kind).toBe('late');
    expect(await ask(server, 'a', { kind: 'exchange', ticket: next.ticket })).toMatchObject({ code: 'PROTOCOL_STATE' });
  });

  it('waits for no one past the deadline, and steps with what it has', async () => {
    const clock = testClock();
    const server = await open(memoryStore(), clock, { deadlines: { reporting: 1000 } });
    const tasks = new Map<string, RoundTask>();
    for (const client of ['a', 'b']) {
      const response = await ask(server, client, { kind: 'join' });
      if (response.kind === 'task') tasks.set(client, response.task);
    }
    const task = tasks.get('a') as RoundTask;
    await ask(server, 'a', { kind: 'report', ticket: task.ticket, bytes: reportOf('a', task) });
    await server.pause();
    clock.time += 5000;
    await server.tick();
    expect((await ask(server, 'c', { kind: 'join' })).kind).toBe('wait');
    expect(server.progress).toMatchObject({ open: 1, accepted: 1, published: 0, paused: true });
    await server.resume();
    clock.time += 1000;
    await server.tick();
    expect(server.progress).toMatchObject({ open: 0, accepted: 0, published: 1 });
    expect(await server.records()).toMatchObject([{ contributors: ['a'], dropouts: { reporting: 1 }, invited: 2 }]);
    await server.cancel();
    expect((await ask(server, 'a', { kind: 'join' })).kind).toBe('closed');
  });

  it('waits as long for a buffer to fill after a time in which nobody came', async () => {
    const clock = testClock();
    const server = await open(memoryStore(), clock, { deadlines: { reporting: 1000 } });
    clock.time += 5000;
    const response = await ask(server, 'a', { kind: 'join' });
    if (response.kind !== 'task') throw new Error(response.kind);
    const { task } = response;
    await ask(server, 'a', { kind: 'report', ticket: task.ticket, bytes: reportOf('a', task) });
    clock.time += 999;
    await server.tick();
    expect(server.progress).toMatchObject({ accepted: 1, published: 0 });
    clock.time += 1;
    await server.tick();
    expect(server.progress).toMatchObject({ accepted: 0, published: 1 });
  });

  it('runs FedAsync, step by step', async () => {
    const single = plainUpdates({ algorithm: fedAsync({ mixing: 0.5 }), size: SIZE });
    const options = {
      initial: new Float32Array(SIZE),
      store: memoryStore(),
      cohort: 1,
      clock: testClock(),
      rng: seededRng(1),
    };
    const server = await federatedServer({ ...options, pipeline: single, until: (_, version) => version === 2 });
    for (const round of [1, 2]) {
      const response = await ask(server, 'a', { kind: 'join' });
      if (response.kind !== 'task') throw new Error(response.kind);
      const contribution = { values: { model: Float32Array.of(round, 2, 4) } };
      const { bytes } = single.client().encode(response.task, contribution, { rng: secureRng(), client: 'a' });
      await ask(server, 'a', { kind: 'report', ticket: response.task.ticket, bytes });
    }
    expect(server.params).toEqual(Float32Array.of(1.25, 1.5, 3));
    expect(server.progress.phase).toBe('finished');
  });

  it('refuses pipelines that cannot carry it, and the store of another run', async () => {
    const strict = plainUpdates({ algorithm: fedBuff(), size: SIZE, minimumContributors: 2 });
    await expect(open(memoryStore(), testClock(), { pipeline: strict as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const store = memoryStore();
    await (await open(store, testClock())).close();
    const rounds = plainUpdates({ algorithm: fedAvg(), size: SIZE });
    await expect(open(store, testClock(), { pipeline: rounds as never })).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
    const other = plainUpdates({ algorithm: fedBuff(), size: 2 });
    const initial = new Float32Array(2);
    await expect(open(store, testClock(), { pipeline: other as never, initial })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
  });
});

describe('two live servers without rounds', () => {
  it('lose and double no acknowledged report, whoever is stopped when', async () => {
    for (let seed = 0; seed < 15; seed++) {
      const rng = seededRng(`asynchronous ${seed}`);
      const disk = memoryStore();
      const clock = testClock();
      const servers: Awaited<ReturnType<typeof open>>[] = [];
      const opening = async () => {
        servers.push(await open(stoppingStore(disk, rng.fork(`store ${servers.length}`), 60), clock));
      };
      await opening();
      let next = rng.below(16);
      let requests = 0;
      const counted = new Map<string, RoundTask[]>(CLIENTS.map((client) => [client, []]));
      const over = () => servers.some(({ progress }) => progress.phase === 'finished');
      await Promise.all(
        CLIENTS.map(async (client) => {
          let task: RoundTask | undefined;
          for (let tries = 0; tries < 300 && !(over() && task === undefined); tries++) {
            if (requests++ >= next) {
              next = Infinity;
              await opening();
            }
            const server = servers[rng.below(servers.length)];
            const response = await ask(
              server,
              client,
              task ? { kind: 'report', ticket: task.ticket, bytes: reportOf(client, task) } : { kind: 'join' },
            );
            if (response.kind === 'refused') expect(response).toMatchObject({ code: 'UNAVAILABLE' });
            else if (response.kind === 'task') task = response.task;
            else {
              if (response.kind === 'accepted') counted.get(client)?.push(task as RoundTask);
              task = undefined;
            }
            await turn();
          }
        }),
      );
      for (const server of servers) await server.close();
      const server = await open(disk, clock);
      const records = await server.records();
      expect(records.map(({ round }) => round)).toEqual([1, 2, 3, 4]);
      expect(server.params).toEqual(modelOf(records, counted));
      const all = records.reduce((sum, { survivors }) => sum + survivors, 0);
      expect([...counted.values()].flat()).toHaveLength(all);
    }
  });
});
