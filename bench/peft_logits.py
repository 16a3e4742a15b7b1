#!/usr/bin/env python3
"""Whether an adapter is the same model in PEFT and in libllama, on a float32 base: the largest difference of logits.

    make bench B=peft_logits                            on a tiny random base
    make bench B=peft_logits ARGS=model.gguf            on another, made float32 first (540 MB for SmolLM2 135M)

Both ways: what `twin train` made is exported to PEFT, and adapters that PEFT made (plain, and rsLoRA with ranks and alphas
of their own) are imported. Needs the environment of tools/deps.sh bench; not a part of `make test`, since PyTorch is too large
for that: tests/unit/trainer/test_convert.c checks the same without it.
"""

import os
import pathlib
import sys
import tempfile

from support import environment
from support.base import ROOT, float32_base, twin

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "twin"

environment.enter()
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path += [str(p) for p in sorted(CACHE.glob("llama-*"))]  # llama.cpp's Python client, on our libllama

import llama_cpp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CONFIG = """twin: Peft
sources: [{{type: dir, path: {samples}}}]
models: {{llm: "llama:{base}", embedder: "llama:all-minilm-l6-v2.f32.gguf"}}
features: {{questions: {{share: 0}}}}
training: {{max_steps: 4, batch: 1, sequence: 256, rank: 4, learning_rate: 0.01}}
"""


silence = llama_cpp.llama_log_callback(lambda *_: None)  # must outlive its use
llama_cpp.llama_log_set(silence, None)


def libllama(base, adapter, tokens):
    f32 = llama_cpp.GGML_TYPE_F32  # the cache too: half floats alone make a difference of 4e-3
    model = llama_cpp.Llama(
        str(base), lora_path=adapter and str(adapter), n_ctx=256, logits_all=True, verbose=False, flash_attn=False, type_k=f32, type_v=f32
    )
    model.eval(tokens)
    return np.array(model.scores[: len(tokens)])


def transformers(base, peft, tokens):
    model = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32)
    if peft:
        model = PeftModel.from_pretrained(model, peft)
    with torch.no_grad():
        return model.eval()(torch.tensor([tokens])).logits[0].numpy()


def random_adapter(base, to, **config):
    model = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(target_modules=TARGETS, bias="none", task_type="CAUSAL_LM", **config))
    torch.manual_seed(5)
    for name, p in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(p, std=0.1)
    model.save_pretrained(to, safe_serialization=True)


def difference(what, base, gguf, peft, tokens):
    a, b = libllama(base, gguf, tokens), transformers(base, peft, tokens)
    change = np.abs(a - libllama(base, None, tokens)).max()
    worst = np.abs(a - b).max()
    print(f"{what}: largest difference of logits {worst:.1e}; the adapter changes them by up to {change:.2f}")
    if not (worst < 1e-3 < change):
        sys.exit(f"{what}: not the same model")
    return worst


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        base = float32_base(work)
        (work / "twin.yaml").write_text(CONFIG.format(samples=ROOT / "samples", base=base))
        for step in ["collect", "features", "dataset", "train"]:
            twin("-C", work, step)
        tokens = [(i * 37 + 11) % 250 for i in range(40)]
        twin("-C", work, "export", "adapter", "v1", "-o", work / "a.gguf")
        twin("-C", work, "export", "peft", "v1", "-o", work / "a")
        out = difference("twin train -> PEFT", base, work / "a.gguf", work / "a", tokens)
        random_adapter(base, work / "b", r=6, lora_alpha=12)
        twin("import", "adapter", work / "b", "--base", base, "-o", work / "b.gguf")
        back = difference("PEFT -> libllama", base, work / "b.gguf", work / "b", tokens)
        random_adapter(
            base, work / "c", r=6, lora_alpha=5, use_rslora=True, rank_pattern={"k_proj": 3, "model.layers.1.mlp.up_proj": 9},
            alpha_pattern={"q_proj": 7, "layers.0.mlp.down_proj": 2},
        )
        twin("import", "adapter", work / "c", "--base", base, "-o", work / "c.gguf")
        mixed = difference("PEFT, rsLoRA with patterns -> libllama", base, work / "c.gguf", work / "c", tokens)
        print(f"peft_logits: to_peft={out:.1e} from_peft={back:.1e} from_patterns={mixed:.1e}")


main()
