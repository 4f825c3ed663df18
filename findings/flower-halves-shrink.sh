#!/usr/bin/env bash
# flwr 1.42.0 (NumPy 2.4.6): FedAvg of many models in half precision comes out smaller than every one of them.
#
# Guess: the mean of a thousand equal models is that model, up to the rounding of a half, 0.05 %: sums are taken in float32 or float64.
# Seen:  each reply is multiplied by its share and added in the type that it came in. A thousandth of 1 rounds down, and each
#        addition to a sum near 1 rounds again: 0.9785, 2 % lost in one round, 35 % in twenty. The loss grows with the number of nodes
#        and is not the same for every count. Counters (int64, as of batch normalization) come back as float64. Send float32.
# Output: 10 nodes: float16 1, float32 1
#         100 nodes: float16 0.9883, float32 1
#         1000 nodes: float16 0.9785, float32 1
#         counter of int64: float64
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
from flwr.serverapp.strategy import FedAvg
from flwr.supercore.task_identity import TaskIdentity

# What the process of a ServerApp is told before its code runs.
TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def mean(nodes, array):
    replies = []
    for node in range(1, nodes + 1):
        content = RecordDict({"arrays": ArrayRecord({"weight": Array(array)}), "metrics": MetricRecord({"num-examples": 1})})
        replies.append(Message(content, dst_node_id=node, message_type="train"))
    arrays, _ = FedAvg().aggregate_train(1, replies)
    return arrays["weight"].numpy()


seen = {}
for nodes in (10, 100, 1000):
    half, single = (float(mean(nodes, np.ones(1, kind))[0]) for kind in (np.float16, np.float32))
    print(f"{nodes} nodes: float16 {half:.4g}, float32 {single:.4g}")
    seen[nodes] = half
    assert abs(single - 1) < 1e-4
counter = mean(3, np.array(5)).dtype
print(f"counter of int64: {counter}")
sys.exit(0 if 0.97 < seen[1000] < 0.985 and counter == np.float64 else 1)
PY
