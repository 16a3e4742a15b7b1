#!/usr/bin/env python3
"""A trainer as the `command` trainer runs one, without a library: it "trains" v_proj of the tiny base by
arithmetic on what it was given. Checkpoints every second step; asked to stop, it saves and leaves.

    trainer_peer.py SETTINGS [--steps 9] [--sleep 0.005] [--fail STEP] [--do WHAT]

WHAT: garbage (odd lines among the good ones), nothing (leaves no adapter), gguf (leaves adapter.gguf, a copy of the
initial one), damaged (an adapter of another shape), show (an adapter at each evaluation), deaf (never ends), quiet (tells no
loss).
"""

import argparse
import hashlib
import json
import pathlib
import shutil
import signal
import struct
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("settings")
parser.add_argument("--steps", type=int, default=9)
parser.add_argument("--sleep", type=float, default=0.005)
parser.add_argument("--fail", type=int, default=-1)
parser.add_argument("--do", default="")
args = parser.parse_args()
settings = json.loads(pathlib.Path(args.settings).read_text())
checkpoint = pathlib.Path(settings["checkpoints"]) / "state.json"
stopping = False


def stop(*_):
    global stopping
    stopping = True


def rows(name):
    return [json.loads(line) for line in open(settings[name])] if settings[name] else []


def save(step):
    part = checkpoint.with_suffix(".part")
    part.write_text(json.dumps({"step": step}))
    part.rename(checkpoint)


def tell(**line):
    print(json.dumps(line), flush=True)


def adapter(folder, step, rows_of_b=32):
    """PEFT's two files; the values follow from seed, step and data."""
    text = json.dumps([settings["seed"], step, rows("train"), rows("train_pairs")])
    raw = hashlib.sha256(text.encode()).digest() * 64
    numbers = [b / 1000 - 0.128 for b in raw[: 4 * 64 + rows_of_b * 4]]
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    name = "base_model.model.model.layers.0.self_attn.v_proj.lora_"
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            name + "A.weight": {"dtype": "F32", "shape": [4, 64], "data_offsets": [0, 1024]},
            name + "B.weight": {"dtype": "F32", "shape": [rows_of_b, 4], "data_offsets": [1024, 1024 + 16 * rows_of_b]},
        }
    ).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none"}')


def evaluate(step):
    line = {"step": step, "eval_loss": 3 / (step + 1) + len(rows("valid")) / 100}
    if args.do == "show":
        adapter(pathlib.Path(settings["checkpoints"]) / f"at-{step}", step)
        line["adapter"] = f"checkpoints/at-{step}"
    if settings["valid"]:
        tell(**line)


def garbage(step):
    print('{"step": "three", "loss": 1}\n{"step": 3, "loss": }\n[1]\n{}\n{"loss": 2}\nstep 3: \x1b[2J\u00e9', flush=True)
    sys.stdout.buffer.write(b'\xff\xfe{"step": 3}\n\n' + b"x" * 3000000 + b"\n")
    sys.stdout.flush()
    tell(step=step, loss=float("nan"))  # no JSON: talk
    tell(step=step, note="a word", nested={"a": 1}, **{"odd name!": 1.0})


def main():
    signal.signal(signal.SIGTERM, stop)
    for p in rows("train_pairs"):
        assert [m["role"] for m in p["chosen"] + p["rejected"]] == ["assistant"] * 2 and p["prompt"]
    assert all(m["messages"][-1]["role"] == "assistant" for m in rows("train"))
    step = json.loads(checkpoint.read_text())["step"] if checkpoint.exists() else 0
    if step == 0 and args.do != "quiet":
        evaluate(0)
    while step < args.steps and not stopping:
        step += 1
        time.sleep(args.sleep)
        if step == args.fail:
            print("reading the data", file=sys.stderr)
            raise RuntimeError("out of memory at step %d" % step)
        if args.do == "garbage":
            garbage(step)
        told = {} if args.do == "quiet" else {"loss": round(4 / step + len(rows("train")) / 1000, 6)}
        tell(step=step, learning_rate=1e-3 / step, tokens=step * 100, **told)
        if args.do == "garbage":
            tell(step=step, tokens=1e300)
            tell(step=step, tokens=-5)
        if step % 3 == 0 and args.do != "quiet":
            evaluate(step)
        if step % 2 == 0:
            save(step)
    if stopping:
        save(step)
        print("saved", file=sys.stderr)
        return
    while args.do == "deaf":
        time.sleep(1)
    output = pathlib.Path(settings["output"])
    if args.do == "gguf":
        shutil.copy(settings["init_adapter_gguf"], output / "adapter.gguf")
    elif args.do != "nothing":
        adapter(output, step, 31 if args.do == "damaged" else 32)


main()
