#!/usr/bin/env bash
# openfl 1.9 (numpy 2.4.6): the more steps its geometric median takes, the nearer it comes to the update of one client.
#
# Guess: `geometric_median` takes the steps of Weiszfeld's algorithm, as its documentation says: each client weighs by its number of
#        examples divided by its distance to the present point. From 4 steps (the number that GeometricMedian takes) to 1,000, the point
#        approaches the one whose sum of distances is least.
# Seen:  each step divides the weights of the step before, instead of the clients' own, so the weight of whoever is nearest grows without
#        end. 1,000 steps end exactly on one client's update, 4 are already there for five numbers of which the median is 2: 3. The sum
#        of distances is larger after 1,000 than after 4. Robust aggregation becomes the choice of one client, whose update all receive.
# Output: 0, 1, 2, 3, 10, median 2: after 4 steps 3.000, after 1000 steps 3.000, Weiszfeld 2.000
#         eleven clients: distance to the nearest of them after 4 steps 28.4, after 1000 steps 0.0, Weiszfeld 29.0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
pip() { "$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check "$@" 2>/dev/null; }
# What this module imports, without the servers.
pip numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 cloudpickle==3.1.3 dynaconf==3.3.5 tqdm==4.70.1 pandas==3.1.1
pip --no-deps openfl==1.9
"$scratch/venv/bin/python" - <<'PY'
import sys
import numpy as np
from openfl.interface.aggregation_functions.geometric_median import geometric_median


def weiszfeld(points, weights, steps):
    median = np.average(points, axis=0, weights=weights)
    for _ in range(steps):
        nearness = weights / np.maximum(1e-5, np.linalg.norm(points - median, axis=1))
        median = np.average(points, axis=0, weights=nearness)
    return median


def medians(points):
    weights = np.ones(len(points))
    theirs = [geometric_median(points, weights, maxiter=steps) for steps in (4, 1000)]
    return [*theirs, weiszfeld(points, weights, 1000)]


numbers = [f"{median[0]:.3f}" for median in medians(np.array([[0.0], [1], [2], [3], [10]]))]
print("0, 1, 2, 3, 10, median 2: after 4 steps {}, after 1000 steps {}, Weiszfeld {}".format(*numbers))
generator = np.random.default_rng(1)
# Nine honest clients, and two whose noise is ten times as large.
clients = np.concatenate([generator.normal(size=(9, 1000)), generator.normal(size=(2, 1000)) * 10])
nearest = [np.linalg.norm(clients - median, axis=1).min() for median in medians(clients)]
words = "eleven clients: distance to the nearest of them after 4 steps {:.1f}, after 1000 steps {:.1f}, Weiszfeld {:.1f}"
print(words.format(*nearest))
sys.exit(0 if numbers == ["3.000", "3.000", "2.000"] and nearest[1] < 0.1 < 20 < nearest[2] else 1)
PY
