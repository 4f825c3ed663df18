#!/usr/bin/env bash
# xgboost-cpu 3.2.0 (scikit-learn 1.9.1): a model that was once stopped early ignores every tree that is trained onto it.
#
# Guess: XGBClassifier.fit(..., xgb_model=previous) goes on from the model of another client, and predicts with all of its trees, old
#        and new.
# Seen:  early stopping writes `best_iteration` into the model. Training that goes on without early stopping adds its trees, keeps the old
#        attribute, and `predict`, `predict_proba` and `score` end at it: 20 new rounds on another client's data change no prediction.
#        `Booster.predict` uses them all. Clear the attribute (`set_attr(best_iteration=None)`) before a model is handed on.
# Output: stopped at 3 rounds, then 20 more
#         classifier: old trees only
#         booster: all trees
#         classifier, attribute cleared: all trees
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check xgboost-cpu==3.2.0 scikit-learn==1.9.1 \
  numpy==2.4.6 scipy==1.17.1
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
import xgboost as xgb

generator = np.random.default_rng(1)


def client(feature):
    inputs = generator.normal(size=(400, 4))
    return inputs, (inputs[:, feature] + generator.normal(size=400) > 0).astype(int)


(inputs, labels), (held, held_labels), (other, other_labels) = client(0), client(0), client(1)
first = xgb.XGBClassifier(n_estimators=100, learning_rate=0.5, early_stopping_rounds=3)
first.fit(inputs, labels, eval_set=[(held, held_labels)], verbose=False)
best = first.best_iteration + 1
second = xgb.XGBClassifier(n_estimators=20, learning_rate=0.5)
second.fit(other, other_labels, xgb_model=first)
booster = second.get_booster()
rounds = booster.num_boosted_rounds()
whole = booster.predict(xgb.DMatrix(other), iteration_range=(0, rounds))
old = booster.predict(xgb.DMatrix(other), iteration_range=(0, best))


def name(predictions):
    known = {"all trees": whole, "old trees only": old}
    return next((words for words, values in known.items() if np.array_equal(predictions, values)), "neither")


seen = [name(second.predict_proba(other)[:, 1]), name(booster.predict(xgb.DMatrix(other)))]
booster.set_attr(best_iteration=None)
seen.append(name(second.predict_proba(other)[:, 1]))
print(f"stopped at {best} rounds, then {rounds - first.get_booster().num_boosted_rounds()} more")
print("classifier:", seen[0])
print("booster:", seen[1])
print("classifier, attribute cleared:", seen[2])
sys.exit(0 if rounds >= best + 20 and seen == ["old trees only", "all trees", "all trees"] else 1)
PY
