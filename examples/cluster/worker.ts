/**
 * A worker: folds shards of reports as the queue hands them out.
 *
 * @module
 */
import { queueWorker } from '@fedkit/bullmq';
import { foldTasks } from '@fedkit/core/engine';
import { prometheusTelemetry, statusHandler } from '@fedkit/core/telemetry';
import { serve } from '@fedkit/core/transport/node';
import { pipeline } from './federation.ts';
import { say } from './log.ts';
import { blobsOf, databaseOf, place, type Setting } from './setting.ts';

export async function work(setting: Setting, name: string): Promise<() => Promise<void>> {
  const telemetry = prometheusTelemetry();
  // Before the database is there: somebody may ask why nothing is done.
  let reason: string | undefined = 'starting';
  const status = statusHandler({
    server: {
      health: { healthy: true },
      get readiness() {
        return reason === undefined ? { ready: true } : { ready: false, reason };
      },
    },
    metrics: telemetry,
  });
  const telling = await serve(
    async (request) => status(request) ?? new Response(null, { status: 404 }),
    place(setting.status[name]),
  );
  let waiting = false;
  const worker = await queueWorker({
    database: databaseOf(setting),
    name: setting.name,
    blobs: blobsOf(setting),
    handlers: foldTasks(pipeline),
    lockDuration: 10_000,
    stalledInterval: 2000,
    telemetry,
    onEvent: (event) => {
      if (event.kind === 'ready') reason = undefined;
      // Once, however often it asks.
      if (event.kind !== 'waiting' || !waiting)
        say('error' in event ? { ...event, error: String(event.error) } : event);
      waiting = event.kind === 'waiting';
    },
  });
  return async () => {
    reason = 'draining';
    await worker.close();
    await telling.close({ grace: 500 });
  };
}
