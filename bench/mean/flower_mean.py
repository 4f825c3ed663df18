"""Averages as Flower does it: every layer times its number of examples, added by functools.reduce, over the total.

Answers each line with the milliseconds of processor time for one update: those of the whole average divided by the
number of updates.
"""

import sys
import time
from functools import reduce

import numpy as np

size, clients = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
results = [(rng.standard_normal(size, dtype=np.float32), 3 + i) for i in range(clients)]
print(f"numpy {np.__version__}", flush=True)

for _ in sys.stdin:
    start = time.process_time()
    total = sum(examples for _, examples in results)
    weighted = [layer * examples for layer, examples in results]
    average = reduce(np.add, weighted) / total
    elapsed = time.process_time() - start
    assert average.dtype == np.float32
    del weighted, average
    print(1000 * elapsed / clients, flush=True)
