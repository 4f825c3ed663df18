#!/usr/bin/env bash
# openfl 1.9 (numpy 2.4.6): sparse ternary compression sends updates that are as much too small as they are sparse.
#
# Guess: STCPipeline(p_sparsity=0.1) keeps the tenth of the values that is largest, and sends for each its sign times their mean size, as in
#        the paper (Sattler et al., arXiv 1903.02891, algorithm 1: the sum of the sizes divided by how many are kept).
# Seen:  the mean is taken over all values, of which nine tenths have just been set to 0: of an update that is 0.5 everywhere, 0.05 arrives,
#        in a tenth of the places. So the step of a round has a tenth of its size, at 1 % a hundredth, on top of what sparsity leaves
#        out, and the error is 0.96 of the update where the paper's is 0.76. SKCPipeline, with the same top values, is right.
# Output: sparsity 0.1: 0.5 arrives as 0.0500, in 100 of 1000 places
#         sparsity 0.01: 0.5 arrives as 0.0050, in 10 of 1000 places
#         error for a normal update at 0.1: 0.96, with the mean of what is kept: 0.76
#         SKCPipeline at 0.1: 0.5 arrives as 0.5000, in 100 of 1000 places
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
pip() { "$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check "$@" 2>/dev/null; }
# What these modules import, without the servers.
pip numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 cloudpickle==3.1.3 dynaconf==3.3.5 tqdm==4.70.1 pandas==3.1.1
pip --no-deps openfl==1.9
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import numpy as np
from openfl.pipelines import SKCPipeline, STCPipeline


def through(pipeline, update):
    data, metadata = pipeline.forward(update)[:2]
    return np.asarray(pipeline.backward(data, metadata)).reshape(update.shape)


def arrives(pipeline):
    result = through(pipeline, np.full((20, 50), 0.5, np.float32))
    return f"0.5 arrives as {result.max():.4f}, in {np.count_nonzero(result > 1e-3)} of 1000 places"


seen = [arrives(STCPipeline(p_sparsity=share, n_clusters=6)) for share in (0.1, 0.01)]
print("sparsity 0.1:", seen[0])
print("sparsity 0.01:", seen[1])
update = np.random.default_rng(1).normal(size=(100, 100)).astype(np.float32)
error = lambda result: float(np.linalg.norm(result - update) / np.linalg.norm(update))
kept = np.abs(update) >= np.sort(np.abs(update).ravel())[-1000]
paper = np.where(kept, np.sign(update) * np.abs(update[kept]).mean(), 0)
sent = through(STCPipeline(p_sparsity=0.1, n_clusters=6), update)
errors = f"{error(sent):.2f}", f"{error(paper):.2f}"
print("error for a normal update at 0.1: {}, with the mean of what is kept: {}".format(*errors))
dense = arrives(SKCPipeline(p_sparsity=0.1, n_clusters=6))
print("SKCPipeline at 0.1:", dense)
expected = ["0.5 arrives as 0.0500, in 100 of 1000 places", "0.5 arrives as 0.0050, in 10 of 1000 places"]
sys.exit(0 if seen == expected and dense == "0.5 arrives as 0.5000, in 100 of 1000 places" and errors == ("0.96", "0.76") else 1)
PY
