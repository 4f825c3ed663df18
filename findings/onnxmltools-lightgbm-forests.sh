#!/usr/bin/env bash
# onnxmltools 1.16.0 (lightgbm 4.7.0, onnxruntime 1.32.0): a random forest is right with a hundred trees, and with no other number.
#
# Guess: `convert_lightgbm` gives what the model predicts with `boosting_type="rf"`, as it does for gradient boosting and DART.
# Seen:  the sum of the trees is divided by 100, which is LightGBM's default, and not by how many there are: a regressor of 10 trees gives
#        a tenth, one of 200 twice what the model predicts, and a test with the default number passes. A classifier of two classes never
#        finds the rarer one, whatever the number, and its probabilities still add up to one.
# Output: gbdt, 10 trees: 1.00 of what the model predicts
#         rf, 10 trees: 0.10 of what the model predicts
#         rf, 100 trees: 1.00 of what the model predicts
#         rf, 200 trees: 2.00 of what the model predicts
#         classifier, rf, 10 trees: 30 % positive, converted 0 %
#         classifier, rf, 100 trees: 30 % positive, converted 0 %
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check onnxmltools==1.16.0 lightgbm==4.7.0 onnx==1.23.2 \
  onnxruntime==1.32.0 skl2onnx==1.20.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import lightgbm
import numpy as np
import onnxruntime
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

generator = np.random.default_rng(1)
inputs = generator.normal(size=(600, 4)).astype("f4")
targets = np.abs(2 * inputs[:, 0] + inputs[:, 1] ** 2) + 0.1
labels = (inputs[:, 0] + 0.3 * inputs[:, 1] > 0.6).astype(int)
forest = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}


def both(make, wanted, trees, known):
    model = make(n_estimators=trees, verbose=-1, **known).fit(inputs, wanted)
    converted = convert_lightgbm(model, initial_types=[("inputs", FloatTensorType([None, 4]))])
    found = onnxruntime.InferenceSession(converted.SerializeToString()).run(None, {"inputs": inputs})
    return model.predict(inputs), found[0].ravel()


shares = []
for name, trees, known in (("gbdt", 10, {}), ("rf", 10, forest), ("rf", 100, forest), ("rf", 200, forest)):
    right, found = both(lightgbm.LGBMRegressor, targets, trees, known)
    shares.append(f"{np.median(found / right):.2f}")
    print(f"{name}, {trees} trees: {shares[-1]} of what the model predicts")
positives = []
for trees in (10, 100):
    positives.append([round(100 * float(one.mean())) for one in both(lightgbm.LGBMClassifier, labels, trees, forest)])
    print("classifier, rf, {} trees: {} % positive, converted {} %".format(trees, *positives[-1]))
sys.exit(0 if shares == ["1.00", "0.10", "1.00", "2.00"] and all(right > 20 and found == 0 for right, found in positives) else 1)
PY
