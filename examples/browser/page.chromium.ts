// Odds: 0. Tabs draw from the platform; what is asserted of a model has room for any draw.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type OpenBrowser, openBrowser } from '../../packages/core/test/browser/chromium.ts';
import { freePort } from '../../packages/core/test/free-port.ts';
import { serverBinary } from '../../packages/core/test/server-binary.ts';
import { slowness } from '../../packages/core/test/slowness.ts';
import { type Coordinator, type CoordinatorOptions, startCoordinator } from './coordinator.ts';
import { answers, command, killed } from './coordinator-process.ts';
import { pageFiles } from './files.ts';
import { Held } from './held.ts';
import { TRAINING } from './page/in-turns.ts';
import type { Status } from './status.ts';

const program = serverBinary('chromium', 'the page that learns with others');
const SLOW = Math.min(4, slowness());
const PATIENCE = 25_000 * SLOW;
/** How long a stage waits for a tab that is gone. */
const STAGE = 2500 * SLOW;
/** Looked at by people; not kept. */
const PICTURES = join(import.meta.dirname, 'out');
const WIDE = { width: 1180, height: 900 };
const NARROW = { width: 390, height: 844 };

describe.skipIf(program === undefined)('the page, in Chromium', { timeout: 3 * PATIENCE }, () => {
  const files = program === undefined ? undefined : pageFiles();
  let browser: OpenBrowser;
  const coordinators: Coordinator[] = [];
  const helds: Held[] = [];
  const folders: string[] = [];
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    browser = await openBrowser(program as string);
  }, PATIENCE);
  afterAll(async () => browser?.close());
  afterEach(async () => {
    for (const page of browser.context.pages().slice(1)) await page.close();
    for (const held of helds.splice(0)) held.release();
    for (const coordinator of coordinators.splice(0)) await coordinator.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-page-run-'));
    folders.push(folder);
    return folder;
  };
  async function coordinate(options: Partial<CoordinatorOptions> = {}, held?: Held): Promise<Coordinator> {
    const folder = options.folder ?? newFolder();
    const own = { port: 0, pace: 250, patience: STAGE, ...(files && { files }), folder, ...options };
    const coordinator = await startCoordinator({ ...own, ...(held && { gate: held.gate }) });
    if (held) held.status = coordinator.status;
    coordinators.push(coordinator);
    return coordinator;
  }
  async function tab(url: string, search = ''): Promise<Page> {
    const page = await browser.context.newPage();
    await page.setViewportSize(WIDE);
    await page.goto(url + search);
    return page;
  }
  const tabs = async (url: string, count: number, search = '') => {
    const pages: Page[] = [];
    for (let i = 0; i < count; i++) pages.push(await tab(url, search));
    return pages;
  };
  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + PATIENCE; ; ) {
      if (await holds()) return;
      if (Date.now() > end) throw new Error(`never: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }
  /** What is asked of one coordinator in 20 s; a service worker of an earlier one may still ask there. */
  async function asks(url: string): Promise<string[]> {
    const asked: string[] = [];
    const hear = (request: { url(): string }) => request.url().startsWith(url) && asked.push(request.url());
    browser.context.on('request', hear);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    browser.context.off('request', hear);
    return asked;
  }
  const holding = (count: number) => {
    const held = new Held(count);
    helds.push(held);
    return held;
  };
  const published = ({ history }: Status) => history.filter(({ outcome }) => outcome === 'published');
  const text = (page: Page, id: string) => page.evaluate<string>(`document.getElementById('${id}').textContent`);
  const shows = (page: Page, id: string, words: string) =>
    until(`${id} shows ${words}`, async () => (await text(page, id)).includes(words)).catch(async (error: Error) => {
      throw new Error(`${error.message}, but ${await text(page, id)}`);
    });
  async function picture(page: Page, name: string): Promise<void> {
    for (const [size, viewport] of [
      ['wide', WIDE],
      ['narrow', NARROW],
    ] as const) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.screenshot({ path: join(PICTURES, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      }
    }
    await page.setViewportSize(WIDE);
  }

  it('waits in words, then five tabs learn to read digits, and one that is closed does not stop them', async () => {
    const held = holding(5);
    const { url, status } = await coordinate({ rounds: 8 }, held);
    const first = await tab(url);
    await shows(first, 'now', 'Waiting for 2 more tabs: no sum of fewer than 3 is ever opened');
    await picture(first, 'waiting');
    const others = await tabs(url, 4);
    await until('a published round', () => published(status()).length >= 1);
    // In the midst of a round, after its update was trained and its keys were told.
    const leaving = others[3];
    held.participant = await nameOf(leaving);
    await until('a round of five amid its sums', () => held.round > 0);
    await leaving.close();
    const past = () => status().history.find(({ round }) => round === held.round);
    await until('that round to end', () => past() !== undefined);
    expect(past()).toMatchObject({ outcome: 'published', lost: 1 });
    expect(past()?.contributors.length).toBe(4);
    await until('the end', () => status().phase === 'finished' && published(status()).length === 8);
    const rounds = published(status());
    expect(rounds.length).toBe(8);
    // One draw of the data: 0.87 ± 0.01 in trials.
    expect(rounds[7].accuracy).toBeGreaterThan(0.8);
    expect(rounds[7].loss).toBeLessThan(0.8);

    await shows(first, 'connection', 'finished');
    await until('the last model in the tab', () => first.evaluate("document.body.dataset.model === '8'"));
    expect(await text(first, 'facts')).toContain('TensorFlow.js on WebAssembly');
    expect(await text(first, 'log')).toContain('1 vanished; the round went on without.');
    // What left the tab is noise to the eye and to a count; what it learned is not.
    expect(Number(/([\d.]+) bits/.exec(await text(first, 'sent-words'))?.[1])).toBeGreaterThan(7.9);
    await first.click('#sample');
    await shows(first, 'verdict', 'Untrained it reads a');
    await picture(first, 'finished');
  });

  it('can be drawn on by pointer and keyboard, and keeps what it is taught', async () => {
    const { url } = await coordinate();
    const page = await tab(url);
    await shows(page, 'facts', '400');
    await page.locator('#pad').scrollIntoViewIfNeeded();
    const pad = await page.locator('#pad').boundingBox();
    const { x, y } = pad as { x: number; y: number };
    await page.mouse.move(x + 140, y + 50);
    await page.mouse.down();
    await page.mouse.move(x + 142, y + 230, { steps: 10 });
    await page.mouse.up();
    await shows(page, 'verdict', 'Untrained it reads a');
    await page.focus('#pad');
    await page.keyboard.press('Escape');
    await shows(page, 'verdict', 'Nothing is drawn yet.');
    await page.keyboard.press('Space');
    for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowDown');
    await shows(page, 'verdict', 'Untrained it reads a');
    await page.getByRole('button', { name: '1', exact: true }).click();
    await shows(page, 'facts', '400 and 1 of yours');
    await page.reload();
    await shows(page, 'facts', '400 and 1 of yours');
  });

  it('says that the coordinator is gone, and goes on with one that is started again after SIGKILL', async () => {
    const [folder, port] = [newFolder(), await freePort()];
    const url = `http://localhost:${port}`;
    let process_ = command(folder, port);
    try {
      await until('a coordinator', () => answers(url));
      const pages = await tabs(url, 3);
      const ask = async () => (await (await fetch(`${url}/status`)).json()) as Status;
      await until(
        'a round amid its sums',
        async () => (await ask()).stage === 'share' || published(await ask()).length > 0,
      );
      const before = await ask();
      await killed(process_);
      await shows(pages[0], 'connection', 'no answer');
      await shows(pages[0], 'banner', 'What this tab has done is kept');
      await picture(pages[0], 'lost');
      process_ = command(folder, port);
      await until('the coordinator again', () => answers(url));
      await until('two rounds more', async () => published(await ask()).length >= published(before).length + 2);
      expect((await ask()).run).toBe(before.run);
      await shows(pages[0], 'connection', 'in touch');
      await until('no banner', () => pages[0].evaluate("document.getElementById('banner').hidden"));
      const rounds = (await ask()).history.map(({ round }) => round);
      expect(rounds).toEqual([...new Set(rounds)]);
    } finally {
      await killed(process_);
    }
  });

  it('says that it is offline, and comes back', async () => {
    const { url, status } = await coordinate({ rounds: 50 });
    const pages = await tabs(url, 4);
    await until('a published round', () => published(status()).length >= 1);
    await browser.context.setOffline(true);
    await shows(pages[0], 'connection', 'offline');
    await shows(pages[0], 'banner', 'This device is offline');
    await picture(pages[0], 'offline');
    await browser.context.setOffline(false);
    const before = status().history.length;
    await until('a round after it', () => published(status()).some(({ round }) => round > before));
    await shows(pages[0], 'connection', 'in touch');
  });

  it('says that it is out of date', async () => {
    const [folder, port] = [newFolder(), await freePort()];
    const older = await coordinate({ folder, port });
    const page = await tab(older.url);
    await shows(page, 'connection', 'in touch');
    await coordinators.pop()?.close();
    await coordinate({ folder, port, files: pageFiles({ version: 'another' }) });
    await shows(page, 'connection', 'out of date');
    await shows(page, 'banner', 'Reload it to take part again');
    await picture(page, 'outdated');
    await page.reload();
    await shows(page, 'connection', 'in touch');
  });

  it('is one participant a tab: a second one under its name waits, and takes over', async () => {
    const { url } = await coordinate();
    const first = await tab(url, '?participant=7');
    await shows(first, 'log', 'This tab takes part as');
    const name = await nameOf(first);
    const second = await tab(url, '?participant=7');
    await shows(second, 'banner', 'Another tab takes part as participant 7');
    await picture(second, 'taken');
    await first.close();
    await shows(second, 'log', 'This tab takes part as');
    expect(await nameOf(second)).toBe(name);
    expect(await second.evaluate("document.getElementById('banner').hidden")).toBe(true);
  });

  it('says that the browser has no room, and takes part once there is some', async () => {
    const { url } = await coordinate();
    const origin = url.replace('127.0.0.1', 'localhost');
    const page = await browser.context.newPage();
    const session = await browser.context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await page.goto(origin);
    await shows(page, 'banner', 'The browser has no room left for this page');
    await picture(page, 'full');
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await page.reload();
    await shows(page, 'log', 'This tab takes part as');
  });

  it('runs under a policy without WebAssembly, and is thawed after it was frozen', async () => {
    const { url, status } = await coordinate({ rounds: 50, files: pageFiles({ strict: true }) });
    const pages = await tabs(url, 3);
    await shows(pages[0], 'log', 'everything runs in plain JavaScript');
    await until('two published rounds', () => published(status()).length >= 2);
    expect(await text(pages[0], 'facts')).toContain('plain JavaScript');
    const session = await browser.context.newCDPSession(pages[2]);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    const before = status().history.length;
    await until('rounds of three after it', () =>
      published(status()).some(({ round, contributors }) => round > before + 1 && contributors.length === 3),
    );
  });

  it('goes on in the service worker with what a closed tab had begun', async () => {
    // Stages wait long enough for the worker to come.
    const held = holding(4);
    const { url, status } = await coordinate({ rounds: 50, patience: 5 * STAGE }, held);
    const pages = await tabs(url, 4);
    await pages[0].evaluate('navigator.serviceWorker.ready.then(() => true)');
    // The service worker looks after the participants of the first tabs.
    const name = await nameOf(pages[1]);
    held.participant = name;
    await until('a round of four amid its sums', () => held.round > 0);
    held.pass();
    await pages[1].close();
    await pages[0].evaluate(`new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      navigator.serviceWorker.ready.then(({ active }) => active.postMessage('go on', [port2]));
    })`);
    // By this word, or a moment earlier by a sync that the browser fired itself.
    const past = () => status().history.find(({ round }) => round === held.round);
    await until('the round', () => past() !== undefined);
    expect(past()?.outcome).toBe('published');
    expect(past()?.contributors.some((id) => id.startsWith(name))).toBe(true);
  });

  it.each(['sync', 'periodicsync'] as const)('goes on by itself when the browser fires %s', async (kind) => {
    const held = holding(4);
    const { url, status } = await coordinate({ rounds: 50, patience: 5 * STAGE }, held);
    const pages = await tabs(url, 4);
    const session = await browser.context.newCDPSession(pages[0]);
    const registration = new Promise<string>((resolve) => {
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(url));
        if (own) resolve(own.registrationId);
      });
    });
    await session.send('ServiceWorker.enable');
    await pages[0].evaluate('navigator.serviceWorker.ready.then(() => true)');
    const registrationId = await registration;
    const name = await nameOf(pages[1]);
    held.participant = name;
    await until('a round of four amid its sums', () => held.round > 0);
    held.pass();
    await pages[1].close();
    const event = { origin: new URL(url).origin, registrationId, tag: 'fedkit' };
    if (kind === 'sync') await session.send('ServiceWorker.dispatchSyncEvent', { ...event, lastChance: false });
    else await session.send('ServiceWorker.dispatchPeriodicSyncEvent', event);
    const past = () => status().history.find(({ round }) => round === held.round);
    await until('the round', () => past() !== undefined);
    expect(past()?.outcome).toBe('published');
    expect(past()?.contributors.some((id) => id.startsWith(name))).toBe(true);
  });

  it('trains in one tab at a time', async () => {
    const { url, status } = await coordinate({ rounds: 50, patience: 5 * STAGE });
    const watching = await tab(`${url}/icon.svg`);
    // Somebody else trains.
    await watching.evaluate(`navigator.locks.request('${TRAINING}', () => new Promise((resolve) => (globalThis.release = resolve)))
      && new Promise((resolve) => setTimeout(resolve, 100))`);
    const pages = await tabs(url, 3);
    const waiting = async () => {
      const { held, pending } = await watching.evaluate<{
        held: string[];
        pending: string[];
      }>(`navigator.locks.query()
        .then(({ held, pending }) => ({ held: held.map(({ name }) => name), pending: pending.map(({ name }) => name) }))`);
      const count = (names: string[]) => names.filter((one) => one === TRAINING).length;
      return [count(held), count(pending)];
    };
    await until('three tabs that wait for their turn', async () => (await waiting()).join() === '1,3');
    expect(published(status())).toEqual([]);
    await watching.evaluate('globalThis.release()');
    await until('a published round', () => published(status()).length >= 1);
    for (const page of pages) await page.close();
  });

  it('adds noise where it is told to, and says what ε it is', async () => {
    const { url, status } = await coordinate({ rounds: 2, privacy: 'noise' });
    const [page] = await tabs(url, 3);
    await until('the end', () => status().phase === 'finished' && published(status()).length === 2);
    const epsilons = published(status()).map(({ epsilon }) => epsilon ?? 0);
    expect(epsilons.length).toBe(2);
    expect(epsilons[0]).toBeGreaterThan(1);
    expect(epsilons[1]).toBeGreaterThan(epsilons[0]);
    await shows(page, 'epsilon', epsilons[1].toFixed(1));
    await picture(page, 'noise');
  });

  it('plays by itself in one window, and asks next to nothing once it is over', async () => {
    const { url, status } = await coordinate({ rounds: 2 });
    const page = await tab(url, '/together?tabs=4');
    await until('a round of four', () => published(status()).some(({ contributors }) => contributors.length === 4));
    await picture(page, 'together');
    await until('the end', () => status().phase === 'finished');
    // The frames have heard of it by then.
    await new Promise((resolve) => setTimeout(resolve, 3000 * SLOW));
    const asked = await asks(url);
    // Four tabs, each at most one request in ten seconds.
    expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(8);
  });

  it('rests while too few are there, and takes part again once enough are', async () => {
    const { url, status } = await coordinate({ rounds: 50 });
    for (const page of await tabs(url, 2, '?still=500')) await nameOf(page);
    await new Promise((resolve) => setTimeout(resolve, 3000 * SLOW));
    const asked = await asks(url);
    expect(asked.length, asked.join(' ')).toBeLessThanOrEqual(4);
    expect(asked.length).toBeGreaterThan(0);
    await tab(url);
    await until('a published round of three', () => published(status()).length > 0);
  });

  const nameOf = async (page: Page) => {
    await shows(page, 'log', 'This tab takes part as');
    return page.evaluate<string>("document.querySelector('#facts dd').textContent");
  };
});
