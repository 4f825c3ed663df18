#!/usr/bin/env bash
# onnxruntime 1.31.1 (onnx 1.23.2): the largest of numbers with a NaN among them is a number, unless the NaN comes first.
#
# Guess: ReduceMax and ReduceMin give NaN if one value is NaN, as NumPy and ONNX's own reference evaluator do, so that a graph can tell a
#        broken update by its largest absolute value; at least, all places are alike.
# Seen:  a NaN is reported if it is the first value, and passed over at each of the other 999 places; ArgMax points to it at every
#        place. MaxPool passes it over everywhere. ReduceSum, Relu and Clip do report it. A scale for quantization or a bound for
#        clipping that is a ReduceMax in the graph looks sound for a model that is broken. onnxruntime-node and -web are alike. Test
#        with ReduceSum.
# Output: places of 1000 at which a NaN is seen: ReduceMax 1, ReduceMin 1, ReduceSum 1000, ArgMax 1000
#         ReduceMax of 1, NaN, 2: onnxruntime 2.0, reference nan
#         MaxPool of 1, NaN, 2: onnxruntime 2.0
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check onnxruntime==1.31.1 onnx==1.23.2 numpy==2.4.6
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from onnxruntime import InferenceSession


def model(operator, **attributes):
    kind = TensorProto.INT64 if operator == "ArgMax" else TensorProto.FLOAT
    values = helper.make_tensor_value_info("x", TensorProto.FLOAT, None), helper.make_tensor_value_info("y", kind, None)
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"], **attributes)], "graph", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def run(operator, values, **attributes):
    return InferenceSession(model(operator, **attributes).SerializeToString()).run(None, {"x": np.array(values, np.float32)})[0]


seen = {}
for operator in ("ReduceMax", "ReduceMin", "ReduceSum", "ArgMax"):
    session = InferenceSession(model(operator, keepdims=0).SerializeToString())
    seen[operator] = 0
    for place in range(1000):
        values = np.arange(1000, dtype=np.float32)
        values[place] = np.nan
        result = session.run(None, {"x": values})[0]
        seen[operator] += int(result == place if operator == "ArgMax" else np.isnan(result))
print("places of 1000 at which a NaN is seen:", ", ".join(f"{operator} {count}" for operator, count in seen.items()))
values = [1, np.nan, 2]
largest = run("ReduceMax", values, keepdims=0)
reference = ReferenceEvaluator(model("ReduceMax", keepdims=0)).run(None, {"x": np.array(values, np.float32)})[0]
pooled = run("MaxPool", [[values]], kernel_shape=[3]).item()
print(f"ReduceMax of 1, NaN, 2: onnxruntime {largest}, reference {reference}")
print(f"MaxPool of 1, NaN, 2: onnxruntime {pooled}")
right = list(seen.values()) == [1, 1, 1000, 1000] and largest == 2 and np.isnan(reference) and pooled == 2
sys.exit(0 if right else 1)
PY
