#!/usr/bin/env bash
# apache-arrow 21.2.0 (JavaScript): writing small or large numbers as Float16 makes others of them, NaN and infinities among them.
#
# Guess: a builder of Float16 rounds as the standard says: below 2^-25 to 0, from 65,520 on to Infinity, and to the nearest half between.
# Seen:  between it does. Below, the bits are shifted by a negative count, and anything comes out: 1e-8 is stored as -Infinity, 1e-10 as
#        0.00005, 1e-300 as NaN. Above, 100,000 is stored as 3.05. Gradients and updates late in training lie below 3e-8: one of
#        them makes an infinite model, a hundred thousand steps become three. Convert to halves before Arrow sees them.
# Output: 0.1 -> 0.0999755859375
#         1e-8 -> -Infinity
#         1e-10 -> 0.00005316734313964844
#         -1e-10 -> -0.00005316734313964844
#         1e-300 -> NaN
#         65536 -> 2
#         100000 -> 3.05078125
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit apache-arrow@21.2.0
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { Float16, tableFromIPC, tableToIPC, Table, vectorFromArray } from 'apache-arrow';

const numbers = [0.1, 1e-8, 1e-10, -1e-10, 1e-300, 65536, 100000];
const stored = vectorFromArray(numbers, new Float16());
// Through a file, as a reader finds them.
const column = tableFromIPC(tableToIPC(new Table({ stored }))).getChild('stored');
const seen = numbers.map((_, index) => column.get(index));
const name = (number) => (Math.abs(number) < 1e-6 ? number.toExponential() : String(number));
numbers.forEach((number, index) => console.log(`${name(number)} -> ${seen[index]}`));
const expected = [0.0999755859375, -Infinity, 0.00005316734313964844, -0.00005316734313964844, NaN, 2, 3.05078125];
strictEqual(seen.join(), expected.join());
JS
node run.mjs
