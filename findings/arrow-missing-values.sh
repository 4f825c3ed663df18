#!/usr/bin/env bash
# apache-arrow 21.2.0 (JavaScript) on a file of pyarrow 26.0.1: `toArray()` turns missing values into 0 and halves into their bits.
#
# Guess: `vector.toArray()` of a float column gives the values that `get(i)` gives, with NaN (or null) where one is missing.
# Seen:  it gives the buffer as it lies: a missing blood pressure is 0, which trains as a measurement, and a float16 column is
#        a Uint16Array of bit patterns (0.5 is 14336). `get(i)` says null and 0.5; int64 nanoseconds lose their last digits
#        through `get`, and keep them in `toArray`. So neither of the two ways is right for every column.
# Output: float32 get: 120.5, null, 80 toArray: 120.5, 0, 80
#         float16 get: 0.5, 1 toArray: 14336, 15360
#         nanoseconds get: 1700000000123.4568 toArray: 1700000000123456789
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check pyarrow==26.0.1 numpy
venv/bin/python - <<'PY'
import numpy as np
import pyarrow as pa
def write(name, column):
    table = pa.table({"column": column})
    with pa.OSFile(name, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
write("pressure.arrow", pa.array([120.5, None, 80], pa.float32()))
write("half.arrow", pa.array(np.array([0.5, 1], np.float16)))
write("time.arrow", pa.array([1700000000123456789], pa.timestamp("ns")))
PY
npm init -y >/dev/null
npm install --silent --no-fund --no-audit apache-arrow@21.2.0
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';

const both = (name) => {
  const column = tableFromIPC(readFileSync(name)).getChild('column');
  const values = Array.from({ length: column.length }, (_, index) => column.get(index));
  return `get: ${values.map(String).join(', ')} toArray: ${Array.from(column.toArray(), String).join(', ')}`;
};
const lines = [`float32 ${both('pressure.arrow')}`, `float16 ${both('half.arrow')}`, `nanoseconds ${both('time.arrow')}`];
console.log(lines.join('\n'));
strictEqual(lines[0], 'float32 get: 120.5, null, 80 toArray: 120.5, 0, 80');
strictEqual(lines[1], 'float16 get: 0.5, 1 toArray: 14336, 15360');
strictEqual(lines[2], 'nanoseconds get: 1700000000123.4568 toArray: 1700000000123456789');
JS
node run.mjs
