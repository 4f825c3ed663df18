#!/usr/bin/env bash
# transformers 4.57.1 (torch 2.15.0): a model that goes through bfloat16 and comes back computes other positions than its weights say.
#
# Guess: weights that are bfloat16 exactly lose nothing in `model.to(torch.bfloat16).float()`, so its logits are those of
#        the same checkpoint loaded in float32.
# Seen:  the weights are equal to the last bit, the logits are not: `.to()` also rounds the rotary frequencies `inv_freq`, a
#        buffer that no checkpoint holds and that `.float()` cannot restore. from_pretrained(dtype=float32) computes them anew.
#        So logits of a cast model are no reference for float32 inference.
# Output: weights equal: True
#         rotary frequencies equal: False
#         largest difference of a logit: more than 1e-4
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$scratch/venv"
  python="$scratch/venv/bin/python"
  "$python" -m pip install -q --disable-pip-version-check torch==2.15.0 transformers==4.57.1 numpy==2.4.6
fi
"$python" - "$scratch" <<'PY' 2>/dev/null
import sys
import torch
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(1)
config = LlamaConfig(vocab_size=61, hidden_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                     intermediate_size=36, max_position_embeddings=64)
model = LlamaForCausalLM(config)
with torch.no_grad():
    for parameter in model.parameters():
        parameter.copy_(0.4 * torch.randn_like(parameter))
model = model.to(torch.bfloat16).eval()
model.save_pretrained(sys.argv[1])
cast = model.float()
fresh = LlamaForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
ids = torch.randint(0, 61, (1, 64))
same = all(torch.equal(a, b) for a, b in zip(cast.parameters(), fresh.parameters()))
rotary = torch.equal(cast.model.rotary_emb.inv_freq, fresh.model.rotary_emb.inv_freq)
with torch.no_grad():
    difference = (cast(ids).logits - fresh(ids).logits).abs().max().item()
print("weights equal:", same)
print("rotary frequencies equal:", rotary)
print("largest difference of a logit:", "more than 1e-4" if difference > 1e-4 else difference)
sys.exit(0 if same and not rotary and difference > 1e-4 else 1)
PY
