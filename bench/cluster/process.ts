// One process of the cluster: `coordinator`, `front I` or `worker`. Whatever it cannot do ends it; who started it starts another.
import * as fs from 'node:fs/promises';
import { postgres, queueTasks, queueWorker, redis } from '@fedkit/bullmq';
import { federatedServer, fileStore, secureRng } from '@fedkit/core';
import {
  callTask,
  clearBlobs,
  foldTasks,
  type FoldingPipeline,
  frontEnd,
  remoteCall,
  storeBlobs,
  type TaskHandlers,
} from '@fedkit/core/engine';
import { fetchExchange, fetchHandler } from '@fedkit/core/transport/fetch';
import { serve } from '@fedkit/core/transport/node';
import { inlineExecutor, type MaskTask } from '@fedkit/secagg';
import { type ClusterConfig, digestOf, ledgerOn, pipelineOf, vanishing } from './federation.ts';

const config = JSON.parse(process.env.CLUSTER as string) as ClusterConfig;
const [role, index] = process.argv.slice(2);
const { work, url, folder, name, port, ports, clients, shard, hold } = config;
const key = Uint8Array.from(Buffer.from(config.key, 'hex'));
const secret = `Bearer ${config.key}`;
const database = config.database === 'redis' ? redis({ url }) : postgres({ url });
// Of what a secure sum asks of workers nothing may outlive its asker: blobs of their own, which the next one clears.
const blobs = storeBlobs(fileStore(fs, folder), { prefix: work === 'secure' ? 'call/' : 'blob/' });
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (role === 'worker') {
  const executor = inlineExecutor();
  const tasks: TaskHandlers =
    work === 'secure'
      ? { unmask: callTask((task: MaskTask) => executor.run(task)) }
      : foldTasks(pipelineOf(config) as FoldingPipeline);
  const held = Object.entries(tasks).map(([kind, handler]) => [
    kind,
    async (...words: Parameters<typeof handler>) => {
      await pause(hold);
      return handler(...words);
    },
  ]);
  const handlers = Object.fromEntries(held) as TaskHandlers;
  const onEvent = (event: { readonly kind: string; readonly task?: string }): void => {
    if (event.kind === 'done') say({ done: event.task, cpu: process.cpuUsage() });
  };
  const worker = await queueWorker({
    database,
    name,
    blobs,
    handlers,
    lockDuration: 3000,
    stalledInterval: 1000,
    onEvent,
  });
  process.once('SIGTERM', () => void worker.close().then(() => process.exit()));
} else if (role === 'front') {
  const exchanges = new Map<string, ReturnType<typeof fetchExchange>>();
  const ask = (client: string, request: Uint8Array): Promise<Uint8Array> => {
    const headers = { authorization: secret, 'fedkit-client': client };
    const exchange =
      exchanges.get(client) ?? fetchExchange({ url: `http://127.0.0.1:${port}/fedkit`, headers, attempts: 2 });
    exchanges.set(client, exchange);
    return exchange(request);
  };
  const handler = fetchHandler(frontEnd({ blobs, key, ask }), {
    insecure: true,
    limits: { requestBytes: 65_536 + 5 * config.parameters },
  });
  await serve(handler, { port: ports[Number(index)] });
  say({ listening: true });
} else {
  const tasks = await queueTasks({ database, name, blobs, concurrency: 4, pollInterval: 50, timeout: 60_000 });
  const store = database.store({ prefix: `${name}/` });
  const secure = work === 'secure';
  if (secure) {
    await tasks.clear();
    await clearBlobs(blobs);
  }
  const server = await federatedServer({
    pipeline: pipelineOf(config, {
      ...(secure && { executor: remoteCall<MaskTask, Uint8Array>(tasks, 'unmask') }),
      ...(work === 'central' && { recipients: await ledgerOn(store, name) }),
    }) as never,
    initial: new Float32Array(config.parameters),
    ...(!secure && { engine: { tasks, shard, key } }),
    store,
    cohort: clients,
    minimum: secure ? clients - vanishing(clients) : clients,
    rounds: 1,
    retryAfter: 200,
    deadlines: { recruiting: 3_600_000, reporting: 3_600_000, ...(secure && { stage: 10_000 }) },
    clock: Date.now,
    rng: secureRng(),
    onEvent: (event) => {
      if (event.kind === 'failed') say({ failed: String(event.error) });
      if (event.kind === 'abandoned') say({ abandoned: event.record.reason });
    },
  });
  const authenticate = (request: Request): string | undefined =>
    request.headers.get('authorization') === secret ? (request.headers.get('fedkit-client') ?? undefined) : undefined;
  await serve(fetchHandler(server, { authenticate }), { port });
  say({ listening: true, phase: server.progress.phase });
  let told = false;
  const look = async (): Promise<void> => {
    const ticking = server.tick().catch((error: unknown) => say({ failed: String(error) }));
    const { phase, stage } = server.progress;
    // Workers are at its masks, and whoever is killed now takes the shares with it.
    if (secure && stage === 'unmask' && phase === 'advancing') say({ stage: 'opening' });
    await ticking;
    if (told || server.progress.phase !== 'finished') return;
    told = true;
    const [record] = await server.records();
    say({
      finished: digestOf(server.params),
      contributors: record.contributors.length,
      rounds: server.progress.published,
      ...(work === 'central' && {
        params: Buffer.from(new Uint8Array(server.params.slice().buffer)).toString('base64'),
      }),
    });
    if (secure) await clearBlobs(blobs);
  };
  for (;;) {
    await look().catch((error: unknown) => say({ failed: String(error) }));
    await pause(100);
  }
}
