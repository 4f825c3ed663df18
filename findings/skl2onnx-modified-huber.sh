#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.31.1): the same probabilities, other labels, for an SGDClassifier of three classes.
#
# Guess: the converted SGDClassifier(loss="modified_huber"), the loss that gives an SGD classifier probabilities without calibration, gives
#        the labels of `predict`: the probabilities agree to the last bit.
# Seen:  `predict` takes the class of the largest score, the converted model that of the largest probability. With this loss every score
#        above 1 is cut to 1, so the classes that are sure of a row tie, and the first one wins. On the irises a quarter of the labels
#        differ, and accuracy falls from 94 % to 69 %. Who checks the probabilities after conversion sees nothing. Take `log_loss`, or
#        the scores (`raw_scores`).
# Output: log_loss: labels differ 0 %, probabilities by 0.00, accuracy 95 %, converted 95 %
#         modified_huber: labels differ 26 %, probabilities by 0.00, accuracy 94 %, converted 69 %
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
from sklearn.datasets import load_iris
from sklearn.linear_model import SGDClassifier

rows, labels = load_iris(return_X_y=True)
rows = ((rows - rows.mean(0)) / rows.std(0)).astype(np.float32)
seen = {}
for loss in ("log_loss", "modified_huber"):
    model = SGDClassifier(loss=loss, random_state=0).fit(rows, labels)
    session = InferenceSession(to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString())
    converted, probabilities = session.run(None, {"X": rows})
    differ = (converted != model.predict(rows)).mean()
    apart = np.abs(probabilities - model.predict_proba(rows)).max()
    seen[loss] = differ, apart
    words = f"accuracy {model.score(rows, labels):.0%}, converted {(converted == labels).mean():.0%}"
    print(f"{loss}: labels differ {differ:.0%}, probabilities by {apart:.2f}, {words}".replace("%", " %"))
right = seen["log_loss"][0] == 0 and seen["modified_huber"][0] > 0.1 and max(apart for _, apart in seen.values()) < 1e-5
sys.exit(0 if right else 1)
PY
