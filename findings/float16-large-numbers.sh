#!/usr/bin/env bash
# float16 0.0.1 (npm): numbers beyond the range of half precision come back small and of the other sign.
#
# Guess: it rounds to the nearest half, and what is larger than 65,520 becomes infinity, as IEEE 754 has it and 65,520 itself does.
# Seen:  up to 131,008 most become NaN, and from 131,072 on the bits of the exponent run into the sign: a million is -0.00023 and a billion -0.23;
#        -a million needs 17 bits. An update that diverged arrives as a small one in the other direction. Halfway between two halves it rounds
#        up, not to even: 1 + 2^-11 is 1.0009765625.
# Output: 65504: 65504, 65520: Infinity, 100000: NaN, 131072: 0, 1000000: -0.00023281574249267578, 1000000000: -0.2327880859375
#         bits of -1000000: 10ba1; 1.00048828125: 1.0009765625
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit float16@0.0.1
cat >run.cjs <<'JS'
const { deepStrictEqual } = require('node:assert');
const { byteToFloat16, float16ToByte } = require('float16');

const again = (value) => byteToFloat16(float16ToByte(value));
const numbers = [65504, 65520, 1e5, 2 ** 17, 1e6, 1e9];
const found = numbers.map(again);
console.log(numbers.map((number, i) => `${number}: ${found[i]}`).join(', '));
const bits = float16ToByte(-1e6).toString(16);
const half = again(1 + 2 ** -11);
console.log(`bits of -1000000: ${bits}; ${1 + 2 ** -11}: ${half}`);
deepStrictEqual(found, [65504, Infinity, NaN, -0, -0.00023281574249267578, -0.2327880859375]);
deepStrictEqual([bits, half], ['10ba1', 1 + 2 ** -10]);
JS
node run.cjs
