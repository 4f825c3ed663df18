// Odds of its processes: 0. They draw pauses, names and keys from the platform, and nothing asserted depends on which.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { federatedClient, federatedServer, memoryStore, modelDigest, plainTrainer, secureRng } from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../packages/bullmq/test/servers.ts';
import { slowness } from '../../packages/core/test/slowness.ts';
import { local, model, pipeline, pointsOf } from './federation.ts';

const [CLIENTS, ROUNDS] = [24, 4];
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
type Line = Readonly<Record<string, unknown>>;

function start(script: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const tsx = import.meta.resolve('tsx');
  const options = ['--import', tsx, '--conditions=@fedkit/source', join(import.meta.dirname, script), ...words];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  // A group of its own, as a terminal gives it.
  const child = spawn(process.execPath, options, {
    stdio: [...stdio],
    env: { ...process.env, ...env },
    detached: true,
  });
  const lines: Line[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const found = (rest + chunk.toString()).split('\n');
    rest = found.pop() ?? '';
    for (const line of found) if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
  });
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = async (kind: string): Promise<Line> => {
    for (;;) {
      const found = lines.find((one) => one.kind === kind);
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`${script} ended without ${kind}`);
      await pause(50);
    }
  };
  return { child, lines, gone, line };
}

/** The model that one process comes to. */
async function alone(): Promise<Float32Array> {
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(model.layout.size),
    cohort: CLIENTS,
    rounds: ROUNDS,
    retryAfter: 5,
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      federatedClient({
        id: `client-${i}`,
        pipeline,
        trainer: plainTrainer(model, pointsOf(i)),
        local: () => local,
        exchange: memoryTransport(server, `client-${i}`),
        store: memoryStore(),
      }).run(),
    ),
  );
  return server.params;
}

// Redis is started by the example itself; another database is named to it.
describe.each(kinds)('on $name', ({ name, start: startDatabase }) => {
  it.skipIf(startDatabase === undefined)(
    'comes up, is looked at as one, is restarted one by one in the midst of a run, and goes down',
    { timeout: 300_000 * slowness() },
    async () => {
      const database = name === 'redis' ? undefined : await startDatabase?.();
      const cluster = start('main.ts', [`${CLIENTS}`, `${ROUNDS}`], database && { DATABASE_URL: database.url });
      try {
        const { fronts, page, password, folder } = (await cluster.line('up')) as {
          fronts: string[];
          page: string;
          password: string;
          folder: string;
        } & Line;
        const authorization = `Bearer ${password}`;
        const get = async (path: string) => (await fetch(page + path, { headers: { authorization } })).text();
        const states = async () => JSON.parse(await get('/api/processes')) as { name: string; ready: boolean }[];
        expect((await fetch(`${page}/ready`)).status).toBe(200);
        expect(await states()).toEqual(
          ['front-1', 'front-2', 'worker-1', 'worker-2', 'worker-3', 'worker-4'].map((name) => ({ name, ready: true })),
        );
        expect(await get('/')).toContain('id="processes"');

        const clients = start('clients.ts', [fronts.join(), `${CLIENTS}`]);
        await cluster.line('published');
        cluster.child.kill('SIGHUP');
        await cluster.line('restarted');
        expect(await clients.line('over')).toMatchObject({ clients: CLIENTS });
        expect(clients.lines.some(({ kind }) => kind === 'counted')).toBe(true);
        const records = JSON.parse(await get('/api/records?since=0')) as { outcome: string; contributors: string[] }[];
        expect(records.map(({ outcome, contributors }) => [outcome, contributors.length])).toEqual(
          Array.from({ length: ROUNDS }, () => ['published', CLIENTS]),
        );
        // Whoever folded it, and however often it was interrupted.
        const told = cluster.lines.filter(({ kind }) => kind === 'model').at(-1);
        expect(told?.digest).toBe(modelDigest(model.layout, await alone()));

        const metrics = await get('/metrics');
        expect(metrics).toMatch(/^fedkit_published\{process="coordinator"\} \d/m);
        expect(metrics).toMatch(/^fedkit_http_requests_total\{process="front-[12]",status="200"\} \d/m);
        expect(metrics.match(/^# TYPE fedkit_http_requests_total /gm)).toHaveLength(1);
        const folded = cluster.lines.filter(({ kind, task }) => kind === 'done' && task === 'fold');
        expect(folded.length).toBeGreaterThanOrEqual(2 * ROUNDS);
        expect(folded.every(({ process }) => String(process).startsWith('worker-'))).toBe(true);

        // Ctrl-C in a terminal goes to everyone in it.
        if (name === 'redis') process.kill(-(cluster.child.pid as number), 'SIGINT');
        else cluster.child.kill('SIGTERM');
        expect(await cluster.gone).toBe(0);
        const ended = cluster.lines.filter(({ kind }) => kind === 'ended').map(({ process }) => process);
        expect(new Set(ended).size).toBe(7);
        expect(existsSync(folder)).toBe(false);
      } finally {
        cluster.child.kill('SIGTERM');
        await cluster.gone;
        await database?.stop();
      }
    },
  );
});
