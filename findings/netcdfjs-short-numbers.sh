#!/usr/bin/env bash
# netcdfjs 4.0.0 (npm) reading what SciPy 1.17.1 (pip) wrote: weights of 8 bits lose their sign, and short columns gain numbers.
#
# Guess: NetCDF's `byte` is signed, so quantized weights of -3, 1, 127 come back as these three; three samples of a sensor, stored as `short`,
#        come back as three.
# Seen:  bytes are read without a sign (253 for -3), each in an array of its own; and the fill that rounds a variable up to four bytes is handed
#        out as if it had been measured: a fourth weight of 129, a fourth sample of -32767, and one in each record of three. Nothing is raised.
#        Columns of float, int and double are right, and so are shorts of an even count.
# Output: int8 -3,1,127: [[253],[1],[127],[129]]
#         int16 -300,1,300: [-300,1,300,-32767]
#         int16 -300,1: [-300,1]
#         float32 -0.5,1,2: [-0.5,1,2]
#         records of int16: [[0,1,2,-32767],[3,4,5,-32767]]
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check scipy==1.17.1 numpy==2.4.6
npm init -y >/dev/null
npm install --silent --no-fund --no-audit netcdfjs@4.0.0
venv/bin/python - <<'PY'
import numpy as np
from scipy.io import netcdf_file

columns = {
    "int8 -3,1,127": np.array([-3, 1, 127], "i1"),
    "int16 -300,1,300": np.array([-300, 1, 300], "i2"),
    "int16 -300,1": np.array([-300, 1], "i2"),
    "float32 -0.5,1,2": np.array([-0.5, 1, 2], "f4"),
}
with netcdf_file("columns.nc", "w") as file:
    file.createDimension("time", None)
    for name, values in columns.items():
        file.createDimension(f"of {name}", len(values))
        file.createVariable(name, values.dtype, (f"of {name}",))[:] = values
    file.createDimension("axis", 3)
    file.createVariable("records of int16", "i2", ("time", "axis"))[:] = np.arange(6).reshape(2, 3)
    file.createVariable("second", "i2", ("time", "axis"))[:] = np.arange(6).reshape(2, 3)
with netcdf_file("columns.nc", mmap=False) as file:
    assert all(np.array_equal(file.variables[name][:], values) for name, values in columns.items())
    assert np.array_equal(file.variables["records of int16"][:], np.arange(6).reshape(2, 3))
PY
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { NetCDFReader } from 'netcdfjs';

const expected = {
  'int8 -3,1,127': [[253], [1], [127], [129]],
  'int16 -300,1,300': [-300, 1, 300, -32767],
  'int16 -300,1': [-300, 1],
  'float32 -0.5,1,2': [-0.5, 1, 2],
  'records of int16': [[0, 1, 2, -32767], [3, 4, 5, -32767]],
};
const reader = new NetCDFReader(readFileSync('columns.nc'));
for (const name of Object.keys(expected)) {
  const seen = reader.getDataVariable(name);
  console.log(`${name}: ${JSON.stringify(seen)}`);
  deepStrictEqual(seen, expected[name]);
}
JS
node run.mjs
