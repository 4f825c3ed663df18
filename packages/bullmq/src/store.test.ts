import { type FedkitError, seededRng } from '@fedkit/core';
import { storeLaws } from '@fedkit/core/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds, type Server } from '../test/servers.ts';
import type { DatabaseStore } from './database.ts';

describe.each(kinds)('a store on $name', ({ start }) => {
  const run = it.skipIf(start === undefined);
  let server: Server;
  const opened: DatabaseStore[] = [];
  let prefixes = 0;
  const openOn = (prefix: string): DatabaseStore => {
    const store = server.database().store({ prefix });
    opened.push(store);
    return store;
  };
  const prefixOf = new Map<DatabaseStore, string>();
  const fresh = (): DatabaseStore => {
    const prefix = `law ${++prefixes} * `;
    const store = openOn(prefix);
    prefixOf.set(store, prefix);
    return store;
  };
  beforeAll(async () => {
    if (start === undefined) return;
    server = await start();
    await server.database().prepare();
  }, 120_000);
  afterAll(async () => {
    for (const store of opened) await store.close();
    await server?.stop();
  }, 60_000);

  for (const law of storeLaws({
    create: fresh,
    reopen: (store) => openOn(prefixOf.get(store as DatabaseStore) as string),
  })) {
    run(law.name, { timeout: 60_000 }, () => law.run());
  }

  run('takes long keys, or refuses them by name', { timeout: 60_000 }, async () => {
    const store = fresh();
    const rng = seededRng(1);
    for (const length of [2500, 2800, 100_000]) {
      // Nothing that an index could compress.
      const key = Array.from({ length }, () => String.fromCharCode(33 + rng.below(90))).join('');
      const put = await store.put(key, Uint8Array.of(1)).then(
        () => 'put',
        (error: FedkitError) => error.code,
      );
      const mayRefuse = length > 2600 && server.database().kind === 'postgres';
      expect(put).toBe(mayRefuse ? 'OUT_OF_RANGE' : 'put');
      if (put === 'put') expect(await store.get(key)).toEqual(Uint8Array.of(1));
    }
  });

  run('closes while it looks for a server that is not there', { timeout: 120_000 }, async () => {
    const store = fresh();
    await server.kill();
    const asked = store.get('a').catch((error: unknown) => error);
    await store.close();
    await store.close();
    expect(await asked).toMatchObject({ code: 'UNAVAILABLE' });
    await server.start();
    expect(await store.get('a')).toBeUndefined();
  });

  run('keeps what it was told when its server is killed', { timeout: 120_000 }, async () => {
    const store = fresh();
    await store.put('a', Uint8Array.of(1));
    await server.kill();
    const asked = store.get('a').catch((error: unknown) => error);
    expect(await asked).toMatchObject({ code: 'UNAVAILABLE' });
    await server.start();
    expect(await store.get('a')).toEqual(Uint8Array.of(1));
  });
});
