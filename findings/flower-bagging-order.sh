#!/usr/bin/env bash
# flwr 1.42.0 and xgboost-cpu 3.2.0: what FedXgbBagging's model predicts depends on which reply comes first.
#
# Guess: bagging joins the trees of all replies, and a sum of trees does not depend on their order: whichever client answers first, the
#        same model.
# Seen:  XGBoost estimates each client's base score from its own labels (since 2.0, unless one is given) and grows trees as
#        corrections to it. The strategy takes trees from every reply, and the base score from the first alone. Clients of 10 % and of
#        90 % positives make a model that predicts 10 % or 90 %, by who was quicker; it is 50 % in truth. Setting `base_score` in the
#        parameters of every client gives one model for both orders.
# Output: base scores: 0.10 0.90
#         mean prediction, rare first: 0.10, frequent first: 0.90
#         base_score 0.5 everywhere: 0.50, 0.50
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check flwr==1.42.0 xgboost-cpu==3.2.0
FLWR_TELEMETRY_ENABLED=0 FLWR_HOME=$scratch "$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import json
import sys
import numpy as np
import xgboost as xgb
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.serverapp.strategy import FedXgbBagging
from flwr.supercore.task_identity import TaskIdentity

# What the process of a ServerApp is told before its code runs.
TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
generator = np.random.default_rng(1)


def client(positives):
    labels = np.arange(400) < 400 * positives
    return xgb.DMatrix(generator.normal(size=(400, 3)), labels.astype(int))


def train(data, parameters):
    settings = {"objective": "binary:logistic", "eta": 0.1, "max_depth": 2, "seed": 1, **parameters}
    return bytes(xgb.train(settings, data, num_boost_round=1).save_raw("json"))


def reply(node, model):
    arrays = ArrayRecord([np.frombuffer(model, dtype=np.uint8)])
    return Message(RecordDict({"arrays": arrays, "metrics": MetricRecord({"num-examples": 400})}), dst_node_id=node, message_type="train")


def prediction(models, data):
    strategy = FedXgbBagging()
    # As `configure_train` leaves it in the first round, whose model is empty.
    strategy.current_bst = b""
    arrays, _ = strategy.aggregate_train(1, [reply(node, model) for node, model in enumerate(models, 1)])
    booster = xgb.Booster()
    booster.load_model(bytearray(arrays["0"].numpy().tobytes()))
    assert booster.num_boosted_rounds() == 2
    return f"{np.mean([booster.predict(part).mean() for part in data]):.2f}"


rare, frequent = client(0.1), client(0.9)
base = lambda model: float(json.loads(model)["learner"]["learner_model_param"]["base_score"].strip("[]"))
first, second = train(rare, {}), train(frequent, {})
scores = f"{base(first):.2f} {base(second):.2f}"
orders = [prediction(models, (rare, frequent)) for models in ((first, second), (second, first))]
first, second = train(rare, {"base_score": 0.5}), train(frequent, {"base_score": 0.5})
fixed = [prediction(models, (rare, frequent)) for models in ((first, second), (second, first))]
print("base scores:", scores)
print(f"mean prediction, rare first: {orders[0]}, frequent first: {orders[1]}")
print("base_score 0.5 everywhere:", ", ".join(fixed))
sys.exit(0 if float(orders[0]) < 0.15 and float(orders[1]) > 0.85 and fixed == ["0.50", "0.50"] else 1)
PY
