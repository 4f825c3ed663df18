#!/usr/bin/env bash
# byzfl 0.0.11 (torch 2.15.0): SMEA and CAF give another average each time that they are called with the same updates.
#
# Guess: SMEA averages the subset whose covariance has the smallest largest eigenvalue, found "by the power method": one answer for one set
#        of updates, that of trying all subsets with an exact eigenvalue. CAF likewise.
# Seen:  the power method starts at a random vector and takes one step, which tells little about the largest eigenvalue, so the choice
#        of subset is largely drawn: twenty calls on ten updates give many averages, and few are those of the exact rule. The draws
#        come from NumPy's or torch's global generator, so two runs with the same updates agree only if all else that draws does.
# Output: Median: averages in 20 calls 1
#         MDA: averages in 20 calls 1
#         SMEA: averages in 20 calls 14
#         SMEA: of the exact subset 3
#         CAF: averages in 20 calls 20
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check byzfl==0.0.11 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import itertools
import sys
import byzfl
import numpy as np

updates = np.random.default_rng(1).normal(size=(10, 5))
subsets = itertools.combinations(range(10), 8)
best = min(subsets, key=lambda rows: np.linalg.eigvalsh(np.cov(updates[list(rows)].T, bias=True))[-1])
exact = updates[list(best)].mean(axis=0)
np.random.seed(1)
seen = {}
for name, known in (("Median", {}), ("MDA", {"f": 2}), ("SMEA", {"f": 2}), ("CAF", {"f": 2})):
    averages = [getattr(byzfl, name)(**known)(updates.copy()) for _ in range(20)]
    seen[name] = len({tuple(np.round(one, 6)) for one in averages})
    print(f"{name}: averages in 20 calls {seen[name]}")
    if name == "SMEA":
        hits = sum(np.allclose(one, exact) for one in averages)
        print(f"SMEA: of the exact subset {hits}")
sys.exit(0 if seen["Median"] == seen["MDA"] == 1 and seen["SMEA"] > 5 and seen["CAF"] > 5 and hits < 20 else 1)
PY
