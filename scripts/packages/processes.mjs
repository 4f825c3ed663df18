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

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
