#!/usr/bin/env bash
# m2cgen 0.10.0 (lightgbm 4.7.0): of a model with linear trees the code keeps one number a leaf, and no line.
#
# Guess: code made of a LightGBM model predicts as the model does, as it did for every other option tried (classes, Poisson, Tweedie,
#        random forests, square roots, missing values), or the model is refused, as one with categories is.
# Seen:  with `linear_tree=True` each leaf holds a linear model; the code returns the leaf's constant, which LightGBM keeps for rows with
#        missing values. It says nothing. On a straight line, which linear trees fit, the error of the code is many times the model's.
# Output: constant leaves: model and code equal
#         linear leaves: root mean square error of the model 1.08, of its code 19.04
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check m2cgen==0.10.0 scikit-learn==1.9.1 \
  lightgbm==4.7.0 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import json
import subprocess
import sys
import lightgbm
import m2cgen
import numpy as np

inputs = np.linspace(0, 200, 400)[:, None]
targets = 3 * inputs[:, 0]


def trained(linear):
    model = lightgbm.LGBMRegressor(n_estimators=40, learning_rate=0.5, num_leaves=4, linear_tree=linear, verbose=-1)
    return model.fit(inputs, targets)


def javascript(model):
    call = f"console.log(JSON.stringify({json.dumps(inputs.tolist())}.map((row) => score(row))))"
    return np.array(json.loads(subprocess.check_output(["node", "-e", m2cgen.export_to_javascript(model) + call], text=True)))


def error(predictions):
    return float(np.sqrt(np.mean((predictions - targets) ** 2)))


constant, linear = trained(False), trained(True)
equal = np.abs(javascript(constant) - constant.predict(inputs)).max() < 1e-9
errors = error(linear.predict(inputs)), error(javascript(linear))
print("constant leaves: model and code", "equal" if equal else "different")
print("linear leaves: root mean square error of the model {:.2f}, of its code {:.2f}".format(*errors))
sys.exit(0 if equal and errors[0] < 2 and errors[1] > 10 else 1)
PY
