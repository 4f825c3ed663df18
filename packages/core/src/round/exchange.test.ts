import { describe, expect, it } from 'vitest';
import { fakeExchange, fakeMessage, stageOf } from '../../test/round/fake-exchange.ts';
import { ask, expectedParams, testClock, testOptions } from '../../test/round/federation.ts';
import { type Fates, Mortal } from '../../test/round/mortal.ts';
import { seededRng } from '../random.ts';
import type { Store } from '../store/contract.ts';
import type { RoundTask } from '../protocol/message.ts';
import { federatedServer } from './server.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];

interface Device {
  task?: RoundTask;
  message?: Uint8Array;
  readonly counted: number[];
  readonly uncounted: number[];
}

/** Whether a client still answers, by round and stage. */
type Behaviour = (client: string, round: number, stage: number) => 'answers' | 'vanishes' | 'leaves';

async function run(behaves: Behaviour, fates: Fates = () => ({}), killAfterRequest = Infinity, answers = false) {
  const rounds = 2;
  const clock = testClock();
  const pipeline = fakeExchange(2, answers);
  const devices = new Map<string, Device>(CLIENTS.map((client) => [client, { counted: [], uncounted: [] }]));
  let requests = 0;
  const deadlines = { reporting: 3000, stage: 2000, recruiting: 1000 };
  const open = (store: Store, life: number) => {
    const base = testOptions({ store, clock, cohort: 4, minimum: 2, rounds, rng: seededRng(life) });
    return federatedServer({ ...base, pipeline, deadlines });
  };
  const mortal = await Mortal.live(open, fates);
  for (let turn = 0; turn < 80; turn++) {
    for (const [client, device] of devices) {
      const { task, message } = device;
      const round = task?.round ?? 0;
      const how = task && message ? behaves(client, round, message[0]) : 'answers';
      if (how === 'vanishes') {
        delete device.task;
        continue;
      }
      const response = await ask(
        mortal.server,
        client,
        !task
          ? { kind: 'join' }
          : how === 'leaves'
            ? { kind: 'leave', ticket: task.ticket }
            : { kind: 'exchange', ticket: task.ticket, ...(message && { message }) },
      );
      if (++requests === killAfterRequest) await mortal.die();
      switch (response.kind) {
        case 'task':
          device.task = response.task;
          device.message = fakeMessage(0, client, response.task.round);
          break;
        case 'message':
          device.message = fakeMessage(stageOf(response.bytes), client, round);
          break;
        case 'finished':
          device[response.counted ? 'counted' : 'uncounted'].push(round);
          delete device.task;
          delete device.message;
          break;
        case 'late':
        case 'left':
          device.uncounted.push(round);
          delete device.task;
          delete device.message;
          break;
        case 'refused':
          expect(response).toMatchObject({ code: 'UNAVAILABLE' });
          await mortal.die();
          break;
        default:
          // As devices do: the first message until there is an answer to it, a later one until the server asks again.
          if (task && device.message?.[0] !== 0) delete device.message;
      }
    }
    clock.time += 400;
    await mortal.server.tick().catch(() => mortal.die());
    if (mortal.server.progress.phase === 'finished' && [...devices.values()].every(({ task }) => !task)) break;
  }
  const { operations } = mortal;
  expect(mortal.server.progress).toMatchObject({ phase: 'finished', published: rounds });
  await mortal.server.close();
  const server = await open(mortal.disk, 0);
  let params = Float32Array.of(1, 2, 3);
  const records = await server.records();
  for (const { round, outcome, contributors } of records) {
    for (const client of CLIENTS) {
      const device = devices.get(client) as Device;
      const inSum = outcome === 'published' && contributors.includes(client);
      // Who was told knows the truth; who vanished was told nothing.
      if (device.counted.includes(round)) expect(inSum).toBe(true);
    }
    if (outcome === 'published') params = expectedParams(params, contributors, round) as typeof params;
  }
  expect(server.params).toEqual(params);
  const left: string[] = [];
  for await (const key of mortal.disk.keys('round/exchange/')) left.push(key);
  expect(left).toEqual([]);
  return { records, devices, operations, requests, lists: pipeline.lists.count };
}

const everyone: Behaviour = () => 'answers';

describe('a server of exchanges', () => {
  it('goes through the stages and tells everyone whether it counted', async () => {
    const { records, devices } = await run(everyone);
    expect(records.map(({ contributors }) => contributors)).toEqual([CLIENTS, CLIENTS]);
    expect(records[0]).toMatchObject({ survivors: 4, dropouts: {}, invited: 4 });
    for (const { counted, uncounted } of devices.values()) expect([counted, uncounted]).toEqual([[1, 2], []]);
  });

  it('asks for the list of those it waits for once a stage, not with every message', async () => {
    const stages = 2 * 3;
    const asked = await run(everyone, undefined, undefined, true);
    expect(asked.lists).toBe(stages);
    // A collector that has no answer about one client has its list looked through.
    const listed = await run(everyone);
    expect(listed.lists).toBeGreaterThan(stages * CLIENTS.length);
    expect(asked.records).toEqual(listed.records);
  });

  it('goes on without who vanishes or leaves, at its deadline or at once', async () => {
    const { records, devices } = await run((client, round, stage) => {
      if (round === 1 && client === 'b' && stage === 0) return 'vanishes';
      if (round === 1 && client === 'c' && stage === 1) return 'leaves';
      if (round === 2 && client === 'd' && stage === 2) return 'vanishes';
      return 'answers';
    });
    expect(records).toMatchObject([
      { contributors: ['a', 'd'], survivors: 2, dropouts: { hello: 1, input: 1 } },
      { survivors: 3, dropouts: { confirm: 1 } },
    ]);
    expect(records[1].contributors).toEqual(CLIENTS);
    expect(devices.get('c')?.uncounted).toEqual([1]);
  });

  it('gives a round up that too few survive, and tries anew', async () => {
    const { records } = await run((client, round, stage) =>
      round === 1 && stage === 1 && client !== 'a' ? 'vanishes' : 'answers',
    );
    expect(records[0]).toMatchObject({ round: 1, outcome: 'abandoned', reason: 'THRESHOLD_NOT_MET', contributors: [] });
    expect(records.slice(1).map(({ outcome }) => outcome)).toEqual(['published', 'published']);
  });

  const restless: Behaviour = (client, round, stage) => {
    if (round === 1 && client === 'b' && stage === 1) return 'leaves';
    if (round === 2 && client === 'd' && stage === 2) return 'vanishes';
    return 'answers';
  };

  const restlessly = async (...fate: [Fates?, number?]) => {
    const result = await run(restless, ...fate);
    // Also who was lost, and in which stage, is the same as if nobody had been killed.
    expect(result.records).toMatchObject([
      { dropouts: { input: 1 }, survivors: 3, contributors: ['a', 'c', 'd'] },
      { dropouts: { confirm: 1 }, survivors: 3, contributors: CLIENTS },
    ]);
    return result;
  };

  it('goes on where it was, killed at any operation of its store', async () => {
    const { operations } = await restlessly();
    for (let at = 0; at < operations; at++) await restlessly((life) => (life === 0 ? { at, done: at % 2 === 0 } : {}));
    for (let at = 0; at < operations; at++) await restlessly((life) => (life === 0 ? { at, done: at % 2 === 1 } : {}));
  });

  it('goes on where it was, killed after any request', async () => {
    const { requests } = await restlessly();
    for (let request = 1; request <= requests; request++) await restlessly(() => ({}), request);
  });

  it('keeps messages of other stages and of others out, and says nothing of what they hold', async () => {
    const base = testOptions({ cohort: 2, minimum: 2 });
    const server = await federatedServer({ ...base, pipeline: fakeExchange() });
    const tasks = new Map<string, RoundTask>();
    for (const client of ['a', 'b', 'a']) {
      const response = await ask(server, client, { kind: 'join' });
      if (response.kind === 'task') tasks.set(client, response.task);
    }
    const { ticket, round } = tasks.get('a') as RoundTask;
    const say = (client: string, message: Uint8Array) => ask(server, client, { kind: 'exchange', ticket, message });
    const forged = await say('a', fakeMessage(0, 'b', round));
    expect(forged).toEqual({ kind: 'refused', code: 'DECODE_FAILED', message: 'fake: expected its own message' });
    expect(await say('b', fakeMessage(0, 'b', round))).toMatchObject({ kind: 'refused', code: 'INVALID_ARGUMENT' });
    expect(await ask(server, 'a', { kind: 'report', ticket, bytes: new Uint8Array(3) })).toMatchObject({
      kind: 'refused',
      code: 'PROTOCOL_STATE',
    });
    expect(server.progress).toMatchObject({ open: 2, accepted: 0 });
    // Twice is once.
    for (const _ of [1, 2]) expect((await say('a', fakeMessage(0, 'a', round))).kind).toBe('wait');
    expect(server.progress).toMatchObject({ open: 1, accepted: 1 });
  });

  it('does not take a message of an earlier stage, sent again, for one of this stage', async () => {
    const server = await federatedServer({ ...testOptions({ cohort: 2, minimum: 2 }), pipeline: fakeExchange() });
    const tasks = new Map<string, RoundTask>();
    for (const client of ['a', 'b', 'a']) {
      const response = await ask(server, client, { kind: 'join' });
      if (response.kind === 'task') tasks.set(client, response.task);
    }
    const joined = await ask(server, 'b', { kind: 'join' });
    if (joined.kind === 'task') tasks.set('b', joined.task);
    const say = (client: string, stage: number) => {
      const { ticket, round } = tasks.get(client) as RoundTask;
      return ask(server, client, { kind: 'exchange', ticket, message: fakeMessage(stage, client, round) });
    };
    for (const client of ['a', 'b']) await say(client, 0);
    await server.tick();
    expect(server.progress).toMatchObject({ phase: 'collecting', open: 2, accepted: 0 });
    for (const client of ['a', 'b']) expect(await say(client, 0)).toMatchObject({ kind: 'message' });
    expect(server.progress).toMatchObject({ phase: 'collecting', open: 2, accepted: 0 });
    await say('a', 1);
    expect(server.progress).toMatchObject({ open: 1, accepted: 1 });
  });
});
