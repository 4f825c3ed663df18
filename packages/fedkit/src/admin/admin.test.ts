import { fedAvg, memoryStore, plainUpdates } from '@fedkit/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfig, type Config } from '../config.ts';
import { type Served, serveFederation } from '../serve/serve-federation.ts';
import { Login } from './login.ts';

const PASSWORD = 'correct horse battery';
const config = (): Config => ({
  federation: {
    pipeline: plainUpdates({ algorithm: fedAvg(), size: 3 }),
    initial: new Float32Array(3),
    cohort: 2,
  },
  store: memoryStore(),
  clients: { authenticate: () => undefined },
  listen: { port: 0 },
  admin: { port: 0, password: PASSWORD },
});

describe('the admin port', () => {
  const lines: string[] = [];
  let served: Served;
  let url: string;
  beforeAll(async () => {
    served = await serveFederation(config(), (line) => lines.push(line));
    url = served.adminUrl as string;
  });
  afterAll(() => served.close(0));
  const bearer = { authorization: `Bearer ${PASSWORD}` };
  const post = (path: string, body: object = {}, headers: Record<string, string> = bearer) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const login = (password: string) =>
    fetch(`${url}/login`, { method: 'POST', body: new URLSearchParams({ password }), redirect: 'manual' });

  it('tells strangers one bit, and nothing else', async () => {
    for (const path of ['/health', '/ready']) expect((await fetch(url + path)).status).toBe(200);
    for (const path of ['/metrics', '/api/state', '/api/records', '/api/live', '/other']) {
      expect((await fetch(url + path)).status, path).toBe(401);
    }
    expect((await post('/api/pause', {}, {})).status).toBe(401);
    expect(served.server.progress.paused).toBe(false);
    const page = await fetch(`${url}/`);
    expect(page.status).toBe(401);
    expect(await page.text()).toContain('type="password"');
  });

  it('lets who knows the password in by a cookie that scripts and other sites never see', async () => {
    expect((await login('wrong')).status).toBe(401);
    const entered = await login(PASSWORD);
    expect(entered.status).toBe(303);
    const cookie = entered.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^fedkit=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict/);
    const session = { cookie: cookie.split(';')[0] };
    const page = await fetch(`${url}/`, { headers: session });
    const html = await page.text();
    expect(html).toContain('id="rows"');
    expect(html).not.toMatch(/https?:\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    // A form of another site carries no JSON.
    const form = await fetch(`${url}/api/pause`, { method: 'POST', headers: session, body: 'x=1' });
    expect(form.status).toBe(400);
    expect((await post('/api/pause', {}, session)).status).toBe(200);
    expect(served.server.progress.paused).toBe(true);
    await post('/api/resume', { kind: 'published', action: 'nothing' }, session);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ kind: 'admin', action: 'resume' });
    await fetch(`${url}/logout`, { method: 'POST', headers: session, redirect: 'manual' });
    expect((await fetch(`${url}/api/state`, { headers: session })).status).toBe(401);
    expect(lines.join('\n')).not.toContain(PASSWORD);
    expect(lines.join('\n')).not.toContain(session.cookie);
  });

  it('does what an operator asks, and says by name what cannot be', async () => {
    expect(await (await post('/api/extend', { milliseconds: 1000 })).json()).toMatchObject({
      state: { phase: 'waiting' },
    });
    const wrong = await post('/api/extend', { milliseconds: 'soon' });
    expect([wrong.status, ((await wrong.json()) as { error: string }).error]).toEqual([
      409,
      expect.stringContaining('federatedServer.extend: milliseconds'),
    ]);
    expect((await post('/api/rollback', { round: 7 })).status).toBe(409);
    expect((await post('/api/rollback', { round: 0 })).status).toBe(200);
    expect(await (await post('/api/verify')).json()).toMatchObject({ faults: [] });
    expect((await post('/api/unknown')).status).toBe(404);
    expect((await fetch(`${url}/api/pause`, { headers: bearer })).status).toBe(405);
    const text = await (await fetch(`${url}/metrics`, { headers: bearer })).text();
    expect(text).toContain('# TYPE fedkit_clients_waiting gauge');
  });

  it('shows what changes as it changes', async () => {
    const response = await fetch(`${url}/api/live`, { headers: bearer });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = '';
    const until = async (what: string) => {
      while (!text.includes(what)) {
        const { done, value } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
      }
    };
    await until('"paused":false');
    await post('/api/pause');
    await until('"paused":true');
    await post('/api/resume');
    await reader.cancel();
    expect(text).toMatch(/^event: snapshot\ndata: \{"run":"[0-9a-f]{32}"/);
  });
});

describe('Login', () => {
  it('bears ten wrong passwords a minute', () => {
    let now = 0;
    const door = new Login(PASSWORD, true, () => now);
    for (let i = 0; i < 10; i++) expect(door.begin('wrong')).toBe('denied');
    expect(door.begin(PASSWORD)).toBe('too many');
    now += 60_001;
    const session = door.begin(PASSWORD) as { cookie: string };
    expect(session.cookie).toContain('; Secure');
    const request = () => new Request('https://host/', { headers: { cookie: session.cookie.split(';')[0] } });
    expect(door.access(request())).toBe('granted');
    now += 12 * 3_600_000;
    expect(door.access(request())).toBe('denied');
  });
});

describe('checkConfig', () => {
  it('names the member that is wrong', () => {
    const wrong: [string, object][] = [
      ['federation', { federation: undefined }],
      ['store', { store: '' }],
      ['clients', { clients: undefined }],
      ['admin.password', { admin: { password: 'short' } }],
      ['admin.host', { admin: { password: PASSWORD, host: '0.0.0.0' } }],
      ['grace', { grace: -1 }],
      ['federation', { federation: null }],
      ['federation', { federation: { ...config().federation, clock: Date.now } }],
      ['onEvent', { onEvent: 3 }],
      ['admin.processes', { admin: { password: PASSWORD, processes: {} } }],
      ['admin.processes', { admin: { password: PASSWORD, processes: [null] } }],
      ['listen', { listen: 8080 }],
      ['listen', { listen: { hots: '0.0.0.0' } }],
      ['admin', { admin: { pasword: PASSWORD } }],
    ];
    for (const [name, change] of wrong) {
      expect(() => checkConfig({ ...config(), ...change }), name).toThrow(
        expect.objectContaining({
          code: 'INVALID_ARGUMENT',
          message: expect.stringContaining(`fedkit.config: ${name}:`),
        }),
      );
    }
    expect(() => checkConfig({ ...config(), stroe: 'x' })).toThrow('got the unknown option stroe');
    expect(() => checkConfig(undefined)).toThrow('default export');
    expect(checkConfig({ ...config(), admin: { password: PASSWORD, host: '0.0.0.0', proxied: true } })).toBeDefined();
  });
});
