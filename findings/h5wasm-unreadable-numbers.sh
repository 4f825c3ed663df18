#!/usr/bin/env bash
# h5wasm 0.10.3 (npm) reading what h5py 3.14.0 (pip) wrote: of a dataset that it cannot read it gives back numbers.
#
# Guess: weights that were saved with LZF, h5py's own compression, which h5wasm does not bring, are refused: `value` throws, as it does for
#        float16.
# Seen:  HDF5 prints its errors to stderr, and `value` returns a Float32Array of the right length without throwing. Chunks that
#        LZF could not make smaller, which h5py then leaves as they are, are right; of the others it holds what was in that memory before, such
#        as weights of the layer that was read last.
# Output: first, gzip: 24 of 24 values right; second, lzf: no error, 24 values, 12 of them right
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check h5py==3.14.0 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit h5wasm@0.10.3
venv/bin/python - <<'PY'
import h5py, numpy
values = numpy.arange(1, 25, dtype='f4').reshape(4, 6) / 7
with h5py.File('weights.h5', 'w') as file:
    file.create_dataset('first', data=values, chunks=(3, 4), compression='gzip')
    file.create_dataset('second', data=values + 100, chunks=(3, 4), compression='lzf')
PY
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { File, ready } from 'h5wasm/node';

await ready;
const written = (plus) => Float32Array.from({ length: 24 }, (_, i) => Math.fround(Math.fround(i + 1) / 7) + plus);
const file = new File('weights.h5', 'r');
const right = (name, plus) => {
  const { value } = file.get(name);
  strictEqual(value instanceof Float32Array && value.length === 24, true);
  return value.filter((one, i) => Math.abs(one - written(plus)[i]) < 1e-4).length;
};
const [first, second] = [right('first', 0), right('second', 100)];
console.log(`first, gzip: ${first} of 24 values right; second, lzf: no error, 24 values, ${second} of them right`);
strictEqual(first, 24);
strictEqual(second, 12);
JS
node run.mjs 2>/dev/null
