#!/usr/bin/env bash
# zarrita 0.7.5 (npm) on arrays of zarr 3.1.6 (pip): where nobody wrote, the largest integer is read as the smallest, or as 0.
#
# Guess: `fill_value` of an array of int64 comes back exact, as its elements do, which are BigInts for that reason: 2^63 - 1, a common mark for
#        what is missing, marks what is missing.
# Seen:  the fill value goes through a JSON number. 2^63 - 1 becomes 2^63, which int64 wraps to -2^63; 2^64 - 1 of uint64 becomes 0, and
#        2^53 + 1 becomes 2^53. In one array the same mark is right in chunks that hold any data and wrong in those that do not, so a
#        filter for it keeps the rest: missing labels turn into label 0.
# Output: int64, written 1 and the mark: 1 9223372036854775807, not written: -9223372036854775808 -9223372036854775808
#         uint64, written 1 and the mark: 1 18446744073709551615, not written: 0 0
#         int32, written 1 and the mark: 1 2147483647, not written: 2147483647 2147483647
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check zarr==3.1.6 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit zarrita@0.7.5
venv/bin/python - <<'PY'
import numpy as np
import zarr

group = zarr.open_group("labels", mode="w", zarr_format=3)
for name in ("int64", "uint64", "int32"):
    mark = int(np.iinfo(name).max)
    array = group.create_array(name, shape=(4,), chunks=(2,), dtype=name, fill_value=mark)
    array[:2] = np.array([1, mark], dtype=name)
    assert zarr.open_group("labels", mode="r")[name][:].tolist() == [1, mark, mark, mark]
PY
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { get, open, root } from 'zarrita';

const store = {
  async get(key) {
    return await readFile(`labels${key}`).then((bytes) => new Uint8Array(bytes), () => undefined);
  },
};
const expected = {
  int64: [1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n)],
  uint64: [1n, 2n ** 64n - 1n, 0n, 0n],
  int32: [1, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1],
};
for (const [name, wanted] of Object.entries(expected)) {
  const values = [...(await get(await open(root(store).resolve(name), { kind: 'array' }))).data];
  console.log(`${name}, written 1 and the mark: ${values.slice(0, 2).join(' ')}, not written: ${values.slice(2).join(' ')}`);
  deepStrictEqual(values, wanted);
}
JS
node run.mjs
