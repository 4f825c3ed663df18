#!/usr/bin/env bash
# apache-arrow 21.2.0 (JavaScript): writing numbers as Float16 halves some, and makes others infinite, NaN or small.
#
# Guess: a builder of Float16 gives the nearest half: 2 for 1.9999, 0 below 2^-25, Infinity from 65,520 on.
# Seen:  where rounding carries into the exponent, the carry is lost at every second power of two: 1.9999 is stored as 1, 0.12499 as
#        0.0625, while 3.9999 is 4. Below 2^-25 the bits are shifted by a negative count: 1e-8 is stored as -Infinity, 1e-300 as NaN.
#        Above, 100,000 is stored as 3.05. Of many weights some are half as large, without a word, and one small update makes
#        a model infinite. Convert to halves before Arrow sees them.
# Output: 1.9999 -> 1
#         3.9999 -> 4
#         0.12499 -> 0.0625
#         511.9 -> 256
#         1e-8 -> -Infinity
#         1e-10 -> 0.00005316734313964844
#         1e-300 -> NaN
#         100000 -> 3.05078125
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit apache-arrow@21.2.0
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { Float16, Table, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow';

const numbers = [1.9999, 3.9999, 0.12499, 511.9, 1e-8, 1e-10, 1e-300, 100000];
const stored = vectorFromArray(numbers, new Float16());
// Through a file, as a reader finds them.
const column = tableFromIPC(tableToIPC(new Table({ stored }))).getChild('stored');
const seen = numbers.map((_, index) => column.get(index));
numbers.forEach((number, index) => console.log(`${number} -> ${seen[index]}`));
strictEqual(seen.join(), [1, 4, 0.0625, 256, -Infinity, 0.00005316734313964844, NaN, 3.05078125].join());
JS
node run.mjs
