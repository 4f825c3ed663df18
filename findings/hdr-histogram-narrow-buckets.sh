#!/usr/bin/env bash
# hdr-histogram-js 3.0.1 (npm, latencies): with buckets of 8 or 16 bits its median is a value that nobody recorded.
#
# Guess: a bucket whose count no longer fits stays at its highest, or the value is refused; percentiles go on naming values that were recorded.
# Seen:  the count of a bucket of 8 bits begins anew at 256, that of one of 16 bits at 65,536, while the total goes on. 300 times 5 and 100 times 50
#        are 44 and 100 of 400: the median, which is 5, comes out as 0, and so does the 99th percentile, which is 50.
# Output: 8 bits: total 400, median 0, 99th percentile 0
#         16 bits: total 400, median 5, 99th percentile 50
#         32 bits: total 400, median 5, 99th percentile 50
#         packed: total 400, median 5, 99th percentile 50
#         16 bits, 70000 times 5: total 70000, median 0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit hdr-histogram-js@3.0.1
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { build } = require('hdr-histogram-js');

for (const bitBucketSize of [8, 16, 32, 'packed']) {
  const histogram = build({ bitBucketSize });
  for (let i = 0; i < 300; i++) histogram.recordValue(5);
  for (let i = 0; i < 100; i++) histogram.recordValue(50);
  const found = [50, 99].map((percentile) => histogram.getValueAtPercentile(percentile));
  const name = typeof bitBucketSize === 'number' ? `${bitBucketSize} bits` : bitBucketSize;
  console.log(`${name}: total ${histogram.totalCount}, median ${found[0]}, 99th percentile ${found[1]}`);
  deepStrictEqual([histogram.totalCount, ...found], bitBucketSize === 8 ? [400, 0, 0] : [400, 5, 50]);
}
const many = build({ bitBucketSize: 16 });
many.recordValueWithCount(5, 70000);
const median = many.getValueAtPercentile(50);
console.log(`16 bits, 70000 times 5: total ${many.totalCount}, median ${median}`);
deepStrictEqual([many.totalCount, median], [70000, 0]);
JS
node run.cjs
