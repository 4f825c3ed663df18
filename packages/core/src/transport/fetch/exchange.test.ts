import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { seededRng } from '../../random.ts';
import { fetchExchange, type FetchExchangeOptions } from './exchange.ts';
import { fetchHandler } from './handler.ts';
import { HAVE, PIECE, WHOLE } from './protocol.ts';

// WebCrypto takes real time, in which the fake clock would run on.
beforeAll(() => void vi.stubGlobal('crypto', {}));
afterAll(() => void vi.unstubAllGlobals());

const url = 'https://example.org/fedkit';
const bytes = (length: number) => seededRng(1).fill(new Uint8Array(length));
const whole = { 'content-type': WHOLE };

function setup(
  answer: (call: number, request: Request) => Promise<Response>,
  options: Partial<FetchExchangeOptions> = {},
) {
  const clock = new FakeClock();
  const requests: Request[] = [];
  const exchange = fetchExchange({
    url,
    clock,
    rng: seededRng(1),
    fetch: (input, init) => {
      const request = new Request(input, init);
      return answer(requests.push(request), request);
    },
    ...options,
  });
  return { clock, requests, exchange, ask: (length = 10) => clock.until(exchange(bytes(length))) };
}

describe('fetchExchange', () => {
  it('asks a fetchHandler, whole or in pieces, with the headers of the moment', async () => {
    const seen: string[] = [];
    const handle = fetchHandler(
      { handle: async (_client, request) => sha256(request) },
      {
        authenticate: (request) => {
          seen.push(`${request.headers.get('authorization')} ${request.headers.get('content-type')}`);
          return 'a';
        },
      },
    );
    let token = 0;
    const { ask } = setup((_call, request) => handle(request), {
      headers: async () => ({ authorization: `Bearer ${++token}` }),
      chunkSize: 20_000,
    });
    expect(await ask(20_000)).toEqual(sha256(bytes(20_000)));
    expect(await ask(50_000)).toEqual(sha256(bytes(50_000)));
    expect(seen).toEqual([`Bearer 1 ${WHOLE}`, `Bearer 2 ${PIECE}`, `Bearer 3 ${PIECE}`, `Bearer 4 ${PIECE}`]);
  });

  it('follows no redirect with its credentials', async () => {
    const { ask, requests } = setup(
      async () => new Response(null, { status: 307, headers: { location: 'http://evil' } }),
    );
    await expect(ask()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(requests.map(({ redirect }) => redirect)).toEqual(['manual']);
  });

  it('names what no other try will change', async () => {
    const codes = { 400: 'INVALID_ARGUMENT', 401: 'AUTHENTICATION_FAILED', 403: 'AUTHENTICATION_FAILED' };
    const more = { 404: 'INVALID_ARGUMENT', 405: 'INVALID_ARGUMENT', 413: 'OUT_OF_RANGE', 415: 'INVALID_ARGUMENT' };
    for (const [status, code] of Object.entries({ ...codes, ...more })) {
      const { ask, requests } = setup(async () => new Response('secret', { status: Number(status) }));
      const error: unknown = await ask().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code, details: { status: Number(status) } });
      expect(String(error)).not.toContain('secret');
      expect(requests).toHaveLength(1);
    }
  });

  it('tries again after what may pass', async () => {
    const failures: (() => Promise<Response>)[] = [
      ...[408, 422, 429, 500, 502, 503, 504].map((status) => async () => new Response('', { status })),
      () => Promise.reject(new TypeError('network')),
      // A captive portal.
      async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      async () => new Response(bytes(8), { headers: { 'content-type': HAVE } }),
      async () => new Response(new ReadableStream({ pull: (c) => c.error(new Error('reset')) }), { headers: whole }),
      async () => new Response(bytes(5), { headers: { ...whole, 'content-length': '9' } }),
    ];
    const { ask, requests } = setup(
      async (call) => (call <= failures.length ? failures[call - 1]() : new Response(bytes(3), { headers: whole })),
      { attempts: failures.length + 1 },
    );
    expect(await ask()).toEqual(bytes(3));
    expect(requests).toHaveLength(failures.length + 1);
    for (const failure of failures) await expect(setup(failure).ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('waits as Retry-After says, in seconds or by a date', async () => {
    const date = 'Fri, 27 Nov 2026 09:00:00 GMT';
    for (const [headers, least, most] of [
      [{ 'retry-after': '20' }, 20_000, 20_500],
      [{ 'retry-after': 'Fri, 27 Nov 2026 09:00:30 GMT', date }, 30_000, 30_500],
      [{ 'retry-after': 'Fri, 27 Nov 2026 09:00:30 GMT' }, 0, 500],
      [{ 'retry-after': 'Fri, 27 Nov 2026 08:00:30 GMT', date }, 0, 500],
      [{ 'retry-after': 'soon' }, 0, 500],
    ] as [Record<string, string>, number, number][]) {
      const { ask, clock } = setup(async (call) =>
        call === 1 ? new Response('', { status: 503, headers }) : new Response(bytes(3), { headers: whole }),
      );
      await ask();
      expect(clock.now()).toBeGreaterThanOrEqual(least);
      expect(clock.now()).toBeLessThan(most);
    }
    const { ask, clock } = setup(async () => new Response('', { status: 429, headers: { 'retry-after': '3600' } }));
    await expect(ask()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfter: 3_600_000 } });
    expect(clock.now()).toBe(0);
  });

  it('stops a response that is too long, as declared and as it comes', async () => {
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++;
          controller.enqueue(new Uint8Array(1000));
        },
      });
    const declared = setup(async () => new Response(endless(), { headers: { ...whole, 'content-length': '10001' } }), {
      responseBytes: 10_000,
    });
    await expect(declared.ask()).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(pulled).toBeLessThan(3);
    const undeclared = setup(async () => new Response(endless(), { headers: whole }), { responseBytes: 10_000 });
    await expect(undeclared.ask()).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(pulled).toBeLessThan(16);
    expect(declared.requests.length + undeclared.requests.length).toBe(2);
  });

  it('reads responses where there are no streams', async () => {
    const native = (length: number, headers: Record<string, string> = whole) =>
      ({ status: 200, headers: new Headers(headers), arrayBuffer: async () => bytes(length).buffer }) as Response;
    expect(await setup(async () => native(10)).ask()).toEqual(bytes(10));
    const limits = { responseBytes: 9 };
    await expect(setup(async () => native(10), limits).ask()).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const lying = setup(async () => native(1, { ...whole, 'content-length': '10' }), limits);
    await expect(lying.ask()).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('aborts the fetch with the caller, and by its timeout', async () => {
    const hang = (_call: number, request: Request) =>
      new Promise<Response>((_, reject) => {
        request.signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const { exchange, requests, clock } = setup(hang);
    const controller = new AbortController();
    const asked = exchange(bytes(1), { signal: controller.signal });
    await clock.advance(10);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
    expect(requests[0].signal.aborted).toBe(true);
    const late = setup(hang, { attempts: 2, timeout: 1000 });
    await expect(late.ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(late.requests.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('refuses options by name', () => {
    for (const options of [
      { url: 'ftp://a' },
      { url: '' },
      { url, fetch: 1 },
      { url, attempts: 0 },
      { url, chunkSize: 1 },
    ]) {
      expect(() => fetchExchange(options as never)).toThrow(expect.objectContaining({ name: 'FedkitError' }));
    }
    expect(() => fetchExchange({ url: 'ftp://user:password@a' })).toThrow(/^((?!password).)*$/);
  });

  it('passes on what its own headers throw', async () => {
    const { ask } = setup(async () => new Response(), { headers: () => Promise.reject(new Error('no token')) });
    await expect(ask()).rejects.toThrow('no token');
  });
});

// A page has an origin of its own, which no test can take away.
it.skipIf('document' in globalThis)('completes a path by the origin of its page, and has none elsewhere', async () => {
  expect(() => fetchExchange({ url: '/fedkit' })).toThrow(/url: expected an http or https URL/);
  const asked: string[] = [];
  const fetch = (async (url: string) => {
    asked.push(url);
    return new Response(null, { status: 404 });
  }) as typeof globalThis.fetch;
  vi.stubGlobal('location', { href: 'https://example.org/app/index.html' });
  try {
    await expect(fetchExchange({ url: '/fedkit', fetch, rng: seededRng(1) })(new Uint8Array(1))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  } finally {
    vi.unstubAllGlobals();
  }
  expect(asked).toEqual(['https://example.org/fedkit']);
});
