import { fedAvg, memoryStore, plainUpdates } from '@fedkit/core';
import { encodeRequest } from '@fedkit/core/protocol';
import { expect, it } from 'vitest';
import { serveFederation } from './serve-federation.ts';

it('goes on where the listener of a configuration rejects, and says why', async () => {
  const told: string[] = [];
  const served = await serveFederation(
    {
      federation: {
        pipeline: plainUpdates({ algorithm: fedAvg(), size: 3 }),
        initial: new Float32Array(3),
        cohort: 2,
      },
      store: memoryStore(),
      clients: { authenticate: () => undefined },
      listen: { port: 0 },
      onEvent: ({ kind }): unknown => {
        told.push(kind);
        return Promise.reject(new Error('of the listener'));
      },
    },
    () => {},
  );
  try {
    const join = encodeRequest({ kind: 'join' });
    for (const client of ['a', 'b', 'a', 'b']) await served.server.handle(client, join);
    expect(told).toContain('opened');
    expect(served.server.progress.lastFailure?.error).toEqual(new Error('of the listener'));
  } finally {
    await served.close(0);
  }
});
