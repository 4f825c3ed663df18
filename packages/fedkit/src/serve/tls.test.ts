// Odds of its processes: 0. They draw pauses, names and keys from the platform, and nothing asserted depends on which.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fedAvg, plainUpdates, secureRng } from '@fedkit/core';
import { decodeResponse, encodeRequest, type Request, type RoundTask } from '@fedkit/core/protocol';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../../../core/test/browser/chromium.ts';
import { serverBinary } from '../../../core/test/server-binary.ts';
import { slowness } from '../../../core/test/slowness.ts';
import { Command, CONFIG, PASSWORD } from '../../test/command.ts';

const openssl = serverBinary('openssl', 'the tests of serving with TLS');
const chromium = serverBinary('chromium', 'the tests of the admin page in a browser');
const TIME = 120_000 * slowness();

describe.skipIf(openssl === undefined)('fedkit serve with TLS', { timeout: TIME }, () => {
  let directory: string;
  let command: Command;
  let url: string;
  let admin: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fedkit-tls-'));
    const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem')];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync(openssl as string, ['req', '-x509', ...kind, ...name, ...files], { stdio: 'ignore' });
    command = new Command(['serve', CONFIG, '--no-flags'], {
      FEDKIT_TEST_STORE: join(directory, 'store'),
      FEDKIT_TEST_CERTIFICATE: directory,
    });
    ({ url, admin } = (await command.line('listening')) as unknown as { url: string; admin: string });
  }, TIME);
  afterAll(async () => {
    command.kill('SIGKILL');
    await command.end();
    await rm(directory, { recursive: true, force: true });
  });

  /** A `fetch` that trusts the certificate of the tests. */
  const trusting: typeof fetch = (where, init = {}) =>
    new Promise((resolve, reject) => {
      const ca = readFileSync(join(directory, 'cert.pem'));
      const headers = Object.fromEntries(new Headers(init.headers));
      const sent = request(
        where instanceof Request ? where.url : where,
        { method: init.method ?? 'GET', headers, ca },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () => {
            const answered = Object.entries(incoming.headers).map(([key, value]) => [key, String(value)]);
            resolve(
              new Response(Buffer.concat(chunks), {
                status: incoming.statusCode ?? 0,
                headers: Object.fromEntries(answered),
              }),
            );
          });
        },
      );
      sent.on('error', reject);
      sent.end(init.body as Uint8Array | undefined);
    });

  const ask = async (client: string, what: Request) => {
    const headers = { authorization: `Bearer token of ${client}` };
    return decodeResponse(await fetchExchange({ url, headers, fetch: trusting, attempts: 3 })(encodeRequest(what)));
  };

  async function round(): Promise<void> {
    const half = plainUpdates({ algorithm: fedAvg(), size: 3 }).client();
    if (half.sends !== 'report') throw new Error('a pipeline of reports');
    const tasks = new Map<string, RoundTask>();
    while (tasks.size < 2) {
      for (const client of ['a', 'b']) {
        const answer = await ask(client, { kind: 'join' });
        if (answer.kind === 'task') tasks.set(client, answer.task);
      }
    }
    for (const [client, task] of tasks) {
      const contribution = { values: { update: Float32Array.of(1, 0, -1) }, weight: 1 };
      const { bytes } = half.encode(task, contribution, { rng: secureRng(), client });
      expect(await ask(client, { kind: 'report', ticket: task.ticket, bytes })).toMatchObject({ kind: 'accepted' });
    }
  }

  it('serves clients and the admin over it, to those alone who trust its certificate', async () => {
    expect([new URL(url).protocol, new URL(admin).protocol]).toEqual(['https:', 'https:']);
    await round();
    expect((await trusting(`${admin}/health`)).status).toBe(200);
    await expect(fetch(`${admin}/health`)).rejects.toThrow();
    await expect(fetch(`${admin.replace('https:', 'http:')}/health`)).rejects.toThrow();
  });

  it.skipIf(chromium === undefined)(
    'shows rounds as they end, in a browser, and does what its buttons say',
    async () => {
      const browser = await openBrowser(chromium as string, {
        flags: ['--disable-gpu', '--ignore-certificate-errors'],
      });
      try {
        const page = await browser.context.newPage();
        const problems: string[] = [];
        page.on('pageerror', (error) => problems.push(String(error)));
        page.on('console', (message) => {
          if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text());
        });
        await page.goto(admin);
        await page.fill('input[name=password]', 'not the password');
        await page.click('button');
        expect(await page.locator('[role=alert]').textContent()).not.toBe('');
        await page.fill('input[name=password]', PASSWORD);
        await page.click('button');
        await page.waitForSelector('#rows');
        const rows = () => page.locator('#rows tr').count();
        const before = await rows();
        await round();
        await page.locator('#rows tr').nth(before).waitFor();
        const cells = await page.locator('#rows tr').first().locator('td').allTextContents();
        expect(cells.slice(1, 4)).toEqual(['published', '2', '2']);
        const [cookie] = await browser.context.cookies();
        expect(cookie).toMatchObject({ name: 'fedkit', secure: true, httpOnly: true, sameSite: 'Strict' });
        await page.click('[data-action=pause]');
        await page.locator('#phase').filter({ hasText: 'paused' }).waitFor();
        await page.click('[data-action=resume]');
        await page.locator('#phase').filter({ hasNotText: 'paused' }).waitFor();
        await page.click('[data-action=verify]');
        await page
          .locator('#said')
          .filter({ hasText: /keys, 0 faults/ })
          .waitFor();
        expect(problems).toEqual([]);
      } finally {
        await browser.close();
      }
    },
  );
});
