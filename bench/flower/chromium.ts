/**
 * A page in Chromium as a node: its own server hands out the page and forwards the Fleet API.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { serve } from '@fedkit/core/transport/node';
import { buildSync } from 'esbuild';
import type { Flwr } from '../../packages/flower/test/flwr/processes.ts';

/** The browser's command, or `undefined` where there is none. */
export function findChromium(): string | undefined {
  return ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** Opens the page; it stays until `stop`. @param superlink - Where the Fleet API is. */
export async function openPage(flwr: Flwr, chromium: string, superlink: string): Promise<{ stop(): Promise<void> }> {
  const [{ text }] = buildSync({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    format: 'esm',
    conditions: ['@fedkit/source'],
    logLevel: 'error',
    write: false,
  }).outputFiles;
  const page = `<!doctype html><script type="module">${text.replaceAll('</script', '<\\/script')}</script>`;
  const listening = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith('/v1/fleet/')) return new Response(page, { headers: { 'content-type': 'text/html' } });
    const headers = Object.fromEntries([...request.headers].filter(([name]) => /^(flwr-|content-type$)/.test(name)));
    const answer = await fetch(superlink + pathname, { method: 'POST', headers, body: await request.arrayBuffer() });
    const type = answer.headers.get('content-type') ?? 'application/json';
    return new Response(await answer.arrayBuffer(), { status: answer.status, headers: { 'content-type': type } });
  });
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const browser = flwr.start(chromium, [...flags, `--user-data-dir=${join(flwr.folder, 'chromium')}`, listening.url]);
  return {
    async stop() {
      await browser.stop();
      await listening.close();
    },
  };
}
