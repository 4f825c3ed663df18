#!/usr/bin/env bash
# scikit-learn 1.9.1: SGDClassifier and SGDRegressor with `average` go on from their own weights in `partial_fit`, not from `coef_`.
#
# Guess: a client writes the shared model into `coef_` and `intercept_` and calls `partial_fit`; training goes on from there, as it does
#        without averaging, and as `fit` with `warm_start` does in both cases.
# Seen:  with `average=True` the weights that SGD moves are kept beside `coef_` and are the ones used: what was written is gone after one
#        call, without a word. Such a client never learns from another one, and its accuracy looks plausible. (The rate here is so small
#        that training itself moves nothing.)
# Output: SGDClassifier, average False: 5
#         SGDClassifier, average True: 0
#         SGDRegressor, average False: 5
#         SGDRegressor, average True: 0
#         SGDClassifier, average True, fit: 5
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor

generator = np.random.default_rng(1)
inputs = generator.normal(size=(100, 3))
targets = (inputs[:, 0] > 0).astype(int)
rate = {"learning_rate": "constant", "eta0": 1e-9}


def after(make, average):
    model = make(average=average, **rate)
    known = {"classes": [0, 1]} if make is SGDClassifier else {}
    model.partial_fit(inputs, targets, **known)
    # The shared model arrives.
    model.coef_ = np.full_like(model.coef_, 5.0)
    model.intercept_ = np.full_like(model.intercept_, 5.0)
    model.partial_fit(inputs, targets)
    return round(abs(model.coef_).max())


seen = []
for make in (SGDClassifier, SGDRegressor):
    for average in (False, True):
        seen.append(after(make, average))
        print(f"{make.__name__}, average {average}: {seen[-1]}")
warm = SGDClassifier(average=True, warm_start=True, max_iter=1, tol=None, **rate).fit(inputs, targets)
warm.coef_ = np.full_like(warm.coef_, 5.0)
seen.append(round(abs(warm.fit(inputs, targets).coef_).max()))
print("SGDClassifier, average True, fit:", seen[-1])
sys.exit(0 if seen == [5, 0, 5, 0, 5] else 1)
PY
