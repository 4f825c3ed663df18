#!/usr/bin/env bash
# nvflare 2.9.0 (numpy 2.4.6): with weights for staleness, updates that are not stale at all count half.
#
# Guess: BuffModelManager(staleness_weight=True) weighs "following FedBuff paper" (Nguyen et al., arXiv 2106.06639): an update trained on
#        the present model has staleness 0 and weight 1, one that is t versions late 1 / sqrt(1 + t). Where every device is in time, the
#        option changes nothing.
# Seen:  the version is counted up before the weights are taken, so a fresh update counts as one version late, and the weight is
#        1 / (1 + sqrt(t)): 0.5 for it. The sum is divided by the number of updates, not by their weights, so a run in
#        which nobody is late takes steps of half the size. Three versions late weighs a third (the paper: half). Compare runs with
#        and without the option only after doubling `global_lr`.
# Output: all in time, without weights: 1.0
#         all in time, with weights: 0.5
#         three versions late, with weights: 0.333 (1 / sqrt(1 + 3) = 0.5)
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
pip() { "$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check "$@" 2>/dev/null; }
# What these modules import, without the servers.
pip numpy==2.4.6 msgpack==1.2.4 cryptography==50.0.2 PyYAML==6.0.4 grpcio==1.85.3 protobuf==7.36.2 psutil==7.2.2 requests==2.34.2 \
  pyhocon==0.3.63 pydantic==2.14.4 safetensors==0.8.0
pip --no-deps nvflare==2.9.0
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from nvflare.apis.dxo import DXO, DataKind
from nvflare.apis.fl_context import FLContext
from nvflare.edge.assessors.buff_model_manager import BuffModelManager
from nvflare.edge.mud import ModelUpdate


def step(late, weighted):
    """By how much a model moves that four devices, all `late` versions late, ask to move by 1."""
    context = FLContext()
    manager = BuffModelManager(num_updates_for_model=4, staleness_weight=weighted)
    # Nothing else listens here.
    manager.fire_event = lambda *_: None
    manager.initialize_model(DXO(DataKind.WEIGHTS, data={"w": np.zeros(3)}), context)
    manager.generate_new_model(context)
    trained_on = manager.current_model_version
    for _ in range(late):
        manager.generate_new_model(context)
        manager.current_model = DXO(DataKind.WEIGHTS, data={"w": np.zeros(3)})
    for device in range(4):
        update = DXO(DataKind.WEIGHT_DIFF, data={"dict": {"w": np.ones(3)}, "count": 1}).to_shareable()
        manager.process_updates({trained_on: ModelUpdate(trained_on, update, {f"device {device}": 0.0})}, context)
    assert manager.current_model_version == trained_on + late + 1
    moved = np.asarray(manager.current_model.data["w"])
    assert moved.shape == (3,) and np.ptp(moved) == 0
    return round(float(moved[0]), 3)


seen = [step(0, False), step(0, True), step(3, True)]
print("all in time, without weights:", seen[0])
print("all in time, with weights:", seen[1])
print("three versions late, with weights:", seen[2], "(1 / sqrt(1 + 3) = 0.5)")
sys.exit(0 if seen == [1.0, 0.5, 0.333] else 1)
PY
