#!/usr/bin/env bash
# ml-random-forest 2.1.0 (npm): in predictProbability the first tree has no vote.
#
# Guess: the share of trees that vote for the label, as of scikit-learn's forests: 1 where all agree, and the labels' shares add up to 1.
# Seen:  of 20 trees that agree the label has 0.95, or 0.950001: the first tree's label is added as a number of millionths, and its vote
#        is not counted. Shares of all labels add up to 0.95, and where the labels are 0 and 250000 to 1.2. Whoever weighs or
#        averages forests by these, or sets a threshold near 1, is off by a tree.
# Output: all 20 trees say 0: 0.95; all 20 say 1: 0.950001
#         labels 0 and 1, together: 0.95 to 0.950002
#         labels 0 and 250000, all 20 say 250000: 1.2
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-random-forest@2.1.0
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { RandomForestClassifier } = require('ml-random-forest');

const inputs = Array.from({ length: 40 }, (_, i) => [i < 20 ? i : 100 + i, i < 20 ? -i : -100 - i]);
/** A forest of two labels that every tree tells apart, and what it says of an example of each. */
const forestOf = (labels) => {
  const forest = new RandomForestClassifier({ seed: 3, maxFeatures: 2, nEstimators: 20, replacement: true });
  forest.train(inputs, inputs.map(([x]) => labels[x < 50 ? 0 : 1]));
  const asked = [
    [1, -1],
    [130, -130],
  ];
  const votes = forest.predictionValues(asked).to2DArray().map((row) => [...new Set(row)]);
  deepStrictEqual(votes, labels.map((label) => [label]));
  return labels.map((label) => forest.predictProbability(asked, label));
};
const [zero, one] = forestOf([0, 1]);
const together = zero.map((share, i) => Number((share + one[i]).toFixed(6)));
const [, large] = forestOf([0, 250_000]);
console.log(`all 20 trees say 0: ${zero[0]}; all 20 say 1: ${one[1]}`);
console.log(`labels 0 and 1, together: ${together[0]} to ${together[1]}`);
console.log(`labels 0 and 250000, all 20 say 250000: ${large[1]}`);
deepStrictEqual([zero, one, large], [[0.95, 0.000001], [0, 0.950001], [0, 1.2]]);
JS
node run.cjs
