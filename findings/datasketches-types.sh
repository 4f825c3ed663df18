#!/usr/bin/env bash
# datasketches 5.2.0 (Python): the same number as int and as float counts twice, so one missing value doubles a federated count.
#
# Guess: a sketch of distinct items takes 7 and 7.0 for one item, as Python's sets and dicts do: clients count the same people once.
# Seen:  an int and a float of equal value are hashed by their own bits, and text as text. A client whose column has a missing value
#        reads ids as floats (as pandas does); its sketch of the same 1,000 people shares not one hash with the others': the union says
#        2,000, the estimated overlap is 0. Both HLL and theta sketches. Agree on one type before `update`.
# Output: distinct values by a set: 1
#         by hll: 3, by theta: 3
#         union of 1,000 ids as int and the same as float: about 2000
#         overlap of the two by theta: 0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check datasketches==5.2.0 numpy==2.4.6
"$scratch/venv/bin/python" - <<'PY'
import sys
from datasketches import hll_sketch, hll_union, theta_intersection, update_theta_sketch


def sketch(make, items):
    made = make(12)
    for item in items:
        made.update(item)
    return made


same = (7, 7.0)
print("distinct values by a set:", len(set(same)))
counts = [round(sketch(make, (*same, "7")).get_estimate()) for make in (hll_sketch, update_theta_sketch)]
print(f"by hll: {counts[0]}, by theta: {counts[1]}")
# From 1 on: 0 and 0.0 have the same bits.
ids = range(1, 1001)
union = hll_union(12)
for kind in (int, float):
    union.update(sketch(hll_sketch, map(kind, ids)))
both = union.get_result().get_estimate()
print("union of 1,000 ids as int and the same as float: about", int(round(both, -2)))
overlap = theta_intersection()
for kind in (int, float):
    overlap.update(sketch(update_theta_sketch, map(kind, ids)))
shared = overlap.get_result().get_estimate()
print(f"overlap of the two by theta: {shared:g}")
sys.exit(0 if counts == [3, 3] and abs(both - 2000) < 100 and shared == 0 else 1)
PY
