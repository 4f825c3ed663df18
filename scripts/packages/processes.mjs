// Processes that parts of this check start.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** What a process prints, once it has ended well. */
export async function said(child) {
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`a process ended with ${code}: ${text}`);
  return text.trim();
}

const [LOWEST, COUNT] = [10_000, 22_000];
let next = process.pid * 97;

/** A port at which nobody listens, below those that the system hands out by itself: it stays free until it is used. */
export async function freePort() {
  for (;;) {
    const port = LOWEST + (next++ % COUNT);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
