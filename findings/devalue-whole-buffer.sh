#!/usr/bin/env bash
# devalue 6.0.3 and seroval 1.8.2: a slice of a model carries the whole model.
#
# Guess: `stringify(model.subarray(0, 2))` holds two numbers, as in superjson and v8.serialize: a client that shares one layer as a
#        view sends that layer.
# Seen:  both write the whole buffer under the view, and where the view begins. The receiver's array shows two numbers, its `.buffer` has
#        all thousand: the message is 100 times as large, and has the layers that were meant to stay on the device. `slice` instead
#        of `subarray` sends two numbers.
# Output: superjson: 75 characters
#         devalue: 5379 characters, the last number of the model arrives: 7
#         seroval: 5559 characters, the last number of the model arrives: 7
#         devalue of slice: 51 characters
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit devalue@6.0.3 seroval@1.8.2 superjson@2.2.7
cat >run.mjs <<'JS'
import { ok, strictEqual } from 'node:assert';
import * as devalue from 'devalue';
import * as seroval from 'seroval';
import superjson from 'superjson';

// Two shared numbers, then 998 that are to stay.
const model = new Float32Array(1000).fill(0.5);
model[999] = 7;
const shared = model.subarray(0, 2);
const last = (array) => new Float32Array(array.buffer)[999];
const texts = { superjson: superjson.stringify(shared), devalue: devalue.stringify(shared), seroval: seroval.serialize(shared) };
const read = { devalue: devalue.parse(texts.devalue), seroval: seroval.deserialize(texts.seroval) };
console.log(`superjson: ${texts.superjson.length} characters`);
for (const name of ['devalue', 'seroval']) {
  console.log(`${name}: ${texts[name].length} characters, the last number of the model arrives: ${last(read[name])}`);
}
const copy = devalue.stringify(model.slice(0, 2));
console.log(`devalue of slice: ${copy.length} characters`);
ok(texts.superjson.length < 100 && copy.length < 100);
for (const name of ['devalue', 'seroval']) {
  ok(texts[name].length > 5000);
  strictEqual(read[name].join(), '0.5,0.5');
  strictEqual(last(read[name]), 7);
}
JS
node run.mjs
