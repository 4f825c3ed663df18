#!/usr/bin/env bash
# scikitjs 1.24.0 (npm, with @tensorflow/tfjs 3.21.0): two clients with the same labels encode them differently.
#
# Guess: LabelEncoder, OrdinalEncoder and OneHotEncoder sort what they find, as scikit-learn's do: clients that hold the same classes number
#        them alike, whatever the order of their examples, and numbers keep their order.
# Seen:  they number by first appearance. Of the same three labels one client's cat is 0 and another's is 2, so that models of the two average
#        columns of different classes; and the ordinal numbers of 3, 1, 10, 2 are 0, 1, 2, 3.
# Output: LabelEncoder of cat, dog, bird: 0,1,2 on one client and 2,0,1 on another
#         OneHotEncoder of cat: 1,0,0 and 0,0,1
#         OrdinalEncoder of 3, 1, 10, 2: 0,1,2,3
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit scikitjs@1.24.0 @tensorflow/tfjs@3.21.0
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const tf = require('@tensorflow/tfjs');
const { setBackend, LabelEncoder, OneHotEncoder, OrdinalEncoder } = require('scikitjs');

tf.setBackend('cpu').then(() => {
  setBackend(tf);
  const clients = [
    ['cat', 'dog', 'cat', 'bird'],
    ['dog', 'bird', 'cat'],
  ];
  const labels = clients.map((own) => {
    const encoder = new LabelEncoder();
    encoder.fit(own);
    return encoder.transform(['cat', 'dog', 'bird']).arraySync();
  });
  const columns = clients.map((own) => {
    const encoder = new OneHotEncoder();
    encoder.fit(own.map((label) => [label]));
    return encoder.transform([['cat']]).arraySync()[0];
  });
  const ordinal = new OrdinalEncoder().fitTransform([[3], [1], [10], [2]]).arraySync().flat();
  console.log(`LabelEncoder of cat, dog, bird: ${labels[0]} on one client and ${labels[1]} on another`);
  console.log(`OneHotEncoder of cat: ${columns[0]} and ${columns[1]}`);
  console.log(`OrdinalEncoder of 3, 1, 10, 2: ${ordinal}`);
  deepStrictEqual(labels, [[0, 1, 2], [2, 0, 1]]);
  deepStrictEqual(columns, [[1, 0, 0], [0, 0, 1]]);
  deepStrictEqual(ordinal, [0, 1, 2, 3]);
});
JS
node run.cjs 2>/dev/null
