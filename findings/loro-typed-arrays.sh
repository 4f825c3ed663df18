#!/usr/bin/env bash
# loro-crdt 1.17.1 (npm): weights put into a document arrive as an object of numbered keys, their buffer as an empty object.
#
# Guess: a Float32Array comes back as one, as a Uint8Array does, or is refused, as Yjs 13.6.33 and Automerge 3.5.0 refuse it; so does an
#        ArrayBuffer, the plainest way to say bytes.
# Seen:  of typed arrays only Uint8Array is bytes. A Float32Array is taken for an object with keys "0", "1", …, without a length, so that a
#        loop over it adds up nothing, and an ArrayBuffer or a DataView is {}: every byte is gone at once, before anything is sent.
# Output: Uint8Array: Uint8Array 1,2
#         Float32Array: Object {"0":1.5,"1":-2}, length undefined
#         ArrayBuffer: Object {}, length undefined
#         DataView: Object {}, length undefined
#         Yjs: refused
#         Automerge: refused
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit loro-crdt@1.17.1 yjs@13.6.33 @automerge/automerge@3.5.0
cat >run.mjs <<'JS'
import { deepStrictEqual, throws } from 'node:assert';
import { change, init } from '@automerge/automerge';
import { LoroDoc } from 'loro-crdt';
import { Doc } from 'yjs';

const weights = Float32Array.of(1.5, -2);
const received = (value) => {
  const [sender, receiver] = [new LoroDoc(), new LoroDoc()];
  sender.getMap('model').set('weights', value);
  receiver.import(sender.export({ mode: 'snapshot' }));
  deepStrictEqual(receiver.getMap('model').get('weights'), sender.getMap('model').get('weights'));
  return receiver.getMap('model').get('weights');
};
const bytes = received(Uint8Array.of(1, 2));
console.log(`Uint8Array: ${bytes.constructor.name} ${bytes}`);
deepStrictEqual(bytes, Uint8Array.of(1, 2));
const cases = [[weights, { 0: 1.5, 1: -2 }], [weights.buffer, {}], [new DataView(weights.buffer), {}]];
for (const [value, expected] of cases) {
  const found = received(value);
  console.log(`${value.constructor.name}: ${found.constructor.name} ${JSON.stringify(found)}, length ${found.length}`);
  deepStrictEqual(found, expected);
}
throws(() => new Doc().getMap('model').set('weights', weights));
console.log('Yjs: refused');
throws(() => change(init(), (draft) => { draft.weights = weights; }));
console.log('Automerge: refused');
JS
node run.mjs
