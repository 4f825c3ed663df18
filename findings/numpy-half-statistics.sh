#!/usr/bin/env bash
# numpy 2.4.6: the mean of float16 columns is right; their weighted average, nanmean, deviation and norm are not.
#
# Guess: NumPy keeps running sums of halves in float32, as the documentation of `mean` says, in the functions built on it too: 5,000
#        clients that all sent 1 have a weighted average of 1, a deviation of 0; and the norm of 300 is 300.
# Seen:  only `mean` does. `average` with weights, `nanmean`, `std` and `einsum` add along the clients in float16, where a sum stops
#        at 2,048: an average of 0.41 of values that are all 1, a deviation of 0.45 of values that are all equal, no warning. `norm`
#        of a vector is infinite from 256 on, and with an axis 0 for small values, whose squares are too small for a half: clipped by such
#        a norm, an update becomes 0, or passes at any length. Cast to float32 first.
# Output: 5,000 ones: mean 1.0, average 1.0, average with weights 0.4097, nanmean 0.4097, std 0.4526
#         norm of 10,000 times 3: inf; of 10,000 times 0.0001: 0.01, with axis=1: 0.0; in float32: 300.0, 0.01, 0.01
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check numpy==2.4.6
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np

# Rows are clients, columns are weights.
clients = np.ones((5000, 4), np.float16)
weights = np.ones(5000, np.float16)
statistics = {
    "mean": clients.mean(axis=0),
    "average": np.average(clients, axis=0),
    "average with weights": np.average(clients, axis=0, weights=weights),
    "nanmean": np.nanmean(clients, axis=0),
    "std": clients.std(axis=0),
}
print("5,000 ones:", ", ".join(f"{name} {value[0]:.4}" for name, value in statistics.items()))


def norms(dtype):
    large, small = (np.full(10_000, value, dtype) for value in (3, 0.0001))
    return [round(float(norm), 4) for norm in (np.linalg.norm(large), np.linalg.norm(small), np.linalg.norm(small[None], axis=1)[0])]


halves, singles = norms(np.float16), norms(np.float32)
words = "norm of 10,000 times 3: {}; of 10,000 times 0.0001: {}, with axis=1: {}; in float32: {}, {}, {}"
print(words.format(*halves, *singles))
averages = [float(value[0]) for value in statistics.values()]
right = averages[:2] == [1, 1] and max(averages[2:4]) < 0.5 and averages[4] > 0.4
sys.exit(0 if right and halves[0] == float("inf") and halves[2] == 0 and singles == [300, 0.01, 0.01] else 1)
PY
