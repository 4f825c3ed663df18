#!/usr/bin/env bash
# scikit-learn 1.9.1: what a caller writes into `coefs_`, `coef_` or `cluster_centers_`, training changes in the caller's own arrays.
#
# Guess: estimators copy, as `fit` does with all that it is given: clients simulated in one process may all be handed the shared model,
#        and each starts from it.
# Seen:  MLPClassifier, SGDClassifier, GaussianNB and MiniBatchKMeans train in place. The second client starts where the first
#        ended, the third where the second did, and the "shared model" from which updates are taken has moved along: every
#        difference between it and the trained model is 0. LogisticRegression (warm start) and IncrementalPCA copy. Hand out copies.
# Output: changed by a client's training:
#         MLPClassifier yes, SGDClassifier yes, GaussianNB yes, MiniBatchKMeans yes, LogisticRegression no, IncrementalPCA no
#         largest entry of the update of an MLPClassifier: 0, with a copy handed out: above 0.001
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import IncrementalPCA
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

generator = np.random.default_rng(1)
inputs = generator.normal(size=(200, 4))
labels = np.digitize(inputs[:, 0], [-0.5, 0.5])
classes = {"classes": [0, 1, 2]}
cases = (
    (MLPClassifier((3,), random_state=1), "coefs_", classes),
    (SGDClassifier(random_state=1), "coef_", classes),
    (GaussianNB(), "theta_", classes),
    (MiniBatchKMeans(2, random_state=1), "cluster_centers_", {}),
    (LogisticRegression(warm_start=True, max_iter=3), "coef_", None),
    (IncrementalPCA(2), "components_", {}),
)
copied = lambda model: [np.array(array) for array in model] if isinstance(model, list) else np.array(model)


def train(estimator, rows, known):
    """One round on a client with some of the rows; the first one needs the classes."""
    part, targets = inputs[rows], labels[rows]
    return estimator.fit(part, targets) if known is None else estimator.partial_fit(part, targets, **known)


seen = []
for estimator, attribute, known in cases:
    train(estimator, slice(0, 100), known)
    shared = copied(getattr(estimator, attribute))
    before = copied(shared)
    setattr(estimator, attribute, shared)
    train(estimator, slice(100, 200), None if known is None else {})
    changed = any(not np.array_equal(one, other) for one, other in zip(shared, before))
    seen.append(f"{type(estimator).__name__} {'yes' if changed else 'no'}")
print("changed by a client's training:")
print(", ".join(seen))

client = MLPClassifier((3,), random_state=1).partial_fit(inputs, labels, **classes)
updates = []
for hand_out in (lambda model: model, copied):
    shared = copied(client.coefs_)
    client.coefs_ = hand_out(shared)
    client.partial_fit(inputs, labels)
    updates.append(max(abs(after - before).max() for after, before in zip(client.coefs_, shared)))
size = "above 0.001" if updates[1] > 0.001 else updates[1]
print(f"largest entry of the update of an MLPClassifier: {updates[0]:g}, with a copy handed out: {size}")
expected = ["MLPClassifier yes", "SGDClassifier yes", "GaussianNB yes", "MiniBatchKMeans yes", "LogisticRegression no", "IncrementalPCA no"]
sys.exit(0 if seen == expected and updates[0] == 0 and updates[1] > 0.001 else 1)
PY
