#!/usr/bin/env bash
# declearn 2.9.1 (numpy 2.4.6): weights that lie in the other byte order arrive as tiny numbers, in both of its formats.
#
# Guess: `json_serialize` and `msgpack_serialize` give back the array that they were given: each writes the type of an array beside its bytes.
#        float16, booleans, complex numbers, NaN and transposed arrays do come back.
# Seen:  they write the letter of the type, `f`, which does not say the order of bytes. Arrays of big-endian numbers, as SciPy reads from
#        NetCDF files and Astropy from FITS, arrive with each number's bytes turned about: weights of 1, 2 and -0.5 as next to nothing, labels as
#        large numbers. Averages over clients of which one holds such a file are wrong, and nothing says so.
# Output: float32 little: 1.0 2.0 -0.5
#         float32 big, JSON: 4.600602988224807e-41 8.96831017167883e-44 2.6764800668604006e-43
#         float32 big, MessagePack: 4.600602988224807e-41 8.96831017167883e-44 2.6764800668604006e-43
#         int32 big, JSON: 16777216 33554432 -1
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check declearn==2.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY'
import io
import sys
import numpy as np
from declearn.model.api import Vector
from declearn.utils.serialize import json_deserialize, json_serialize, msgpack_deserialize, msgpack_serialize
from scipy.io import netcdf_file


def through_netcdf(values):
    """As a site's file holds them."""
    kept = io.BytesIO()
    file = netcdf_file(kept, "w")
    file.createDimension("n", len(values))
    file.createVariable("weights", values.dtype, ("n",))[:] = values
    file.flush()
    return netcdf_file(io.BytesIO(kept.getvalue()), "r", mmap=False).variables["weights"][:]


json = lambda array: json_deserialize(json_serialize(Vector.build({"w": array}))).coefs["w"]
msgpack = lambda array: msgpack_deserialize(msgpack_serialize(Vector.build({"w": array}))).coefs["w"]
weights = np.array([1, 2, -0.5], dtype="f4")
labels = np.array([1, 2, -1], dtype="i4")
fine = True
for name, array, send in (
    ("float32 little", weights, json),
    ("float32 big, JSON", through_netcdf(weights), json),
    ("float32 big, MessagePack", through_netcdf(weights), msgpack),
    ("int32 big, JSON", through_netcdf(labels), json),
):
    got = send(array)
    print(f"{name}: {' '.join(str(value) for value in got.tolist())}")
    fine = fine and np.array_equal(got, array) == (name == "float32 little")
    fine = fine and np.array_equal(got, array if name == "float32 little" else array.byteswap().view(array.dtype))
sys.exit(0 if fine else 1)
PY
