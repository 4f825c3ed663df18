import { afterAll, describe, expect, it } from 'vitest';
import { saidBy } from '../../../../scripts/test/said-by.ts';
import { SEEDED } from '../../../../scripts/test/seeded-children.ts';
import { runRound } from '../testing/run-round.ts';
import { nodeWorkerExecutor } from './node-workers.ts';

// The sources are TypeScript, which a thread runs through a loader.
const executor = nodeWorkerExecutor({
  workers: 2,
  entry: new URL('../../test/worker-from-source.mjs', import.meta.url),
  execArgv: ['--conditions=@fedkit/source', SEEDED.NODE_OPTIONS],
});
afterAll(() => executor.close());

describe('nodeWorkerExecutor', () => {
  it('takes the same masks out as the calling thread', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const round = {
      inputs: Object.fromEntries(ids.map((id, i) => [id, { v: Int32Array.of(i, -i, 100) }])),
      config: {
        vectors: { v: { length: 3, bound: 100 } },
        corruptFraction: 0,
        dropoutFraction: 0.25,
        mode: 'semi-honest' as const,
      },
      drop: { input: ['c1', 'c2'] },
      seed: 'workers',
    };
    const inline = await runRound(round);
    const threaded = await runRound({ ...round, executor });
    expect(threaded.sums).toEqual(inline.sums);
    expect(threaded.sums.v).toEqual(Int32Array.of(25, -25, 600));
  });

  it('rejects a task it cannot run and goes on', async () => {
    const layout = {
      suite: 'aes-128-ctr' as const,
      vectors: [{ name: 'v', length: 1, bits: 8 }],
      context: { session: new Uint8Array(16), round: 0, transcript: new Uint8Array(32) },
    };
    const party = { index: 0, id: Uint8Array.of(97), publicKey: new Uint8Array(32) };
    const pairMasks = [{ party, secretKey: new Uint8Array(32).fill(1), survivors: [{ ...party, index: 1 }] }];
    await expect(executor.run({ layout, selfMasks: [], pairMasks })).rejects.toThrow(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
    );
    const sum = await executor.run({ layout, selfMasks: [{ party, seed: new Uint8Array(32) }], pairMasks: [] });
    expect(sum.some((byte) => byte !== 0)).toBe(true);
  });

  it('keeps no process alive that has nothing else to do', async () => {
    const program = `
      const { nodeWorkerExecutor } = await import(${JSON.stringify(new URL('./node-workers.ts', import.meta.url).href)});
      const executor = nodeWorkerExecutor({
        workers: 1,
        entry: new URL(${JSON.stringify(new URL('../../test/worker-from-source.mjs', import.meta.url).href)}),
        execArgv: ['--conditions=@fedkit/source'],
      });
      const context = { session: new Uint8Array(16), round: 0, transcript: new Uint8Array(32) };
      const layout = { suite: 'aes-128-ctr', vectors: [{ name: 'v', length: 1, bits: 8 }], context };
      const party = { index: 0, id: Uint8Array.of(97), publicKey: new Uint8Array(32) };
      await executor.run({ layout, selfMasks: [{ party, seed: new Uint8Array(32) }], pairMasks: [] });
      console.log('ran');
    `;
    expect(await saidBy(program)).toBe('ran\n');
  });
});
