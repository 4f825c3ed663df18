#!/usr/bin/env bash
# emlearn 0.23.2 (scikit-learn 1.9.1): a tree over whole numbers, converted as by default, decides otherwise at every threshold.
#
# Guess: the default type of features, int16_t, suits sensors whose readings are whole numbers: a tree over them predicts on the device
#        as scikit-learn's does.
# Seen:  scikit-learn's "x <= 3.5" becomes "x < 3" in C, where "x < 4" was meant: the half is cut off, and the comparison is strict. So
#        the largest reading of every left side goes to the right, in each node, without a warning. With readings from 0 to 7 a tree that
#        is right everywhere is wrong once in eight; a forest over small counts loses more. Readings times 1,000 hide most of it, and
#        `dtype="float"` is right.
# Output: threshold 3.5, scikit-learn: 0 0 0 0 1 1 1 1
#         emlearn, int16_t as by default: 0 0 0 1 1 1 1 1
#         emlearn, float: 0 0 0 0 1 1 1 1
#         forest over counts from 0 to 6: default agrees on less than 0.9, float on 1.00
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" # emlearn compiles in the working directory
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check emlearn==0.23.2 scikit-learn==1.9.1 \
  numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import emlearn
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

readings = np.arange(8).reshape(-1, 1)
tree = DecisionTreeClassifier().fit(readings, (readings[:, 0] >= 4).astype(int))


def device(model, inputs, **options):
    return np.asarray(emlearn.convert(model, method="inline", **options).predict(inputs)).ravel()


def words(classes):
    return " ".join(str(int(value)) for value in classes)


trees = [words(tree.predict(readings)), words(device(tree, readings)), words(device(tree, readings, dtype="float"))]
counts = np.random.default_rng(1).integers(0, 7, (500, 3))
forest = RandomForestClassifier(10, random_state=1).fit(counts, (counts[:, 0] + counts[:, 1] < 6).astype(int))
agreed = [np.mean(device(forest, counts, **options) == forest.predict(counts)) for options in ({}, {"dtype": "float"})]
print(f"threshold {tree.tree_.threshold[0]}, scikit-learn: {trees[0]}")
print(f"emlearn, int16_t as by default: {trees[1]}")
print(f"emlearn, float: {trees[2]}")
print(f"forest over counts from 0 to 6: default agrees on {agreed[0]:.2f}, float on {agreed[1]:.2f}")
expected = ["0 0 0 0 1 1 1 1", "0 0 0 1 1 1 1 1", "0 0 0 0 1 1 1 1"]
sys.exit(0 if trees == expected and agreed[0] < 0.9 and agreed[1] == 1 else 1)
PY
