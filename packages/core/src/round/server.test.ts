import { memoryStore } from '../store/memory-store.ts';
import { describe, expect, it } from 'vitest';
import {
  ask,
  download,
  expectedParams,
  join,
  openedServer,
  plain,
  report,
  reportOf,
  SIZE,
  testClock,
  testServer,
} from '../../test/round/federation.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import type { RoundInfo } from '../algorithm/round-info.ts';
import { FedkitError } from '../errors.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { poissonSelection } from '../select/poisson.ts';
import { uniformSelection } from '../select/uniform.ts';
import { encodeRequest } from '../protocol/client-message.ts';
import type { RoundTask } from '../protocol/message.ts';
import type { ServerEvent } from './server-options.ts';

const NAMES = ['a', 'b', 'c'];

describe('federatedServer', () => {
  it('publishes the mean of exactly those who reported', async () => {
    const events: ServerEvent[] = [];
    const server = await testServer({
      rounds: 2,
      limits: { partBytes: 50 },
      onEvent: (event) => void events.push(event),
    });
    let params = Float32Array.of(1, 2, 3);
    for (const round of [1, 2]) {
      for (const client of ['a', 'b']) expect(await join(server, client)).toBeUndefined();
      for (const client of ['c', 'a', 'b']) {
        const task = await join(server, client);
        if (!task) throw new Error('no task');
        expect(task.round).toBe(round);
        expect(await download(server, client, task)).toEqual(params);
        expect(await report(server, client, task)).toEqual({ kind: 'accepted', ticket: task.ticket });
      }
      await server.tick();
      params = expectedParams(params, NAMES, round) as typeof params;
      expect(server.params).toEqual(params);
    }
    expect(server.progress).toMatchObject({ phase: 'finished', published: 2 });
    const records = await server.records();
    expect(records.map(({ round, outcome, contributors }) => [round, outcome, [...contributors].sort()])).toEqual([
      [1, 'published', NAMES],
      [2, 'published', NAMES],
    ]);
    const round = 'opened accepted accepted accepted published';
    expect(events.map(({ kind }) => kind).join(' ')).toBe(`${round} ${round} finished`);
    expect(JSON.parse(JSON.stringify(records))).toEqual(records);
    // Whoever asks again after the end is told what became of its report, and everyone else that it is over.
    expect((await ask(server, 'a', { kind: 'join' })).kind).toBe('closed');
    const ticket = 2 ** 20;
    expect(await ask(server, 'a', { kind: 'report', ticket, bytes: new Uint8Array(0) })).toEqual({
      kind: 'accepted',
      ticket,
    });
  });

  it('keeps a ledger of who came, who did not, and every byte', async () => {
    const clock = testClock();
    let [up, down] = [0, 0];
    const server = await testServer({ clock, minimum: 2, deadlines: { reporting: 1000 } });
    const counting = {
      ...server,
      async handle(client: string, request: Uint8Array) {
        const response = await server.handle(client, request);
        up += request.length;
        down += response.length;
        return response;
      },
    };
    const found: Record<string, RoundTask> = {};
    for (const client of [...NAMES, ...NAMES]) {
      const task = await join(counting, client);
      if (task) found[client] = task;
    }
    clock.time += 400;
    await report(counting, 'a', found.a);
    await report(counting, 'a', found.a);
    await report(counting, 'b', found.b);
    await ask(counting, 'b', { kind: 'report', ticket: found.c.ticket, bytes: new Uint8Array(1) });
    await counting.handle('c', Uint8Array.of(1, 2, 3));
    expect((await ask(counting, 'c', { kind: 'leave', ticket: found.c.ticket })).kind).toBe('left');
    await server.tick();
    const sofar = { up, down };
    expect(await report(counting, 'c', found.c)).toMatchObject({ kind: 'late' });
    const [record] = await server.records();
    expect(record).toMatchObject({
      round: 1,
      outcome: 'published',
      scheme: { kind: 'fixed', population: 3, cohort: 3 },
      population: 3,
      invited: 3,
      survivors: 2,
      dropouts: { reporting: 1 },
      duplicates: 1,
      refused: { INVALID_ARGUMENT: 1, DECODE_FAILED: 1 },
      milliseconds: 400,
    });
    // All but, at most, the last request and its answer: 13 bytes each.
    expect(sofar.up - record.bytes.up).toBeOneOf([0, 13]);
    expect(sofar.down - record.bytes.down).toBeOneOf([0, 13]);
  });

  it('says of over-selected, filled up and thinned out cohorts what they are', async () => {
    const scheme = async (options: Parameters<typeof testServer>[0], names: readonly string[]) => {
      const { server, tasks } = await openedServer(options, names);
      for (const client of Object.keys(tasks)) await report(server, client, tasks[client]);
      await server.tick();
      return (await server.records())[0].scheme;
    };
    expect(await scheme({ cohort: 2, population: 4 }, ['a', 'b', 'c', 'd'])).toEqual({
      kind: 'fixed',
      population: 4,
      cohort: 2,
    });
    expect(await scheme({ cohort: 2, overSelection: 2 }, ['a', 'b', 'c', 'd'])).toEqual({ kind: 'none' });
    const selection = poissonSelection({ probability: 1 });
    expect(await scheme({ cohort: 2, population: 3, selection }, NAMES)).toEqual({ kind: 'poisson', probability: 1 });
    const clock = testClock();
    const server = await testServer({ clock, cohort: 3, minimum: 1, selection: uniformSelection({ cohort: 3 }) });
    await join(server, 'a');
    clock.time += 60_000;
    const task = await join(server, 'a');
    await report(server, 'a', task as RoundTask);
    await server.tick();
    expect((await server.records())[0]).toMatchObject({ scheme: { kind: 'none' }, invited: 1, contributors: ['a'] });
  });

  it('tries again after a draw that came to too few', async () => {
    const clock = testClock();
    const selection = poissonSelection({ probability: 0.4 });
    const server = await testServer({ clock, cohort: 2, population: 4, selection, retryAfter: 100 });
    for (let turn = 0; turn < 50 && server.progress.phase !== 'collecting'; turn++) {
      for (const client of ['a', 'b', 'c', 'd']) await join(server, client);
      clock.time += 100;
      await server.tick();
    }
    expect(server.progress.phase).toBe('collecting');
  });

  it('no longer counts on waiting clients that have stopped asking', async () => {
    const clock = testClock();
    const server = await testServer({ clock, limits: { presence: 1000 } });
    await join(server, 'gone');
    clock.time += 900;
    await join(server, 'a');
    clock.time += 300;
    await join(server, 'a');
    expect(server.progress).toMatchObject({ phase: 'waiting', waiting: 1 });
    for (const client of ['b', 'c']) await join(server, client);
    expect(server.progress).toMatchObject({ phase: 'collecting', open: 3 });
  });

  it('can be paused, resumed and cancelled', async () => {
    const { server, tasks } = await openedServer({ minimum: 1 });
    await server.pause();
    for (const client of NAMES) await report(server, client, tasks[client]);
    await server.tick();
    expect(server.progress).toMatchObject({ phase: 'collecting', paused: true, accepted: 3, published: 0 });
    await server.resume();
    await server.tick();
    expect(server.progress).toMatchObject({ phase: 'waiting', published: 1 });
    for (const client of [...NAMES, ...NAMES]) await join(server, client);
    await server.cancel();
    expect(server.progress.phase).toBe('cancelled');
    expect((await ask(server, 'a', { kind: 'join' })).kind).toBe('closed');
    expect((await server.records()).map(({ outcome }) => outcome)).toEqual(['published', 'cancelled']);
    await server.close();
    const response = await ask(server, 'a', { kind: 'join' });
    expect(response).toMatchObject({ kind: 'refused', code: 'UNAVAILABLE' });
  });

  it('stops when it has enough', async () => {
    const { server, tasks } = await openedServer(
      { cohort: 1, until: (params, round) => round === 1 && params[0] !== 1 },
      ['a'],
    );
    await report(server, 'a', tasks.a);
    await server.tick();
    expect(server.progress.phase).toBe('finished');
  });
});

describe('a pipeline', () => {
  /** Plain updates whose rounds close as `close` says first, and tell when they are freed. */
  const closing = (close: (attempt: number) => void, freed: () => void = () => {}) => {
    let attempts = 0;
    const pipeline = plain();
    const server = () => {
      const half = pipeline.server();
      const open: typeof half.open = (round) => {
        const collector = half.open(round);
        return {
          ...collector,
          close: async (facts) => {
            close(attempts++);
            return collector.close(facts);
          },
          dispose() {
            freed();
            collector.dispose();
          },
        };
      };
      return { ...half, open };
    };
    return { ...pipeline, digest: pipeline.digest, server };
  };

  it('that fails is asked again, and only a released round is published', async () => {
    const failures: unknown[] = [];
    const pipeline = closing((attempt) => {
      if (attempt < 2) throw new Error('a ledger on a network drive');
    });
    const onEvent = (event: ServerEvent) => void (event.kind === 'failed' && failures.push(event.error));
    const { server, tasks } = await openedServer({ pipeline, onEvent });
    for (const client of NAMES) expect((await report(server, client, tasks[client])).kind).toBe('accepted');
    await server.tick().catch(() => {});
    for (let turn = 0; turn < 3 && server.progress.published === 0; turn++) await server.tick().catch(() => {});
    // The second time is the same failure.
    expect(failures).toHaveLength(1);
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1));
  });

  it('has what was folded freed, once, before the model that it came to takes memory', async () => {
    const order: string[] = [];
    const pipeline = closing(
      () => order.push('closed'),
      () => order.push('freed'),
    );
    const memory = memoryStore();
    const put = (key: string, bytes: Uint8Array) => {
      if (key.startsWith('round/state/0000000000000001')) order.push('kept');
      return memory.put(key, bytes);
    };
    const { server, tasks } = await openedServer({ pipeline, store: { ...memory, put } });
    for (const client of NAMES) await report(server, client, tasks[client]);
    await server.tick();
    await server.close();
    expect(order).toEqual(['closed', 'freed', 'kept']);
  });

  it('that refuses for now ends the round, and for lack of budget the run', async () => {
    const codes = ['OUT_OF_RANGE', 'BUDGET_EXHAUSTED'] as const;
    const pipeline = closing((attempt) => {
      throw new FedkitError(codes[attempt], 'pipeline: expected a budget, got none');
    });
    const clock = testClock();
    const { server, tasks } = await openedServer({ pipeline, clock, retryAfter: 10 });
    for (const client of NAMES) await report(server, client, tasks[client]);
    await server.tick();
    clock.time += 10;
    for (const client of [...NAMES, ...NAMES]) tasks[client] = (await join(server, client)) ?? tasks[client];
    for (const client of NAMES) expect((await report(server, client, tasks[client])).kind).toBe('accepted');
    await server.tick();
    expect(await server.records()).toMatchObject(
      codes.map((reason) => ({ outcome: 'abandoned', reason, contributors: [] })),
    );
    expect(server.progress).toMatchObject({ phase: 'finished', published: 0 });
    expect(server.params).toEqual(Float32Array.of(1, 2, 3));
    // Nobody is told that it counted who is in no model.
    expect((await report(server, 'a', tasks.a)).kind).toBe('late');
  });
});

describe('hostile requests', () => {
  it('are refused by name, change nothing, and are told nothing', async () => {
    const { server, tasks } = await openedServer({ limits: { requestBytes: 300 } });
    const before = server.progress;
    const refused = async (client: string, request: Uint8Array, code: string) => {
      const response = await ask({ handle: () => server.handle(client, request) }, client, { kind: 'join' });
      expect(response).toMatchObject({ kind: 'refused', code });
      expect(JSON.stringify(response)).not.toMatch(/got|4711/);
      expect(server.progress).toEqual(before);
    };
    const { ticket, modelDigest: digest } = tasks.a;
    const good = reportOf('a', tasks.a);
    const say = (ticketed: number, bytes: Uint8Array) => encodeRequest({ kind: 'report', ticket: ticketed, bytes });
    await refused('a', new Uint8Array(server.maximumRequestLength + 1), 'OUT_OF_RANGE');
    await refused('a', new Uint8Array(0), 'DECODE_FAILED');
    await refused('a', Uint8Array.of(0x66, 0x6b, 0x71, 9, 0), 'DECODE_FAILED');
    await refused('', encodeRequest({ kind: 'join' }), 'INVALID_ARGUMENT');
    await refused('x'.repeat(256), encodeRequest({ kind: 'join' }), 'INVALID_ARGUMENT');
    await refused('a', say(ticket, good.subarray(1)), 'DECODE_FAILED');
    await refused('a', say(ticket, good.subarray(0, good.length - 1)), 'DECODE_FAILED');
    const infinite = good.slice();
    infinite.set([0, 0, 0x80, 0x7f], infinite.length - 4);
    await refused('a', say(ticket, infinite), 'OUT_OF_RANGE');
    await refused('a', say(tasks.b.ticket, good), 'INVALID_ARGUMENT');
    await refused('stranger', say(ticket, good), 'INVALID_ARGUMENT');
    await refused('a', say(ticket + 4711 * 2 ** 20, good), 'INVALID_ARGUMENT');
    await refused('a', say(0, good), 'INVALID_ARGUMENT');
    await refused('a', encodeRequest({ kind: 'exchange', ticket, message: good }), 'PROTOCOL_STATE');
    await refused('a', encodeRequest({ kind: 'model', digest: new Uint8Array(32), offset: 0 }), 'PROTOCOL_STATE');
    await refused('a', encodeRequest({ kind: 'model', digest, offset: 2 ** 40 }), 'OUT_OF_RANGE');
    // A wrong report is no end: the ticket is still good.
    expect(await report(server, 'a', tasks.a)).toEqual({ kind: 'accepted', ticket });
  });

  it('replayed, count once', async () => {
    const { server, tasks } = await openedServer();
    const request = encodeRequest({ kind: 'report', ticket: tasks.a.ticket, bytes: reportOf('a', tasks.a) });
    const [first] = await Promise.all([1, 2, 3].map(() => server.handle('a', request)));
    for (const _ of [1, 2]) expect(await server.handle('a', request)).toEqual(first);
    expect(server.progress.accepted).toBe(1);
    for (const client of ['b', 'c']) await report(server, client, tasks[client]);
    await server.tick();
    expect(await server.handle('a', request)).toEqual(first);
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), NAMES, 1));
    expect(server.progress.published).toBe(1);
  });

  it('of more clients than there is room for wait', async () => {
    const server = await testServer({ cohort: 10, limits: { clients: 2 } });
    for (const client of NAMES)
      expect(await ask(server, client, { kind: 'join' })).toEqual({ kind: 'wait', milliseconds: 1000 });
    expect(server.progress.waiting).toBe(2);
  });
});

it('has a pipeline whose contributors it cannot fall short of', async () => {
  await expect(testServer({ pipeline: plain(3), cohort: 3, minimum: 2 })).rejects.toMatchObject({
    code: 'OUT_OF_RANGE',
  });
  await expect(testServer({ initial: new Float32Array(2) })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  await expect(testServer({ run: new Uint8Array(3) })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  await expect(testServer({ clock: 3 as never })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

it('tells the algorithm how many clients the federation has', async () => {
  const seen: RoundInfo[] = [];
  const algorithm = fedAvg();
  const watched = {
    ...algorithm,
    serverStep(...[state, aggregate, info]: Parameters<typeof algorithm.serverStep>) {
      seen.push(info);
      return algorithm.serverStep(state, aggregate, info);
    },
  };
  for (const size of [undefined, 50]) {
    const pipeline = plainUpdates({ algorithm: watched, size: SIZE });
    const server = await testServer({ pipeline, ...(size !== undefined && { federationSize: size }), rounds: 1 });
    for (const client of ['a', 'b']) await join(server, client);
    for (const client of ['c', 'a', 'b']) {
      const task = await join(server, client);
      if (task) await report(server, client, task);
    }
    await server.tick();
  }
  expect(seen).toEqual([
    { round: 1, cohort: 3, population: 3 },
    { round: 1, cohort: 3, population: 50 },
  ]);
  await expect(testServer({ federationSize: 0 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
});
