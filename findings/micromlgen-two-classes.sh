#!/usr/bin/env bash
# micromlgen 1.1.28 (scikit-learn 1.9.1): with two classes, logistic regression on the device answers the other one, every time.
#
# Guess: the C++ made of a linear model answers as scikit-learn does, up to rounding; two classes are what it is tried on most.
# Seen:  with three classes logistic regression and support vector machines agree on every row. With two, scikit-learn keeps a single row
#        of coefficients; the code gives it to the first class and nothing to the second, so that each answer is turned round. A support
#        vector machine of two classes has its intercept the wrong way, so that rows near the boundary change sides, and
#        two rows in three with a quadratic kernel. The code compiles and nothing warns.
# Output: logistic regression: two classes agree on 0.00, three on 1.00
#         quadratic support vector machine: two classes agree on 0.33, three on 1.00
set -euo pipefail
command -v g++ >/dev/null || { echo 'g++ is needed'; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check micromlgen==1.1.28 scikit-learn==1.9.1 \
  numpy==2.4.6 scipy==1.17.1
cd "$scratch"
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import re
import subprocess
import sys
import numpy as np
from micromlgen import port
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

inputs = np.random.default_rng(1).normal(size=(120, 4)).astype(np.float32)
heights = inputs[:, 0] + inputs[:, 1] * inputs[:, 2]
labels = {2: (heights > 0).astype(int), 3: np.digitize(heights, [-0.5, 0.7])}


def device(model):
    code = port(model)
    rows = ",".join("{" + ",".join(f"(float)({float(value)!r})" for value in row) + "}" for row in inputs)
    name = re.search(r"class (\w+)", code).group(1)
    headers = "".join(f"#include <{header}>\n" for header in ("cstdarg", "cstdint", "cmath", "cstdio", "cstring"))
    body = f"""
using namespace std;
{code}
int main() {{
  Eloquent::ML::Port::{name} model;
  float rows[][4] = {{{rows}}};
  for (auto &row : rows) printf("%d ", (int)model.predict(row));
}}"""
    with open("model.cpp", "w") as file:
        file.write(headers + body)
    subprocess.check_call(["g++", "-w", "-o", "model", "model.cpp"])
    return np.array([int(word) for word in subprocess.check_output("./model", text=True).split()])


def agreed(make):
    models = [make().fit(inputs, labels[count]) for count in (2, 3)]
    return [float(np.mean(device(model) == model.predict(inputs))) for model in models]


logistic = agreed(LogisticRegression)
machine = agreed(lambda: SVC(kernel="poly", degree=2, gamma=0.5))
print("logistic regression: two classes agree on {:.2f}, three on {:.2f}".format(*logistic))
print("quadratic support vector machine: two classes agree on {:.2f}, three on {:.2f}".format(*machine))
sys.exit(0 if logistic == [0, 1] and machine[0] < 0.9 and machine[1] == 1 else 1)
PY
