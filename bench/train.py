"""
Twin's trainer beside PEFT (a plain loop) and TRL's SFTTrainer: the same base in float32, the same tokens, first values and
AdamW, so the same losses, which are printed. Tokens a second of CPU time and of wall time, and peak memory, each side in a
process of its own; they take steps by turns, so what else the machine does disturbs them alike. In the last line, `_1t` is
tokens a second of CPU time with one thread, `_2t` of wall time with two, `_30` with loss on 30 % of the tokens, `_mb` peak
memory, ratio_x how many times as fast as x ours is; of_gemm and of_peak are the FLOP that a step needs (see flops()), by the
rate of ours, as a share of what our largest product reaches and of the core's fused multiply-adds.

    make bench B=train ARGS="--rounds 3"
    make bench B=train ARGS="--threads 1 --rows ours,ours+ckpt --share 0.3"
    make bench B=train ARGS="--epoch ../shared/data/jbranchaud-til --of 0.1"     (see train_epoch.py)

Needs the environment of `tools/deps.sh bench`, which it makes, and the default models.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from support import environment
from support.base import ROOT, SHARED, TWIN

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "twin"
MODEL = CACHE / "models/smollm2-135m-instruct.q4_1.gguf"
REFERENCE = SHARED / "lora-reference"
ROWS = {  # name: program, options
    "ours": ("ours", []),
    "ours+ckpt": ("ours", ["-c"]),
    "ours+int16": ("ours", ["-q", "16"]),
    "ours+int8": ("ours", ["-q", "8"]),
    "peft": ("peft", 0),
    "peft+ckpt": ("peft", 1),
    "trl": ("trl", 0),
    "ours+dora": ("ours", ["-d"]),
    "peft+dora": ("peft", 2),
}
USUAL = [r for r in ROWS if "dora" not in r]
RANK, SCALED_BY = 16, 1e6


def flops(tokens, loss_tokens, sequence, rank=RANK, layers=30, c=576, q=576, kv=192, f=1536, vocab=49152):
    """
    Of a step of LoRA on all seven projections of SmolLM2 135M, at 2 a multiplication and addition, as far as they can't be
    left out: base matrices forward and the gradient of their inputs (2 + 2 a weight); the adapter's forward, the gradient
    of its input, its own (6 a weight); causal attention, of which half is masked, 2 products forward and 4 backward; the
    head forward and backward, where there is loss. What is computed twice (checkpointing), merging, norms are not counted.
    """
    shapes = [(c, q), (c, kv), (c, kv), (q, c), (c, f), (c, f), (f, c)]
    base = sum(i * o for i, o in shapes)
    adapter = sum(rank * (i + o) for i, o in shapes)
    attention = 6 * 2 * q * (sequence + 1) / 2
    return tokens * layers * (4 * base + 6 * adapter + attention) + loss_tokens * 4 * c * vocab


class Side:
    """A process that takes a step when it is told to."""

    def __init__(self, name, command, work):
        self.name, self.steps = name, []
        self.log = open(work / f"{name}.log", "w+")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.ready = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            sys.exit(f"{self.name} ended:\n{self.log.read()[-3000:]}")
        return json.loads(line)

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self.read()

    def step(self):
        self.steps.append(self.ask("step"))

    def close(self):
        self.process.stdin.close()
        self.peak = self.read()["rss"]
        self.process.wait()
        self.log.close()

    def rate(self, what, tokens):
        """Tokens a second, of the median step; the first warms up."""
        steps = self.steps[1:] or self.steps
        return tokens / statistics.median(s[what] for s in steps)


def write_inputs(work, share, sequence):
    """Tokens and first values of shared/data/lora-reference; loss on the last `share` of each row."""
    import numpy as np

    reference = json.loads((REFERENCE / "reference.json").read_text())
    ids = np.array(reference["sft"]["ids"], dtype=np.int32)[:, :sequence]
    mask = np.zeros(ids.shape, dtype=np.uint8)
    mask[:, round(ids.shape[1] * (1 - share)):] = 1
    ids.tofile(work / "ids")
    mask.tofile(work / "mask")
    np.load(REFERENCE / "lora_A_init.npy").astype(np.float32).tofile(work / "a")
    return ids.shape, int(mask[:, 1:].sum()), reference["sft"]["losses"] if share == 1 and sequence == 512 else []


def peer(*args):
    return [sys.executable, str(ROOT / "bench/train_peer.py"), *map(str, args)]


def command(row, work, shape, threads):
    kind, options = ROWS[row]
    inputs = [work / "ids", work / "mask", work / "a"]
    if kind == "ours":
        files = [str(w) for pair in zip(["-i", "-l", "-a"], inputs) for w in pair]
        return [str(TWIN.parent / "bench/train_step"), "-m", str(MODEL), *files, "-r", str(shape[0]), "-s", str(shape[1]),
                "-t", str(threads), "-k", str(RANK), *options]
    return peer(kind, work / "base", *inputs, *shape, threads, RANK, options)


def table(sides, shape, loss_tokens, threads, share, reference):
    tokens = shape[0] * shape[1]
    need = flops(tokens, loss_tokens, shape[1])
    print(f"\n{threads} thread{'s' * (threads > 1)}, {shape[0]} x {shape[1]} tokens, loss on {share:.0%}, "
          f"{need / tokens / SCALED_BY:.0f} MFLOP a token")
    print(f"{'':10} {'tokens/s of CPU':>16} {'tokens/s':>9} {'GFLOP/s of CPU':>15} {'peak MB':>8}   losses")
    for s in sides:
        cpu = s.rate("cpu", tokens)
        losses = " ".join(f"{x['loss']:.5f}" for x in s.steps)
        print(f"{s.name:10} {cpu:16.1f} {s.rate('wall', tokens):9.1f} {cpu * need / tokens / 1e9:15.1f} {s.peak:8.0f}   {losses}")
    for s in sides:
        if s.ready.get("cosine"):
            print(f"{s.name}: the first gradient has a cosine of {s.ready['cosine']:.6f} with float32's, and is {s.ready['longer']:.4f} times as long")
    if reference:
        print(f"{'reference':10} {'':51}   {' '.join(f'{x:.5f}' for x in reference[:len(sides[0].steps)])}")


def measure(args, threads, share, base):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "base").symlink_to(base)
        shape, loss_tokens, reference = write_inputs(work, share, args.sequence)
        sides = [Side(row, command(row, work, shape, threads), work) for row in args.rows]
        machine = {}
        for _ in range(args.rounds + 1):
            for s in sides:
                if s.name == "ours":
                    now = s.ask("gemm")
                    machine = max(machine, now, key=lambda m: m.get("gemm", 0))
                s.step()
        for s in sides:
            s.close()
        table(sides, shape, loss_tokens, threads, share, reference)
        check_same(sides)
        need = flops(shape[0] * shape[1], loss_tokens, shape[1]) / (shape[0] * shape[1])
        return {s.name: s for s in sides}, machine, need, shape[0] * shape[1]


def check_same(sides):
    """All took the same steps, those with DoRA theirs: else the figures compare nothing."""
    for s in sides:
        first = next(o for o in sides if ("dora" in o.name) == ("dora" in s.name))
        worst = max(abs(a["loss"] - b["loss"]) for a, b in zip(s.steps, first.steps))
        if worst > (0.02 if "+int" in s.name else 2e-3):
            sys.exit(f"{s.name} computes something else than {first.name}: losses differ by {worst:.4f}")


def summary(results):
    """The last line; see the top of this file."""
    out = {}
    for (threads, share), (sides, machine, need, tokens) in results.items():
        tag = f"{threads}t" + ("" if share == 1 else f"_{share:.0%}".rstrip("%"))
        what = "cpu" if threads == 1 else "wall"
        for name, s in sides.items():
            key = name.replace("+", "_")
            out[f"{key}_{tag}"] = f"{s.rate(what, tokens):.1f}"
            if threads == 1:
                out[f"{key}_mb_{tag}"] = f"{s.peak:.0f}"
            if name != "ours" and "ours" in sides:
                mine = sides.get("ours+dora") if name == "peft+dora" else sides["ours"]
                if mine:
                    out[f"ratio_{key}_{tag}"] = f"{mine.rate(what, tokens) / s.rate(what, tokens):.2f}"
        if machine and threads == 1:  # of one core
            attained = sides["ours"].rate("cpu", tokens) * need / 1e9
            out[f"of_gemm_{tag}"] = f"{attained / machine['gemm']:.2f}"
            out[f"of_peak_{tag}"] = f"{attained / machine['peak']:.2f}" if machine["peak"] else "?"
    print("train: " + " ".join(f"{k}={v}" for k, v in out.items()))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", default="1,2", help="1,2")
    p.add_argument("--share", default="1,0.3", help="of each row's tokens that carry loss")
    p.add_argument("--rows", default=",".join(USUAL), help=f"of {', '.join(ROWS)}")
    p.add_argument("--rounds", type=int, default=3, help="steps of each, besides a first one that is not timed")
    p.add_argument("--sequence", type=int, default=512)
    p.add_argument("--epoch", metavar="FOLDER", help="as users would meet it: one epoch over the posts there")
    p.add_argument("--of", type=float, default=0.1, help="share of the epoch that TRL runs")
    p.add_argument("--work", help="with --epoch: folder of the twin, which stays; default: a temporary one")
    args = p.parse_args()
    args.rows = args.rows.split(",")
    if unknown := [r for r in args.rows if r not in ROWS]:
        p.error(f"no row {unknown[0]}; there are {', '.join(ROWS)}")
    return args


def main():
    args = arguments()
    environment.enter()
    subprocess.run([str(ROOT / "tools/deps.sh"), "models", str(TWIN)], check=True)
    with tempfile.TemporaryDirectory() as base:
        subprocess.run(peer("base", MODEL, base), check=True, stderr=subprocess.DEVNULL)
        if args.epoch:
            import train_epoch

            train_epoch.run(args.epoch, args.of, base, args.work)
            return
        results = {(t, s): measure(args, t, s, base) for t in map(int, args.threads.split(",")) for s in map(float, args.share.split(","))}
    summary(results)


if __name__ == "__main__":
    main()
