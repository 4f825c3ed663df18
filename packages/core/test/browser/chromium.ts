/**
 * Debian's Chromium, driven by playwright-core, on pages that a test serves from this machine.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** A browser with a profile of its own. */
export interface OpenBrowser {
  readonly context: BrowserContext;
  /** Ends it, and removes the profile unless it was handed in. */
  close(): Promise<void>;
  /** SIGKILL to all of its processes. */
  kill(): Promise<void>;
}

/** How a browser is started. */
export interface BrowserOptions {
  /** A folder, which outlives the browser. */
  readonly profile?: string;
  readonly flags?: readonly string[];
}

const PATIENCE = 30_000;

/** Starts `program`. */
export async function openBrowser(program: string, options: BrowserOptions = {}): Promise<OpenBrowser> {
  const profile = options.profile ?? newProfile();
  const port = join(profile, 'DevToolsActivePort');
  rmSync(port, { force: true });
  const process_ = spawn(
    program,
    [
      '--headless',
      '--no-sandbox',
      '--no-first-run',
      '--disable-dev-shm-usage',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      ...(options.flags ?? ['--disable-gpu']),
    ],
    // Its crash reports and locks go where they are removed with the profile. A group of its own is killed as one.
    { stdio: 'ignore', detached: true, env: { ...process.env, TMPDIR: profile, HOME: profile } },
  );
  const gone = new Promise<void>((resolve) => process_.once('exit', () => resolve()));
  const kill = async () => {
    try {
      process.kill(-(process_.pid as number), 'SIGKILL');
    } catch {
      // It is gone.
    }
    await gone;
  };
  try {
    const address = await portOf(port);
    const browser = await connected(address);
    return {
      context: browser.contexts()[0],
      kill,
      async close() {
        const session = await browser.newBrowserCDPSession().catch(() => undefined);
        await session?.send('Browser.close').catch(() => undefined);
        await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5000))]);
        await kill();
        await browser.close().catch(() => undefined);
        if (options.profile === undefined) removeProfile(profile);
      },
    };
  } catch (error) {
    await kill();
    if (options.profile === undefined) removeProfile(profile);
    throw error;
  }
}

/** On a machine that is busy, a browser that has just started may leave the first one who asks without an answer. */
async function connected(address: string, tries = 3): Promise<Browser> {
  try {
    return await chromium.connectOverCDP(address, { timeout: PATIENCE / 2 });
  } catch (error) {
    if (tries === 1) throw error;
    return connected(address, tries - 1);
  }
}

/** A folder for a profile. */
export function newProfile(): string {
  return mkdtempSync(join(tmpdir(), 'fedkit-chromium-'));
}

/** What a profile holds for pages, for whoever finds less than was written: the folder itself, what is in it, and its pages' stores. */
export function contentsOf(profile: string): string {
  const names = (...path: string[]) =>
    existsSync(join(profile, ...path)) ? readdirSync(join(profile, ...path)) : ['none'];
  const { ino, birthtime } = statSync(profile);
  return [
    `folder ${ino} of ${birthtime.toISOString()}: ${names().join(', ')}`,
    `databases: ${names('Default', 'IndexedDB').join(', ')}`,
    `files: ${names('Default', 'File System').join(', ')}`,
  ].join('; ');
}

/** Removes a profile, which processes of the browser may still be writing to. */
export function removeProfile(profile: string): void {
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}

async function portOf(file: string): Promise<string> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.includes('\n')) return `http://127.0.0.1:${text.split('\n')[0]}`;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Chromium did not start');
}
