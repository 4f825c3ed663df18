#!/usr/bin/env bash
# buffer 6.0.3 (ieee754 1.2.1): float32 written through the Buffer of the browser has other bytes than through Node's, for some numbers.
#
# Guess: `writeFloatLE` of the package that bundlers put in the place of Node's Buffer rounds a number to float32 as Node, DataView and
#        every processor do: to the nearest, and halfway cases to the even one. A message has one digest, whoever wrote it.
# Seen:  halfway cases go away from zero. Random numbers never show it, so tests with them pass; whole numbers and sums of powers of
#        two do: of the counts from 2^24 to 2^24 + 20,000 a quarter is written as another number, and 1 + 2^-24 too. Bytes, digests
#        and signatures of a browser and of a server differ. Float64 is written right. (That NaN has other bits is a
#        public issue.) Convert with Math.fround or a Float32Array first.
# Output: 16777217: 16777216 in Node, 16777218 here
#         1 + 2^-24: 1 in Node, 1.0000001192092896 here
#         5000 of 20000 counts, 0 of 100000 sevenths
#         after Math.fround: 0 of 20000 counts
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit buffer@6.0.3 ieee754@1.2.1
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { Buffer as Node } from 'node:buffer';
import { Buffer as Browser } from 'buffer/index.js';

function written(Kind, value) {
  const bytes = Kind.alloc(4);
  bytes.writeFloatLE(value);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}
const pair = (value) => [written(Node, value), written(Browser, value)];
const different = (values) => values.filter((value) => !Object.is(...pair(value))).length;
const counts = Array.from({ length: 20_000 }, (_, index) => 2 ** 24 + index);
const sevenths = Array.from({ length: 100_000 }, (_, index) => (index + 1) / 7);
const seen = [pair(16_777_217), pair(1 + 2 ** -24), different(counts), different(sevenths), different(counts.map(Math.fround))];
console.log(`16777217: ${seen[0][0]} in Node, ${seen[0][1]} here`);
console.log(`1 + 2^-24: ${seen[1][0]} in Node, ${seen[1][1]} here`);
console.log(`${seen[2]} of 20000 counts, ${seen[3]} of 100000 sevenths`);
console.log(`after Math.fround: ${seen[4]} of 20000 counts`);
deepStrictEqual(seen, [[16_777_216, 16_777_218], [1, 1.000_000_119_209_289_6], 5000, 0, 0]);
JS
node run.mjs
