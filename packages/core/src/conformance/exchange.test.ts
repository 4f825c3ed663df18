import { describe, expect, it } from 'vitest';
import type { RequestHandler } from '../protocol/exchange.ts';
import { fetchExchange } from '../transport/fetch/exchange.ts';
import { fetchHandler } from '../transport/fetch/handler.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { serve } from '../transport/node/serve.ts';
import { type Connection, exchangeLaws } from './exchange.ts';
import { brokenLaws, checkLaws } from './law.ts';

const memory = (handler: RequestHandler): Connection => ({ exchange: (client) => memoryTransport(handler, client) });

describe('memoryTransport', () => checkLaws(it, exchangeLaws({ connect: memory })));

describe('fetchExchange, fetchHandler and serve', () => {
  const connect = async (handler: RequestHandler): Promise<Connection> => {
    const limits = { requestBytes: 2_000_000 };
    const server = await serve(fetchHandler(handler, { insecure: true, limits, onError: () => undefined }));
    const options = { url: `${server.url}/fedkit`, attempts: 2, firstDelay: 1, chunkSize: 100_000 };
    return {
      exchange: (client) => fetchExchange({ ...options, headers: { 'fedkit-client': client } }),
      close: () => server.close(),
    };
  };
  checkLaws(it, exchangeLaws({ connect, tooLong: 3_000_000 }));
});

describe('exchangeLaws', () => {
  it.each<[string, (handler: RequestHandler) => Connection, string]>([
    [
      'calls everyone by one name',
      (handler) => ({ exchange: () => memoryTransport(handler, 'a') }),
      'the handler is told who asks, and each client has its own answer',
    ],
    [
      'shares memory',
      (handler) => ({ exchange: (client) => (request) => handler.handle(client, request) }),
      'memory is not shared: either side may write to its bytes once a call has returned',
    ],
    [
      'cuts what is long',
      (handler) => ({
        exchange: (client) => async (request) => (await memoryTransport(handler, client)(request)).slice(0, 65_536),
      }),
      'requests and responses of any length arrive as they were sent',
    ],
    [
      'cannot be aborted',
      (handler) => ({ exchange: (client) => (request) => memoryTransport(handler, client)(request) }),
      'an aborted request rejects with ABORTED, before it is sent and while it is under way',
    ],
    [
      'passes on what the server threw',
      (handler) => ({
        exchange: (client) => async (request) => new Uint8Array(await handler.handle(client, request.slice())),
      }),
      'a server at fault is UNAVAILABLE, and its reasons stay with it',
    ],
  ])('catch one that %s', async (_name, connect, law) => {
    const broken = await brokenLaws(exchangeLaws({ connect }));
    expect(broken.map(({ name }) => name)).toContain(law);
  });
});
