"""
Does an adapter of `twin train` mean the same in a real client? llama.cpp's Python client from PyPI loads base and adapter, and
its logits are held against those of Twin's trainer: on a float32 base they must agree. The merged GGUF of
`twin export merged`, alone, must agree with base and adapter; and a chat with either must answer.

    make bench B=clients                        on a tiny random base
    make bench B=clients ARGS=model.gguf        on another, made float32 first (540 MB for SmolLM2 135M)

PEFT: bench/peft_logits.py. Needs the environment of `tools/deps.sh bench`, which it makes.
"""

import pathlib
import subprocess
import sys
import tempfile

from support import environment
from support.base import ROOT, TWIN, float32_base, twin

RANK, ALPHA = 4, 8
CONFIG = """twin: Client
sources: [{{type: dir, path: {samples}}}]
models: {{llm: "llama:{base}", embedder: "llama:all-minilm-l6-v2.f32.gguf"}}
features: {{questions: {{share: 0}}}}
training: {{max_steps: 4, batch: 1, sequence: 256, rank: {rank}, alpha: {alpha}, learning_rate: 0.01}}
"""


def ours(base, adapter, tokens):
    import numpy as np

    program = TWIN.parent / "bench/clients_logits"
    r = subprocess.run([program, base, adapter or "-", str(RANK), str(ALPHA), *map(str, tokens)], check=True, stdout=subprocess.PIPE)
    return np.frombuffer(r.stdout, dtype=np.float32).reshape(len(tokens), -1)


def client(base, adapter, tokens):
    """Its logits, and what it says in a chat."""
    import llama_cpp
    import numpy as np

    f32 = llama_cpp.GGML_TYPE_F32  # of the cache: half floats alone make a difference of 4e-3
    model = llama_cpp.Llama(str(base), lora_path=adapter and str(adapter), n_ctx=256, logits_all=True, verbose=False,
                            flash_attn=False, type_k=f32, type_v=f32)
    model.eval(tokens)
    logits = np.array(model.scores[:len(tokens)])
    model.reset()
    answer = model.create_chat_completion([{"role": "user", "content": "What about rope?"}], max_tokens=8, temperature=0)
    assert answer["usage"]["completion_tokens"] > 0
    model.close()  # left to the end of Python, it would log to a function that is gone
    return logits, answer["choices"][0]["message"]["content"]


def main():
    import llama_cpp
    import numpy as np

    silence = llama_cpp.llama_log_callback(lambda *_: None)  # must outlive its use
    llama_cpp.llama_log_set(silence, None)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        base, adapter, merged = float32_base(work), work / "adapter.gguf", work / "merged.gguf"
        (work / "twin.yaml").write_text(CONFIG.format(samples=ROOT / "samples", base=base, rank=RANK, alpha=ALPHA))
        for step in ["collect", "features", "dataset", "train"]:
            twin("-C", work, step)
        twin("-C", work, "export", "adapter", "v1", "-o", adapter)
        twin("-C", work, "export", "merged", "v1", "-o", merged)
        tokens = [(i * 37 + 11) % 250 for i in range(40)]
        plain, _ = client(base, None, tokens)
        with_adapter, says = client(base, adapter, tokens)
        alone, merged_says = client(merged, None, tokens)
        worst = {
            "base": np.abs(ours(base, None, tokens) - plain).max(),
            "adapter": np.abs(ours(base, adapter, tokens) - with_adapter).max(),
            "merged": np.abs(alone - with_adapter).max(),
        }
    change = np.abs(with_adapter - plain).max()
    print(f"the adapter changes logits by up to {change:.2f}; with it the client says {says!r}, merged {merged_says!r}")
    print(f"clients: version={llama_cpp.__version__} " + " ".join(f"{k}={v:.1e}" for k, v in worst.items()) + f" change={change:.2f}")
    if max(worst.values()) > 1e-3 or change < 1e-2:
        sys.exit("it is not the same model in the client")


if __name__ == "__main__":
    environment.enter()
    main()
