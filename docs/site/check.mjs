// Opens every page of the built site in Chromium: links that lead nowhere, faults of accessibility, requests that leave the
// machine; runs every example of the playground and holds it to what it promises; takes pictures.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { serve } from './serve.mjs';

/** Rules of WCAG 2.2, level AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** @returns Whether nothing was found. */
export async function check(site, tools) {
  const require = createRequire(join(tools, 'package.json'));
  const { chromium } = require('playwright-core');
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  const server = await serve(site);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
  const faults = [];
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.on('request', (request) => {
      if (!/^(?:blob:|data:)/.test(request.url()) && !request.url().startsWith(server.url))
        faults.push(`${page.url()} asks ${request.url()}`);
    });
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    const pages = files(site).filter(
      (file) => file.endsWith('.html') && !file.startsWith('reference/') && file !== '404.html',
    );
    const anchors = new Map();
    const links = [];
    for (const file of pages) {
      await page.goto(server.url + file, { waitUntil: 'networkidle' });
      const found = await page.evaluate(() => ({
        ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
        links: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
      }));
      anchors.set(file, new Set(found.ids));
      links.push(...found.links.map((href) => [file, href]));
      for (const dark of [false, true]) {
        // Without motion: a transition of colours would be looked at half way.
        await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
        await page.evaluate((on) => document.documentElement.classList.toggle('dark', on), dark);
        faults.push(...(await unaccessible(page, axe)).map((text) => `${file}${dark ? ', dark' : ''}: ${text}`));
      }
    }
    faults.push(...dead(links, anchors, site, server.url));
    faults.push(...(await played(page, server.url)));
    await pictures(context, server.url, join(site, '../site-pictures'));
    console.log(`${pages.length} pages, ${links.length} links, ${faults.length} faults`);
  } finally {
    await browser.close();
    server.close();
  }
  for (const fault of new Set(faults)) console.error(fault);
  return faults.length === 0;
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

async function unaccessible(page, axe) {
  await page.evaluate(axe);
  // The theme's search button shows a key beside its name, which its label leaves out.
  const { violations } = await page.evaluate(
    (tags) => globalThis.axe.run({ exclude: ['.DocSearch-Button'] }, { runOnly: { type: 'tag', values: tags } }),
    RULES,
  );
  return violations.map(({ id, help, nodes }) => `${id}, ${help}: ${nodes.length}, first ${nodes[0].target.join(' ')}`);
}

/** Links within the site whose page or place is not there. */
function dead(links, anchors, site, url) {
  return links.flatMap(([file, href]) => {
    if (!href.startsWith(url)) return [];
    const { pathname, hash } = new URL(href);
    const path = decodeURIComponent(pathname.slice(1)) || 'index.html';
    const target = [path, `${path}.html`, join(path, 'index.html')].find(
      (name) => existsSync(join(site, name)) && /\.\w+$/.test(name),
    );
    if (target === undefined) return [`${file} links to ${path}, which is not there`];
    const ids = anchors.get(target);
    const id = decodeURIComponent(hash.slice(1));
    return id === '' || ids === undefined || ids.has(id)
      ? []
      : [`${file} links to #${id} of ${target}, which is not there`];
  });
}

/** Runs each example of the playground; prints must be those that its comments promise. */
async function played(page, url) {
  await page.goto(`${url}playground.html`, { waitUntil: 'networkidle' });
  const options = await page.locator('select option').allTextContents();
  const faults = options.length === 0 ? ['the playground has no examples'] : [];
  for (const [i, title] of options.entries()) {
    await page.locator('.fk-panel select').selectOption(`${i}`);
    const code = await page.locator('#fk-code').inputValue();
    await page.locator('.fk-panel button').click();
    await page.waitForFunction(() => document.querySelector('.fk-output')?.dataset.running === 'false', undefined, {
      timeout: 60_000,
    });
    const printed = (await page.locator('.fk-output').textContent())
      .trim()
      .split('\n')
      .map((line) => line.trim());
    const promised = [...code.matchAll(/\/\/ => (.*)$/gm)].map(([, text]) => text.trim());
    // Node writes lists and objects in its own way; what is plain must be equal.
    const plain = promised.map((text, k) => [text, printed[k]]).filter(([text]) => !/[[{]/.test(text));
    for (const [text, own] of plain)
      if (text !== own) faults.push(`playground, ${title}: printed "${own}", promised "${text}"`);
    if (promised.length === 0 && printed.some((line) => /^[A-Z_]+: |is not defined|Failed to/.test(line)))
      faults.push(`playground, ${title}: ${printed[0]}`);
  }
  console.log(`${options.length} examples ran in the playground`);
  return faults;
}

async function pictures(context, url, folder) {
  mkdirSync(folder, { recursive: true });
  const page = await context.newPage();
  for (const [width, name] of [
    [1280, 'wide'],
    [390, 'narrow'],
  ]) {
    await page.setViewportSize({ width, height: 900 });
    for (const dark of [false, true])
      for (const path of ['index', 'playground', 'codecs', 'epsilon', 'guides/first-round', 'figures']) {
        // As a reader's system asks for it, and without motion, or colours would be half way.
        await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
        await page.goto(`${url}${path}.html`, { waitUntil: 'networkidle' });
        await page.screenshot({ path: join(folder, `${path.replace('/', '-')}-${name}${dark ? '-dark' : ''}.png`) });
      }
  }
  await page.close();
}
