import { sha256 } from '@noble/hashes/sha2.js';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { seededRng } from '../../random.ts';
import { fetchExchange } from '../fetch/exchange.ts';
import { fetchHandler, type FetchHandlerOptions } from '../fetch/handler.ts';
import { WHOLE } from '../fetch/protocol.ts';
import { type NodeServer, serve } from './serve.ts';

const bytes = (length: number, seed = 1) => seededRng(seed).fill(new Uint8Array(length));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(handler: (request: Request) => Promise<Response>): Promise<NodeServer> {
  const server = await serve(handler);
  ends.push(() => server.close());
  return server;
}

/** Answers with the digest of what came. */
async function startFedkit(options: Partial<FetchHandlerOptions> = {}) {
  const handled = new Map<string, number>();
  const server = await start(
    fetchHandler(
      {
        handle: async (_client, request) => {
          const digest = sha256(request);
          handled.set(digest.join(), request.length);
          return digest;
        },
      },
      { insecure: true, ...options } as FetchHandlerOptions,
    ),
  );
  return { ...server, address: `${server.url}/fedkit`, handled };
}

/** Writes to the socket as it is told, and resolves with all that came back once the other side has closed. */
function raw(port: number, write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => write(socket));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

const head = (...lines: string[]) =>
  ['POST /fedkit HTTP/1.1', 'host: a', 'fedkit-client: a', `content-type: ${WHOLE}`, ...lines, '', ''].join('\r\n');

describe('the end of serve', () => {
  /** A server whose handler answers once it is told to. */
  async function slow() {
    let answer = (): void => {};
    const told = new Promise<void>((resolve) => (answer = resolve));
    let taken = (): void => {};
    const asked = new Promise<void>((resolve) => (taken = resolve));
    const server = await serve(async () => {
      taken();
      await told;
      return new Response('late');
    });
    ends.push(() => server.close({ grace: 0 }));
    return { server, answer, asked };
  }

  it('comes after its grace although a handler never answers', async () => {
    const { server, asked } = await slow();
    const response = fetch(server.url).catch((error: unknown) => error);
    await asked;
    await server.close({ grace: 50 });
    expect(await response).toBeInstanceOf(Error);
    await expect(server.close({ grace: -1 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('is prepared by a drain: what is at hand is answered, what comes is told to go elsewhere', async () => {
    const { server, asked, answer } = await slow();
    const response = fetch(server.url);
    await asked;
    expect(await server.drain({ grace: 20 })).toBe(false);
    const refused = await fetch(server.url);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual([
      503,
      '1',
      'close',
    ]);
    const drained = server.drain();
    answer();
    expect(await (await response).text()).toBe('late');
    expect(await drained).toBe(true);
    await server.close();
  });
});

describe('serve', () => {
  it('carries requests of any length over loopback', async () => {
    const { address } = await startFedkit();
    const exchange = fetchExchange({ url: address, headers: { 'fedkit-client': 'a' }, chunkSize: 65_536 });
    for (const length of [0, 1, 65_536, 65_537, 1_000_000]) {
      expect(await exchange(bytes(length))).toEqual(sha256(bytes(length)));
    }
  });

  it('answers every byte as it is, short or long, after its length', async () => {
    const all = (length: number) => Uint8Array.from({ length }, (_, i) => i);
    const server = await start(
      fetchHandler({ handle: async (_client, [n, m]) => all(256 * n + m) }, { insecure: true }),
    );
    for (const length of [0, 1, 256, 1023, 1024, 1025, 5000]) {
      const headers = { 'fedkit-client': 'a', 'content-type': WHOLE };
      const body = Uint8Array.of(length >> 8, length & 255);
      const response = await fetch(`${server.url}/fedkit`, { method: 'POST', headers, body });
      expect(response.headers.get('content-length')).toBe(`${length}`);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(all(length));
    }
  });

  it('streams both ways, no faster than the slower side', async () => {
    let produced = 0;
    const server = await start(async (request) => {
      expect(request.method).toBe('POST');
      const received = new Uint8Array(await request.arrayBuffer());
      return new Response(
        new ReadableStream({
          pull(controller) {
            produced += 65_536;
            controller.enqueue(new Uint8Array(65_536));
            if (produced >= 50_000_000) controller.close();
          },
        }),
        { status: 201, headers: { 'x-length': `${received.length}` } },
      );
    });
    const asked = httpRequest(server.url, { method: 'POST' });
    asked.end(bytes(300_000));
    const incoming = await new Promise<IncomingMessage>((resolve) => asked.on('response', resolve));
    expect([incoming.statusCode, incoming.headers['x-length']]).toEqual([201, '300000']);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // The system's buffers hold some.
    expect(produced).toBeLessThan(20_000_000);
    let received = 0;
    for await (const chunk of incoming) received += (chunk as Uint8Array).length;
    expect(received).toBe(produced);
  });

  it('fires the signal when the client goes away', async () => {
    let aborted = (): void => {};
    const gone = new Promise<void>((resolve) => (aborted = resolve));
    const server = await start(
      (request) =>
        new Promise((resolve) => {
          request.signal.addEventListener('abort', () => {
            aborted();
            resolve(new Response());
          });
          socket?.destroy();
        }),
    );
    let socket: Socket | undefined;
    await raw(server.port, (opened) => {
      socket = opened;
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    });
    await gone;
  });

  it('cuts off who sends on after a refusal', async () => {
    const { port } = await startFedkit({ limits: { requestBytes: 100_000 } });
    const texts = await Promise.all(
      ['content-length: 900000000', 'transfer-encoding: chunked'].map((length) =>
        raw(port, (socket) => {
          socket.write(head(length));
          const more = () =>
            socket.write(length.startsWith('t') ? `8000\r\n${'a'.repeat(0x8000)}\r\n` : 'a'.repeat(0x8000));
          const timer = setInterval(more, 5);
          socket.on('close', () => clearInterval(timer));
        }),
      ),
    );
    for (const text of texts) expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  it('keeps the connection of who stops', async () => {
    const { address } = await startFedkit({ limits: { requestBytes: 100_000 } });
    const body = { method: 'POST', headers: { 'fedkit-client': 'a', 'content-type': WHOLE } };
    for (let i = 0; i < 20; i++) {
      expect((await fetch(address, { ...body, body: bytes(3_000_000) })).status).toBe(413);
      expect((await fetch(address, { ...body, body: bytes(3) })).status).toBe(200);
    }
  });

  it('ends a slow body by its deadline', async () => {
    const { port } = await startFedkit({ limits: { bodyMilliseconds: 50 } });
    const text = await raw(port, (socket) => {
      socket.write(head('content-length: 1000'));
      const drip = setInterval(() => socket.write('a'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    expect(text).toMatch(/^HTTP\/1.1 408 /);
  });

  it('answers 400 or nothing to what is no HTTP, and stays up', async () => {
    const { port, address } = await startFedkit();
    for (const hostile of [
      'GET //[ HTTP/1.1\r\nhost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nhost: [\r\n\r\n',
      'TRACE / HTTP/1.1\r\nhost: a\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\0\0\0\0',
      `${head('content-length: 5', 'transfer-encoding: chunked')}abc`,
      head('content-length: -1'),
      `POST /fedkit HTTP/1.1\r\n${'a: b\r\n'.repeat(10_000)}\r\n`,
    ]) {
      const text = await raw(port, (socket) => {
        socket.write(hostile);
        socket.end();
      });
      expect(text === '' || /^HTTP\/1.1 4\d\d /.test(text)).toBe(true);
    }
    // A body that breaks off.
    await raw(port, (socket) => {
      socket.write(`${head('content-length: 1000')}abc`, () => socket.destroy());
    });
    const exchange = fetchExchange({ url: address, headers: { 'fedkit-client': 'a' } });
    expect(await exchange(bytes(9))).toEqual(sha256(bytes(9)));
  });

  it('answers 500 where the handler rejects, and tells why only to the operator', async () => {
    const errors: unknown[] = [];
    const server = await serve(() => Promise.reject(new Error('secret')), { onError: (error) => errors.push(error) });
    ends.push(() => server.close());
    const response = await fetch(server.url);
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(errors).toMatchObject([{ message: 'secret' }]);
  });

  it('takes a path of two slashes for no other host', async () => {
    const server = await start(async ({ url }) => new Response(url));
    const asked = await raw(server.port, (socket) => {
      socket.write('GET //elsewhere/fedkit?a HTTP/1.1\r\nhost: here:1\r\nconnection: close\r\n\r\n');
    });
    expect(asked).toContain('http://here:1//elsewhere/fedkit?a');
  });

  it.each([
    ['throws', () => void JSON.parse('a log that is full')],
    ['rejects', () => Promise.reject(new Error('a log that is full')) as never],
  ])('answers as well where onError %s', async (_how, onError) => {
    const handlers = [
      () => Promise.reject(new Error('secret')),
      fetchHandler({ handle: () => Promise.reject(new Error('secret')) }, { insecure: true, onError }),
    ];
    for (const handler of handlers) {
      const server = await serve(handler, { onError });
      ends.push(() => server.close());
      const headers = { 'content-type': WHOLE, 'fedkit-client': 'a' };
      const { status } = await fetch(`${server.url}/fedkit`, { method: 'POST', headers, body: 'a' });
      expect(status).toBeGreaterThanOrEqual(500);
    }
  });

  it('finishes what it began when it closes', async () => {
    let finish = (): void => {};
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const server = await serve(
      () =>
        new Promise((resolve) => {
          finish = () => resolve(new Response('done'));
          begin();
        }),
    );
    const asked = fetch(server.url);
    await begun;
    const closed = server.close();
    finish();
    expect(await (await asked).text()).toBe('done');
    await closed;
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('rejects where the port is taken', async () => {
    const { port } = await start(async () => new Response());
    await expect(serve(async () => new Response(), { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('fetchExchange over loopback', () => {
  it('gets every upload through a proxy that cuts connections by seed', async () => {
    const { port, handled } = await startFedkit();
    const rng = seededRng('cuts');
    let cuts = 0;
    const proxy = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      // Some connections end after some bytes, either way.
      let left = rng.below(8) === 0 ? Infinity : rng.below(120_000);
      const pass = (from: Socket, to: Socket) => {
        from.on('data', (chunk) => {
          left -= chunk.length;
          if (left >= 0) {
            to.write(chunk);
            return;
          }
          cuts++;
          client.destroy();
          upstream.destroy();
        });
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      };
      pass(client, upstream);
      pass(upstream, client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    ends.push(() => proxy.close());
    const address = proxy.address() as { port: number };
    await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const exchange = fetchExchange({
          url: `http://127.0.0.1:${address.port}/fedkit`,
          headers: { 'fedkit-client': `client ${i}` },
          chunkSize: 50_000,
          firstDelay: 2,
          attempts: 40,
          rng: seededRng(i),
        });
        const request = bytes(100_000 + i * 30_000, i);
        expect(await exchange(request)).toEqual(sha256(request));
      }),
    );
    expect(cuts).toBeGreaterThan(3);
    expect([...handled.values()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 8 }, (_, i) => 100_000 + i * 30_000),
    );
  });
});
