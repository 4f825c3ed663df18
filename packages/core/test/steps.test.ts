import { expect, test, vi } from 'vitest';
import { fedAvg } from '../src/algorithm/fed-avg.ts';
import type { Trainer } from '../src/client/trainer.ts';
import { federatedClient } from '../src/device/federated-client.ts';
import type * as finite from '../src/finite.ts';
import type * as stateFile from '../src/model/state-file.ts';
import { plainUpdates } from '../src/pipeline/plain-updates.ts';
import { seededRng } from '../src/random.ts';
import { federatedServer } from '../src/round/server.ts';
import { memoryStore } from '../src/store/memory-store.ts';
import { memoryTransport } from '../src/transport/memory/memory-transport.ts';

/** Large against everything else that moves. */
const SIZE = 50_000;
const BYTES = 4 * SIZE;

const seen = vi.hoisted(() => ({ scans: 0, encoded: 0 }));

vi.mock('../src/finite.ts', async (original) => {
  const real = await original<typeof finite>();
  const counted = <T extends unknown[], R>(scan: (...args: T) => R, at: number) =>
    ((...args: T) => {
      if ((args[at] as Float32Array).length >= SIZE) seen.scans++;
      return scan(...args);
    }) as typeof scan;
  return { isFiniteVector: counted(real.isFiniteVector, 0), checkFinite: counted(real.checkFinite, 1) };
});
vi.mock('../src/model/state-file.ts', async (original) => {
  const real = await original<typeof stateFile>();
  const encodeState: typeof real.encodeState = (...args) => {
    seen.encoded++;
    return real.encodeState(...args);
  };
  return { ...real, encodeState };
});

/** Bytes that calls move from one memory to another: `set`, `slice`, `copyWithin`, and what is constructed from elements. */
function countingMoves(): { moved: number; stop(): void } {
  const count = { moved: 0, stop: () => ends.forEach((end) => end()) };
  const ends: (() => void)[] = [];
  const typed = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, (...args: never[]) => unknown>;
  const wrap = (target: object, name: string, bytes: (self: never, args: never[], result: never) => number) => {
    const real = (target as Record<string, (...args: never[]) => unknown>)[name];
    (target as Record<string, unknown>)[name] = function (this: never, ...args: never[]) {
      const result = real.apply(this, args) as never;
      count.moved += bytes(this, args, result);
      return result;
    };
    ends.push(() => ((target as Record<string, unknown>)[name] = real));
  };
  wrap(typed, 'set', (_self, args) => {
    const [from] = args as unknown as [{ readonly byteLength?: number; readonly length: number }];
    return from.byteLength ?? 8 * from.length;
  });
  wrap(typed, 'slice', (_self, _args, { byteLength }: { byteLength: number }) => byteLength);
  wrap(typed, 'map', (_self, _args, { byteLength }: { byteLength: number }) => byteLength);
  wrap(typed, 'copyWithin', ({ byteLength }: { byteLength: number }) => byteLength);
  wrap(ArrayBuffer.prototype, 'slice', (_self, _args, { byteLength }: { byteLength: number }) => byteLength);
  for (const name of ['Uint8Array', 'Float32Array', 'Float64Array', 'Uint32Array'] as const) {
    const Real = globalThis[name] as unknown as new (...args: unknown[]) => { byteLength: number };
    const Counting = new Proxy(Real, {
      construct(target, args: unknown[], newTarget) {
        const made = Reflect.construct(target, args, newTarget) as { byteLength: number };
        const [from] = args;
        if (typeof from === 'object' && !(from instanceof ArrayBuffer)) count.moved += made.byteLength;
        return made;
      },
    });
    (globalThis as Record<string, unknown>)[name] = Counting;
    ends.push(() => ((globalThis as Record<string, unknown>)[name] = Real));
  }
  return count;
}

test('a plain update is looked at once on the device and moves five times before it is folded; a broadcast is encoded once', async () => {
  // With the plain kernels: what WebAssembly moves into its own memory is part of the fold.
  vi.stubGlobal('WebAssembly', undefined);
  const pipeline = plainUpdates({ algorithm: fedAvg(), size: SIZE });
  let folded = () => {};
  const watched = {
    ...pipeline,
    server() {
      const half = pipeline.server();
      const open: typeof half.open = (round) => {
        const collector = half.open(round);
        return {
          ...collector,
          accept(client, report, options) {
            collector.accept(client, report, options);
            folded();
          },
          async acceptInTurns(client, report) {
            await collector.acceptInTurns?.(client, report);
            folded();
          },
        };
      };
      return { ...half, open };
    },
  };
  const clients = ['a', 'b', 'c'];
  const server = await federatedServer({
    pipeline: watched,
    initial: new Float32Array(SIZE),
    store: memoryStore(),
    cohort: clients.length,
    rounds: 1,
    retryAfter: 1,
    clock: () => 0,
    rng: seededRng(1),
  });
  const encodedBefore = seen.encoded;
  let moves: ReturnType<typeof countingMoves> | undefined;
  const updates: { moved: number; scans: number }[] = [];
  let scans = 0;
  const trainer: Trainer = {
    async train() {
      const values = new Float32Array(SIZE).fill(0.25);
      moves = countingMoves();
      scans = seen.scans;
      return { values, steps: 1, examples: 1 };
    },
    gradient: () => Promise.reject(new Error('not asked for')),
  };
  folded = () => {
    updates.push({ moved: moves?.moved ?? 0, scans: seen.scans - scans });
    moves?.stop();
    moves = undefined;
  };
  const devices = clients.map((id) =>
    federatedClient({
      id,
      pipeline,
      trainer,
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
      exchange: memoryTransport(server, id),
      store: memoryStore(),
    }),
  );
  for (const device of [...devices, ...devices]) await device.step();
  for (const device of devices) {
    for (let i = 0; i < 10 && updates.length <= devices.indexOf(device); i++) await device.step();
  }
  await server.tick();
  expect(server.progress.published).toBe(1);
  expect(updates).toHaveLength(3);
  for (const { moved, scans: looks } of updates) {
    // A hundredth for everything that is not the update.
    expect(moved / BYTES).toBeLessThanOrEqual(5.01);
    // The server looks as it folds: in one pass over the values, which is no scan of its own.
    expect(looks).toBe(1);
  }
  // The broadcast, and the state after the round: nothing of it by client.
  expect(seen.encoded - encodedBefore).toBeLessThanOrEqual(2);
  await server.close();
  vi.unstubAllGlobals();
});
