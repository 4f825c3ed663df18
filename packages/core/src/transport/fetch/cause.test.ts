import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { causeOf } from './cause.ts';
import { causeOf as inPages } from './cause-in-pages.ts';

it('says what Node tells of a port that nobody listens at', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const error = await fetch(`http://127.0.0.1:${port}`).catch((cause: unknown) => cause);
  expect(causeOf(error)).toBe('ECONNREFUSED: nothing listens there: is the server running?');
});

it.each([
  ['ConnectionRefused', 'nothing listens there'],
  ['ENOTFOUND', 'no such host, or no network'],
  ['ENETUNREACH', 'no such host, or no network'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'the certificate is not trusted'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'does the server speak https there'],
  ['UND_ERR_SOCKET', 'the connection was cut'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no answer in time'],
])('says what %s usually is', (code, meaning) => {
  expect(causeOf({ code })).toContain(`${code}: `);
  expect(causeOf(new TypeError('fetch failed', { cause: { code } }))).toContain(meaning);
});

it('passes on a code that it does not know, and no text', () => {
  expect(causeOf({ code: 'EMFILE' })).toBe('EMFILE');
  for (const code of ['a text with spaces', 20, undefined]) expect(causeOf({ code })).toBe(inPages({ code }));
  expect(inPages({ code: 'EMFILE' })).toMatch(/server down, no network, TLS, or CORS/);
});
