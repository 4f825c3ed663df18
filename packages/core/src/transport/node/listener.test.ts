import { sha256 } from '@noble/hashes/sha2.js';
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { seededRng } from '../../random.ts';
import { fetchExchange } from '../fetch/exchange.ts';
import { fetchHandler } from '../fetch/handler.ts';
import { WHOLE } from '../fetch/protocol.ts';
import { nodeListener } from './serve.ts';

const bytes = (length: number, seed = 1) => seededRng(seed).fill(new Uint8Array(length));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('nodeListener', () => {
  /** A server of somebody else's, which does something before the listener. */
  async function host(before: (incoming: IncomingMessage) => void = () => {}) {
    const handle = fetchHandler(
      { handle: async (client, request) => sha256(request).fill(client.length, 0, 1) },
      {
        insecure: true,
      },
    );
    const listener = nodeListener(handle) as (incoming: IncomingMessage, outgoing: object) => void;
    const server = createHttpServer((incoming, outgoing) => {
      before(incoming);
      listener(incoming, outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  it('serves in a server that is there already, in pieces too', async () => {
    const exchange = fetchExchange({
      url: `${await host()}/fedkit`,
      headers: { 'fedkit-client': 'abc' },
      chunkSize: 65_536,
    });
    for (const length of [0, 10, 200_000]) {
      expect(await exchange(bytes(length))).toEqual(sha256(bytes(length)).fill(3, 0, 1));
    }
  });

  it('leaves the body to whoever listens beside it', async () => {
    const heard: Uint8Array[] = [];
    const listen = (incoming: IncomingMessage) => incoming.on('data', (chunk: Uint8Array) => heard.push(chunk));
    const url = await host((incoming) => {
      let first = true;
      incoming.on('newListener', (name) => {
        if (name === 'data' && first) {
          first = false;
          listen(incoming);
        }
      });
    });
    const exchange = fetchExchange({ url: `${url}/fedkit`, headers: { 'fedkit-client': 'abc' } });
    await exchange(bytes(200_000));
    expect(Buffer.concat(heard)).toEqual(Buffer.from(bytes(200_000)));
  });

  /** Somebody else's server that reads every body, and puts what it makes of it where frameworks do. */
  async function reading(parse: (body: Buffer) => unknown) {
    const errors: unknown[] = [];
    const handle = fetchHandler(
      { handle: async (_client, request) => sha256(request) },
      { insecure: true, onError: (error) => errors.push(error) },
    );
    const listener = nodeListener(handle) as (incoming: IncomingMessage, outgoing: object) => void;
    const server = createHttpServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () =>
        listener(Object.assign(incoming, { body: parse(Buffer.concat(chunks)) }) as IncomingMessage, outgoing),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/fedkit`, errors };
  }

  it('takes the bytes of a body that was read before', async () => {
    const { url, errors } = await reading((body) => body);
    const exchange = fetchExchange({ url, headers: { 'fedkit-client': 'abc' }, chunkSize: 65_536 });
    for (const length of [0, 10, 200_000]) expect(await exchange(bytes(length))).toEqual(sha256(bytes(length)));
    expect(errors).toEqual([]);
  });

  it('says at once, and warns once, that a body was read before and is gone', async () => {
    const warnings: unknown[] = [];
    const spy = vi.spyOn(process, 'emitWarning').mockImplementation((...said: unknown[]) => void warnings.push(said));
    ends.push(() => spy.mockRestore());
    const { url, errors } = await reading((body) => (body.length === 0 ? undefined : body.toString('latin1')));
    const headers = { 'fedkit-client': 'a', 'content-type': WHOLE };
    // Nothing is missing of an empty one.
    expect((await fetch(url, { method: 'POST', headers, body: bytes(0) })).status).toBe(200);
    for (let i = 0; i < 2; i++) {
      expect((await fetch(url, { method: 'POST', headers, body: bytes(9) })).status).toBe(500);
    }
    const gone = expect.stringContaining('nodeListener: expected a body that nobody has read');
    expect(errors).toEqual([1, 2].map(() => expect.objectContaining({ code: 'PROTOCOL_STATE', message: gone })));
    expect(warnings).toEqual([[gone, 'FedkitWarning']]);
  });

  it('finds its path where a framework has taken the mount path off', async () => {
    const url = await host((incoming) => Object.assign(incoming, { originalUrl: incoming.url, url: '/' }));
    const exchange = fetchExchange({ url: `${url}/fedkit`, headers: { 'fedkit-client': 'abc' } });
    expect(await exchange(bytes(9))).toEqual(sha256(bytes(9)).fill(3, 0, 1));
    await expect(fetchExchange({ url: `${url}/elsewhere` })(bytes(9))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('names each request by its own host and target, whatever was asked before', async () => {
    const asked: string[] = [];
    const listener = nodeListener(async ({ url }) => {
      asked.push(url);
      return new Response(null, { status: 204 });
    });
    const server = createHttpServer(listener as never);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const ask = (host: string, path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ port, host: '127.0.0.1', path, headers: { host }, agent: false }, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode));
        });
        sent.on('error', reject);
        sent.end();
      });
    const targets = ['a /x', 'a /x', 'b /x', 'a /x', 'a /y', 'a //x', 'a /x'];
    for (const target of targets) expect(await ask(...(target.split(' ') as [string, string]))).toBe(204);
    expect(asked).toEqual(targets.map((target) => `http://${target.replace(' ', '')}`));
    expect(await ask('no host', '/x')).toBe(400);
    expect(await ask('a', '/x')).toBe(204);
  });

  it('makes no error of a request that came whole', async () => {
    let closed = (): void => {};
    const over = new Promise<void>((resolve) => (closed = resolve));
    const url = await host((incoming) => incoming.on('close', () => setImmediate(closed)));
    const made: unknown[] = [];
    const { Error: original } = globalThis;
    globalThis.Error = class extends original {
      constructor(...words: [message?: string, options?: ErrorOptions]) {
        super(...words);
        made.push(words[0]);
      }
    } as ErrorConstructor;
    ends.push(() => {
      globalThis.Error = original;
    });
    await fetchExchange({ url: `${url}/fedkit`, headers: { 'fedkit-client': 'abc' } })(bytes(10));
    await over;
    expect(made).not.toContain('the client went away');
  });

  it('answers 500 where the handler rejects, and tells why', async () => {
    const errors: unknown[] = [];
    const listener = nodeListener(() => Promise.reject(new Error('secret')), {
      onError: (error) => errors.push(error),
    });
    const server = createHttpServer(listener as never);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}`);
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(errors).toEqual([new Error('secret')]);
    expect(() => nodeListener({} as never)).toThrow(/handler: expected a function/);
  });
});
