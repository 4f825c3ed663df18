#!/usr/bin/env bash
# onnxmltools 1.16.0 (lightgbm 4.7.0, onnxruntime 1.32.0): what LightGBM does to the sum of its trees is left out where an option names it.
#
# Guess: `convert_lightgbm` gives what the model predicts with `reg_sqrt` and `sigmoid`, which are written in the model's own file, as it
#        does for Poisson, gamma, Tweedie and quantiles, or refuses, as it does for `mape` and `fair`.
# Seen:  with `reg_sqrt` the converted model gives the root of the prediction, as it never squares; with `sigmoid=2` it takes a slope of 1, so
#        that all probabilities lie nearer to one half while the labels stay right, which is all that a test of accuracy looks at.
# Output: as by default: equal
#         reg_sqrt: the model 0.62 to 4.44, converted 0.78 to 2.11, its squares equal
#         two classes: equal
#         two classes, sigmoid 2: labels equal, probabilities up to 0.15 away, lowest 0.103 and 0.253
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
words = {True: "equal", False: "different"}


def converted(model):
    made = convert_lightgbm(model, initial_types=[("inputs", FloatTensorType([None, 4]))], zipmap=False)
    return onnxruntime.InferenceSession(made.SerializeToString()).run(None, {"inputs": inputs})


def regressor(**known):
    model = lightgbm.LGBMRegressor(n_estimators=10, verbose=-1, **known).fit(inputs, targets)
    return model.predict(inputs), converted(model)[0].ravel()


def classifier(**known):
    model = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, **known).fit(inputs, labels)
    found, probabilities = converted(model)
    return bool((found == model.predict(inputs)).all()), model.predict_proba(inputs)[:, 1], probabilities[:, 1]


def equal(one, other):
    return bool(np.allclose(one, other, atol=1e-5))


plain, (right, found) = equal(*regressor()), regressor(reg_sqrt=True)
roots = not equal(right, found) and equal(right, found**2)
print("as by default:", words[plain])
ends = right.min(), right.max(), found.min(), found.max()
print("reg_sqrt: the model {:.2f} to {:.2f}, converted {:.2f} to {:.2f}, its squares {}".format(*ends, words[roots]))
_, ours, theirs = classifier()
same, steep, flat = classifier(sigmoid=2.0)
away = float(np.abs(steep - flat).max())
print("two classes:", words[equal(ours, theirs)])
lowest = f"lowest {steep.min():.3f} and {flat.min():.3f}"
print(f"two classes, sigmoid 2: labels {words[same]}, probabilities up to {away:.2f} away, {lowest}")
sys.exit(0 if plain and roots and equal(ours, theirs) and same and away > 0.1 else 1)
PY
