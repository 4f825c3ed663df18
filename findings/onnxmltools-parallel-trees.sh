#!/usr/bin/env bash
# onnxmltools 1.16.0 (xgboost-cpu 3.2.0, onnxruntime 1.32.0): a random forest of three classes, converted, answers as chance would.
#
# Guess: `convert_xgboost` gives the labels and probabilities of the model for XGBRFClassifier as it does for XGBClassifier, or refuses, as it
#        does for `dart` and `gblinear`.
# Seen:  of a classifier of three classes that grows several trees for each class in a round (XGBRFClassifier, or `num_parallel_tree` above
#        1) the trees are dealt out to the classes in turn, as if there were one each: a tree for the first class votes for the second.
#        Probabilities add up to one, and look like a weak model's. With two classes, or one tree a round, all is equal.
# Output: boosted, three classes: accuracy of the model 1.00, converted 1.00, equal
#         forest, two classes: accuracy of the model 1.00, converted 1.00, equal
#         forest, three classes: accuracy of the model 0.99, converted 0.87, different
#         forest of 12 trees, three classes: accuracy of the model 0.99, converted 0.33, different
#         boosted, two trees a round, three classes: accuracy of the model 1.00, converted 0.26, different
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check onnxmltools==1.16.0 xgboost-cpu==3.2.0 onnx==1.23.2 \
  onnxruntime==1.32.0 skl2onnx==1.20.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
import onnxruntime
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

generator = np.random.default_rng(1)
inputs = generator.normal(size=(600, 4)).astype("f4")
two = (inputs[:, 0] > 0).astype(int)
three = np.argmax(inputs[:, :3], axis=1)


def equal(words, model, labels):
    model.fit(inputs, labels)
    converted = convert_xgboost(model, initial_types=[("inputs", FloatTensorType([None, 4]))])
    found, probabilities = onnxruntime.InferenceSession(converted.SerializeToString()).run(None, {"inputs": inputs})
    same = bool(np.allclose(probabilities, model.predict_proba(inputs), atol=1e-5))
    scores = [float(np.mean(one == labels)) for one in (model.predict(inputs), found)]
    print("{}: accuracy of the model {:.2f}, converted {:.2f}, {}".format(words, *scores, "equal" if same else "different"))
    return same


boosted = {"n_estimators": 20, "max_depth": 3}
seen = [
    equal("boosted, three classes", xgboost.XGBClassifier(**boosted), three),
    equal("forest, two classes", xgboost.XGBRFClassifier(n_estimators=10), two),
    equal("forest, three classes", xgboost.XGBRFClassifier(n_estimators=10), three),
    equal("forest of 12 trees, three classes", xgboost.XGBRFClassifier(n_estimators=12), three),
    equal("boosted, two trees a round, three classes", xgboost.XGBClassifier(num_parallel_tree=2, **boosted), three),
]
sys.exit(0 if seen == [True, True, False, False, False] else 1)
PY
