#!/usr/bin/env bash
# opacus 1.6.0 (torch 2.15.0): of a convolution that pads by anything but zeros, the gradients of the samples are those of another layer.
#
# Guess: with `padding_mode="circular"`, "reflect" or "replicate" the samples' gradients average to the gradient that the same backward
#        pass leaves in `grad`, as they do with zeros, strides, groups and dilation, or ModuleValidator refuses the layer.
# Seen:  the validator passes, the forward pass pads as asked, and `grad_sample` is computed as if zeros had been there. DP-SGD clips
#        and averages these, so of images of 8 by 8 it follows a gradient that is off by a sixth, without a word; the noise hides it.
# Output: zeros: off by 0 %, 1.00 times as long
#         circular: off by 18 %, 0.84 times as long
#         reflect: off by 18 %, 0.84 times as long
#         replicate: off by 18 %, 0.84 times as long
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check opacus==1.6.0 torch==2.15.0 numpy==2.4.6
"$scratch/venv/bin/python" - <<'PY' 2>/dev/null
import sys
import torch
from opacus import GradSampleModule
from opacus.validators import ModuleValidator

torch.set_num_threads(1)
torch.manual_seed(1)
# Small images with values from 0 to 1.
images = torch.rand(64, 1, 8, 8)


def layer(mode):
    return torch.nn.Conv2d(1, 4, 3, padding=1, padding_mode=mode, bias=False)


errors, norms = {}, {}
for mode in ("zeros", "circular", "reflect", "replicate"):
    assert not ModuleValidator.validate(layer(mode))
    model = GradSampleModule(layer(mode))
    model(images).square().mean(dim=(1, 2, 3)).mean().backward()
    weight = next(model.parameters())
    # The same backward pass leaves both.
    errors[mode] = ((weight.grad_sample.mean(0) - weight.grad).norm() / weight.grad.norm()).item()
    norms[mode] = (weight.grad_sample.mean(0).norm() / weight.grad.norm()).item()
    print(f"{mode}: off by {100 * errors[mode]:.0f} %, {norms[mode]:.2f} times as long")
bad = [errors[mode] for mode in errors if mode != "zeros"]
sys.exit(0 if errors["zeros"] < 1e-5 and min(bad) > 0.05 else 1)
PY
