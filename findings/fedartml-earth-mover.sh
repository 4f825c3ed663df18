#!/usr/bin/env bash
# fedartml 0.1.34 (scipy 1.17.1): clients of which each holds one label only are at an earth mover's distance of 0.
#
# Guess: of the three distances that it reports for how unlike clients' labels are, each is 0 for equal shares and its largest for clients that
#        have no label in common; the earth mover's moves a client's shares onto another's, from label to label.
# Seen:  it hands the shares to SciPy's `wasserstein_distance` as if they were samples, which sorts them: one client's (1, 0, 0) and another's
#        (0, 0, 1) are the same three numbers. What it measures is how unequal the shares are within a client, whatever label they belong
#        to. Jensen-Shannon's and Hellinger's are right, so the worst split there is reads 1, 1 and 0.
# Output: a label each: Jensen-Shannon 1.00, Hellinger 1.00, earth mover's 0.00
#         turned about: Jensen-Shannon 0.52, Hellinger 0.47, earth mover's 0.00
#         equal shares: Jensen-Shannon 0.00, Hellinger 0.00, earth mover's 0.00
#         by SciPy, of the labels 0, 1, 2 that the clients hold one of: 2.00 between the first and the last
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
packages=(fedartml==0.1.34 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1)
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check "${packages[@]}"
"$scratch/venv/bin/python" - <<'PY'
import sys
from fedartml.function_base import earth_movers_distance, hellinger_distance, jensen_shannon_distance
from scipy.stats import wasserstein_distance

clients = {
    "a label each": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "turned about": [[0.7, 0.2, 0.1], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7]],
    "equal shares": [[0.5, 0.3, 0.2]] * 3,
}
fine = True
for name, shares in clients.items():
    found = jensen_shannon_distance(shares), hellinger_distance(shares), earth_movers_distance(shares)
    print(f"{name}: Jensen-Shannon {found[0]:.2f}, Hellinger {found[1]:.2f}, earth mover's {found[2]:.2f}")
    fine = fine and found[2] < 1e-6 and (found[0] > 0.3) == (name != "equal shares")
first, last = clients["a label each"][0], clients["a label each"][2]
moved = wasserstein_distance([0, 1, 2], [0, 1, 2], first, last)
print(f"by SciPy, of the labels 0, 1, 2 that the clients hold one of: {moved:.2f} between the first and the last")
sys.exit(0 if fine and moved == 2 else 1)
PY
