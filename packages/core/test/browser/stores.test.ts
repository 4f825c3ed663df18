// Odds of its processes: 0. The pages draw nothing but from seeds.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '../../src/random.ts';
import type { NodeServer } from '../../src/transport/node/serve.ts';
import { serverBinary } from '../server-binary.ts';
import { slowness } from '../slowness.ts';
import { contentsOf, type OpenBrowser, newProfile, openBrowser, removeProfile } from './chromium.ts';
import { bundled, serveModules } from './serve-module.ts';
import type * as stores from './stores.page.ts';

const program = serverBinary('chromium', 'stores of browsers');
const PATIENCE = 30_000 * slowness();
/**
 * How often the browser is killed for each kind of store, or `FEDKIT_KILLS=20`. Beside a whole suite Chromium 156 twice came back with an
 * empty profile: nothing was there, of whatever store. So each life writes its number down by IndexedDB alone, without code of ours. Where
 * that is lost too, the browser has lost its profile: that is said, and the kill is made again in a new one, {@link LOST} times at most.
 */
const KILLS = Number(process.env.FEDKIT_KILLS ?? 3);
const LOST = 2;
const KINDS = ['indexedDb', 'opfs'];

describe.skipIf(program === undefined)('stores, in Chromium', { timeout: 2 * PATIENCE }, () => {
  let server: NodeServer;
  let browser: OpenBrowser;
  // Text, since the test runner rewrites `import` in functions.
  const call = <T>(page: Page, name: keyof typeof stores, ...args: unknown[]) =>
    page.evaluate<T>(`import('/stores.js').then((stores) => stores.${name}(...${JSON.stringify(args)}))`);
  const visit = async ({ context }: OpenBrowser) => {
    const page = await context.newPage();
    await page.goto(server.url);
    return page;
  };
  beforeAll(async () => {
    server = await serveModules({ '/stores.js': await bundled(join(import.meta.dirname, 'stores.page.ts')) });
    browser = await openBrowser(program as string);
  }, 2 * PATIENCE);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  it.each(KINDS)('keep the laws of stores: %s', async (kind) => {
    const page = await visit(browser);
    const { laws, broken } = await call<{ laws: number; broken: string[] }>(page, 'lawsOf', kind);
    expect(broken).toEqual([]);
    expect(laws).toBeGreaterThan(9);
    await page.close();
  });

  it.each(KINDS)('let one of several tabs create a key: %s', async (kind) => {
    const pages = await Promise.all([visit(browser), visit(browser), visit(browser)]);
    for (let i = 0; i < 5; i++) {
      const won = await Promise.all(pages.map((page) => call<number>(page, 'race', kind, `key ${i}`, 4)));
      expect(won.reduce((sum, one) => sum + one, 0)).toBe(1);
    }
    for (const page of pages) await page.close();
  });

  it.each(KINDS)('say that the disk is full, keep what is there, and go on once there is room: %s', async (kind) => {
    // An origin of its own: a browser goes by what it has found of one's room for half a minute.
    const origin = server.url.replace('127.0.0.1', 'localhost');
    const page = await browser.context.newPage();
    const session = await browser.context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 8 << 20 });
    await page.goto(origin);
    const outcome = await call<{ code: string }>(page, 'fill', kind);
    expect(outcome).toEqual({
      code: kind === 'indexedDb' ? 'UNAVAILABLE' : 'none',
      cause: 'QuotaExceededError',
      kept: true,
      after: true,
    });
    await page.close();
  });

  it.each(KINDS)(
    'survive that the browser is killed amid writes, %s',
    { timeout: (3 + KILLS + LOST) * PATIENCE },
    async (kind) => {
      const rng = seededRng('kills').fork(kind);
      let profile = newProfile();
      try {
        let told = { a: 0, b: 0 };
        let [lived, lost] = [0, 0];
        // The first life ends by itself: the profile is there.
        for (let life = 0; life <= KILLS + 1; life++) {
          const before = contentsOf(profile);
          const own = await openBrowser(program as string, { profile });
          const page = await visit(own);
          const after = await call<{ a: number; b: number }>(page, 'found', kind);
          const seen = `life ${life}: ${JSON.stringify({ told, after })}\nbefore ${before}\nafter ${contentsOf(profile)}`;
          if ((await call<number>(page, 'remembered')) < lived) {
            process.stderr.write(
              `Chromium came back without its profile, which is no fault of a store: ${kind}, ${seen}\n`,
            );
            expect(++lost, 'profiles that Chromium lost').toBeLessThanOrEqual(LOST);
            await own.close();
            removeProfile(profile);
            profile = newProfile();
            [told, lived] = [{ a: 0, b: 0 }, 0];
            life--;
            continue;
          }
          // Everything that was told is there, in its order, and at most one write more.
          expect(after.a, seen).toBeGreaterThanOrEqual(told.a);
          expect(after.b, seen).toBeGreaterThanOrEqual(told.b);
          expect([0, 1], seen).toContain(after.a - after.b);
          if (life === KILLS + 1) {
            expect(told.b).toBeGreaterThan(0);
            await own.close();
            break;
          }
          await call(page, 'remember', ++lived);
          let start = (): void => {};
          const started = new Promise<void>((resolve) => (start = resolve));
          await page.exposeFunction('told', (key: 'a' | 'b', i: number) => {
            told[key] = i;
            start();
          });
          const writing = call(page, 'writeOn', kind).catch(() => undefined);
          await started;
          await new Promise((resolve) => setTimeout(resolve, 50 + 400 * rng.uniform()));
          await (life === 0 ? own.close() : own.kill());
          await writing;
        }
      } finally {
        removeProfile(profile);
      }
    },
  );
});
