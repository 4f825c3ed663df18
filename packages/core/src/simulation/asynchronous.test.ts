import { describe, expect, it } from 'vitest';
import { quadratic } from '../../test/quadratic.ts';
import { fedAsync } from '../algorithm/fed-async.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { simulateAsynchronously } from './asynchronous.ts';

const clients = [1, 2, 3, 4, 5, 6].map((b) => quadratic(1, [b]));
const options = {
  clients,
  local: { steps: 2, batchSize: 'all', learningRate: 0.1 } as const,
  initial: Float32Array.of(20),
  seed: 1,
  concurrency: 4,
};

describe('simulateAsynchronously', () => {
  it('repeats with the seed, and reaches where clients pull', async () => {
    const run = (seed: number) =>
      simulateAsynchronously({
        ...options,
        seed,
        algorithm: fedBuff({ bufferSize: 3 }),
        versions: 60,
        duration: (_client, rng) => 1 + rng.uniform(),
        evaluate: (params) => params[0],
      });
    const [first, again, other] = [await run(1), await run(1), await run(2)];
    expect(again).toEqual(first);
    expect(other.params).not.toEqual(first.params);
    expect(first.evaluations.length).toBe(60);
    expect(first.params[0]).toBeGreaterThan(2);
    expect(first.params[0]).toBeLessThan(5);
  });

  it('is not held up by a slow client: its one contribution comes late and is weighed by it, or is cut off', async () => {
    const run = (maximumStaleness?: number) =>
      simulateAsynchronously({
        ...options,
        concurrency: 6,
        algorithm: fedBuff({ bufferSize: 2, ...(maximumStaleness !== undefined && { maximumStaleness }) }),
        versions: 60,
        duration: (client) => (client === '0' ? 15 : 1),
      });
    const { events } = await run();
    const slow = events.filter(({ client }) => client === '0');
    expect(slow.length).toBe(1);
    expect(slow[0].staleness).toBeGreaterThan(20);
    expect(events.filter(({ client }) => client === '1').length).toBeGreaterThan(15);
    const cut = (await run(5)).events.filter(({ client }) => client === '0');
    expect(cut.map(({ outcome }) => outcome)).toEqual(['stale']);
  });

  it('ends with what whoever is told of an arrival rejects with', async () => {
    const onEvent = async () => Promise.reject(new Error('enough'));
    const run = simulateAsynchronously({ ...options, algorithm: fedAsync(), versions: 2, duration: () => 1, onEvent });
    await expect(run).rejects.toThrow('enough');
  });

  it('goes on while clients leave, until none is left', async () => {
    const leaving = { ...options, algorithm: fedAsync(), duration: (client: string) => (client < '4' ? undefined : 1) };
    const { left, events } = await simulateAsynchronously({ ...leaving, versions: 40 });
    expect(left.toSorted()).toEqual(['0', '1', '2', '3']);
    expect(events.length).toBe(40);
    await expect(simulateAsynchronously({ ...leaving, versions: 1, duration: () => undefined })).rejects.toMatchObject({
      code: 'THRESHOLD_NOT_MET',
    });
  });

  it('refuses options out of range', async () => {
    const run = (more: object) =>
      simulateAsynchronously({ ...options, algorithm: fedAsync(), versions: 1, duration: () => 1, ...more });
    for (const more of [{ concurrency: 0 }, { concurrency: 7 }, { versions: 0 }, { duration: () => 0 }]) {
      await expect(run(more)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    }
    const controller = new AbortController();
    controller.abort();
    await expect(run({ signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
