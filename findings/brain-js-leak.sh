#!/usr/bin/env bash
# brain.js 1.6.1 (npm): a leaky network that went through JSON answers otherwise than the one that was trained, and than its own function.
#
# Guess: `fromJSON(toJSON())` answers as the network did, and so does `toFunction()`, for each activation and for inputs by name.
# Seen:  the slope below zero, `leakyReluAlpha`, is not in the JSON. What is loaded leaks the default hundredth, even where it was made with the
#        slope that was trained with: loading replaces its options by the JSON's. `toFunction()` has the slope. It lacks something else: a
#        name that is left out of the input counts as 0 for the network, and makes the answer of the function NaN.
# Output: sigmoid: by JSON the same true, by function the same true
#         relu: by JSON the same true, by function the same true
#         leaky-relu: by JSON the same false, by function the same true
#         tanh: by JSON the same true, by function the same true
#         a name left out: network a number true, function NaN
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit --ignore-scripts brain.js@1.6.1
cat >run.cjs <<'JS'
const { ok, strictEqual } = require('node:assert');
const { NeuralNetwork } = require('brain.js');

const examples = Array.from({ length: 20 }, (_, i) => ({
  input: { pulse: Math.sin(i), steps: Math.cos(3 * i) },
  output: { fit: i % 2 },
}));
for (const activation of ['sigmoid', 'relu', 'leaky-relu', 'tanh']) {
  const options = { hiddenLayers: [8], activation, leakyReluAlpha: 0.2 };
  const network = new NeuralNetwork(options);
  network.train(examples, { iterations: 50 });
  const loaded = new NeuralNetwork(options).fromJSON(JSON.parse(JSON.stringify(network)));
  const alone = network.toFunction();
  const same = (answer) => examples.every(({ input }) => Math.abs(network.run(input).fit - answer(input).fit) < 1e-5);
  const [byJson, byFunction] = [same((input) => loaded.run(input)), same(alone)];
  console.log(`${activation}: by JSON the same ${byJson}, by function the same ${byFunction}`);
  strictEqual(byJson, activation !== 'leaky-relu');
  ok(byFunction);
  if (activation !== 'tanh') continue;
  const [whole, lacking] = [network.run({ pulse: 1 }).fit, alone({ pulse: 1 }).fit];
  console.log(`a name left out: network a number ${Number.isFinite(whole)}, function ${lacking}`);
  ok(Number.isFinite(whole) && Number.isNaN(lacking));
}
JS
node run.cjs
