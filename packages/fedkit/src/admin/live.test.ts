import type { FederatedServer, PlainData } from '@fedkit/core';
import { describe, expect, it, vi } from 'vitest';
import { slowness } from '../../../core/test/slowness.ts';
import { Live } from './live.ts';

/** As much of a server as a stream looks at. */
function fake() {
  const server = {
    run: new Uint8Array(16),
    progress: {
      phase: 'collecting',
      paused: false,
      round: 1,
      published: 0,
      waiting: 0,
      open: 0,
      accepted: 0,
      awaited: [],
    },
    readiness: { ready: true },
    health: { healthy: true },
    looks: 0,
    records: async (): Promise<readonly never[]> => {
      server.looks++;
      return [];
    },
  };
  return server;
}
const liveOf = (server: ReturnType<typeof fake>) => new Live(server as unknown as FederatedServer<PlainData>, 1);
const readerOf = (response: Response | undefined) =>
  ((response as Response).body as ReadableStream<Uint8Array>).getReader();
const looked = (server: ReturnType<typeof fake>, times: number) => {
  const enough = server.looks + times;
  return vi.waitFor(() => expect(server.looks).toBeGreaterThanOrEqual(enough), {
    interval: 1,
    timeout: 10_000 * slowness(),
  });
};

describe('a stream of what changes', () => {
  it('is one of at most 20, and leaves its place to another', async () => {
    const live = liveOf(fake());
    const readers = Array.from({ length: 20 }, () => readerOf(live.stream()));
    expect(live.stream()).toBeUndefined();
    await readers[7].cancel();
    const next = readerOf(live.stream());
    expect(live.stream()).toBeUndefined();
    for (const reader of [...readers, next]) await reader.cancel();
    const again = Array.from({ length: 20 }, () => readerOf(live.stream()));
    expect(live.stream()).toBeUndefined();
    for (const reader of again) await reader.cancel();
  });

  it('goes on while the server is healthy, and ends with it', async () => {
    const server = fake();
    const reader = readerOf(liveOf(server).stream());
    await looked(server, 3);
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"phase":"collecting"');
    server.progress.phase = 'failed';
    server.health.healthy = false;
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('"phase":"failed"');
    expect(await reader.read()).toMatchObject({ done: true });
  });

  it('looks at the server no more once nobody reads, though a look is under way', async () => {
    const server = fake();
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      server.records = () => {
        server.looks++;
        resolve();
        return new Promise((done) => {
          answer = () => done([]);
        });
      };
    });
    const reader = readerOf(liveOf(server).stream());
    await asked;
    await reader.cancel();
    answer();
    // Others look on meanwhile.
    const other = fake();
    const beside = readerOf(liveOf(other).stream());
    await looked(other, 5);
    await beside.cancel();
    expect(server.looks).toBe(1);
  });
});
