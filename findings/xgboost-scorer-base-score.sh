#!/usr/bin/env bash
# xgboost-scorer 0.0.4 (npm) on a dump of xgboost-cpu 3.2.0 (pip): a page finds ten times as many cases as the model that it was given.
#
# Guess: `dump_model(dump_format="json")`, the file that its README names, read by the scorer gives the probabilities of `predict`, up to
#        rounding; two classes are what it is for.
# Seen:  a dump holds the trees and not the base score, which the scorer takes for one half. XGBoost had that default once; today it
#        starts from the share of positives in the data, so every probability is moved by the logit of that share. With 7 % of positives the
#        mean goes from 0.07 to 0.30. Balanced classes hide it; `base_score=0.5` in training prevents it. Neither side says a word.
# Output: positives 6.9 %
#         as by default: mean 0.069 and 0.297, above one half 2 % and 27 %
#         base_score 0.5: mean 0.070 and 0.070, above one half 2 % and 2 %
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit xgboost-scorer@0.0.4
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check xgboost-cpu==3.2.0 numpy==2.4.6 scipy==1.17.1
cat >score.cjs <<'JS'
const { default: Scorer } = require('xgboost-scorer');
const { rows } = require('./rows.json');
Scorer.create('./model.json').then(async (scorer) => console.log(JSON.stringify(await scorer.score(rows))));
JS
venv/bin/python - <<'PY'
import json
import subprocess
import sys
import numpy as np
import xgboost

generator = np.random.default_rng(1)
names = list("abcd")
# Eighths, so that no value lies between a threshold and its decimals.
inputs = (np.round(generator.normal(size=(2000, 4)) * 8) / 8).astype("f4")
labels = (inputs[:, 0] + generator.normal(size=2000) > 2).astype(int)
data = xgboost.DMatrix(inputs, label=labels, feature_names=names)
with open("rows.json", "w") as file:
    json.dump({"rows": [dict(zip(names, map(float, row))) for row in inputs]}, file)
print(f"positives {labels.mean():.1%}".replace("%", " %"))
seen = []
for words, known in (("as by default", {}), ("base_score 0.5", {"base_score": 0.5})):
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 3, **known}, data, 20)
    model.dump_model("model.json", dump_format="json")
    scores = np.array(json.loads(subprocess.check_output(["node", "score.cjs"], text=True)))
    right = model.predict(data)
    seen.append(np.abs(scores - right).max())
    shares = [f"{np.mean(one > 0.5):.0%}".replace("%", " %") for one in (right, scores)]
    print(f"{words}: mean {right.mean():.3f} and {scores.mean():.3f}, above one half {shares[0]} and {shares[1]}")
sys.exit(0 if seen[0] > 0.3 and seen[1] < 1e-5 else 1)
PY
