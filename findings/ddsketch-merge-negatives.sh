#!/usr/bin/env bash
# @datadog/sketches-js 2.1.1: a merged DDSketch has lost the values below zero of the one merged in, and its quantiles are wrong.
#
# Guess: DDSketches merge without loss, as their paper proves: quantiles of a merged sketch are those of one that saw all values.
# Seen:  `merge` adds the counts, the sum, zeros and the positive store, and forgets the negative one; only an empty sketch takes it over.
#        The count says 200, and places among 200 are sought among 150: the median of errors that lie evenly around 0 comes out as 0.49,
#        their lower quartile as -0.02. Nothing is said. Merged into an empty sketch the same values are right.
# Output: one sketch: count 200, quartile -0.51, median -0.01
#         merged:     count 200, quartile -0.02, median 0.49
#         into empty: quartile -0.75
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @datadog/sketches-js@2.1.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import sketches from '@datadog/sketches-js';

const of = (values) => {
  const sketch = new sketches.DDSketch({ relativeAccuracy: 0.01 });
  for (const value of values) sketch.accept(value);
  return sketch;
};
const at = (sketch, quantile) => sketch.getValueAtQuantile(quantile).toFixed(2);
// Errors of predictions, half of them on each of two clients.
const errors = Array.from({ length: 200 }, (_, i) => (i - 100) / 100);
const half = (odd) => errors.filter((_, i) => i % 2 === odd);

const whole = of(errors);
const merged = of(half(0));
merged.merge(of(half(1)));
const empty = of([]);
empty.merge(of(half(1).slice(0, 50)));
const seen = [whole, merged].map((sketch) => `${at(sketch, 0.25)} ${at(sketch, 0.5)}`);
console.log(`one sketch: count ${whole.count}, quartile ${at(whole, 0.25)}, median ${at(whole, 0.5)}`);
console.log(`merged:     count ${merged.count}, quartile ${at(merged, 0.25)}, median ${at(merged, 0.5)}`);
console.log(`into empty: quartile ${at(empty, 0.25)}`);
strictEqual(merged.count, 200);
strictEqual(`${seen} ${at(empty, 0.25)}`, '-0.51 -0.01,-0.02 0.49 -0.75');
JS
node run.mjs
