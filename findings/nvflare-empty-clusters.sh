#!/usr/bin/env bash
# nvflare 2.9.0 (scikit-learn 1.9.1, numpy 2.4.6): in federated k-means a centre that nobody's rows are nearest to becomes NaN.
#
# Guess: a centre without rows in a round stays where the first round put it, as in scikit-learn's MiniBatchKMeans, whose counts the
#        clients send: the server only adds what came to what it has.
# Seen:  the server divides by the count that it keeps for each centre, and after the first round all counts are zero. A centre that no
#        client's rows are nearest to is then 0/0: NaN, for good. Two clients and one centre too many are enough, and
#        what they get back scikit-learn refuses as a start.
# Output: centres after the first round: 5 finite of 5
#         after the second: 3
#         the next client: Input contains NaN.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check nvflare==2.9.0 scikit-learn==1.9.1 \
  numpy==2.4.6 scipy==1.17.1
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import logging
import sys
import numpy as np

logging.disable(logging.CRITICAL)
from nvflare.apis.fl_context import FLContext
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_opt.sklearn.kmeans_assembler import KMeansAssembler
from sklearn.cluster import KMeans, MiniBatchKMeans

generator = np.random.default_rng(1)
places = np.array([[0, 0], [10, 0], [0, 10]])


def rows(count):
    return places[generator.integers(0, 3, count)] + generator.normal(scale=0.1, size=(count, 2))


clients = [rows(200), rows(200)]
server = KMeansAssembler()


def round_of(number, models):
    server.reset()
    server.collection.update({f"client {i}": model for i, model in enumerate(models)})
    context = FLContext()
    context.set_prop(AppConstants.CURRENT_ROUND, number)
    return server.assemble({}, context).data["center"].copy()


def local(data, centres):
    """One step from the server's centres over all rows: MiniBatchKMeans, and how many rows each centre got."""
    model = MiniBatchKMeans(5, batch_size=len(data), max_iter=1, init=centres, n_init=1, reassignment_ratio=0, random_state=1).fit(data)
    return {"center": model.cluster_centers_, "count": model._counts}


# The first centres of a client whose rows lie elsewhere as well: nobody has such rows in the next round.
starts = [np.vstack([places, [[50, 50], [60, 60]]]), np.vstack([places, [[51, 50], [60, 61]]])]
first = round_of(0, [{"center": own.astype(float), "count": None} for own in starts])
second = round_of(1, [local(data, first) for data in clients])
finite = [int(np.isfinite(centres).all(axis=1).sum()) for centres in (first, second)]
print(f"centres after the first round: {finite[0]} finite of 5")
print(f"after the second: {finite[1]}")
try:
    local(clients[0], second)
    refused = "nothing is said"
except ValueError as error:
    refused = str(error).splitlines()[0]
print("the next client:", refused)
sys.exit(0 if finite[0] == 5 and finite[1] < 5 and "NaN" in refused else 1)
PY
