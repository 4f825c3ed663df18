#!/usr/bin/env bash
# fflate 0.8.3: `gunzipSync` of a file with several gzip members gives the first one, cut to the size of the last.
#
# Guess: a gzip file of several members, as RFC 1952 allows, comes back whole, as from zlib; or is refused.
# Seen:  the buffer is as long as the last member says, and is filled from the first: a block-gzipped file of genome data
#        (BGZF: many members, the last one always empty) comes back as 0 bytes, without an error. `decompressSync` likewise.
#        The streaming `Gunzip` of the same package gives all of it.
# Output: zlib: 9000 bytes
#         gunzipSync: 0 bytes
#         decompressSync: 0 bytes
#         Gunzip: 9000 bytes
#         gunzipSync of 5,000 and 6 bytes: 6 bytes of the first
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit fflate@0.8.3
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import zlib from 'node:zlib';
import { decompressSync, Gunzip, gunzipSync } from 'fflate';

// The end-of-file block that the SAM specification (BGZF, 4.1.2) prints.
const end = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');
const file = Buffer.concat([zlib.gzipSync('position\n'.repeat(1000)), end]);
let streamed = 0;
new Gunzip((piece) => { streamed += piece.length; }).push(file, true);
const sizes = [zlib.gunzipSync(file).length, gunzipSync(file).length, decompressSync(file).length, streamed];
console.log(`zlib: ${sizes[0]} bytes\ngunzipSync: ${sizes[1]} bytes\ndecompressSync: ${sizes[2]} bytes\nGunzip: ${sizes[3]} bytes`);

const pair = gunzipSync(Buffer.concat([zlib.gzipSync('a'.repeat(5000)), zlib.gzipSync('second')]));
console.log(`gunzipSync of 5,000 and 6 bytes: ${pair.length} bytes of the first`);
strictEqual(sizes.join(), '9000,0,0,9000');
strictEqual(Buffer.from(pair).toString(), 'aaaaaa');
JS
node run.mjs
