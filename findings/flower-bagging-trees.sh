#!/usr/bin/env bash
# flwr 1.42.0 and xgboost-cpu 3.2.0: FedXgbBagging keeps one tree of every reply but the first, however many a client trained.
#
# Guess: a client may train several rounds between two exchanges (`local-epochs` of the XGBoost app) and send those trees; three clients
#        with four trees each make a model of twelve.
# Seen:  of a reply that is appended, `num_parallel_tree` trees are taken: one. The first reply becomes the model as it is, with all four,
#        so the first round has 4 + 1 + 1. In the second, where each is appended, 1 + 1 + 1. The other trees are dropped
#        without a word: local rounds cost time and bytes, and bring nothing.
# Output: trees sent in a round: 12
#         trees kept, first round: 6
#         trees kept, second round: 3
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check flwr==1.42.0 xgboost-cpu==3.2.0
FLWR_TELEMETRY_ENABLED=0 FLWR_HOME=$scratch "$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
import xgboost as xgb
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedXgbBagging
from flwr.supercore.task_identity import TaskIdentity

# What the process of a ServerApp is told before its code runs.
TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
generator = np.random.default_rng(1)
settings = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 2}
local_rounds = 4


def client():
    inputs = generator.normal(size=(300, 3))
    return xgb.DMatrix(inputs, (inputs[:, 0] > 0).astype(int))


def load(model):
    booster = xgb.Booster()
    booster.load_model(bytearray(model))
    return booster


def train(data, model):
    if not model:
        return xgb.train(settings, data, num_boost_round=local_rounds)
    # Goes on from the shared model and sends what is new.
    booster = xgb.train(settings, data, num_boost_round=local_rounds, xgb_model=load(model))
    return booster[booster.num_boosted_rounds() - local_rounds :]


def reply(node, booster):
    arrays = ArrayRecord([np.frombuffer(bytes(booster.save_raw("json")), dtype=np.uint8)])
    return Message(RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 300})}), dst_node_id=node, message_type="train")


clients, strategy, model, kept, sent = [client() for _ in range(3)], FedXgbBagging(), b"", [], []
for number in (1, 2):
    before = len(load(model).get_dump()) if model else 0
    boosters = [train(data, model) for data in clients]
    sent.append(sum(len(booster.get_dump()) for booster in boosters))
    # As `configure_train` leaves it.
    strategy.current_bst = model
    arrays, _ = strategy.aggregate_train(number, [reply(node, booster) for node, booster in enumerate(boosters, 1)])
    model = arrays["0"].numpy().tobytes()
    kept.append(len(load(model).get_dump()) - before)
print("trees sent in a round:", sent[0])
print("trees kept, first round:", kept[0])
print("trees kept, second round:", kept[1])
sys.exit(0 if sent == [12, 12] and kept == [6, 3] else 1)
PY
