#!/usr/bin/env bash
# flwr 1.42.0 (NumPy 2.4.6): Krum chooses by rounding errors once weights are large beside the updates.
#
# Guess: of ten replies Krum gives the one whose distances to its neighbours are least (Blanchard et al., 2017), in float32 as well, where
#        updates of 1e-5 a weight still have two digits.
# Seen:  distances are not taken from differences but as |x|^2 + |y|^2 - 2 x y of the whole models, in their own float32. 200,000 weights
#        drawn with deviation 1, as embeddings are, have |x|^2 = 2 * 10^5, whose last bit is 0.016, and such updates are 4e-5 apart,
#        squared. What is left is noise: squared distances are below 0, and most rounds give another reply than differences do.
#        In float64 every round gives the same. Send float64, or updates instead of weights.
# Output: float32: another choice in most of 20 rounds: True, squared distances below 0: True
#         float64: another choice in 0 of 20 rounds, squared distances below 0: False
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$scratch/venv"
  python="$scratch/venv/bin/python"
  "$python" -m pip install -q --no-compile --disable-pip-version-check flwr==1.42.0 numpy==2.4.6
fi
FLWR_TELEMETRY_ENABLED=0 FLWR_HOME=$scratch "$python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import Krum
from flwr.serverapp.strategy.multikrum import compute_distances
from flwr.supercore.task_identity import TaskIdentity

# What the process of a ServerApp is told before its code runs.
TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
size, nodes, rounds = 200_000, 10, 20
generator = np.random.default_rng(1)
model = generator.standard_normal(size)


def updates():
    """Alike but for chance."""
    return generator.standard_normal((nodes, size), np.float32) * np.float32(1e-5)


def chosen(models):
    """The node whose model Krum gives, and whether a squared distance was negative."""
    replies = []
    for node, weights in enumerate(models, 1):
        content = RecordDict({"arrays": ArrayRecord({"w": Array(weights)}), "metrics": MetricRecord({"num-examples": 1})})
        replies.append(Message(content, dst_node_id=node, message_type="train"))
    negative = bool(compute_distances([reply.content["arrays"] for reply in replies]).min() < -1e-6)
    arrays, _ = Krum(num_malicious_nodes=1).aggregate_train(1, replies)
    given = arrays["w"].numpy()
    return [bool(np.array_equal(given, weights)) for weights in models].index(True), negative


def chosen_by_differences(models):
    exact = [weights.astype(np.float64) for weights in models]
    distances = np.array([[np.sum((a - b) ** 2) for b in exact] for a in exact])
    return int(np.argmin(np.sort(distances, axis=1)[:, 1 : nodes - 2].sum(axis=1)))


single, double, below, below_double = 0, 0, False, False
for _ in range(rounds):
    models = [model + row for row in updates()]
    singles = [weights.astype(np.float32) for weights in models]
    node, negative = chosen(singles)
    single, below = single + (node != chosen_by_differences(singles)), below or negative
    node, negative = chosen(models)
    double, below_double = double + (node != chosen_by_differences(models)), below_double or negative
print(f"float32: another choice in most of {rounds} rounds: {single > rounds / 2}, squared distances below 0: {below}")
print(f"float64: another choice in {double} of {rounds} rounds, squared distances below 0: {below_double}")
print(f"({single} of {rounds})", file=sys.stderr)
sys.exit(0 if single > rounds / 2 and below and not double and not below_double else 1)
PY
