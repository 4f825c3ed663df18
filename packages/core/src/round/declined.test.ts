import { describe, expect, it } from 'vitest';
import { ask, expectedParams, join, plain, report, testClock, testServer } from '../../test/round/federation.ts';
import type { RoundTask } from '../protocol/message.ts';
import type { ServerEvent } from './server-options.ts';

const decline = (task: RoundTask) => ({ kind: 'decline', ticket: task.ticket, reason: 'error' }) as const;

async function setUp(options: Parameters<typeof testServer>[0] = {}) {
  const clock = testClock();
  const events: ServerEvent[] = [];
  const server = await testServer({ clock, onEvent: (event) => void events.push(event), ...options });
  const tasks = new Map<string, RoundTask>();
  const come = async (...names: string[]) => {
    for (const name of [...names, ...names]) {
      const task = await join(server, name);
      if (task) tasks.set(name, task);
    }
  };
  return { clock, events, server, come, task: (name: string) => tasks.get(name) as RoundTask };
}

describe('a client that declines', () => {
  it('has its place filled by another, and is not drawn again before its rest is over', async () => {
    const { clock, events, server, come, task } = await setUp({ cohort: 3, rounds: 3 });
    await come('a', 'b', 'c', 'd');
    const invited = ['a', 'b', 'c', 'd'].filter((name) => task(name));
    const [broken, ...others] = invited;
    expect(await ask(server, broken, decline(task(broken)))).toEqual({ kind: 'left', ticket: task(broken).ticket });
    // Said again it changes nothing.
    expect(await ask(server, broken, decline(task(broken)))).toMatchObject({ kind: 'left' });
    for (const name of others) await report(server, name, task(name));
    await server.tick();
    const spare = ['a', 'b', 'c', 'd'].find((name) => !invited.includes(name)) as string;
    await come(spare);
    await report(server, spare, task(spare));
    await server.tick();
    expect(server.progress.published).toBe(1);
    const [record] = await server.records();
    expect(record).toMatchObject({ declined: { error: 1 }, dropouts: { reporting: 1 } });
    expect(events.filter(({ kind }) => kind === 'declined')).toMatchObject([{ client: broken, reason: 'error' }]);
    // 60 s, during which it is told to wait; then it is drawn like others.
    expect(await join(server, broken)).toBeUndefined();
    expect(server.progress.waiting).toBe(0);
    clock.time += 60_001;
    await server.tick();
    await come(broken, 'e', 'f');
    expect(task('e')).toBeDefined();
    expect(task(broken).round).toBe(2);
    // In a row: twice as long.
    await ask(server, broken, decline(task(broken)));
    clock.time += 60_001;
    await server.tick();
    await join(server, broken);
    // `f`, which came when a minute had passed and two were enough.
    await join(server, 'f');
    expect(server.progress.waiting).toBe(1);
    clock.time += 60_000;
    await join(server, broken);
    expect(server.progress.waiting).toBe(2);
  });

  it('does not hold up a federation that is no larger than its cohort', async () => {
    const { clock, events, server, come, task } = await setUp({ cohort: 3, rounds: 2 });
    await come('a', 'b', 'c');
    await ask(server, 'b', decline(task('b')));
    await report(server, 'a', task('a'));
    await report(server, 'c', task('c'));
    await server.tick();
    expect(server.progress).toMatchObject({ phase: 'waiting', published: 0 });
    clock.time += 60_000;
    await server.tick();
    expect(server.progress.published).toBe(1);
    expect(server.params).toEqual(expectedParams(Float32Array.of(1, 2, 3), ['a', 'c'], 1));
    // Nor the next round.
    await come('a', 'c');
    clock.time += 60_000;
    await server.tick();
    await come('a', 'c');
    await report(server, 'a', task('a'));
    await report(server, 'c', task('c'));
    await server.tick();
    expect(server.progress).toMatchObject({ phase: 'finished', published: 2 });
    expect(events.some(({ kind }) => kind === 'unfilled')).toBe(false);
  });

  it.each([
    ['the minimum that was named', { minimum: 3 }],
    ["the pipeline's", { pipeline: plain(3) }],
  ])('does not bring a round below %s, which says what it lacks', async (_name, options) => {
    const { clock, events, server, come, task } = await setUp({ cohort: 3, ...options });
    await come('a', 'b', 'c');
    await ask(server, 'b', decline(task('b')));
    await report(server, 'a', task('a'));
    await report(server, 'c', task('c'));
    for (let minutes = 0; minutes < 5; minutes++) {
      clock.time += 60_000;
      await server.tick();
    }
    expect(server.progress.published).toBe(0);
    expect(events.filter(({ kind }) => kind === 'unfilled')).toEqual([
      { kind: 'unfilled', round: 1, needed: 1, waiting: 0, resting: 1 },
    ]);
    await come('d');
    await report(server, 'd', task('d'));
    await server.tick();
    expect(server.progress.published).toBe(1);
  });
});

it('says that nobody comes', async () => {
  const { clock, events, server, come } = await setUp({ cohort: 3 });
  await come('a');
  for (let minutes = 0; minutes < 3; minutes++) {
    clock.time += 60_000;
    await ask(server, 'a', { kind: 'join' });
  }
  expect(events).toEqual([{ kind: 'unfilled', round: 1, needed: 3, waiting: 1, resting: 0 }]);
});

it('goes on after a crash with who rests', async () => {
  const { clock, server, come, task } = await setUp({ cohort: 1 });
  await come('a');
  await ask(server, 'a', decline(task('a')));
  await server.pause();
  await server.resume();
  clock.time += 59_000;
  expect(await join(server, 'a')).toBeUndefined();
  expect(server.progress.waiting).toBe(0);
  clock.time += 2000;
  await join(server, 'a');
  await server.tick();
  expect(await join(server, 'a')).toMatchObject({ round: 2 });
});
