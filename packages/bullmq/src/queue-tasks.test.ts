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

/** A database with nothing behind it, which counts what is open. */
function emptyDatabase() {
  const open = { stores: 0, queues: 0 };
  const opened = (kind: keyof typeof open) => {
    open[kind]++;
    return { waitUntilReady: async () => {}, close: async () => void open[kind]-- };
  };
  const kept = memoryStore();
  const database = {
    prepare: async () => {},
    store: () => ({ ...kept, ...opened('stores') }),
    // Its workers never finish.
    queue: () => ({
      ...opened('queues'),
      getJob: async () => ({ getDependenciesCount: async () => ({}), isFailed: async () => false }),
      getJobState: async () => 'waiting',
    }),
    flows: () => ({ ...opened('queues'), add: async () => {} }),
  };
  return { open, kept, database: database as never };
}

it('takes no job once it is closed, ends those at hand, and leaves no connection', async () => {
  const { database, open } = emptyDatabase();
  const blobs = storeBlobs(memoryStore());
  const engine = await queueTasks({ database, name: 'tasks', blobs, pollInterval: 1 });
  const job = { id: 'one', tasks: [{ kind: 'join', inputs: [await blobs.put(Uint8Array.of(1))] }] };
  const told = new Promise<void>((resolve) => {
    void engine.run(job, { onProgress: () => resolve() }).catch(() => {});
  });
  const running = engine.run(job).catch((error: unknown) => error);
  await told;
  await engine.close();
  expect(await running).toMatchObject({ code: 'ABORTED' });
  for (const late of [engine.run(job), engine.forget('one'), engine.clear()])
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
  expect(open).toEqual({ stores: 0, queues: 0 });
});

it('leaves no connection to a queue of another protocol', async () => {
  const { database, kept, open } = emptyDatabase();
  await kept.put('engine/tasks', new TextEncoder().encode('fedkit engine 9 0123'));
  await expect(queueTasks({ database, name: 'tasks', blobs: storeBlobs(memoryStore()) })).rejects.toMatchObject({
    code: 'PROTOCOL_STATE',
  });
  expect(open.stores).toBe(0);
});

it.each(['concurrency', 'timeout', 'pollInterval'])(
  'takes %s from 1 on, before it asks its database',
  async (option) => {
    expect(await codeOf({})).toBe('PROTOCOL_STATE');
    for (const fit of [1, 2, 1000]) expect(await codeOf({ [option]: fit })).toBe('PROTOCOL_STATE');
    for (const wrong of [0, -1, 1.5, Number.NaN]) expect(await codeOf({ [option]: wrong })).toBe('OUT_OF_RANGE');
  },
);
