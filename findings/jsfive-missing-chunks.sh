#!/usr/bin/env bash
# jsfive 0.4.2 (npm) reading what h5py 3.14.0 (pip) wrote: chunks that nobody wrote have no values at all.
#
# Guess: a dataset in chunks of which only some were written, as of an embedding that grows, comes out with its fill value everywhere else,
#        as HDF5 itself and h5py have it.
# Seen:  `value` has holes there: 12 of 24 numbers are undefined, though the fill value is 7 and stands around the one number that was
#        written, in its chunk. A sum of it is NaN.
# Output: h5py: one 1 and 23 sevens; jsfive: 1 one, 11 sevens, 12 undefined
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check h5py==3.14.0 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jsfive@0.4.2
venv/bin/python - <<'PY'
import h5py
with h5py.File('weights.h5', 'w') as file:
    rows = file.create_dataset('rows', shape=(4, 6), dtype='f4', chunks=(3, 4), fillvalue=7)
    rows[0, 0] = 1
with h5py.File('weights.h5') as file:
    read = file['rows'][:].ravel().tolist()
    assert read == [1] + [7] * 23, read
PY
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { File } from 'jsfive';

const { buffer, byteOffset, length } = readFileSync('weights.h5');
const { value } = new File(buffer.slice(byteOffset, byteOffset + length), 'weights.h5').get('rows');
const all = Array.from({ length: 24 }, (_, i) => value[i]);
const count = (what) => all.filter((one) => one === what).length;
console.log(`h5py: one 1 and 23 sevens; jsfive: ${count(1)} one, ${count(7)} sevens, ${count(undefined)} undefined`);
deepStrictEqual([value.length, count(1), count(7), count(undefined)], [24, 1, 11, 12]);
JS
node run.mjs
