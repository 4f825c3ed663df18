#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.31.1): neighbours weighted by distance all weigh the same after conversion.
#
# Guess: a k-nearest-neighbours model with weights="distance" that converts without an error predicts as it did: callable weights are
#        refused, and the converter has a branch for "distance".
# Seen:  classifier and regressor come out as if made with weights="uniform", to the last digits: predictions of a smooth function are off
#        by up to 0.25 and probabilities by up to 0.22, on every target opset. With one neighbour, or on the training rows, nothing shows.
#        Whoever ships such a model to devices ships another model.
# Output: uniform:  regressor off by 0.00, classifier off by 0.00
#         distance: regressor off by 0.25, classifier off by 0.22
#         distance, from the model with uniform weights: 0.00, 0.00
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check \
  skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.31.1 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from onnxruntime import InferenceSession
from skl2onnx import to_onnx
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

generator = np.random.default_rng(1)
rows, others = (generator.normal(size=(count, 2)).astype(np.float32) for count in (600, 200))
heights = rows[:, 0] * 2 + rows[:, 1]
classes = (heights > 0).astype(int)


def models(weights):
    regressor = KNeighborsRegressor(5, weights=weights).fit(rows, heights)
    return regressor, KNeighborsClassifier(5, weights=weights).fit(rows, classes)


def converted(model):
    options = {"zipmap": False} if hasattr(model, "predict_proba") else None
    session = InferenceSession(to_onnx(model, rows[:1], options=options).SerializeToString())
    return session.run(None, {"X": others})[-1].squeeze()


def off(ours, theirs):
    answers = lambda model: getattr(model, "predict_proba" if hasattr(model, "predict_proba") else "predict")(others)
    return [f"{np.abs(converted(left) - answers(right)).max():.2f}" for left, right in zip(ours, theirs)]


uniform, distance = models("uniform"), models("distance")
seen = [off(uniform, uniform), off(distance, distance), off(distance, uniform)]
print("uniform:  regressor off by {}, classifier off by {}".format(*seen[0]))
print("distance: regressor off by {}, classifier off by {}".format(*seen[1]))
print("distance, from the model with uniform weights: {}, {}".format(*seen[2]))
sys.exit(0 if seen[0] == seen[2] == ["0.00", "0.00"] and all(float(value) > 0.1 for value in seen[1]) else 1)
PY
