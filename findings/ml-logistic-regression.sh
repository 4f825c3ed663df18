#!/usr/bin/env bash
# ml-logistic-regression 2.0.0 (ml-matrix 6.15.1): no intercept, and classes are numbered by how many are present.
#
# Guess: logistic regression as everywhere: a weight for each column and an intercept, so that a threshold at 1 is learned; `predict` gives
#        labels that `train` was given.
# Seen:  the boundary always goes through the origin: two classes split at 1 on an axis from 0.5 to 1.5 get one class, half right, after any
#        number of steps. Add a column of ones. Trained with the labels 0 and 2, as on a client without the class 1, it predicts 0 and
#        1: a class that it never saw, and never 2.
# Output: without a column of ones: 50 of 100
#         with one: 100 of 100
#         trained with 0 and 2, predicts: 0 1
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-logistic-regression@2.0.0 ml-matrix@6.15.1
cat >run.mjs <<'JS'
import { deepStrictEqual, strictEqual } from 'node:assert';
import { Matrix } from 'ml-matrix';
import imported from 'ml-logistic-regression';

const LogisticRegression = imported.default ?? imported;
const rows = Array.from({ length: 100 }, (_, row) => row);
const predictions = (inputs, labels) => {
  const model = new LogisticRegression({ numSteps: 5000, learningRate: 0.05 });
  model.train(new Matrix(inputs), Matrix.columnVector(labels));
  return model.predict(new Matrix(inputs));
};
const right = (inputs) => {
  const labels = rows.map((row) => (row < 50 ? 0 : 1));
  return predictions(inputs, labels).filter((label, row) => label === labels[row]).length;
};
const axis = rows.map((row) => (5.05 + row / 10) / 10);
const [without, with_] = [right(axis.map((x) => [x])), right(axis.map((x) => [x, 1]))];
console.log(`without a column of ones: ${without} of 100`);
console.log(`with one: ${with_} of 100`);
const labels = [...new Set(predictions(rows.map((row) => [row - 49.5]), rows.map((row) => (row < 50 ? 0 : 2))))].sort();
console.log(`trained with 0 and 2, predicts: ${labels.join(' ')}`);
strictEqual(without, 50);
strictEqual(with_, 100);
deepStrictEqual(labels, [0, 1]);
JS
node run.mjs
