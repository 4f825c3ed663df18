import { FedkitError, memoryStore } from '@fedkit/core';
import { storeBlobs } from '@fedkit/core/engine';
import { afterEach, expect, it, vi } from 'vitest';
import { type QueueWorkerEvent, queueWorker } from './queue-worker.ts';

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  [
    'throws',
    () => {
      throw new Error('of the listener');
    },
  ],
  ['rejects', (): unknown => Promise.reject(new Error('of the listener'))],
])('goes on where whoever listens %s', async (_, onEvent) => {
  vi.useFakeTimers();
  let asked = 0;
  const prepare = async (): Promise<void> => {
    throw new FedkitError(asked++ === 0 ? 'UNAVAILABLE' : 'PROTOCOL_STATE', 'not here');
  };
  const blobs = storeBlobs(memoryStore());
  const ended = queueWorker({ database: { prepare } as never, name: 'absent', blobs, handlers: {}, onEvent }).catch(
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(1000);
  expect(await ended).toMatchObject({ code: 'PROTOCOL_STATE' });
  expect(asked).toBe(2);
});

it('asks for a database that is not there once a second, and tells so', async () => {
  vi.useFakeTimers();
  let asked = 0;
  let fit = true;
  const prepare = async (): Promise<void> => {
    asked++;
    // One that never rests would never let this test say so.
    throw new FedkitError(fit && asked < 100 ? 'UNAVAILABLE' : 'PROTOCOL_STATE', 'not here');
  };
  const events: QueueWorkerEvent[] = [];
  const ended = queueWorker({
    database: { prepare } as never,
    name: 'absent',
    blobs: storeBlobs(memoryStore()),
    handlers: {},
    onEvent: (event) => events.push(event),
  }).catch((error: unknown) => error);
  for (let second = 0; second < 5; second++) {
    await vi.advanceTimersByTimeAsync(second === 0 ? 999 : 1000);
    expect(asked).toBe(second + 1);
    expect(events.map(({ kind }) => kind)).toEqual(Array.from({ length: second + 1 }, () => 'waiting'));
  }
  fit = false;
  await vi.advanceTimersByTimeAsync(1000);
  expect(await ended).toMatchObject({ code: 'PROTOCOL_STATE' });
});
