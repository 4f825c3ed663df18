import { describe, expect, it } from 'vitest';
import { ask, expectedParams, reportOf, testClock, testServer } from '../../test/round/federation.ts';
import { type Fates, Mortal } from '../../test/round/mortal.ts';
import { seededRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { RoundTask } from '../protocol/message.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];

/** What one client knows: it sends again until it has an answer. */
interface Device {
  task?: RoundTask;
  /** Rounds whose report was acknowledged, and how it went with the others. */
  readonly counted: number[];
  readonly late: number[];
}

/**
 * Four clients and a server that is killed wherever `faults` says, over and over if they say so. A killed server is
 * forgotten: another opens what the store holds.
 */
async function run(fates: Fates, killAfterRequest = Infinity) {
  const clock = testClock();
  const devices = new Map<string, Device>(CLIENTS.map((client) => [client, { counted: [], late: [] }]));
  let requests = 0;
  const deadlines = { reporting: 4000, recruiting: 1000 };
  const mortal = await Mortal.live(
    (store, life) => testServer({ store, clock, cohort: 3, minimum: 2, rounds: 3, deadlines, rng: seededRng(life) }),
    fates,
  );
  for (let turn = 0; turn < 60; turn++) {
    for (const [client, device] of devices) {
      // One of them never reports in the first round, another leaves in the second.
      const silent = client === 'a' && device.task?.round === 1;
      const leaves = client === 'b' && device.task?.round === 2 && !device.late.includes(2);
      const request = !device.task
        ? ({ kind: 'join' } as const)
        : silent
          ? ({ kind: 'join' } as const)
          : leaves
            ? ({ kind: 'leave', ticket: device.task.ticket } as const)
            : ({ kind: 'report', ticket: device.task.ticket, bytes: reportOf(client, device.task) } as const);
      const response = await ask(mortal.server, client, request);
      if (++requests === killAfterRequest) await mortal.die();
      if (response.kind === 'task') device.task = response.task;
      else if (response.kind === 'accepted') device.counted.push((device.task as RoundTask).round);
      else if (response.kind === 'late' || response.kind === 'left') device.late.push((device.task as RoundTask).round);
      else if (response.kind === 'refused') {
        expect(response).toMatchObject({ code: 'UNAVAILABLE' });
        await mortal.die();
      }
      if (response.kind !== 'task' && response.kind !== 'refused') delete device.task;
    }
    clock.time += 500;
    await mortal.server.tick().catch(() => mortal.die());
    const open = [...devices.values()].some(({ task }) => task);
    if (mortal.server.progress.phase === 'finished' && !open) break;
  }
  expect(mortal.server.progress).toMatchObject({ phase: 'finished', published: 3 });
  // The model is that of exactly who was acknowledged, byte for byte.
  let params = Float32Array.of(1, 2, 3);
  const { operations } = mortal;
  await mortal.server.close();
  const server = await testServer({ store: mortal.disk, rounds: 3 });
  const records = await server.records();
  for (const { round, outcome, contributors } of records) {
    const acknowledged = CLIENTS.filter((client) => devices.get(client)?.counted.includes(round));
    expect([...contributors].sort()).toEqual(outcome === 'published' ? acknowledged : []);
    if (outcome === 'published') params = expectedParams(params, contributors, round) as typeof params;
  }
  expect(server.params).toEqual(params);
  for (const { counted } of devices.values()) expect(new Set(counted).size).toBe(counted.length);
  return { operations, requests, records };
}

describe('a server that is killed', () => {
  it('before, or right after, any operation of its store goes on where it was', async () => {
    const { operations } = await run(() => ({}));
    expect(operations).toBeGreaterThan(30);
    for (let at = 0; at < operations; at++) {
      for (const done of [false, true]) await run((life) => (life === 0 ? { at, done } : {}));
    }
  });

  it('after any request goes on where it was', async () => {
    const { requests } = await run(() => ({}));
    for (let request = 1; request <= requests; request++) await run(() => ({}), request);
  });

  it('again and again goes on where it was', async () => {
    // A life has to be long enough to open the store and do one thing.
    for (let seed = 0; seed < 20; seed++) {
      const rng = seededRng(seed);
      await run(() => ({ at: 20 + rng.below(30), done: rng.below(2) === 1 }));
    }
  });
});

describe('a run that is opened again and again', () => {
  it('is read in a few slots, however often that was', async () => {
    const disk = memoryStore();
    let read = 0;
    const get = (key: string) => {
      if (key.startsWith('round/journal/')) read++;
      return disk.get(key);
    };
    const openings: number[] = [];
    for (let life = 0; life < 40; life++) {
      read = 0;
      await testServer({ store: { ...disk, get }, rounds: 3 });
      openings.push(read);
    }
    expect(Math.max(...openings)).toBeLessThanOrEqual(10);
  });
});

describe('a store that fails once', () => {
  it('costs a request, and nothing else', async () => {
    const { operations } = await run(() => ({}));
    for (let at = 0; at < operations; at++) {
      for (const done of [false, true]) await run((life) => (life === 0 ? { at, done, forGood: false } : {}));
    }
  });
});
