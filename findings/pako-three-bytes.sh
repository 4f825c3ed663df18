#!/usr/bin/env bash
# pako 3.0.3 beside pako 2.1.0: the same numbers at the same level become 42 % larger, since repeats of three bytes are not seen any more.
#
# Guess: a new major version of a port of zlib compresses as zlib does: the same level costs the same bytes, within a per cent.
# Seen:  pako 3 looks for repeats as Node's patched zlib does: by four bytes at a time, so a repeat of three is never found. Neighbours in a
#        float32 column that hardly changes (times, slow sensors) share just their upper three bytes. At every level 303 kB where
#        pako 2, zlib and fflate need 213 kB, of 400 kB; random weights differ by less than a per cent. The option `legacyHash` brings the
#        old size back. A budget of upload bytes measured in Node does not hold for what a Python peer sends, nor the reverse.
# Output: times, level 6: pako 2 212983, pako 3 302864, pako 3 with legacyHash 212983, fflate 212177
#         times, level 9: pako 2 212983, pako 3 302864, pako 3 with legacyHash 212983, fflate 212177
#         Node's zlib, level 9: 302864
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit pako@3.0.3 pako2@npm:pako@2.1.0 fflate@0.8.3
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import zlib from 'node:zlib';
import { zlibSync } from 'fflate';
import * as pako from 'pako';
import pako2 from 'pako2';

// The times in seconds of 100,000 readings, one each millisecond.
const bytes = new Uint8Array(Float32Array.from({ length: 100_000 }, (_, index) => index / 1000).buffer);
for (const level of [6, 9]) {
  const second = pako2.deflate(bytes, { level }).length;
  const third = pako.deflate(bytes, { level });
  const legacy = pako.deflate(bytes, { level, legacyHash: true }).length;
  const other = zlibSync(bytes, { level }).length;
  console.log(`times, level ${level}: pako 2 ${second}, pako 3 ${third.length}, pako 3 with legacyHash ${legacy}, fflate ${other}`);
  strictEqual(second, 212_983);
  strictEqual(third.length, 302_864);
  strictEqual(legacy, second);
  ok(other < 1.01 * second);
  ok(Buffer.from(bytes).equals(pako.inflate(third)));
}
// Not compared: an engine's own zlib follows its version and its processor.
console.log(`Node's zlib, level 9: ${zlib.deflateSync(bytes, { level: 9 }).length}`);
JS
node run.mjs
