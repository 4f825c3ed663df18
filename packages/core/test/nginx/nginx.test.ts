// Odds of its processes: 0. They draw pauses and names of temporary files from the platform, and nothing asserted depends on which.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { secureRng, seededRng } from '../../src/random.ts';
import { federatedServer } from '../../src/round/server.ts';
import { sha256Hex } from '../../src/sha256-hex.ts';
import { fileStore } from '../../src/store/file-store.ts';
import { fetchExchange } from '../../src/transport/fetch/exchange.ts';
import { fetchHandler } from '../../src/transport/fetch/handler.ts';
import { serve } from '../../src/transport/node/serve.ts';
import { slowness } from '../slowness.ts';
import { initial, pipeline, ROUNDS, SIZE } from './federation.ts';
import { freePort } from '../free-port.ts';
import { nginx, startNginx } from './nginx.ts';

const TIME = 120_000 * slowness();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.skipIf(nginx === undefined)('behind a stock nginx', { timeout: TIME }, () => {
  it('requests of any length arrive in pieces that it passes, and smaller ones where it passes less', async () => {
    const handler = {
      handle: async (_client: string, request: Uint8Array) => Uint8Array.of(request[0], request.length % 251),
    };
    const host = await serve(fetchHandler(handler, { insecure: true }));
    ends.push(() => host.close());
    const request = seededRng(1).fill(new Uint8Array(3_000_000));
    for (const extra of [[], ['client_max_body_size 64k;']]) {
      const proxy = await startNginx(host.port, extra);
      ends.push(() => proxy.close());
      const exchange = fetchExchange({ url: `${proxy.url}/fedkit`, headers: { 'fedkit-client': 'a' } });
      expect(await exchange(request)).toEqual(Uint8Array.of(request[0], request.length % 251));
      const refused = proxy.requests().filter(({ status }) => status === 413);
      if (extra.length === 0) expect(refused).toEqual([]);
      else expect(refused.length).toBeGreaterThan(0);
    }
  });

  it('a federation of five processes, killed and extended, ends with one model on all', async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), 'fedkit-behind-nginx-'));
    ends.push(() => fs.rm(directory, { recursive: true, force: true }));
    const port = await freePort();
    const open = async (rounds: number) => {
      const server = await federatedServer({
        pipeline,
        initial: initial(),
        store: fileStore(fs, join(directory, 'server')),
        cohort: 5,
        rounds,
        retryAfter: 50,
        clock: () => performance.now(),
        rng: secureRng(),
      });
      const host = await serve(fetchHandler(server, { insecure: true }), { port });
      const timer = setInterval(() => void server.tick().catch(() => {}), 200);
      const close = async () => {
        clearInterval(timer);
        await host.close({ grace: 0 });
        await server.close();
      };
      return { server, close };
    };
    let running = await open(ROUNDS);
    ends.push(() => running.close());
    const proxy = await startNginx(port);
    ends.push(() => proxy.close());

    const said = new Map<number, string[]>();
    const start = (number: number): ChildProcess => {
      const file = fileURLToPath(new URL('client.ts', import.meta.url));
      const words = [`${number}`, `${proxy.url}/fedkit`, join(directory, `client-${number}`)];
      const child = spawn(
        process.execPath,
        ['--conditions=@fedkit/source', '--import', import.meta.resolve('tsx'), file, ...words],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const lines = said.get(number) ?? [];
      said.set(number, lines);
      child.stdout.on('data', (chunk: Buffer) =>
        lines.push(
          ...String(chunk)
            .split('\n')
            .filter((line) => line !== ''),
        ),
      );
      ends.push(() => child.kill('SIGKILL'));
      return child;
    };
    let children = [0, 1, 2, 3, 4].map(start);
    const until = async (reached: () => boolean) => {
      while (!reached()) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    // One dies in the midst of the first round, and its round is given more time.
    await until(() => running.server.progress.open > 0);
    children[2].kill('SIGKILL');
    await once(children[2], 'exit');
    await running.server.extend(60_000);
    children[2] = start(2);
    await until(() => running.server.progress.published > 0);
    // The server goes away: nginx answers 502, which ends no client.
    await running.close();
    await until(() => proxy.requests().some(({ status }) => status === 502));
    running = await open(ROUNDS);
    const allEnd = async () => {
      await until(() => children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null));
      expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
    };
    await allEnd();
    // The finished run is told to run one round more.
    await running.close();
    running = await open(ROUNDS + 1);
    children = [0, 1, 2, 3, 4].map(start);
    await allEnd();

    const { params } = running.server;
    const digest = sha256Hex(new Uint8Array(params.buffer, params.byteOffset, params.byteLength));
    for (const lines of said.values()) expect(lines.at(-1)).toBe(`model ${ROUNDS + 1} ${digest}`);
    const records = await running.server.records();
    expect(records.map(({ outcome }) => outcome)).toEqual(Array.from({ length: ROUNDS + 1 }, () => 'published'));
    // Every update was too long for it in one piece, and none was refused.
    expect(proxy.requests().filter(({ status }) => status === 413)).toEqual([]);
    expect(Math.max(...proxy.requests().map(({ bytes }) => bytes))).toBeGreaterThan(2 ** 19);
    expect(4 * SIZE).toBeGreaterThan(2 ** 20);
  });
});
