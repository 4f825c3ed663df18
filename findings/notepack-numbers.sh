#!/usr/bin/env bash
# notepack.io 3.0.1 (npm, MessagePack): weights become bytes, and large whole numbers become others.
#
# Guess: a Float32Array in a message comes back as the bytes of its numbers, as msgpackr and @msgpack/msgpack send it, or is refused; a number
#        that is no integer of 64 bits, such as 2^64 or 1e300, goes as a float of 64 bits, as MessagePack has it.
# Seen:  every number of a typed array is cut to one byte: 1.5, -1, 0.25, 300 arrive as 1, 255, 0, 44, in a Buffer of four. A whole number of 2^64
#        or more goes as the 64 bits of its remainder: 1e20 is 7766279631452242000 and 1e300 is 0. A loss that diverged arrives as 0.
# Output: Float32Array 1.5,-1,0.25,300: Buffer 1,255,0,44
#         18446744073709552000: 0; 100000000000000000000: 7766279631452242000; 1e+300: 0; 0.5: 0.5; 9007199254740992: 9007199254740992
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit notepack.io@3.0.1
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { decode, encode } = require('notepack.io');

const again = (value) => decode(encode({ value })).value;
const weights = Float32Array.of(1.5, -1, 0.25, 300);
const bytes = again(weights);
const numbers = [2 ** 64, 1e20, 1e300, 0.5, 2 ** 53];
const found = numbers.map(again);
console.log(`Float32Array ${weights.join()}: ${bytes.constructor.name} ${[...bytes].join()}`);
console.log(numbers.map((number, i) => `${number}: ${found[i]}`).join('; '));
deepStrictEqual([...bytes], [1, 255, 0, 44]);
deepStrictEqual(found, [0, 7766279631452242000, 0, 0.5, 2 ** 53]);
JS
node run.cjs
