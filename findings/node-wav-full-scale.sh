#!/usr/bin/env bash
# node-wav 0.0.2 (npm, recordings of microphones and sensors): the lowest sample of 24 bits decodes as the highest.
#
# Guess: -1 in a recording of 24 bits comes back as -1, as in those of 8, 16 and 32 bits.
# Seen:  it comes back as 1.0000001. What is encoded is right, 00 00 80; the decoder takes 0x800000 for positive, and divides it by 0x7fffff.
#        A signal that clips below has spikes of twice its range, and is louder than full scale.
# Output: 8 bits: -1 1 0.4961
#         16 bits: -1 1 0.5
#         24 bits, 000080 ffff7f ffff3f: 1.0000001192092896 1 0.5
#         32 bits: -1 1 0.5
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit node-wav@0.0.2
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { decode, encode } = require('node-wav');

const wave = Float32Array.of(-1, 1, 0.5);
for (const bitDepth of [8, 16, 24, 32]) {
  const file = encode([wave], { sampleRate: 8000, float: false, bitDepth });
  const [lowest, highest, half] = decode(file).channelData[0];
  const samples = Buffer.from(file).subarray(44).toString('hex').replace(/(......)(?=.)/g, '$1 ');
  const rest = `${lowest} ${highest} ${+half.toFixed(4)}`;
  console.log(`${bitDepth} bits${bitDepth === 24 ? `, ${samples}` : ''}: ${rest}`);
  if (bitDepth === 24) deepStrictEqual([samples, lowest], ['000080 ffff7f ffff3f', Math.fround(0x800000 / 0x7fffff)]);
  else deepStrictEqual(lowest, -1);
}
JS
node run.cjs
