// Odds of its processes: 0. The pages draw nothing but from seeds.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenBrowser, openBrowser } from '../../../core/test/browser/chromium.ts';
import { bundled, serveModules } from '../../../core/test/browser/serve-module.ts';
import { serverBinary } from '../../../core/test/server-binary.ts';
import { slowness } from '../../../core/test/slowness.ts';
import { train, type Trained } from './threads.page.ts';

const program = serverBinary('chromium', 'threads of a page');
const PATIENCE = 30_000 * slowness();
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** Workers from a `blob:` address are not allowed. */
const STRICT = { ...ISOLATED, 'content-security-policy': "worker-src 'none'" };

describe.skipIf(program === undefined)('threads in Chromium', { timeout: 2 * PATIENCE }, () => {
  let browser: OpenBrowser;
  let module: string;
  let one: Trained;
  beforeAll(async () => {
    module = await bundled(join(import.meta.dirname, 'threads.page.ts'));
    browser = await openBrowser(program as string);
    one = await train(1);
  }, 2 * PATIENCE);
  afterAll(async () => {
    await browser?.close();
  });

  const inPage = async (headers: Record<string, string>, call: string): Promise<Trained> => {
    const server = await serveModules({ '/threads.js': module }, headers);
    const page = await browser.context.newPage();
    try {
      await page.goto(server.url);
      // Text, since the test runner rewrites `import` in functions.
      return await page.evaluate<Trained>(`import('/threads.js').then((threads) => threads.${call})`);
    } finally {
      await page.close();
      await server.close({ grace: 0 });
    }
  };

  it('are two on a page that is isolated, and come to the bits of Node', async () => {
    expect(await inPage(ISOLATED, 'train(2)')).toEqual({ ...one, isolated: true, threads: 2, helped: true });
  });

  it('are two in a worker of such a page', async () => {
    expect(await inPage(ISOLATED, 'trainInWorker(2)')).toEqual({ ...one, isolated: true, threads: 2, helped: true });
  });

  it('are one on any other page, with the same bits', async () => {
    expect(await inPage({}, 'train(2)')).toEqual({ ...one, isolated: false });
  });

  it('are one where the page allows no workers, with the same bits', async () => {
    expect(await inPage(STRICT, 'train(2)')).toEqual({ ...one, isolated: true });
  });
});
