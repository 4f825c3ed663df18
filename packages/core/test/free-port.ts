import { createServer } from 'node:net';

/**
 * The system hands out ports from 32,768 on (Linux; others from higher up) to whoever listens at port 0 or connects, so one of those is soon
 * another's, above all while its server starts again. Nobody is given one of these but by name.
 */
const [LOWEST, COUNT] = [10_000, 22_000];
// Processes beside each other begin far apart, and none comes to a port twice in a while.
let next = process.pid * 97;

/** A port of this machine at which nobody listens, and which nobody is given by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer().once('error', () => resolve(false));
    listener.listen(port, '127.0.0.1', () => listener.close(() => resolve(true)));
  });
}
