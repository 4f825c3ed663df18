#!/usr/bin/env bash
# dp-accounting 0.6.0: a noise multiplier of 1 and one of 1.0 have different epsilons where several Gaussians share one sample.
#
# Guess: the RDP accountant reads numbers: GaussianDpEvent(1) is GaussianDpEvent(1.0), in whatever event it stands. Four queries of one
#        Poisson sample, each with noise 1.0, are one query with noise 0.5, so their epsilon is the one of that.
# Seen:  for composed Gaussians under sampling the accountant tests whether the effective multiplier is a Python float. If it is an int (or
#        a float32 of NumPy), composition is left out: 4 or 100 queries cost what 1 costs, 2.13, where the float gives 7.36 and 88.63.
#        Without sampling, and for a single Gaussian, int and float agree, so a first test sees nothing. Write 1.0.
# Output: queries of a sample: 1, noise 1.0: 2.13, noise 1: 2.13, float32: 2.13, one Gaussian of the same privacy: 2.13
#         queries of a sample: 4, noise 1.0: 7.36, noise 1: 2.13, float32: 2.13, one Gaussian of the same privacy: 7.36
#         queries of a sample: 100, noise 1.0: 88.63, noise 1: 2.13, float32: 2.13, one Gaussian of the same privacy: 88.63
#         without sampling, 4 queries, noise 1.0: 10.73, noise 1: 10.73
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check dp-accounting==0.6.0 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent
from dp_accounting.rdp import RdpAccountant


def epsilon(event):
    accountant = RdpAccountant()
    accountant.compose(event)
    return f"{accountant.get_epsilon(1e-5):.2f}"


def sampled(noise, queries):
    return epsilon(PoissonSampledDpEvent(0.1, SelfComposedDpEvent(GaussianDpEvent(noise), queries)))


seen = {}
for queries in (1, 4, 100):
    one = epsilon(PoissonSampledDpEvent(0.1, GaussianDpEvent(queries**-0.5)))
    seen[queries] = [sampled(1.0, queries), sampled(1, queries), sampled(np.float32(1), queries), one]
    words = "queries of a sample: {}, noise 1.0: {}, noise 1: {}, float32: {}, one Gaussian of the same privacy: {}"
    print(words.format(queries, *seen[queries]))
whole = [epsilon(SelfComposedDpEvent(GaussianDpEvent(noise), 4)) for noise in (1.0, 1)]
print("without sampling, 4 queries, noise 1.0: {}, noise 1: {}".format(*whole))
expected = {1: ["2.13"] * 4, 4: ["7.36", "2.13", "2.13", "7.36"], 100: ["88.63", "2.13", "2.13", "88.63"]}
sys.exit(0 if seen == expected and whole == ["10.73", "10.73"] else 1)
PY
