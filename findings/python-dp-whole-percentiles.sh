#!/usr/bin/env bash
# python-dp 1.1.5 (Google's differential privacy in Python): a percentile of whole numbers is 0.0, whatever the numbers are.
#
# Guess: `Percentile` of `dtype="int"`, its default, is the percentile up to its noise, as the same numbers give as floats, and as `Median`,
#        `Min` and `Max` give of whole numbers.
# Seen:  it is the float 0.0, for every percentile, bound and data set tried: heart rates have a 90th percentile of 0. Nothing is raised, and the
#        privacy budget counts as spent. With `dtype="float"` it is right.
# Output: ages 1 to 100: as int 0.0 0.0 0.0, as float near 10 50 90: True
#         below zero: as int 0.0 0.0 0.0, as float near -91 -51 -11: True
#         Median as int near 50: True
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check python-dp==1.1.5
"$scratch/venv/bin/python" - <<'PY'
import sys
from pydp.algorithms.laplacian import Median, Percentile


def percentiles(values, kind):
    """The tenth, the median and the ninetieth at an epsilon that leaves next to no noise."""
    bounds = {"lower_bound": kind(-200), "upper_bound": kind(200)}
    asked = (0.1, 0.5, 0.9)
    makers = [Percentile(epsilon=1000, percentile=share, dtype=kind.__name__, **bounds) for share in asked]
    return [maker.quick_result([kind(value) for value in values]) for maker in makers]


fine = True
for name, values, wanted in (
    ("ages 1 to 100", list(range(1, 101)) * 40, (10, 50, 90)),
    ("below zero", list(range(-100, 0)) * 40, (-91, -51, -11)),
):
    whole, real = percentiles(values, int), percentiles(values, float)
    near = all(abs(got - want) < 2 for got, want in zip(real, wanted))
    print(f"{name}: as int {' '.join(map(str, whole))}, as float near {' '.join(map(str, wanted))}: {near}")
    fine = fine and near and whole == [0.0, 0.0, 0.0]
median = Median(epsilon=1000, lower_bound=-200, upper_bound=200, dtype="int").quick_result(list(range(1, 101)) * 40)
print(f"Median as int near 50: {abs(median - 50) < 2}")
sys.exit(0 if fine and abs(median - 50) < 2 else 1)
PY
