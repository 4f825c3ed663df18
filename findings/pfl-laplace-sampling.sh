#!/usr/bin/env bash
# pfl 0.6.0: the Rényi accountant takes a sampling probability for Laplace noise, and leaves it out.
#
# Guess: RDPPrivacyAccountant(mechanism="laplace", sampling_probability=0.01) accounts for the sampling of clients as it does for Gaussian
#        noise, or refuses what it cannot do: its bound lies some per cent above the one of PLDPrivacyAccountant.
# Seen:  the same epsilon for a probability of 0.001 and of 1. For (2, 1e-5) over ten rounds with a hundredth of the clients it asks for
#        noise of 4.98, where PLDPrivacyAccountant, which does look at the sampling, asks for 0.22: private, and 23 times as noisy. A
#        comparison of Laplace with Gaussian noise under this accountant compares two samplings. With `gaussian` the two agree.
# Output: gaussian: epsilon of RDP at 0.001, 0.01, 1: 0.61, 1.04, 19.05, noise for epsilon 2: RDP 0.76, PLD 0.65
#         laplace: epsilon of RDP at 0.001, 0.01, 1: 9.99, 9.99, 9.99, noise for epsilon 2: RDP 4.98, PLD 0.22
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check pfl==0.6.0 numpy==1.26.4
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
from pfl.privacy import PLDPrivacyAccountant, RDPPrivacyAccountant


def accountant(kind, mechanism, probability, **known):
    return kind(num_compositions=10, sampling_probability=probability, mechanism=mechanism, delta=1e-5, **known)


seen = {}
for mechanism in ("gaussian", "laplace"):
    epsilons = [accountant(RDPPrivacyAccountant, mechanism, share, noise_parameter=1.0).epsilon for share in (0.001, 0.01, 1.0)]
    noises = [accountant(kind, mechanism, 0.01, epsilon=2.0).cohort_noise_parameter for kind in (RDPPrivacyAccountant, PLDPrivacyAccountant)]
    seen[mechanism] = [f"{value:.2f}" for value in epsilons + noises]
    words = "{}: epsilon of RDP at 0.001, 0.01, 1: {}, {}, {}, noise for epsilon 2: RDP {}, PLD {}"
    print(words.format(mechanism, *seen[mechanism]))
small, middle, whole, renyi, tight = map(float, seen["laplace"])
sys.exit(0 if small == middle == whole and renyi > 20 * tight and len(set(seen["gaussian"][:3])) == 3 else 1)
PY
