/**
 * Everything on the admin port: the page, the API, the login before both, and what load balancers and Prometheus ask.
 *
 * @module
 */
import { PROMETHEUS_TYPE, type PrometheusTelemetry, statusHandler } from '@fedkit/core/telemetry';
import { adminApi, type ApiOptions, json } from './api.ts';
import { Login } from './login.ts';
import { loginPage, page, PAGE_HEADERS } from './page.ts';
import { metricsOf } from './processes.ts';

/** What the port shows. */
export interface AdminOptions extends ApiOptions {
  readonly telemetry: PrometheusTelemetry;
  readonly password: string;
  readonly tls?: object;
  readonly proxied?: boolean;
}

const LONGEST_LOGIN = 1024;

/** `/health` and `/ready` answer strangers, who learn one bit; all else wants the password. */
export function adminHandler(options: AdminOptions): (request: Request) => Promise<Response> {
  const { server, telemetry, password, tls, proxied = false, processes = [], log } = options;
  const login = new Login(password, tls !== undefined || proxied);
  const api = adminApi(options);
  const status = statusHandler({ server, metrics: telemetry });
  const html = (text: string, code = 200) => new Response(text, { status: code, headers: PAGE_HEADERS });

  async function begin(request: Request): Promise<Response> {
    if (Number(request.headers.get('content-length') ?? LONGEST_LOGIN + 1) > LONGEST_LOGIN)
      return html(loginPage(), 413);
    const given = new URLSearchParams(await request.text()).get('password') ?? '';
    const session = login.begin(given);
    if (session === 'too many') return html(loginPage('Too many wrong passwords: wait a minute.'), 429);
    if (session === 'denied') {
      log({ kind: 'login', granted: false });
      return html(loginPage('That is not the password.'), 401);
    }
    log({ kind: 'login', granted: true });
    return new Response(null, { status: 303, headers: { location: '/', 'set-cookie': session.cookie } });
  }

  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/health' || pathname === '/ready') return status(request) ?? json(404, {});
    if (pathname === '/login' && request.method === 'POST') return begin(request);
    const access = login.access(request);
    if (access !== 'granted') {
      if (pathname === '/' && request.method === 'GET' && access === 'denied') return html(loginPage(), 401);
      return json(access === 'denied' ? 401 : 429, { error: 'a password is needed' });
    }
    if (pathname === '/logout' && request.method === 'POST') {
      return new Response(null, { status: 303, headers: { location: '/', 'set-cookie': login.end() } });
    }
    if (pathname === '/' && request.method === 'GET') return html(page());
    if (pathname === '/metrics' && request.method === 'GET' && processes.length > 0)
      return new Response(await metricsOf(telemetry.text(), processes), {
        headers: { 'content-type': PROMETHEUS_TYPE },
      });
    return status(request) ?? (await api(request)) ?? json(404, { error: 'no such page' });
  };
}
