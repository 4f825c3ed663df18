/**
 * The one process that holds the round: what `fedkit serve` runs, with an engine.
 *
 * @module
 */
import { queueTasks } from '@fedkit/bullmq';
import { serveFederation } from 'fedkit';
import { modelDigest } from '@fedkit/core';
import { model, pipeline } from './federation.ts';
import { say } from './log.ts';
import { blobsOf, clusterKey, databaseOf, place, type Setting } from './setting.ts';

/** Until a signal, or until the run is over and somebody sends one. */
export async function coordinate(setting: Setting): Promise<() => Promise<void>> {
  const { name, clients, rounds, coordinator, status } = setting;
  const database = databaseOf(setting);
  const key = clusterKey();
  const tasks = await queueTasks({ database, name, blobs: blobsOf(setting), concurrency: 4, pollInterval: 50 });
  const store = database.store({ prefix: `${name}/` });
  const secret = `Bearer ${Buffer.from(key).toString('hex')}`;
  const served = await serveFederation({
    federation: {
      pipeline,
      initial: new Float32Array(model.layout.size),
      cohort: clients,
      rounds,
      retryAfter: 500,
      engine: { tasks, shard: 16, key },
    },
    store,
    // Front ends have let their clients in by whatever they know them by, and say who it is that asks.
    clients: {
      authenticate: (request) =>
        request.headers.get('authorization') === secret
          ? (request.headers.get('fedkit-client') ?? undefined)
          : undefined,
    },
    listen: place(coordinator.url),
    onEvent: (event) => {
      if (event.kind === 'published')
        say({ kind: 'model', digest: modelDigest(model.layout, served.server.params as never) });
    },
    admin: {
      ...place(coordinator.admin),
      password: process.env.CLUSTER_PASSWORD ?? '',
      proxied: process.env.CLUSTER_HOST !== undefined,
      processes: Object.entries(status).map(([process, url]) => ({ name: process, url })),
    },
  });
  return async () => {
    await served.close(10_000);
    await tasks.close();
    await store.close();
  };
}
