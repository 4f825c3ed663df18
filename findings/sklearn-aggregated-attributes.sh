#!/usr/bin/env bash
# scikit-learn 1.9.1: statistics that are set to those of all clients change nothing, since prediction reads others that were derived.
#
# Guess: the fitted attributes are the model: a scaler whose `mean_` and `var_` are set to those of all clients scales by them, naive Bayes
#        whose counts are summed over clients predicts from the sums, a mixture uses the `covariances_` that it is given.
# Seen:  `mean_` and `means_` are read, so half of what is set takes effect. But StandardScaler, MinMaxScaler and MaxAbsScaler read
#        `scale_`, naive Bayes `feature_log_prob_` and `class_log_prior_`, GaussianMixture `precisions_cholesky_`, each derived in `fit`: the
#        client goes on with its own statistics, without a word. Set the derived ones too.
# Output: read: StandardScaler.mean_, GaussianNB.var_, GaussianMixture.means_
#         ignored: StandardScaler.var_, MinMaxScaler.data_min_, MinMaxScaler.data_max_, MaxAbsScaler.max_abs_,
#         MultinomialNB.feature_count_, BernoulliNB.feature_count_, GaussianNB.class_count_, GaussianMixture.covariances_
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY'
import sys
import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

generator = np.random.default_rng(1)
rows = np.abs(generator.normal(size=(200, 2)) * [1, 4]).round(1)
labels = (rows[:, 0] > 0.5).astype(int)
cases = [
    (StandardScaler(), "transform", "mean_"),
    (StandardScaler(), "transform", "var_"),
    (MinMaxScaler(), "transform", "data_min_"),
    (MinMaxScaler(), "transform", "data_max_"),
    (MaxAbsScaler(), "transform", "max_abs_"),
    (MultinomialNB(), "predict_proba", "feature_count_"),
    (BernoulliNB(binarize=0.5), "predict_proba", "feature_count_"),
    (GaussianNB(), "predict_proba", "var_"),
    (GaussianNB(), "predict_proba", "class_count_"),
    (GaussianMixture(2, random_state=1), "predict_proba", "means_"),
    (GaussianMixture(2, random_state=1), "predict_proba", "covariances_"),
]
seen = {True: [], False: []}
for estimator, method, attribute in cases:
    estimator.fit(rows, labels)
    before = getattr(estimator, method)(rows)
    value = getattr(estimator, attribute)
    # What the other clients add: much more of the last column or class than there is here.
    setattr(estimator, attribute, value + 50 * np.arange(value.size).reshape(value.shape))
    changed = not np.array_equal(before, getattr(estimator, method)(rows))
    seen[changed].append(f"{type(estimator).__name__}.{attribute}")
print("read:", ", ".join(seen[True]))
print("ignored:", ", ".join(seen[False]))
sys.exit(0 if seen[True] == ["StandardScaler.mean_", "GaussianNB.var_", "GaussianMixture.means_"] and len(seen[False]) == 8 else 1)
PY
