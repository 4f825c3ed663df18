/**
 * The moving picture of README: a tab of examples/browser while it learns with three others, then a digit that it reads.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startCoordinator } from '../../examples/browser/coordinator.ts';
import { openBrowser } from '../../packages/core/test/browser/chromium.ts';

const PICTURE = join(import.meta.dirname, '../../docs/pictures/page.gif');
const VIEWPORT = { width: 760, height: 880 };
const SHOWN_WIDTH = 480;
const [TABS, ROUNDS] = [4, 5];
const PATIENCE = 240_000;
/** Of a frame, and of the last ones, in hundredths of a second. */
const [FRAME, LAST] = [50, 250];

/** Opens four tabs, films the first over five rounds, and writes docs/pictures/page.gif by ImageMagick's `convert`. */
export async function movingPicture(program: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-bench-picture-'));
  const browser = await openBrowser(program, { flags: ['--disable-gpu', '--hide-scrollbars'] });
  try {
    const coordinator = await startCoordinator({ port: 0, folder, rounds: ROUNDS, pace: 900, patience: 20_000 });
    try {
      const published = () => coordinator.status().history.filter(({ outcome }) => outcome === 'published').length;
      const frames: string[] = [];
      const film = async (page: Page): Promise<void> => {
        const path = join(folder, `frame-${String(frames.length).padStart(3, '0')}.png`);
        await page.screenshot({ path });
        frames.push(path);
      };
      const tabs: Page[] = [];
      for (let i = 0; i < TABS; i++) {
        const page = await browser.context.newPage();
        await page.setViewportSize(VIEWPORT);
        await page.goto(coordinator.url);
        tabs.push(page);
      }
      const [seen] = tabs;
      await seen.bringToFront();
      // One frame whenever its words change: stages, tabs, accuracy.
      let words = '';
      for (const end = Date.now() + PATIENCE; published() < ROUNDS; ) {
        if (Date.now() > end) throw new Error(`${published()} rounds within ${PATIENCE / 1000} s`);
        const now = await seen.evaluate<string>('document.getElementById("now").textContent');
        if (now !== words) await film(seen);
        words = now;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await seen.waitForSelector('text=All 5 rounds are over');
      await film(seen);
      await seen.click('#sample');
      await seen.waitForSelector('text=% sure');
      await seen.evaluate('document.getElementById("pad").scrollIntoView({ block: "start", behavior: "instant" })');
      await film(seen);
      const last = frames.slice(-2);
      const shown = ['-delay', `${FRAME}`, ...frames.slice(0, -2), '-delay', `${LAST}`, ...last];
      const small = ['-resize', `${SHOWN_WIDTH}`, '+dither', '-colors', '32'];
      const merged = ['-layers', 'RemoveDups', '-layers', 'Optimize'];
      execFileSync('convert', ['-loop', '0', ...shown, ...small, ...merged, PICTURE]);
      console.log(`${PICTURE}: ${frames.length} frames, ${(statSync(PICTURE).size / 1024).toFixed(0)} KiB`);
    } finally {
      await coordinator.close();
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
