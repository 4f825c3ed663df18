"""SmolLM2 in transformers on one thread, from the same GGUF: answers `loss IDS…`, `step IDS…` (processor ms of a LoRA step) and `memory`."""

import os
import resource
import sys
import time

import torch
import transformers
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
path = sys.argv[1]
model = AutoModelForCausalLM.from_pretrained(
    os.path.dirname(path), gguf_file=os.path.basename(path), dtype=torch.float32)
model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=["q_proj", "v_proj"]))
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
print(f"torch {torch.__version__} {torch.backends.cpu.get_cpu_capability()}, transformers {transformers.__version__}", flush=True)
for line in sys.stdin:
    what, *words = line.split()
    if what == "memory":
        print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
        continue
    ids = torch.tensor([[int(word) for word in words]])
    before = time.process_time()
    loss = torch.nn.functional.cross_entropy(model(ids[:, :-1]).logits[0], ids[0, 1:])
    if what == "step":
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(1000 * (time.process_time() - before), flush=True)
    else:
        print(loss.item(), flush=True)
