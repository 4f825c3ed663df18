import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { sameBytes } from '../../bytes.ts';
import { FedkitError } from '../../errors.ts';
import { seededRng } from '../../random.ts';
import { encodePiece } from '../piece.ts';
import { fetchHandler, type FetchHandlerOptions } from './handler.ts';
import { HAVE, PIECE, WHOLE } from './protocol.ts';

const URL = 'https://example.org/fedkit';
const bytes = (length: number) => seededRng(1).fill(new Uint8Array(length));
const authenticate = (request: Request) =>
  request.headers.get('authorization') === 'Bearer secret-of-a' ? 'a' : undefined;

function setup(options: Partial<FetchHandlerOptions> = {}) {
  const seen: { client: string; request: Uint8Array }[] = [];
  const errors: unknown[] = [];
  const clock = new FakeClock();
  const handle = fetchHandler(
    {
      handle: async (client, request) => {
        seen.push({ client, request: request.slice() });
        return sha256(request);
      },
    },
    { authenticate, clock, onError: (error) => errors.push(error), ...options } as FetchHandlerOptions,
  );
  return { handle, seen, errors, clock };
}

function post(body: BodyInit | null, headers: Record<string, string> = {}, url: string = URL): Request {
  return new Request(url, {
    method: 'POST',
    body,
    headers: { authorization: 'Bearer secret-of-a', 'content-type': WHOLE, ...headers },
    ...(body instanceof ReadableStream && { duplex: 'half' }),
  } as RequestInit);
}

/** A body whose length nobody declares, and what became of it. */
function stream(chunks: Iterable<Uint8Array>) {
  const state = { pulled: 0, cancelled: false };
  const iterator = chunks[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = iterator.next();
        if (done) controller.close();
        else {
          state.pulled += value.length;
          controller.enqueue(value);
        }
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

function* endless(length: number): Generator<Uint8Array> {
  for (;;) yield new Uint8Array(length);
}

describe('fetchHandler, by default', () => {
  it.each(['fedkit', '/fed kit', '/föd', '/fedkit?a', '/a/../b'])('refuses the path %s', (path) => {
    expect(() => setup({ path })).toThrow('a path from /, as URLs write it');
  });

  it('takes the longest request that its handler does, and none longer', async () => {
    const handle = async (_client: string, request: Uint8Array) => Uint8Array.of(request.length % 256);
    for (const maximumRequestLength of [1000, 2 ** 26 + 1000]) {
      const handler = fetchHandler({ handle, maximumRequestLength }, { authenticate });
      const ask = async (length: number) =>
        (await handler(post(new Uint8Array(length), { 'content-length': `${length}` }))).status;
      expect(await ask(maximumRequestLength)).toBe(200);
      expect(await ask(maximumRequestLength + 1)).toBe(413);
    }
  });

  it('answers 503 once it drains, and what is at hand before', async () => {
    let answer = (): void => {};
    const told = new Promise<void>((resolve) => (answer = resolve));
    const handle = async () => {
      await told;
      return Uint8Array.of(1);
    };
    const handler = fetchHandler({ handle }, { authenticate });
    const first = handler(post(new Uint8Array(1)));
    expect(await handler.drain({ grace: 1 })).toBe(false);
    const second = await handler(post(new Uint8Array(1)));
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    answer();
    expect((await first).status).toBe(200);
    expect(await handler.drain()).toBe(true);
  });
});

describe('fetchHandler', () => {
  it('refuses to be without authentication', () => {
    const handler = { handle: async (_client: string, request: Uint8Array) => request };
    for (const options of [undefined, {}, { insecure: false }, { insecure: 1 }, { authenticate, insecure: true }]) {
      expect(() => fetchHandler(handler, options as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
    fetchHandler(handler, { authenticate });
    fetchHandler(handler, { insecure: true });
  });

  it('answers an authenticated request, of declared length or not', async () => {
    const { handle, seen } = setup();
    const request = bytes(100_000);
    const parts = [0, 1, 2, 3].map((i) => request.subarray(i * 25_000, (i + 1) * 25_000));
    for (const asked of [
      post(request),
      post(request, { 'content-length': '100000' }),
      post(stream(parts).body),
      post(stream(parts).body, { 'content-length': '100000' }),
      post(request, { 'content-type': `${WHOLE.toUpperCase()}; charset=binary`, 'content-encoding': 'identity' }),
    ]) {
      const response = await handle(asked);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(WHOLE);
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(sha256(request));
    }
    expect(seen).toHaveLength(5);
    for (const { client, request: got } of seen) expect([client, sameBytes(got, request)]).toEqual(['a', true]);
  });

  it('answers pieces by how much it has', async () => {
    const { handle } = setup();
    const whole = bytes(200);
    const piece = (offset: number) =>
      post(encodePiece({ digest: sha256(whole), total: 200, offset, bytes: whole.subarray(offset, offset + 100) }), {
        'content-type': PIECE,
      });
    const first = await handle(piece(0));
    expect([first.status, first.headers.get('content-type')]).toEqual([200, HAVE]);
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(Uint8Array.of(100, 0, 0, 0, 0, 0, 0, 0));
    for (let i = 0; i < 2; i++) {
      const last = await handle(piece(100));
      expect(new Uint8Array(await last.arrayBuffer())).toEqual(sha256(whole));
    }
  });

  it('answers everything else with a status and a fixed text', async () => {
    const { handle, seen, errors } = setup({ limits: { requestBytes: 1000 } });
    const plain = (init: RequestInit, url = URL) => new Request(url, init);
    const whole = bytes(10);
    const cases: [number, Request][] = [
      [404, post(whole, {}, 'https://example.org/')],
      [404, post(whole, {}, 'https://example.org/fedkit/')],
      [404, post(whole, {}, 'https://example.org/fedkit/../../etc/passwd')],
      [405, plain({ method: 'GET' })],
      [405, plain({ method: 'PUT', body: whole })],
      [405, plain({ method: 'OPTIONS' })],
      [415, post(whole, { 'content-type': 'text/html' })],
      [415, plain({ method: 'POST', body: whole })],
      [415, post(whole, { 'content-encoding': 'gzip' })],
      [400, post(whole, { 'content-length': '1e3' })],
      [400, post(whole, { 'content-length': '-1' })],
      [400, post(whole, { 'content-length': '10, 10' })],
      [400, post(whole, { 'content-length': '0x10' })],
      [400, post(whole, { 'content-length': '9' })],
      [400, post(whole, { 'content-length': '11' })],
      [413, post(whole, { 'content-length': '1001' })],
      [413, post(whole, { 'content-length': '99999999999999' })],
      [400, post(whole, { 'content-length': '9999999999999999999999' })],
      [413, post(bytes(1001))],
      [401, post(whole, { authorization: 'Bearer secret-of-b' })],
      [401, post(whole, { authorization: '' })],
      [401, post(whole, { authorization: '', 'fedkit-client': 'a' })],
      [400, post(whole, { 'content-type': PIECE })],
      [
        413,
        post(encodePiece({ digest: sha256(whole), total: 1001, offset: 0, bytes: whole }), { 'content-type': PIECE }),
      ],
      [
        422,
        post(encodePiece({ digest: sha256(bytes(9)), total: 10, offset: 0, bytes: whole }), { 'content-type': PIECE }),
      ],
    ];
    for (const [status, request] of cases) {
      const response = await handle(request);
      const text = await response.text();
      expect(`${response.status} ${text}`).toMatch(new RegExp(`^${status} [a-z ]+$`));
      expect(text).not.toContain('secret');
    }
    expect(seen).toHaveLength(0);
    expect(errors).toHaveLength(0);
  });

  it('reads no byte of a body before the headers are in order', async () => {
    const { handle } = setup({ limits: { requestBytes: 1000 } });
    for (const headers of [{ 'content-length': '1001' }, { authorization: 'no' }, { 'content-type': 'text/html' }]) {
      const { body, state } = stream(endless(100));
      expect((await handle(post(body, headers))).status).toBeGreaterThanOrEqual(400);
      expect(state.pulled).toBe(0);
    }
  });

  it('stops reading as soon as a body is too long', async () => {
    const { handle } = setup({ limits: { requestBytes: 100_000 } });
    const undeclared = stream(endless(30_000));
    expect((await handle(post(undeclared.body))).status).toBe(413);
    expect(undeclared.state).toEqual({ pulled: 120_000, cancelled: true });
    const lying = stream(endless(30_000));
    expect((await handle(post(lying.body, { 'content-length': '40000' }))).status).toBe(400);
    expect(lying.state).toEqual({ pulled: 60_000, cancelled: true });
  });

  it('ends a slow body by its deadline, not by its last byte, and frees its memory', async () => {
    const { handle, clock } = setup({ limits: { requestBytes: 1000, totalBytes: 8000, bodyMilliseconds: 10_000 } });
    const drips: ReadableStreamDefaultController<Uint8Array>[] = [];
    let cancelled = 0;
    const slow = () =>
      handle(
        post(
          new ReadableStream({
            start: (controller) => void drips.push(controller),
            cancel: () => void cancelled++,
          }),
          { 'content-length': '1000' },
        ),
      );
    const answers = [slow(), slow()];
    for (let second = 0; second < 9; second++) {
      await clock.advance(1000);
      for (const drip of drips) drip.enqueue(Uint8Array.of(1));
    }
    // Their memory is taken until then.
    expect((await handle(post(bytes(10), { 'content-length': '10' }))).status).toBe(200);
    const third = slow();
    expect((await slow()).status).toBe(503);
    await clock.advance(1000);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([408, 408]);
    expect(cancelled).toBe(2);
    expect((await handle(post(bytes(1000)))).status).toBe(200);
    await clock.advance(10_000);
    expect((await third).status).toBe(408);
    expect(clock.waiting).toBe(0);
  });

  it('answers 400 to a body that breaks off', async () => {
    const { handle, errors } = setup();
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('reset'));
      },
    });
    expect((await handle(post(body))).status).toBe(400);
    expect(errors).toHaveLength(0);
  });

  it('bounds what all clients hold at a time', async () => {
    const { handle, clock } = setup({
      insecure: true,
      authenticate: undefined,
      limits: { requestBytes: 10_000, totalBytes: 100_000 },
    });
    const waiting = Array.from({ length: 200 }, (_, i) =>
      handle(post(new ReadableStream({}), { 'fedkit-client': `client ${i}`, 'content-length': '10000' })),
    );
    const busy = waiting.map(async (answer) => (await answer).status);
    await clock.advance(60_001);
    const statuses = await Promise.all(busy);
    expect(statuses.filter((status) => status === 408)).toHaveLength(9);
    expect(statuses.filter((status) => status === 503)).toHaveLength(191);
  });

  it('grows a body of unknown length within the bounds of memory', async () => {
    const { handle } = setup({ limits: { requestBytes: 400_000, clientBytes: 804_096, totalBytes: 804_096 } });
    const open = stream([]);
    const held = handle(post(new ReadableStream({}), { 'content-length': '400000' }));
    expect((await handle(post(stream(endless(1000)).body))).status).toBe(413);
    const second = handle(post(new ReadableStream({}), { 'content-length': '380000' }));
    expect((await handle(post(stream(endless(1000)).body))).status).toBe(503);
    void [held, second, open];
  });

  it('tells clients nothing of its own faults, and the operator everything', async () => {
    const errors: unknown[] = [];
    const secret = new FedkitError('DECODE_FAILED', 'the password is 1234');
    const failing = fetchHandler(
      { handle: () => Promise.reject(secret) },
      { authenticate, onError: (error) => errors.push(error) },
    );
    const response = await failing(post(bytes(1)));
    expect([response.status, await response.text()]).toEqual([503, 'try again later']);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(errors).toEqual([secret]);
    for (const fault of [() => Promise.reject(secret), () => 7, () => ({})]) {
      const { handle, errors: told } = setup({ authenticate: fault as never });
      const refused = await handle(post(bytes(1)));
      expect([refused.status, await refused.text()]).toEqual([500, 'server error']);
      expect(told).toHaveLength(1);
    }
  });

  it('takes the client from a header where it was told to be insecure', async () => {
    const { handle, seen } = setup({ insecure: true, authenticate: undefined });
    expect((await handle(post(bytes(1), { 'fedkit-client': 'b' }))).status).toBe(200);
    expect(seen[0].client).toBe('b');
    for (const name of ['', 'x'.repeat(256)]) {
      expect((await handle(post(bytes(1), { 'fedkit-client': name }))).status).toBe(401);
    }
    expect((await handle(post(bytes(1)))).status).toBe(401);
  });

  it('lets pages of named origins in, and no others', async () => {
    const { handle } = setup({ cors: { origins: ['https://app.example.org'] } });
    const ask = (origin: string) =>
      new Request(URL, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const allowed = await handle(ask('https://app.example.org'));
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.org');
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    const refused = await handle(ask('https://evil.example.org'));
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(refused.headers.get('vary')).toBe('origin');
    const answered = await handle(post(bytes(1), { origin: 'https://app.example.org', authorization: '' }));
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([
      401,
      'https://app.example.org',
    ]);
    const open = setup({ cors: { origins: '*' } });
    expect((await open.handle(ask('https://any.org'))).headers.get('access-control-allow-origin')).toBe('*');
    expect((await setup().handle(ask('https://app.example.org'))).status).toBe(405);
    expect(() => setup({ cors: { origins: 'https://a.org' as never } })).toThrow(FedkitError);
  });

  it('lets cookies and headers of pages through where it was told to', async () => {
    const origin = 'https://app.example.org';
    const ask = () =>
      new Request(URL, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const { handle } = setup({
      cors: { origins: [origin], credentials: true, headers: ['Traceparent', 'tracestate'] },
    });
    const { headers } = await handle(ask());
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-headers')).toMatch(/^authorization, .*, traceparent, tracestate$/);
    const answered = await handle(post(bytes(1), { origin }));
    expect(answered.headers.get('access-control-allow-credentials')).toBe('true');
    const stranger = await handle(post(bytes(1), { origin: 'https://evil.example.org' }));
    expect(stranger.headers.get('access-control-allow-credentials')).toBeNull();
    const without = await setup({ cors: { origins: [origin] } }).handle(ask());
    expect(without.headers.get('access-control-allow-credentials')).toBeNull();
    for (const cors of [
      { origins: '*', credentials: true },
      { origins: [origin], credentials: 1 },
      { origins: [origin], headers: ['a, b'] },
      { origins: [origin], headers: 'traceparent' },
      { origins: [origin], header: [] },
    ]) {
      expect(() => setup({ cors: cors as never })).toThrow(FedkitError);
    }
  });
});
