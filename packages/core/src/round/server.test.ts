import { describe, expect, it } from 'vitest';
import { download, expectedParams, join, report, testServer } from '../../test/round/federation.ts';

describe('federatedServer', () => {
  it('publishes the mean of exactly those who reported', async () => {
    const server = await testServer({ rounds: 2, limits: { partBytes: 50 } });
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
      params = expectedParams(params, ['a', 'b', 'c'], round) as typeof params;
      expect(server.params).toEqual(params);
    }
    expect(server.progress).toMatchObject({ phase: 'finished', published: 2 });
    expect((await server.records()).map(({ round, outcome, contributors }) => [round, outcome, contributors])).toEqual([
      [1, 'published', ['c', 'a', 'b']],
      [2, 'published', ['c', 'a', 'b']],
    ]);
  });
});
