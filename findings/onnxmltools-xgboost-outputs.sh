#!/usr/bin/env bash
# onnxmltools 1.16.0 (xgboost-cpu 3.2.0, onnxruntime 1.32.0): a regressor of two targets, converted, gives their deviations in one number.
#
# Guess: `convert_xgboost` gives what XGBRegressor predicts for two targets and for two quantiles, and shares for `reg:logistic`, as it does
#        for squared, absolute and Huber error, Poisson, gamma and Tweedie, or refuses, as it does for `dart` and for a ranker.
# Seen:  of two outputs all trees of both are added up in the first column, without the base scores, and the second is 0 in every row; the
#        shape is right. For `reg:logistic` the logit comes out, moved by a constant, with values below 0.
# Output: count:poisson: equal
#         two targets: model 1.50 8.47, converted 3.29 0.00
#         two quantiles: model 0.99 2.54, converted -0.73 0.00
#         reg:logistic: model 0.13, converted -0.24
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
one = np.abs(2 * inputs[:, 0] + inputs[:, 1] ** 2) + 0.1
two = np.column_stack([one, 5 * inputs[:, 2] + 7])


def both(targets, **known):
    model = xgboost.XGBRegressor(n_estimators=10, max_depth=3, **known).fit(inputs, targets)
    converted = convert_xgboost(model, initial_types=[("inputs", FloatTensorType([None, 4]))])
    right = model.predict(inputs).reshape(600, -1)
    return right, onnxruntime.InferenceSession(converted.SerializeToString()).run(None, {"inputs": inputs})[0].reshape(right.shape)


def first(name, right, found):
    print(f"{name}: model {' '.join(f'{x:.2f}' for x in right[0])}, converted {' '.join(f'{x:.2f}' for x in found[0])}")


poisson = bool(np.allclose(*both(one, objective="count:poisson"), atol=1e-4))
print("count:poisson:", "equal" if poisson else "different")
targets = both(two)
quantiles = both(one, objective="reg:quantileerror", quantile_alpha=[0.1, 0.9])
shares = both(one / one.max(), objective="reg:logistic")
first("two targets", *targets)
first("two quantiles", *quantiles)
first("reg:logistic", *shares)
# The first column is both columns of the model but for a constant, the second nothing.
constant = (targets[0].sum(axis=1) - targets[1][:, 0]).std() < 1e-4
empty = not targets[1][:, 1].any() and not quantiles[1][:, 1].any()
margin = (np.log(shares[0] / (1 - shares[0])) - shares[1]).std() < 1e-4 and shares[1].min() < 0
sys.exit(0 if poisson and constant and empty and margin else 1)
PY
