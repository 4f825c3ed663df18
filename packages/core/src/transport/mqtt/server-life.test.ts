import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, mosquitto, startMosquitto } from '../../../test/mosquitto.ts';
import { mqttExchange } from './exchange.ts';
import { mqttServer } from './server.ts';

describe.skipIf(mosquitto === undefined)('a server over mosquitto', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker.close());

  it('answers what it has taken before it is closed', async () => {
    const [client, prefix] = [await broker.client(), 'closing'];
    let taken = (): void => {};
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => (taken = resolve));
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const handle = async (): Promise<Uint8Array> => {
      taken();
      await answered;
      return Uint8Array.of(7);
    };
    const server = await mqttServer({ handle }, { client, prefix, insecure: true });
    const exchange = mqttExchange({ client: await broker.client(), prefix, id: 'a' });
    const response = exchange(Uint8Array.of(1));
    await asked;
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    // The broker has answered everything of before: closing had its chance.
    await client.subscribeAsync('closing/barrier');
    await client.unsubscribeAsync('closing/barrier');
    expect(closed).toBe(false);
    answer();
    await closing;
    expect(await response).toEqual(Uint8Array.of(7));
    await exchange.close();
  });

  it('gives the memory of each request back', async () => {
    const [client, prefix] = [await broker.client(), 'memory'];
    // Room for two requests and what they cost beside their bytes.
    const limits = { requestBytes: 10_000, clientBytes: 24_096, totalBytes: 24_096 };
    const handle = async (_: string, request: Uint8Array): Promise<Uint8Array> => {
      if (request[0] === 1) throw new Error('a fault of the server');
      return Uint8Array.of(1);
    };
    const server = await mqttServer({ handle }, { client, prefix, insecure: true, limits });
    const exchange = mqttExchange({ client: await broker.client(), prefix, id: 'a', attempts: 1 });
    for (let i = 0; i < 6; i++) {
      await expect(exchange(new Uint8Array(8000).fill(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await exchange(new Uint8Array(8000))).toEqual(Uint8Array.of(1));
    }
    await exchange.close();
    await server.close();
  });
});
