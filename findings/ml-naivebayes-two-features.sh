#!/usr/bin/env bash
# ml-naivebayes 4.0.0 (ml-matrix 6.15.1): Gaussian naive Bayes looks at the first two columns, however many there are.
#
# Guess: GaussianNB multiplies the densities of all columns, as it is defined: columns that tell the classes apart may stand anywhere.
# Seen:  training learns means and deviations of all columns, prediction reads two. Of rows whose third column tells the classes apart, half
#        are wrong; with that column first, none. On four columns of flowers accuracy looks plausible, and a comparison of models on a
#        device is one of column orders. A row that is far from every class is given the class -1. MultinomialNB of the same
#        package reads all columns.
# Output: telling column first: 100 of 100, second: 100 of 100, third: 50 of 100
#         a row far away: class -1
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-naivebayes@4.0.0 ml-matrix@6.15.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { GaussianNB } from 'ml-naivebayes';

// Two classes of 50; one column is 0 to 4.9 or 10 to 14.9, the other two say nothing.
const labels = Array.from({ length: 100 }, (_, index) => Number(index >= 50));
const rowsWith = (telling) =>
  labels.map((label, index) => [0, 1, 2].map((column) => (column === telling ? 10 * label + (index % 50) / 10 : index % 2)));
const seen = [0, 1, 2].map((telling) => {
  const model = new GaussianNB();
  model.train(rowsWith(telling), labels);
  return model.predict(rowsWith(telling)).filter((label, index) => label === labels[index]).length;
});
console.log(`telling column first: ${seen[0]} of 100, second: ${seen[1]} of 100, third: ${seen[2]} of 100`);
const model = new GaussianNB();
model.train(rowsWith(0), labels);
const [far] = model.predict([[100, 0, 0]]);
console.log(`a row far away: class ${far}`);
strictEqual(seen.join(), '100,100,50');
strictEqual(far, -1);
JS
node run.mjs
