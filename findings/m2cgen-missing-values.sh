#!/usr/bin/env bash
# m2cgen 0.10.0 (scikit-learn 1.9.1, lightgbm 4.7.0): missing values take the other branch in the code made of a scikit-learn tree.
#
# Guess: trees that were trained with missing values send them the same way in the code made of them, as m2cgen does for LightGBM, or the
#        model is refused.
# Seen:  scikit-learn learns for each node whether missing values go left; the code has a bare comparison, which no NaN passes, so all of
#        them go right. Nothing is said. LightGBM's trees over the same rows come out with a test for NaN and agree to the last digit.
# Output: scikit-learn for 1, 2, 3, missing: 0 1 1 0
#         its code in JavaScript: 0 1 1 1
#         its code in Python: 0 1 1 1
#         LightGBM and its code in JavaScript: equal
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
from sklearn.tree import DecisionTreeClassifier


def javascript(model, rows):
    values = json.dumps([[None if value != value else value for value in row] for row in rows.tolist()])
    call = f"console.log(JSON.stringify({values}.map((row) => score(row.map((x) => x ?? NaN)))))"
    return np.array(json.loads(subprocess.check_output(["node", "-e", m2cgen.export_to_javascript(model) + call], text=True)))


def python(model, rows):
    scope = {}
    exec(m2cgen.export_to_python(model), scope)
    return np.array([scope["score"](list(row)) for row in rows])


def words(probabilities):
    return " ".join(str(value) for value in probabilities.argmax(axis=1))


rows = np.array([[1.0], [2.0], [3.0], [np.nan]])
tree = DecisionTreeClassifier(random_state=1).fit(rows, [0, 1, 1, 0])
seen = [words(tree.predict_proba(rows)), words(javascript(tree, rows)), words(python(tree, rows))]
generator = np.random.default_rng(1)
inputs = generator.normal(size=(300, 3))
inputs[generator.random(inputs.shape) < 0.2] = np.nan
boosted = lightgbm.LGBMRegressor(n_estimators=3, num_leaves=4, verbose=-1).fit(inputs, np.nan_to_num(inputs[:, 0]) * 2 + 1)
equal = np.abs(javascript(boosted, inputs) - boosted.predict(inputs)).max() < 1e-12
print("scikit-learn for 1, 2, 3, missing:", seen[0])
print("its code in JavaScript:", seen[1])
print("its code in Python:", seen[2])
print("LightGBM and its code in JavaScript:", "equal" if equal else "different")
sys.exit(0 if seen == ["0 1 1 0", "0 1 1 1", "0 1 1 1"] and equal else 1)
PY
