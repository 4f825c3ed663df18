#!/usr/bin/env bash
# flwr 1.42.0: FedMedian and FedTrimmedAvg take the arrays out of the replies that they aggregate; FedAvg and FedAdam leave them.
#
# Guess: aggregate_train(server_round, replies) reads its replies, so that a subclass that logs or weighs the same replies after
#        super().aggregate_train() finds what the nodes sent, whatever the strategy.
# Seen:  after FedMedian and FedTrimmedAvg every reply's ArrayRecord is empty, without a word; metrics stay. The code that works with
#        FedAvg sees nodes that sent nothing. Read replies before super() is called.
# Output: FedAvg: 2 2 2
#         FedAdam: 2 2 2
#         FedMedian: 0 0 0
#         FedTrimmedAvg: 0 0 0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$scratch/venv"
  python="$scratch/venv/bin/python"
  "$python" -m pip install -q --disable-pip-version-check flwr==1.42.0
fi
FLWR_TELEMETRY_ENABLED=0 FLWR_HOME=$scratch "$python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedAdam, FedAvg, FedMedian, FedTrimmedAvg
from flwr.supercore.task_identity import TaskIdentity

# What the process of a ServerApp is told before its code runs.
TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def replies():
    for node in (1, 2, 3):
        arrays = ArrayRecord({name: Array(np.full((2,), node, np.float32)) for name in ("weight", "bias")})
        content = RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": node})})
        yield Message(content, dst_node_id=node, message_type="train")


seen = {}
for make in (FedAvg, FedAdam, FedMedian, FedTrimmedAvg):
    strategy, told = make(), list(replies())
    # As `start` does before the first round.
    strategy.current_arrays = {name: np.zeros(2, np.float32) for name in ("weight", "bias")}
    arrays, _ = strategy.aggregate_train(1, told)
    assert arrays is not None and len(arrays) == 2
    seen[make.__name__] = [len(reply.content["arrays"]) for reply in told]
    print(f"{make.__name__}:", *seen[make.__name__])
expected = {"FedAvg": [2] * 3, "FedAdam": [2] * 3, "FedMedian": [0] * 3, "FedTrimmedAvg": [0] * 3}
sys.exit(0 if seen == expected else 1)
PY
