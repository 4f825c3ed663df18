// A server and a client of the HTTP transport on the engine that runs this, over loopback; prints what went through. Run
// after `pnpm build`.
import { fetchExchange, fetchHandler } from '../packages/core/dist/transport/fetch/index.js';
import { authenticate, exchanges, handler } from './exchanges.mjs';

const handle = fetchHandler(handler, { authenticate });

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
const exact = await exchanges(fetchExchange, url);
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
console.log(JSON.stringify({ exact, statuses: statuses.join(' ') }));
