import { describe, expect, it } from 'vitest';
import { join, report, testServer } from '../../test/round/federation.ts';
import { FedkitError } from '../errors.ts';
import type { RoundTask } from '../protocol/message.ts';
import { fetchHandler } from '../transport/fetch/handler.ts';
import { WHOLE } from '../transport/fetch/protocol.ts';
import { jsonLog, METRICS, openTelemetry, prometheusTelemetry, statusHandler } from './index.ts';

/** Samples of an exposition, by name and labels; checks that every line is one (Prometheus, text format 0.0.4). */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.trimEnd().split('\n')) {
    if (/^# (HELP|TYPE) fedkit_[a-z_]+ .+$/.test(line)) continue;
    const match = /^([a-z_]+(?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})?) (-?[0-9.e+-]+|NaN|\+Inf)$/.exec(line);
    expect(match, line).not.toBeNull();
    const [, name, value] = match as RegExpExecArray;
    expect(found.has(name), `${name} once`).toBe(false);
    found.set(name, Number(value));
  }
  return found;
}

async function playRound(server: Awaited<ReturnType<typeof testServer>>): Promise<void> {
  for (const client of ['a', 'b', 'c']) await join(server, client);
  await server.tick();
  for (const client of ['a', 'b', 'c']) await report(server, client, (await join(server, client)) as RoundTask);
  await server.tick();
}

describe('prometheusTelemetry', () => {
  it('tells what a server and a transport before it count, refusals before the round too', async () => {
    const telemetry = prometheusTelemetry();
    const server = await testServer({ telemetry });
    const handle = fetchHandler(server, {
      authenticate: (request) => request.headers.get('x-client') ?? undefined,
      telemetry,
    });
    const post = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) =>
      handle(
        new Request('http://host/fedkit', { method: 'POST', headers: { 'content-type': WHOLE, ...headers }, body }),
      );
    expect((await post({}, new Uint8Array(1))).status).toBe(401);
    const long = new Uint8Array(server.maximumRequestLength + 1);
    expect((await post({ 'x-client': 'a', 'content-length': `${long.length}` }, long)).status).toBe(413);
    expect((await post({ 'x-client': 'a' }, Uint8Array.of(1, 2, 3))).status).toBe(200);
    await playRound(server);
    const counted = samples(telemetry.text());
    expect(counted.get('fedkit_http_requests_total{status="401"}')).toBe(1);
    expect(counted.get('fedkit_http_requests_total{status="413"}')).toBe(1);
    expect(counted.get('fedkit_unauthenticated_total')).toBe(1);
    expect(counted.get('fedkit_refusals_total{code="DECODE_FAILED"}')).toBe(1);
    expect(counted.get('fedkit_rounds_total{outcome="published"}')).toBe(1);
    expect(counted.get('fedkit_reports_total')).toBe(3);
    expect(counted.get('fedkit_contributors_sum')).toBe(3);
    expect(counted.get('fedkit_contributors_bucket{le="5"}')).toBe(1);
    expect(counted.get('fedkit_contributors_bucket{le="1"}')).toBe(0);
    expect(counted.get('fedkit_published')).toBe(1);
    expect(counted.get('fedkit_intake_bytes')).toBe(0);
    for (const name of counted.keys()) {
      const family = name.replace(/\{.*/, '').replace(/_(bucket|sum|count)$/, '');
      expect(Object.keys(METRICS)).toContain(family);
    }
    await server.close();
    expect(samples(telemetry.text()).has('fedkit_published')).toBe(false);
  });

  it('refuses names and amounts that are none, escapes labels, and bounds their number', () => {
    const telemetry = prometheusTelemetry();
    expect(() => telemetry.count('no name', 1)).toThrow(FedkitError);
    expect(() => telemetry.count('fedkit_x', -1)).toThrow(FedkitError);
    telemetry.count('fedkit_x', 1, { a: 'say "hi"\\\n' });
    expect(telemetry.text()).toContain('fedkit_x{a="say \\"hi\\"\\\\\\n"} 1\n');
    for (let i = 0; i < 5000; i++) telemetry.count('fedkit_x', 1, { a: `${i}` });
    const lines = telemetry.text().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(1003);
    const total = lines
      .filter((line) => !line.startsWith('#'))
      .reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
    expect(total).toBe(5001);
  });
});

describe('openTelemetry', () => {
  it('hands the same on to a meter', async () => {
    const added = new Map<string, number>();
    const callbacks = new Map<string, (result: { observe(value: number): void }) => void>();
    const telemetry = openTelemetry({
      createCounter: (name) => ({ add: (value) => void added.set(name, (added.get(name) ?? 0) + value) }),
      createHistogram: (name) => ({ record: (value) => void added.set(name, (added.get(name) ?? 0) + value) }),
      createObservableGauge: (name) => ({ addCallback: (callback) => void callbacks.set(name, callback) }),
    });
    const server = await testServer({ telemetry });
    await playRound(server);
    expect(added.get('fedkit_reports_total')).toBe(3);
    expect(added.get('fedkit_contributors')).toBe(3);
    const seen: number[] = [];
    callbacks.get('fedkit_published')?.({ observe: (value) => seen.push(value) });
    expect(seen).toEqual([1]);
    await server.close();
    expect(() => openTelemetry({} as never)).toThrow(FedkitError);
  });
});

describe('statusHandler', () => {
  it('says whether a server is well, whether it serves, and what it counts', async () => {
    const metrics = prometheusTelemetry();
    const server = await testServer({ telemetry: metrics });
    const status = statusHandler({ server, metrics });
    const get = (path: string, method = 'GET') => status(new Request(`http://host${path}`, { method }));
    expect(get('/health')?.status).toBe(200);
    expect(get('/ready')?.status).toBe(200);
    expect(get('/ready', 'HEAD')?.status).toBe(200);
    expect(get('/ready', 'POST')?.status).toBe(405);
    expect(get('/metrics')?.headers.get('content-type')).toContain('version=0.0.4');
    expect(get('/other')).toBeUndefined();
    void server.drain({ grace: 0 });
    expect(get('/health')?.status).toBe(200);
    expect(get('/ready')?.status).toBe(503);
    expect(await get('/ready')?.json()).toEqual({ ready: false, reason: 'draining' });
    await server.close();
    expect(get('/health')?.status).toBe(503);
    expect(statusHandler({ server })(new Request('http://host/metrics'))).toBeUndefined();
  });
});

describe('jsonLog', () => {
  it('writes one line an entry, without secrets and bytes, and never throws', () => {
    const lines: string[] = [];
    const log = jsonLog(
      (line) => lines.push(line),
      () => 0,
    );
    const cause = new Error('connection refused');
    const error = new FedkitError('UNAVAILABLE', 'store: expected an answer, got a failure', { cause });
    const cycle: Record<string, unknown> = { kind: 'cycle' };
    cycle.self = cycle;
    log({
      kind: 'failed',
      error,
      headers: { Authorization: 'Bearer s3cret', 'x-api-key': 's3cret' },
      bytes: new Uint8Array(9),
    });
    log({ kind: 'many', list: Array.from({ length: 1000 }, (_, i) => i), ratio: Number.NaN, big: 2n ** 70n });
    log(cycle as never);
    const [failed, many] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.join('\n')).not.toContain('s3cret');
    expect(failed).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
      error: { code: 'UNAVAILABLE', cause: { message: 'connection refused' } },
      bytes: '[9 bytes]',
    });
    expect((many.list as unknown[]).length).toBe(101);
    expect(many.ratio).toBe('NaN');
    const broken = jsonLog(() => {
      throw new Error('a full disk');
    });
    expect(() => broken({ kind: 'x' })).not.toThrow();
  });
});
