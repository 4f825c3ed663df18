"""Files that Python's writers make of small models of random weights, with the logits that transformers computes of them.

usage: vectors.py OUT        writes models, blocks, tokenizers, encoders, retrieval and adapters into the folder OUT
       vectors.py check DIR  loads every adapter folder that we exported into DIR with PEFT and compares logits
"""

import base64
import json
import os
import sys
import tempfile

import gguf
import numpy as np
import peft
import torch
import transformers
from peft import IA3Config, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

torch.manual_seed(20261129)
torch.set_num_threads(1)
TOKENS = [3, 17, 42, 5, 5, 0, 60, 23, 11, 8, 30, 2, 59, 44, 1, 7, 19]
SOURCE = {
    "made by": "pnpm bench llm vectors",
    "torch": torch.__version__,
    "transformers": transformers.__version__,
    "peft": peft.__version__,
    "gguf": "0.19.0",
}


def base64_of(data):
    return base64.b64encode(bytes(data)).decode()


def floats(tensor):
    return base64_of(np.ascontiguousarray(np.asarray(tensor, dtype="<f4")).tobytes())


def logits_of(model):
    model.eval()
    with torch.no_grad():
        return model(torch.tensor([TOKENS])).logits[0].float().numpy()


def spread(model):
    """Random weights large enough that every part of the model shows in its logits."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn_like(parameter)
            parameter.copy_(1 + 0.2 * noise if name.endswith("norm.weight") else 0.15 * noise)
    return model


def llama(**more):
    # Neither widths nor heads nor units nor the vocabulary are multiples of four.
    config = LlamaConfig(
        vocab_size=61, hidden_size=42, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1,
        intermediate_size=50, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, **more)
    return spread(LlamaForCausalLM(config).float())


def qwen():
    config = Qwen2Config(
        vocab_size=61, hidden_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=36, max_position_embeddings=64, rms_norm_eps=1e-6, rope_theta=50000.0,
        tie_word_embeddings=True)
    model = spread(Qwen2ForCausalLM(config)).to(torch.bfloat16)
    return model


def saved(model, title):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        config = json.load(open(os.path.join(folder, "config.json")))
        file = open(os.path.join(folder, "model.safetensors"), "rb").read()
        # Loaded anew: casting a model to bfloat16 rounds its rotary frequencies too.
        fresh = type(model).from_pretrained(folder, dtype=torch.float32)
        logits = logits_of(fresh)
    return {"title": title, "format": "safetensors", "config": config, "file": base64_of(file), "tokens": TOKENS,
            "logits": floats(logits)}


def permuted(weight, heads):
    """convert_hf_to_gguf.py's order of the rows of q and k: pairs that turn together become neighbours."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def unpermuted(weight, heads):
    return weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def gguf_file():
    config = LlamaConfig(
        vocab_size=61, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=96, max_position_embeddings=64, rms_norm_eps=1e-5, rope_theta=20000.0,
        tie_word_embeddings=True)
    model = spread(LlamaForCausalLM(config).float())
    kinds = gguf.GGMLQuantizationType
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.gguf")
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_context_length(64)
        writer.add_embedding_length(64)
        writer.add_block_count(2)
        writer.add_feed_forward_length(96)
        writer.add_head_count(4)
        writer.add_head_count_kv(2)
        writer.add_rope_freq_base(20000.0)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_dimension_count(16)
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list([f"t{i}" for i in range(61)])
        parts = {"q_proj": ("attn_q", kinds.F16), "k_proj": ("attn_k", kinds.Q4_0), "v_proj": ("attn_v", kinds.Q8_0),
                 "o_proj": ("attn_output", kinds.Q4_1), "gate_proj": ("ffn_gate", kinds.Q5_0),
                 "up_proj": ("ffn_up", kinds.Q5_1), "down_proj": ("ffn_down", kinds.Q4_1)}
        state = model.state_dict()

        def add(name, key, kind, heads=None):
            weight = state[key].numpy()
            if heads:
                weight = permuted(weight, heads)
            data = gguf.quants.quantize(weight, kind)
            writer.add_tensor(name, data, raw_dtype=kind)
            back = gguf.quants.dequantize(data, kind).reshape(weight.shape)
            if kind in (kinds.Q5_0, kinds.Q5_1):
                # What the package keeps of types that its kernels do not take.
                back = gguf.quants.dequantize(gguf.quants.quantize(back, kinds.Q8_0), kinds.Q8_0).reshape(weight.shape)
            state[key] = torch.from_numpy(unpermuted(back, heads) if heads else back)

        add("token_embd.weight", "model.embed_tokens.weight", kinds.Q8_0)
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
        for block in range(2):
            prefix = f"model.layers.{block}."
            for key in ("input_layernorm", "post_attention_layernorm"):
                name = "attn_norm" if key == "input_layernorm" else "ffn_norm"
                writer.add_tensor(f"blk.{block}.{name}.weight", state[f"{prefix}{key}.weight"].numpy())
            for key, (name, kind) in parts.items():
                room = "self_attn" if name.startswith("attn") else "mlp"
                heads = {"q_proj": 4, "k_proj": 2}.get(key)
                add(f"blk.{block}.{name}.weight", f"{prefix}{room}.{key}.weight", kind, heads)
        writer.add_tensor("output_norm.weight", state["model.norm.weight"].numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        file = open(path, "rb").read()
    model.load_state_dict(state)
    return {"title": "Llama in eight types of GGUF", "format": "gguf", "file": base64_of(file), "tokens": TOKENS,
            "logits": floats(logits_of(model))}


def encoders():
    """BERTs of random weights, one with each GELU: states of every token, and a mean over them."""
    found = []
    for act, prefix in (("gelu", ""), ("gelu_new", "bert.")):
        torch.manual_seed(31)
        config = BertConfig(
            vocab_size=61, hidden_size=42, num_hidden_layers=2, num_attention_heads=3, intermediate_size=50,
            max_position_embeddings=24, type_vocab_size=2, hidden_act=act, layer_norm_eps=1e-12)
        model = BertModel(config).float().eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                noise = torch.randn_like(parameter)
                parameter.copy_(1 + 0.2 * noise if name.endswith("LayerNorm.weight") else 0.15 * noise)
            states = model(torch.tensor([TOKENS])).last_hidden_state[0]
        # As checkpoints with a head on top name what is below it.
        file = save({prefix + name: tensor for name, tensor in model.state_dict().items()})
        found.append({"title": f"BERT, {act}", "config": config.to_dict(), "file": base64_of(file), "tokens": TOKENS,
                      "states": floats(states), "mean": floats(torch.nn.functional.normalize(states.mean(0), dim=0))})
    return found


def retrieval(encoder):
    """PEFT's LoRA in the first of the encoders: loss and gradients of queries against passages, by autograd."""
    from safetensors.torch import load

    model = BertModel(BertConfig(**encoder["config"])).float().eval()
    model.load_state_dict(load(base64.b64decode(encoder["file"])))
    config = LoraConfig(r=3, lora_alpha=6, lora_dropout=0.0, target_modules=["query", "key", "value", "dense"],
                        exclude_modules=["pooler.dense"])
    model = get_peft_model(model, config)
    torch.manual_seed(37)
    factors = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.2 * torch.randn_like(parameter))
                factors[name.replace("base_model.model.", "").replace(".default", "")] = parameter
    generator = np.random.default_rng(41)
    texts = [[int(t) for t in generator.integers(0, 61, size=length)] for length in (3, 7, 5, 9, 11, 4, 6)]
    queries, passages = texts[:3], texts[3:]
    embed = lambda text: torch.nn.functional.normalize(model(torch.tensor([text])).last_hidden_state[0].mean(0), dim=0)
    q, p = torch.stack([embed(text) for text in queries]), torch.stack([embed(text) for text in passages])
    # Passage 2 is no negative of query 0; the fourth belongs to none.
    scores = (20 * q @ p.T).masked_fill(torch.tensor([[j == 2 and i == 0 for j in range(4)] for i in range(3)]), -1e9)
    loss = torch.nn.functional.cross_entropy(scores, torch.arange(3))
    loss.backward()
    return {"config": {"rank": 3, "alpha": 6, "scale": 20}, "queries": queries, "passages": passages,
            "loss": loss.item(), "vectors": floats(torch.cat([q, p]).detach()),
            "factors": {name: floats(value.detach()) for name, value in factors.items()},
            "gradients": {name: floats(value.grad) for name, value in factors.items()}}


def blocks():
    """Four blocks of every type: random codes, scales that are sane."""
    generator = np.random.default_rng(7)
    found = {}
    scales = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2],
              "Q6_K": [208]}
    for name, places in scales.items():
        kind = gguf.GGMLQuantizationType[name]
        values, size = gguf.GGML_QUANT_SIZES[kind]
        data = generator.integers(0, 256, (4, size), dtype=np.uint8)
        for place in places:
            data[:, place:place + 2] = generator.normal(0, 0.1, 4).astype("<f2").view(np.uint8).reshape(4, 2)
        expected = gguf.quants.dequantize(data, kind).astype("<f4")
        found[name] = {"values": int(values), "bytes": base64_of(data.tobytes()), "expected": floats(expected)}
    return found


def quantized():
    """What ggml's own quantizers make of eight blocks of values."""
    values = np.random.default_rng(8).normal(0, 0.05, (4, 64)).astype("<f4")
    values[3] = 0.5
    kinds = {name: gguf.quants.quantize(values, gguf.GGMLQuantizationType[name]) for name in ("Q4_0", "Q4_1", "Q8_0")}
    return {"values": floats(values), "bytes": {name: base64_of(data.tobytes()) for name, data in kinds.items()}}


def adapters(model, title):
    """Adapters of random values over one model, as PEFT saves them."""
    every = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    settings = {
        "LoRA on q and v": LoraConfig(r=3, lora_alpha=7, target_modules=["q_proj", "v_proj"]),
        "rsLoRA on everything": LoraConfig(r=4, lora_alpha=6, target_modules=every, use_rslora=True),
        "LoRA in the last block": LoraConfig(r=2, lora_alpha=4, target_modules=["up_proj", "k_proj"], layers_to_transform=[1]),
        "DoRA": LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj", "down_proj"], use_dora=True),
        "(IA)3": IA3Config(target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"]),
    }
    found = []
    for name, config in settings.items():
        config.task_type = "CAUSAL_LM"
        base = LlamaForCausalLM(model.config).float()
        base.load_state_dict(model.state_dict())
        adapted = get_peft_model(base, config)
        with torch.no_grad():
            for key, parameter in adapted.named_parameters():
                if "lora_magnitude" in key or "ia3" in key:
                    parameter.mul_(1 + 0.2 * torch.randn_like(parameter))
                elif "lora_" in key:
                    parameter.copy_(0.2 * torch.randn_like(parameter))
        with tempfile.TemporaryDirectory() as folder:
            adapted.save_pretrained(folder)
            file = open(os.path.join(folder, "adapter_model.safetensors"), "rb").read()
            settings_file = json.load(open(os.path.join(folder, "adapter_config.json")))
            settings_file["target_modules"].sort()
        kept = ("peft_type", "r", "lora_alpha", "target_modules", "feedforward_modules", "use_rslora", "use_dora",
                "layers_to_transform", "bias", "task_type", "base_model_name_or_path", "fan_in_fan_out", "inference_mode")
        found.append({"title": name, "base": title, "config": {k: settings_file[k] for k in kept if k in settings_file},
                      "file": base64_of(file), "logits": floats(logits_of(adapted))})
    return found


TEXTS = ["To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer",
         "In 1865 there were 36 states; it's 50 now, they've said.  Two  spaces\tand a tab\n\n\nThree lines",
         "na\u00efve caf\u00e9 \u2014 \u65e5\u672c\u8a9e \U0001f642 end", "<|im_start|>user\nhello<|im_end|>\n", "x", " "]


def tokenizers_vector():
    """A small byte-level BPE as the tokenizers library trains it, and what it makes of texts."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    found = {}
    splits = {"gpt-2": [], "smollm": [pre_tokenizers.Digits(individual_digits=True)]}
    for name, first in splits.items():
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*first, pre_tokenizers.ByteLevel(add_prefix_space=False)])
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=380, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
        tokenizer.train_from_iterator([text for text in TEXTS[:3] for _ in range(3)], trainer)
        model = json.loads(tokenizer.to_str())["model"]
        tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda entry: entry[1])]
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
        ids = {text: tokenizer.encode(text).ids for text in TEXTS}
        found[name] = {"tokens": tokens, "merges": merges, "special": 3, "ids": ids}
    return found


def write(folder, name, content):
    with open(os.path.join(folder, name), "w") as file:
        json.dump({"source": SOURCE, **content}, file, indent=1)
        file.write("\n")


def check(folder):
    """Every sub-folder of `folder` is an adapter that we wrote, beside the logits that we computed with it."""
    worst = 0.0
    base = json.load(open(os.path.join(folder, "base.json")))
    for name in sorted(os.listdir(folder)):
        place = os.path.join(folder, name)
        if not os.path.isdir(place) or name == "base":
            continue
        model = LlamaForCausalLM.from_pretrained(os.path.join(folder, "base")).float()
        adapted = PeftModel.from_pretrained(model, place)
        ours = np.frombuffer(base64.b64decode(base["logits"][name]), dtype="<f4")
        difference = float(np.abs(logits_of(adapted).reshape(-1) - ours).max())
        print(json.dumps({"adapter": name, "difference": difference}), flush=True)
        worst = max(worst, difference)
    sys.exit(0 if worst < 1e-4 else 1)


if __name__ == "__main__":
    if sys.argv[1] == "check":
        check(sys.argv[2])
    out = sys.argv[1]
    title = "Llama in float32"
    first = llama()
    models = [saved(first, title), saved(qwen(), "Qwen 2 in bfloat16"), gguf_file()]
    write(out, "models.json", {"models": models})
    write(out, "blocks.json", {"blocks": blocks(), "quantized": quantized()})
    write(out, "tokenizers.json", {"tokenizers": tokenizers_vector()})
    write(out, "adapters.json", {"adapters": adapters(first, title)})
    found = encoders()
    write(out, "encoders.json", {"encoders": found})
    write(out, "retrieval.json", {"retrieval": retrieval(found[0])})
