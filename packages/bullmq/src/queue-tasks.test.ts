import { FedkitError, memoryStore } from '@fedkit/core';
import { storeBlobs } from '@fedkit/core/engine';
import { expect, it } from 'vitest';
import { queueTasks } from './queue-tasks.ts';

/** Whether the options pass, as far as a database that is not fit. */
async function codeOf(options: object): Promise<string> {
  const prepare = () => Promise.reject(new FedkitError('PROTOCOL_STATE', 'not fit'));
  const common = { database: { prepare } as never, name: 'tasks', blobs: storeBlobs(memoryStore()) };
  return queueTasks({ ...common, ...options }).then(
    () => 'none',
    ({ code }: FedkitError) => code,
  );
}

it.each(['concurrency', 'timeout', 'pollInterval'])(
  'takes %s from 1 on, before it asks its database',
  async (option) => {
    expect(await codeOf({})).toBe('PROTOCOL_STATE');
    for (const fit of [1, 2, 1000]) expect(await codeOf({ [option]: fit })).toBe('PROTOCOL_STATE');
    for (const wrong of [0, -1, 1.5, Number.NaN]) expect(await codeOf({ [option]: wrong })).toBe('OUT_OF_RANGE');
  },
);
