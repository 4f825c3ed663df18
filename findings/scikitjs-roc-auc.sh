#!/usr/bin/env bash
# scikitjs 1.24.0 (npm, with @tensorflow/tfjs 3.21.0): rocAucScore of a perfect ranking is a half.
#
# Guess: metrics.rocAucScore(labels, scores) is scikit-learn's roc_auc_score: 1 where every positive scores above every negative, 0.75 for
#        the example of scikit-learn's documentation, whatever the scores' scale.
# Seen:  a perfect ranking has 0.5 or 0.45, by how the examples are ordered and how many there are; the documentation's example has 0.375,
#        below chance; and eight examples with three pairs of sixteen in the wrong order have 0.975. A client that stops by it, or reports it,
#        tells noise.
# Output: 4 examples, perfect: 0.500
#         4 examples, perfect, in turns: 0.450
#         scikit-learn's example, 0.75: 0.375
#         8 examples, 13 of 16 pairs right, 0.8125: 0.975
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit scikitjs@1.24.0 @tensorflow/tfjs@3.21.0
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const tf = require('@tensorflow/tfjs');
const { setBackend, metrics } = require('scikitjs');

const CASES = [
  ['4 examples, perfect', [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]],
  ['4 examples, perfect, in turns', [0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8]],
  ["scikit-learn's example, 0.75", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]],
  ['8 examples, 13 of 16 pairs right, 0.8125', [0, 0, 0, 1, 1, 1, 1, 0], [0.1, 0.2, 0.3, 0.9, 0.8, 0.7, 0.25, 0.75]],
];
/** The share of pairs in the right order. */
const pairs = (labels, scores) => {
  const own = (label) => scores.filter((_, i) => labels[i] === label);
  const all = own(1).flatMap((positive) => own(0).map((negative) => Number(positive > negative)));
  return all.reduce((sum, one) => sum + one, 0) / all.length;
};
tf.setBackend('cpu').then(() => {
  setBackend(tf);
  const found = CASES.map(([, labels, scores]) => metrics.rocAucScore(labels, scores).toFixed(3));
  CASES.forEach(([name], i) => console.log(`${name}: ${found[i]}`));
  deepStrictEqual(CASES.map(([, labels, scores]) => pairs(labels, scores)), [1, 1, 0.75, 0.8125]);
  deepStrictEqual(found, ['0.500', '0.450', '0.375', '0.975']);
});
JS
node run.cjs 2>/dev/null
