#!/usr/bin/env bash
# bloom-filters 3.0.4: a count-min sketch asked for more certainty gets fewer rows, and its default is one.
#
# Guess: CountMinSketch.create(errorRate, accuracy), documented as "target error rate and probability of accuracy", gives rows enough that
#        this share of the counts is within the error: more for 0.99 than for 0.9.
# Seen:  `accuracy` is put where the paper has the probability of failure: 0.9, 0.99 and the default of 0.999 all give one row, so a
#        single hash, and three in a hundred counts are beyond the error where one in a thousand was asked for. 0.001 gives the
#        sketch that 0.999 names.
# Output: rows for 0.9, 0.99, 0.999: 1 1 1, for 0.001: 7
#         counts beyond the error, accuracy 0.999: more than 2 %
#         counts beyond the error, accuracy 0.001: 0 %
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit bloom-filters@3.0.4
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import filters from 'bloom-filters';

const { CountMinSketch } = filters;
const rows = (accuracy) => CountMinSketch.create(0.001, accuracy)._rows;
const seen = [0.9, 0.99, 0.999].map(rows).join(' ');
console.log(`rows for 0.9, 0.99, 0.999: ${seen}, for 0.001: ${rows(0.001)}`);

// 20,000 kinds of events, the first ones often and the last ones seldom.
const kinds = 20_000;
const events = Array.from({ length: 100_000 }, (_, index) => Math.floor(kinds * (((index * 48_271) % 100_000) / 100_000) ** 3));
const truth = new Map();
for (const kind of events) truth.set(kind, (truth.get(kind) ?? 0) + 1);
const beyond = (accuracy) => {
  const sketch = CountMinSketch.create(0.001, accuracy);
  for (const kind of events) sketch.update(`kind ${kind}`);
  const wrong = [...truth].filter(([kind, count]) => sketch.count(`kind ${kind}`) - count > 0.001 * events.length);
  return wrong.length / truth.size;
};
const shares = [0.999, 0.001].map(beyond);
console.log(`counts beyond the error, accuracy 0.999: ${shares[0] > 0.02 ? 'more than 2' : (100 * shares[0]).toFixed(2)} %`);
console.log(`counts beyond the error, accuracy 0.001: ${(100 * shares[1]).toFixed(0)} %`);
strictEqual(seen, '1 1 1');
strictEqual(rows(0.001), 7);
ok(shares[0] > 0.02 && shares[1] < 0.001);
JS
node run.mjs
