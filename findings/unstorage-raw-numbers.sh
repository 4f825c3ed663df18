#!/usr/bin/env bash
# unstorage 1.17.6: raw values are bytes on disk, and one byte for each number in localStorage.
#
# Guess: `setItemRaw(key, weights)` stores the bytes of a typed array on every driver; one that holds only text gets them as base64,
#        as it does for a Uint8Array, and `getItemRaw` gives the same bytes back whichever driver is mounted.
# Seen:  drivers with raw methods of their own (files) keep the four bytes of each float32. The others (Redis and MongoDB too, by their
#        code) go through `Buffer.from(weights)`, which casts each number to one byte before it is base64: 0.5 is 0, 300 is 44, -1.25 is
#        255, and a quarter of the length comes back. Nothing throws. A trainer that was tested on files loses its model on the day
#        it moves to such a store. Hand over `new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)`.
# Output: fs-lite: 12 bytes, 0.5 -1.25 300
#         localstorage: 3 bytes, 0 255 44
#         localstorage, as bytes: 12 bytes, 0.5 -1.25 300
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit unstorage@1.17.6
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { createStorage } from 'unstorage';
import files from 'unstorage/drivers/fs-lite';
import text from 'unstorage/drivers/localstorage';

// The Storage of a page.
const map = new Map();
const localStorage = {
  getItem: (key) => map.get(key) ?? null,
  setItem: (key, value) => void map.set(key, String(value)),
  removeItem: (key) => void map.delete(key),
  key: (index) => [...map.keys()][index] ?? null,
  get length() {
    return map.size;
  },
};
const weights = new Float32Array([0.5, -1.25, 300]);
async function through(name, driver, value) {
  const storage = createStorage({ driver });
  await storage.setItemRaw('weights', value);
  const bytes = Uint8Array.from(await storage.getItemRaw('weights'));
  const numbers = bytes.length === 12 ? [...new Float32Array(bytes.buffer)] : [...bytes];
  console.log(`${name}: ${bytes.length} bytes, ${numbers.join(' ')}`);
  return numbers;
}
deepStrictEqual(await through('fs-lite', files({ base: './files' }), weights), [0.5, -1.25, 300]);
deepStrictEqual(await through('localstorage', text({ localStorage }), weights), [0, 255, 44]);
deepStrictEqual(await through('localstorage, as bytes', text({ localStorage }), new Uint8Array(weights.buffer)), [0.5, -1.25, 300]);
JS
node run.mjs
