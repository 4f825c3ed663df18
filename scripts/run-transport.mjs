// A server and a client of the HTTP transport on the engine that runs this, over loopback; prints what went through. Run
// after `pnpm build`.
import { fetchExchange, fetchHandler } from '../packages/core/dist/transport/fetch/index.js';

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
const handle = fetchHandler(
  { handle: async (_client, request) => sha256(request) },
  { authenticate: (request) => (request.headers.get('authorization') === 'Bearer 1' ? 'a' : undefined) },
);

async function listen() {
  if (globalThis.Bun) {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handle });
    return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) };
  }
  if (globalThis.Deno) {
    const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, handle);
    return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
  }
  const { serve } = await import('../packages/core/dist/transport/node/index.js');
  return serve(handle);
}

const server = await listen();
const url = `${server.url}/fedkit`;
const requests = [0, 1, 100_000, 1_000_000].map((length) => new Uint8Array(length).map((_, i) => i * 31));
const exchange = fetchExchange({ url, headers: { authorization: 'Bearer 1' }, chunkSize: 65_536 });
let exact = 0;
for (const request of requests) {
  const [got, expected] = [await exchange(request), await sha256(request)];
  if (got.length === 32 && got.every((byte, i) => byte === expected[i])) exact++;
}
const statuses = [];
for (const [method, headers, body] of [
  ['GET', {}, undefined],
  ['POST', { 'content-type': 'application/octet-stream' }, new Uint8Array(10)],
  ['POST', { 'content-type': 'text/plain', authorization: 'Bearer 1' }, 'a'],
]) {
  const response = await fetch(url, { method, headers, body });
  await response.arrayBuffer();
  statuses.push(response.status);
}
await server.close();
console.log(JSON.stringify({ exact: `${exact} of ${requests.length}`, statuses: statuses.join(' ') }));
