#!/usr/bin/env python3
"""Whether DoRA is the same in Twin's trainer and in PEFT (`use_dora=True`), in float32: m at the start, logits, gradients of A, B
and m, and ten steps of AdamW. The last line holds the largest differences, each relative to the largest value.

    make bench B=dora_peft                        on a tiny random base
    make bench B=dora_peft ARGS=model.gguf        on another of Llama's kind, made float32 first

Needs the environment of tools/deps.sh bench; not a part of `make test`, where tests/unit/net/test_dora.c checks the formulas.
"""

import os
import pathlib
import subprocess
import tempfile

from support import environment
from support.base import TWIN, float32_base

environment.enter()
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import torch  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

PROJECTIONS = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
RANK, ALPHA, LR, STEPS, FIRST, N = 4, 8, 1e-3, 10, 5, 40


def gguf_rows(x, heads):
    """Rows of q and k as a GGUF of Llama's kind has them: the halves of a head interleaved."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


class Peer:
    def __init__(self, base):
        torch.manual_seed(5)
        model = AutoModelForCausalLM.from_pretrained(base.parent, gguf_file=base.name, dtype=torch.float32)
        self.config = model.config
        self.model = get_peft_model(
            model, LoraConfig(r=RANK, lora_alpha=ALPHA, use_dora=True, bias="none", task_type="CAUSAL_LM", target_modules=[p.split(".")[1] for p in PROJECTIONS])
        )
        named = dict(self.model.named_parameters())
        stem = "base_model.model.model.layers.{}.{}.lora_{}.default{}"
        kinds = [("A", ".weight"), ("B", ".weight"), ("magnitude_vector", ".weight")]
        self.parts = [
            (p, kind, named[stem.format(layer, p, kind, tail)])
            for layer in range(self.config.num_hidden_layers) for p in PROJECTIONS for kind, tail in kinds
        ]
        at_start = self.flat(lambda t: t)  # B is 0
        for (_, kind, t) in self.parts:
            with torch.no_grad():
                if kind == "magnitude_vector":
                    t *= 1 + 0.1 * torch.randn_like(t)
                elif kind == "B":
                    t.normal_(std=0.02)
        self.start = at_start

    def flat(self, of):
        """All parts as Twin's files have them."""
        all = []
        for p, kind, t in self.parts:
            x = of(t).detach().numpy()
            if kind != "A" and p.endswith(("q_proj", "k_proj")):
                x = gguf_rows(x, self.config.num_attention_heads if "q_proj" in p else self.config.num_key_value_heads)
            all.append(x.ravel())
        return np.concatenate(all)

    def only(self, kind):
        """Where in flat() the parts of a kind are."""
        return np.concatenate([np.full(t.numel(), k == kind) for _, k, t in self.parts])

    def loss(self, tokens):
        labels = tokens.clone()
        labels[:, :FIRST] = -100
        out = self.model(input_ids=tokens, labels=labels)
        return out.loss, out.logits[0].detach().numpy()


def worst(a, b):
    return float(np.abs(a - b).max() / np.abs(b).max())


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        base = float32_base(work)
        peer = Peer(base)
        tokens = [(i * 37 + 11) % 250 for i in range(N)]
        ids = torch.tensor([tokens])
        first = peer.flat(lambda t: t)
        start = np.where(peer.only("magnitude_vector"), first, peer.start)  # A and B of now, m to be measured by Twin
        start[peer.only("B")] = 0
        start[peer.only("A")] = first[peer.only("A")]

        def ours(parameters, steps):
            (work / "p").write_bytes(parameters.astype(np.float32).tobytes())
            words = [TWIN.parent / "bench/dora_peft_steps", base, RANK, ALPHA, LR, steps, FIRST, work / "p", *tokens]
            out = np.frombuffer(subprocess.run(list(map(str, words)), check=True, stdout=subprocess.PIPE).stdout, np.float32)
            n, v = first.size, peer.config.vocab_size
            cuts = np.cumsum([n, N * v, 1, n, steps, n])
            assert cuts[-1] == out.size
            return np.split(out, cuts[:-1])

        m = ours(start, 0)[0]
        figures = {"start": worst(m, peer.start)}
        _, logits, loss, gradient, losses, after = ours(first, STEPS)
        their_loss, their_logits = peer.loss(ids)
        their_loss.backward()
        their_gradient = peer.flat(lambda t: t.grad)
        figures["logits"] = worst(logits.reshape(N, -1), their_logits)
        figures["loss"] = abs(float(loss[0]) - float(their_loss.detach()))
        for kind in ["A", "B", "magnitude_vector"]:
            at = peer.only(kind)
            figures["gradient_" + kind[0]] = worst(gradient[at], their_gradient[at])
        optimiser = torch.optim.AdamW([t for _, _, t in peer.parts], lr=LR, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
        their_losses = []
        for _ in range(STEPS):
            optimiser.zero_grad()
            their_loss, _ = peer.loss(ids)
            their_loss.backward()
            their_losses.append(float(their_loss.detach()))
            optimiser.step()
        theirs = peer.flat(lambda t: t)
        print("losses of ten steps:", " ".join(f"{x:.5f}" for x in losses), "\n             theirs:", " ".join(f"{x:.5f}" for x in their_losses))
        figures["losses"] = float(np.abs(losses - np.array(their_losses)).max())
        for kind in ["A", "B", "magnitude_vector"]:
            at = peer.only(kind)
            # Of how far they went: Adam's steps have the size of the rate wherever a gradient is nearly zero.
            figures["moved_" + kind[0]] = float(np.linalg.norm(after[at] - theirs[at]) / np.linalg.norm(theirs[at] - first[at]))
        print("dora_peft: " + " ".join(f"{k}={v:.1e}" for k, v in figures.items()))


main()
