"""
`make bench B=train ARGS="--epoch FOLDER"`: one epoch over the labels of a folder of posts, as users would meet it: the whole
process, from its start to the adapter. `twin train` with Twin's defaults beside TRL's SFTTrainer with TRL's, with packing,
and with packing in float32 (TRL's default is bfloat16, which CPUs without instructions for it are slow at). TRL gets the
same base, the same examples (`twin export dataset`) and a LoRA of the same shape; batch, lengths, checkpointing and precision
are its own. It runs a share of the examples, evenly taken, and its time is extrapolated by their number: start once, steps in
proportion.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from support.base import TWIN
# Labels alone, and each once: what `twin init` writes caps the steps.
SETS = ["--set", "features.questions.share=0", "--set", "training.epochs=1", "--set", "training.max_steps=0"]
PEERS = {"trl": {}, "trl+packing": {"packing": True}, "trl+packing+float32": {"packing": True, "bf16": False}}


def timed(command, log, **more):
    """Runs it; seconds, CPU seconds, MB at most, and what it printed."""
    began = time.monotonic()
    with open(log, "w") as err:
        p = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=err, text=True, **more)
        out = p.stdout.read()
        _, status, usage = os.wait4(p.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed:\n{pathlib.Path(log).read_text()[-3000:]}")
    return {"wall": time.monotonic() - began, "cpu": usage.ru_utime + usage.ru_stime, "mb": usage.ru_maxrss / 1024, "out": out}


def twin(work, *args):
    r = subprocess.run([TWIN, "-C", work, "-q", *SETS, *map(str, args)], stdout=subprocess.PIPE, text=True)
    if r.returncode:
        sys.exit("twin " + " ".join(map(str, args)) + " failed")
    return r.stdout


def prepare(corpus, work):
    """A twin with a dataset; its training examples as JSONL."""
    if not (work / "twin.yaml").exists():
        subprocess.run([TWIN, "init", "--name", "Bench", "--posts", pathlib.Path(corpus).resolve(), work, "-q"], check=True)
    for step in ["collect", "features", "dataset"]:
        twin(work, step)
    newest = json.loads(twin(work, "show", "datasets", "--json"))[0]["id"]
    twin(work, "export", "dataset", newest, "--split", "train", "-o", work / "train.jsonl")
    return work / "train.jsonl"


def run(corpus, share, base, work=None):
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(work or folder)
        examples = prepare(corpus, work)
        n = len(examples.read_text().splitlines())
        rows = {"ours": timed([TWIN, "-C", work, "-q", *SETS, "train"], work / "ours.log")}
        mine = json.loads(twin(work, "show", "runs", "--json", "--limit", "0"))
        trained = next(r for r in mine if r["kind"] == "train" and r["status"] == "done")
        for name, options in PEERS.items():
            rows[name] = peer(name, options, examples, n, share, base, work)
            print(f"{name} is done: {rows[name]['done']} of {n} examples", file=sys.stderr)
    outputs = trained["outputs"] if isinstance(trained["outputs"], dict) else json.loads(trained["outputs"])
    table(rows, n, outputs)


def peer(name, options, examples, n, share, base, work):
    r = timed([sys.executable, __file__, examples, base, share, work / "trl", json.dumps(options)], work / f"{name}.log",
              env={**os.environ, "HF_HUB_OFFLINE": "1", "TRL_EXPERIMENTAL_SILENCE": "1", "TOKENIZERS_PARALLELISM": "false"})
    told = json.loads(r["out"].splitlines()[-1])
    rest = n / told["examples"] - 1  # times the steps that it took
    return {"wall": r["wall"] + rest * told["wall"], "cpu": r["cpu"] + rest * told["cpu"], "mb": r["mb"], "done": told["examples"]}


def table(rows, n, outputs):
    print(f"\n{n} examples; ours: {outputs['steps']} steps, {outputs['tokens']} tokens")
    print(f"{'':22} {'minutes':>8} {'CPU minutes':>12} {'peak MB':>8}  measured on")
    for name, r in rows.items():
        print(f"{name:22} {r['wall'] / 60:8.1f} {r['cpu'] / 60:12.1f} {r['mb']:8.0f}  {r.get('done', n)} of {n} examples")
    line = " ".join(f"{k.replace('+', '_')}_s={r['wall']:.0f} {k.replace('+', '_')}_cpu_s={r['cpu']:.0f} {k.replace('+', '_')}_mb={r['mb']:.0f}"
                    for k, r in rows.items())
    print(f"train_epoch: {line} " + " ".join(f"ratio_{k.replace('+', '_')}={rows[k]['cpu'] / rows['ours']['cpu']:.2f}" for k in PEERS))


def trl_epoch(examples, base, share, output, options):
    """In a process of its own: SFTTrainer over a share of the examples."""
    sys.path.pop(0)  # so that no file beside this one stands in for a package
    import datasets
    import peft
    import transformers
    import trl

    class Clock(transformers.TrainerCallback):
        def on_train_begin(self, *_, **__):
            self.wall, self.cpu = time.monotonic(), time.process_time()

        def on_train_end(self, *_, **__):
            self.seconds = {"wall": time.monotonic() - self.wall, "cpu": time.process_time() - self.cpu}

    lines = pathlib.Path(examples).read_text().splitlines()
    wanted = max(8, round(len(lines) * share))
    chosen = [json.loads(lines[i * len(lines) // wanted]) for i in range(wanted)]
    lora = peft.LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    config = trl.SFTConfig(output_dir=output, num_train_epochs=1, use_cpu=True, report_to="none", disable_tqdm=True, **options)
    clock = Clock()
    trainer = trl.SFTTrainer(model=base, args=config, train_dataset=datasets.Dataset.from_list(chosen), peft_config=lora, callbacks=[clock])
    trainer.train()
    trainer.save_model(output)
    print(json.dumps({"examples": wanted, "steps": trainer.state.global_step, "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                      **clock.seconds}))


if __name__ == "__main__":
    trl_epoch(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4], json.loads(sys.argv[5]))
