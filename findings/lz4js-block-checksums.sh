#!/usr/bin/env bash
# lz4js 0.2.0 (npm) on frames of lz4 4.4.5 (pip): where blocks carry checksums, other numbers come out, and as many of them.
#
# Guess: a frame decodes to what was compressed, whatever of the format's options it was written with, or is refused, as another version of
#        the format is.
# Seen:  the checksum is taken to stand before its block, while the format puts it behind: the first four bytes of the block are dropped, and
#        four bytes of the checksum close it. Weights, which hardly compress, come back in full number, each in the place of the one before it,
#        with a last one out of nowhere. The other options tried decode right.
# Output: default, same numbers: true, count 10000
#         without the size, same numbers: true, count 10000
#         checksum of the whole, same numbers: true, count 10000
#         checksums of blocks, same numbers: false, count 10000
#         of these in the place before: 9999
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check lz4==4.4.5 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit lz4js@0.2.0
venv/bin/python - <<'PY'
import lz4.frame
import numpy as np

weights = np.random.default_rng(1).normal(size=10000).astype("<f4").tobytes()
options = {
    "default": {},
    "without the size": {"store_size": False},
    "checksum of the whole": {"content_checksum": True},
    "checksums of blocks": {"block_checksum": True},
}
open("weights", "wb").write(weights)
for name, chosen in options.items():
    frame = lz4.frame.compress(weights, **chosen)
    assert lz4.frame.decompress(frame) == weights
    open(f"{name}.lz4", "wb").write(frame)
PY
cat >run.cjs <<'JS'
const { strictEqual } = require('node:assert');
const { readFileSync } = require('node:fs');
const { decompress } = require('lz4js');

const floats = (bytes) => new Float32Array(Uint8Array.from(bytes).buffer);
const weights = floats(readFileSync('weights'));
for (const name of ['default', 'without the size', 'checksum of the whole', 'checksums of blocks']) {
  const got = floats(decompress(readFileSync(`${name}.lz4`)));
  const same = got.every((value, i) => value === weights[i]);
  console.log(`${name}, same numbers: ${same}, count ${got.length}`);
  strictEqual(got.length, weights.length);
  strictEqual(same, name !== 'checksums of blocks');
  if (same) continue;
  const moved = got.filter((value, i) => value === weights[i + 1]).length;
  console.log(`of these in the place before: ${moved}`);
  strictEqual(moved, 9999);
}
JS
node run.cjs
