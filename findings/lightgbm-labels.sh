#!/usr/bin/env bash
# lightgbm 4.7.0 (scikit-learn 1.9.1): a model that goes on with another client's labels takes them by their rank, not by their value.
#
# Guess: LGBMClassifier.fit(..., init_model=previous) knows the labels that the previous model was trained with; labels that are others
#        are refused, or kept apart.
# Seen:  each `fit` numbers the labels that it finds from 0. A model of the labels 0 and 1 goes on with 1 and 2: its trees for 1 now
#        speak for 2, those for 0 for 1, without a word. A client whose rows with label 1 look the same as before gets every one
#        of them wrong at first, and spends its rounds on unlearning. Number the classes once for all clients.
# Output: classes before: 0 1, after: 1 2
#         rows of label 1 that the shared model gets right: 200 of 200
#         the same rows after going on with labels 1 and 2: 0 of 200
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check lightgbm==4.7.0 scikit-learn==1.9.1 \
  numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from lightgbm import LGBMClassifier

generator = np.random.default_rng(1)
# Each label has its place on the first axis.
rows = lambda label: np.column_stack([10 * label + generator.random(200), generator.random(200)])
zero, one, two = rows(0), rows(1), rows(2)
shared = LGBMClassifier(n_estimators=20, verbose=-1).fit(np.vstack([zero, one]), np.repeat([0, 1], 200))
# A rate so small that going on changes next to nothing.
settings = {"n_estimators": 1, "learning_rate": 1e-6, "verbose": -1}
client = LGBMClassifier(**settings).fit(np.vstack([one, two]), np.repeat([1, 2], 200), init_model=shared)
before, after = (int((model.predict(one) == 1).sum()) for model in (shared, client))
print("classes before:", *shared.classes_, end=", after: ")
print(*client.classes_)
print(f"rows of label 1 that the shared model gets right: {before} of 200")
print(f"the same rows after going on with labels 1 and 2: {after} of 200")
sys.exit(0 if (before, after) == (200, 0) and list(client.classes_) == [1, 2] else 1)
PY
