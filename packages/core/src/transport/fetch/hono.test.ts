import { sha256 } from '@noble/hashes/sha2.js';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../random.ts';
import { serve } from '../node/serve.ts';
import { fetchExchange } from './exchange.ts';
import { fetchHandler } from './handler.ts';

describe('fetchHandler under Hono', () => {
  it('is a route like any other', async () => {
    const handler = fetchHandler(
      { handle: async (client, request) => (client === 'a' ? sha256(request) : new Uint8Array(0)) },
      { authenticate: (request) => (request.headers.get('authorization') === 'Bearer 1' ? 'a' : undefined) },
    );
    const app = new Hono();
    app.use(async (context, next) => {
      await next();
      context.header('x-served-by', 'hono');
    });
    app.all('/fedkit/*', (context) => handler(context.req.raw));
    app.get('/', (context) => context.text('home'));
    const server = await serve(async (request) => app.fetch(request));
    const request = seededRng(1).fill(new Uint8Array(200_000));
    const ask = (authorization: string) =>
      fetchExchange({ url: `${server.url}/fedkit`, headers: { authorization }, chunkSize: 65_536 })(request);
    expect(await ask('Bearer 1')).toEqual(sha256(request));
    await expect(ask('Bearer 2')).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const home = await fetch(server.url);
    expect([await home.text(), home.headers.get('x-served-by')]).toEqual(['home', 'hono']);
    await server.close();
  });
});
