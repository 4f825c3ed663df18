#!/usr/bin/env bash
# ml-cart 2.1.1: a regression tree does not split where one split would leave no error, and predicts the mean everywhere.
#
# Guess: a tree fits a step exactly with one split; noise makes it harder, not possible.
# Seen:  a hundred points of which half are 0 and half are 5 give a tree of one leaf that says 2.5. With noise of 0.01 on the same points the
#        tree fits them. Of three levels the last clean step is not taken: 0 is right, 3 and 5 become 4.14. The classifier of the package
#        splits the same points rightly. Sensors and counters have such clean levels; that a tree is a constant shows only in predictions.
# Output: step:  2.5 2.5
#         noisy: 0.01 4.99
#         three: 0 4.14 4.14
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit ml-cart@2.1.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import cart from 'ml-cart';

const inputs = Array.from({ length: 100 }, (_, i) => [i / 100]);
function fitted(target, ...at) {
  const tree = new cart.DecisionTreeRegression();
  tree.train(inputs, inputs.map(([x]) => target(x)));
  return tree.predict(at.map((x) => [x])).map((value) => Number(value.toFixed(2))).join(' ');
}
const step = (x) => (x < 0.5 ? 0 : 5);
const seen = [
  fitted(step, 0.45, 0.9),
  fitted((x) => step(x) + (Math.round(100 * x) % 2 ? 0.01 : -0.01), 0.45, 0.9),
  fitted((x) => (x < 0.3 ? 0 : x < 0.6 ? 3 : 5), 0.1, 0.45, 0.9),
];
console.log(`step:  ${seen[0]}\nnoisy: ${seen[1]}\nthree: ${seen[2]}`);
strictEqual(seen.join(), '2.5 2.5,0.01 4.99,0 4.14 4.14');
JS
node run.mjs
