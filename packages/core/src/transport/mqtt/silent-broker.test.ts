import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { encodeRequest } from '../../protocol/client-message.ts';
import type { MqttClient } from './client.ts';
import { mqttExchange } from './exchange.ts';
import { encodeUp } from './frame.ts';
import { mqttServer } from './server.ts';

type Listener = (topic: string, payload: Uint8Array) => void;

/** A client that is connected to a broker which acknowledges so many calls, and then nothing any more. */
function silentAfter(calls: number) {
  const listeners = new Set<Listener>();
  let left = calls;
  const settle = (callback: (error?: Error) => void): void => {
    if (left-- > 0) callback();
  };
  const client = {
    connected: true,
    publish: (_topic: string, _payload: never, _options: object, callback: () => void) => settle(callback),
    subscribe: (_topic: string, _options: object, callback: () => void) => settle(callback),
    unsubscribe: (_topic: string, callback: () => void) => settle(callback),
    on: (event: string, listener: Listener) => event === 'message' && listeners.add(listener),
    removeListener: (_event: string, listener: Listener) => listeners.delete(listener),
  } as unknown as MqttClient;
  return {
    client,
    say: (topic: string, payload: Uint8Array) => listeners.forEach((listener) => listener(topic, payload)),
    listeners,
  };
}

const timeOf = async (clock: FakeClock, work: Promise<unknown>): Promise<number> => {
  const before = clock.now();
  await clock.until(work.catch(() => {}));
  return clock.now() - before;
};

describe('a broker that falls silent', () => {
  it('ends no close of a server later than its grace', async () => {
    const clock = new FakeClock();
    const { client, listeners } = silentAfter(1);
    const handler = { handle: () => new Promise<never>(() => {}) };
    const server = await mqttServer(handler, { client, insecure: true, clock });
    expect(await timeOf(clock, server.close({ grace: 700 }))).toBeLessThanOrEqual(700);
    expect(listeners.size).toBe(0);
    await expect(server.close({ grace: 0.5 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('lets a drain of what is at hand end after its grace', async () => {
    const clock = new FakeClock();
    const { client, say } = silentAfter(1);
    const handler = { handle: () => new Promise<never>(() => {}) };
    const server = await mqttServer(handler, { client, insecure: true, clock });
    say('fedkit/up/a', encodeUp({ kind: 'whole', id: new Uint8Array(8), request: Uint8Array.of(1) }));
    expect(await clock.until(server.drain({ grace: 300 }))).toBe(false);
    // An answer that the broker never acknowledges is given up too.
    const errors: unknown[] = [];
    const other = silentAfter(1);
    const answers = await mqttServer(
      { handle: async () => Uint8Array.of(1) },
      { client: other.client, insecure: true, clock, brokerTimeout: 100, onError: (error) => errors.push(error) },
    );
    other.say('fedkit/up/a', encodeUp({ kind: 'whole', id: new Uint8Array(8), request: Uint8Array.of(1) }));
    expect(await clock.until(answers.drain({ grace: 300 }))).toBe(true);
    expect(errors).toMatchObject([{ code: 'UNAVAILABLE' }]);
  });

  it('goes on where the log of its faults fails', async () => {
    const clock = new FakeClock();
    const { client, say } = silentAfter(1);
    const onError = (): void => {
      throw new Error('a log that is full');
    };
    const handler = { handle: async () => Uint8Array.of(1) };
    const server = await mqttServer(handler, { client, insecure: true, clock, brokerTimeout: 100, onError });
    say('fedkit/up/a', encodeUp({ kind: 'whole', id: new Uint8Array(8), request: Uint8Array.of(1) }));
    expect(await clock.until(server.drain({ grace: 300 }))).toBe(true);
  });

  it('refuses to be a place for a server, by name', async () => {
    const clock = new FakeClock();
    const { client } = silentAfter(0);
    const handler = { handle: async () => Uint8Array.of(1) };
    const opening = mqttServer(handler, { client, insecure: true, clock, brokerTimeout: 200 });
    opening.catch(() => {});
    expect(await timeOf(clock, opening)).toBe(200);
    await expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([0, 1, 2, 3])('lets a request for a model end when any other does, after %i answers', async (answers) => {
    const took = async (request: Uint8Array): Promise<number> => {
      const clock = new FakeClock();
      const { client } = silentAfter(answers);
      const rng = { uniform: () => 0, fill: (bytes: Uint8Array) => bytes, below: () => 0 } as never;
      const options = { id: 'a', attempts: 3, timeout: 4000, firstDelay: 1, modelTimeout: 5000 };
      const exchange = mqttExchange({ client, clock, rng, ...options });
      const time = await timeOf(clock, exchange(request));
      await clock.until(exchange.close());
      return time;
    };
    const join = await took(encodeRequest({ kind: 'join' }));
    expect(join).toBe(12_000);
    expect(await took(encodeRequest({ kind: 'model', digest: new Uint8Array(32), offset: 0 }))).toBe(join);
  });
});
