"""Order statistics and pairwise distances as numpy users compute them, on n vectors of d float32, on one thread.

Answers each line, the name of a computation, with its milliseconds of processor time; `errors` with what float32 loses.
"""

import json
import os
import sys
import time

for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

n, d, trim = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
cut = int(trim * n)
rng = np.random.default_rng(0)
x = rng.standard_normal((n, d), dtype=np.float32)
print(f"numpy {np.__version__}", flush=True)


def median():
    return np.median(x, axis=0)


def median_by_sort():
    ordered = np.sort(x, axis=0)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2


def trimmed_by_partition():
    # Flower's aggregate_trimmed_avg: partition at both cuts, mean of what is between.
    return np.partition(x, (cut, n - cut - 1), axis=0)[cut : n - cut].mean(axis=0)


def trimmed_by_sort():
    return np.sort(x, axis=0)[cut : n - cut].mean(axis=0)


def krum_by_norms(vectors=x):
    # Flower's legacy _compute_distances: every ordered pair, a difference and its norm.
    distances = np.zeros((len(vectors), len(vectors)))
    for i, a in enumerate(vectors):
        for j, b in enumerate(vectors):
            distances[i, j] = np.linalg.norm(a - b) ** 2
    return distances


def krum_by_gram(vectors=x):
    # ‖x‖² + ‖y‖² − 2⟨x, y⟩ in the dtype of the input, as newer Flower computes it.
    squares = (vectors**2).sum(axis=1)
    return squares[:, None] + squares[None, :] - 2 * vectors @ vectors.T


def gram_errors(vectors):
    exact = np.zeros((len(vectors), len(vectors)))
    wide = vectors.astype(np.float64)
    for i in range(len(wide)):
        exact[i] = ((wide - wide[i]) ** 2).sum(axis=1)
    off = ~np.eye(len(vectors), dtype=bool)
    gram = krum_by_gram(vectors).astype(np.float64)
    relative = np.abs(gram - exact)[off] / exact[off]
    return {"largestRelativeError": float(relative.max()), "negative": int((gram[off] < 0).sum()), "of": int(off.sum())}


def errors():
    few = x[:, :10_000].astype(np.float64)
    ordered = np.sort(few, axis=0)
    in_double = ordered[cut : n - cut].mean(axis=0)
    in_single = np.sort(x[:, :10_000], axis=0)[cut : n - cut].mean(axis=0)
    models = (rng.standard_normal(10_000) + 1e-3 * rng.standard_normal((n, 10_000))).astype(np.float32)
    return {
        "trimmedMeanFloat32": float(np.abs(in_single - in_double).max()),
        "gramFloat32Updates": gram_errors(x[:, :10_000]),
        "gramFloat32Models": gram_errors(models),
    }


for line in sys.stdin:
    name = line.strip()
    if name == "errors":
        print(json.dumps(errors()), flush=True)
        continue
    start = time.process_time()
    globals()[name]()
    print(1000 * (time.process_time() - start), flush=True)
