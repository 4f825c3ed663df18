import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.ts';

it('gives ports that differ, at which nobody listens, and that no listener at port 0 is given', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  expect(ports.every((port) => port >= 10_000 && port < 32_000)).toBe(true);
  // The one that would be next; somebody else's listener there does as well.
  const taken = (await freePort()) + 1;
  const listener = createServer();
  await new Promise<void>((resolve) => listener.once('error', () => resolve()).listen(taken, '127.0.0.1', resolve));
  try {
    expect(await freePort()).not.toBe(taken);
  } finally {
    listener.close();
  }
});
