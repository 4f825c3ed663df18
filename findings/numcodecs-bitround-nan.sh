#!/usr/bin/env bash
# numcodecs 0.16.6 (numpy 2.4.6): the codec that rounds mantissas makes a zero of the NaN of a GPU.
#
# Guess: BitRound, the lossy codec of Zarr that keeps some bits of each mantissa, keeps NaN a NaN and infinity infinite.
# Seen:  the NaN of NumPy and of x86 (0x7fc00000) stays one. The canonical NaN of NVIDIA's GPUs has all bits of its mantissa set
#        (0x7fffffff): rounding carries out of the mantissa, through the exponent, into the sign, and it becomes -0; with the sign set,
#        0. So a checkpoint or update of a run that diverged on a GPU reads as one of quiet zeros, and whoever looks for NaN finds
#        none, while the same run on a CPU shows it. Look before the codec, not after.
# Output: float32, the NaN of a CPU: nan, of a GPU: -0.0, with the sign: 0.0, infinity: inf
#         float16, the NaN of a CPU: nan, of a GPU: -0.0, with the sign: 0.0, infinity: inf
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check numpy==2.4.6 numcodecs==0.16.6
"$scratch/venv/bin/python" - <<'PY'
import sys
import numpy as np
from numcodecs import BitRound

# CPU, GPU, GPU with the sign bit, infinity.
words = {"float32": (np.uint32, [0x7FC00000, 0x7FFFFFFF, 0xFFFFFFFF, 0x7F800000]), "float16": (np.uint16, [0x7E00, 0x7FFF, 0xFFFF, 0x7C00])}
seen = []
for name, (kind, bits) in words.items():
    values = np.array(bits, kind).view(name)
    assert np.isnan(values[:3]).all() and np.isinf(values[3])
    codec = BitRound(keepbits=7)
    result = [str(float(value)) for value in codec.decode(codec.encode(values)).view(name)]
    print("{}, the NaN of a CPU: {}, of a GPU: {}, with the sign: {}, infinity: {}".format(name, *result))
    seen.append(result)
sys.exit(0 if seen == [["nan", "-0.0", "0.0", "inf"]] * 2 else 1)
PY
