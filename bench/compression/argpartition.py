"""Top-k of 2^20 normal values by numpy's argpartition; the magnitudes are computed beforehand and not counted.

Answers each line, a k, with the milliseconds of one selection.
"""

import sys
import time

import numpy as np

size = int(sys.argv[1])
magnitudes = np.abs(np.random.default_rng(0).standard_normal(size, dtype=np.float32))
print(f"numpy {np.__version__}", flush=True)

for line in sys.stdin:
    k = int(line)
    start = time.perf_counter()
    indices = np.argpartition(magnitudes, size - k)[size - k :]
    elapsed = time.perf_counter() - start
    assert len(indices) == k
    print(1000 * elapsed, flush=True)
