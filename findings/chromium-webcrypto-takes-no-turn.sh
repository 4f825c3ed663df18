#!/usr/bin/env bash
# Chromium 156.0 (Debian's, driven by playwright-core 1.65.1): WebCrypto settles its promises without a turn of the event loop.
#
# Guess: `crypto.subtle` hands its work to a thread, as Node's does, so its promise settles in a task of its own: a loop that awaits a
#        signature in every pass lets timers, input and painting through between any two.
# Seen:  in Chromium signing, verifying, digesting and importing settle before any timer that is due, however many there are: a page
#        that awaits one after another stands still, as does one that reads bodies of a Request or Response that are there already.
#        On Node the timer comes after the first few. So a long loop around WebCrypto wants a turn of its own now and then, such as a
#        message over a MessageChannel, or a worker.
# Output: a timer of 0 ms comes after, of 500 passes, on Node: sign few, verify few, digest few, turn few
#         a timer of 0 ms comes after, of 500 passes, in Chromium: sign all, verify all, digest all, turn few
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit playwright-core@1.65.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

async function passes() {
  const { subtle } = crypto;
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const { privateKey, publicKey } = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const message = new Uint8Array(32);
  const signature = await subtle.sign(algorithm, privateKey, message);
  const kinds = {
    sign: () => subtle.sign(algorithm, privateKey, message),
    verify: () => subtle.verify(algorithm, publicKey, signature, message),
    digest: () => subtle.digest('SHA-256', message),
    turn: () =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          port1.close();
          resolve();
        };
        port2.postMessage(0);
      }),
  };
  const found = [];
  for (const [kind, work] of Object.entries(kinds)) {
    let come = false;
    let pass = 0;
    const timer = new Promise((resolve) => setTimeout(() => resolve((come = true)), 0));
    for (; !come && pass < 500; pass++) await work();
    found.push(`${kind} ${come ? 'few' : 'all'}`);
    await timer;
  }
  return found.join(', ');
}

const server = createServer((_request, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const browser = await chromium.launch({ executablePath: process.argv[2], args: ['--no-sandbox'] });
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}`);
const told = { 'on Node': await passes(), 'in Chromium': await page.evaluate(passes) };
await browser.close();
server.close();
for (const [where, found] of Object.entries(told))
  console.log(`a timer of 0 ms comes after, of 500 passes, ${where}: ${found}`);
strictEqual(told['on Node'], 'sign few, verify few, digest few, turn few');
strictEqual(told['in Chromium'], 'sign all, verify all, digest all, turn few');
JS
node run.mjs "$browser"
