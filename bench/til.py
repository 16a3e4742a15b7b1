"""
Does a model that learnt from pairs write more like the author than one that only learnt from the author's answers? Short posts
of one author (github.com/jbranchaud/til): fine-tuning first, then each preference method from its adapter, and all of
them measured on posts that none has seen. The style distance is Burrows's Delta to the author's own text (training/style.h),
with its 95 % interval over titles. The base model is measured with every one of them, on as many words.

    make bench B=til
    make bench B=til ARGS="--work /tmp/til --methods dpo,simpo --steps 120 --rank 32 --rate 2e-5"

With --work the folder stays, and what is up to date in it is not done again. The corpus: --corpus, or jbranchaud-til in
$TWIN_SHARED_DATA (default: ../shared/data).
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from support.base import SHARED, TWIN


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=pathlib.Path, default=SHARED / "jbranchaud-til")
    p.add_argument("--work", type=pathlib.Path, help="folder of the twin; default: a temporary one")
    p.add_argument("--llm", help="base model; default: Twin's own")
    p.add_argument("--documents", type=int, default=0, help="only so many, evenly taken; 0: all")
    p.add_argument("--share", type=float, default=0.15, help="of the labels that get a pair: a second or two each")
    p.add_argument("--grounded", type=float, default=0.5)
    p.add_argument("--rank", type=int, default=16)
    p.add_argument("--sft-steps", type=int, default=60)
    p.add_argument("--sft-epochs", type=float, default=2)
    p.add_argument("--sft-rate", type=float, default=5e-4)
    p.add_argument("--methods", default="dpo", help="comma-separated: dpo, orpo, simpo")
    p.add_argument("--steps", type=int, default=30, help="of each method")
    p.add_argument("--epochs", type=float, default=1)
    p.add_argument("--batch", type=int, default=2, help="rows of a step of a method")
    p.add_argument("--rate", type=float, default=0, help="learning rate of each method; 0: its own")
    p.add_argument("--beta", type=float, default=0, help="0: the method's own")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of twin.yaml, for the methods")
    p.add_argument("--titles", type=int, default=40, help="held-out titles that are answered")
    p.add_argument("--tokens", type=int, default=96, help="length of each answer")
    p.add_argument("--score", type=int, default=100, help="held-out answers for the loss")
    return p.parse_args()


class Til:
    def __init__(self, folder, o):
        self.dir, self.o = folder, o
        self.common = [f"evaluation.n_generate={o.titles}", f"evaluation.max_tokens={o.tokens}",
                       f"evaluation.n_score={o.score}", "evaluation.n_questions=0", f"training.sample_tokens={o.tokens}"]

    def twin(self, *args, sets=()):
        words = [w for s in [*self.common, *sets] for w in ("--set", s)]
        r = subprocess.run([TWIN, "-C", self.dir, *words, *args, "--json"], stdout=subprocess.PIPE, text=True)
        if r.returncode != 0:
            sys.exit(r.returncode)
        return json.loads(r.stdout) if r.stdout.strip() else None

    def step(self, name, sets=()):
        start = time.monotonic()
        report = self.twin(name, sets=sets)
        return report["steps"][-1]["outputs"], time.monotonic() - start

    def setup(self):
        o = self.o
        (self.dir / "posts").mkdir(parents=True)
        posts = sorted(p for p in o.corpus.rglob("*.md") if p.parent != o.corpus)
        if not posts:
            sys.exit(f"no corpus in {o.corpus}: see --corpus")
        every = max(1, len(posts) // o.documents) if o.documents else 1
        for p in posts[::every][: o.documents or None]:
            to = self.dir / "posts" / p.relative_to(o.corpus)
            to.parent.mkdir(exist_ok=True, parents=True)
            shutil.copyfile(p, to)
        models = f"models: {{llm: {json.dumps(o.llm)}}}\n" if o.llm else ""
        (self.dir / "twin.yaml").write_text(
            f"twin: Josh\nsources: [{{type: dir, path: posts}}]\n{models}"
            f"features: {{questions: {{share: 0}}, preferences: {{share: {o.share}}}}}\n"
            f"training: {{trainer: native, rank: {o.rank}, dataset: {{grounded: {o.grounded}}}}}\n"
        )

    def prepare(self):
        if not (self.dir / "twin.yaml").exists():
            self.setup()
        for step in ["collect", "features", "dataset"]:
            self.twin(step)
        return self.twin("show", "datasets")[0]

    def train(self, method, sets):
        """Metrics of the version that this makes, and its number."""
        sets = [f"training.method={method}", *sets]
        trained, seconds = self.step("train", sets)
        metrics, _ = self.step("eval", sets)
        return {**metrics, "valid_loss": trained.get("valid_loss"), "seconds": seconds, "steps": trained.get("steps"),
                "version": trained["version"]}

    def samples(self, version):
        """{question: (the author's answer, the first, the last)} of the training that made it."""
        found = {}
        (run,) = [r for r in self.twin("show", "runs", "--limit", "0") if r["kind"] == "train" and made(r) == version][:1] or [None]
        for s in self.twin("show", "run", str(run["id"])).get("samples", []) if run else []:
            first = found.get(s["prompt"], (None, s["text"]))[1]
            found[s["prompt"]] = (s.get("expected", ""), first, s["text"])
        return found


def made(run):
    return (run.get("outputs") or {}).get("version") if run.get("status") == "done" else None


def number(x, decimals=3):
    return "-" if x is None else f"{x:.{decimals}f}"


def interval(m, name):
    low, high = m.get(name + "_low"), m.get(name + "_high")
    return number(m.get(name), 2) + (f" [{low:.2f}, {high:.2f}]" if low is not None else "")


def table(rows):
    print(f"{'model':14} {'steps':>5} {'time':>7} {'valid loss':>10} {'test loss':>9} {'style distance':>20} {'/ base':>20}")
    first = next(iter(rows.values()))
    print(f"{'base':14} {'':5} {'':7} {'':10} {number(first.get('test_loss_base')):>9} {interval(first, 'style_delta_base'):>20}")
    for name, m in rows.items():
        print(f"{name:14} {m['steps'] or 0:5} {m['seconds']:6.0f}s {number(m['valid_loss']):>10} {number(m.get('test_loss')):>9} "
              f"{interval(m, 'style_delta'):>20} {interval(m, 'style_delta_ratio'):>20}")


def measure(til, o):
    dataset = til.prepare()
    pairs = dataset["stats"]["train"].get("pairs", 0)
    print(f"{sum(dataset[s] for s in ('train', 'valid', 'test'))} examples, {pairs} pairs to train on; rank {o.rank}\n")
    rows = {"sft": til.train("sft", [f"training.max_steps={o.sft_steps}", f"training.epochs={o.sft_epochs}",
                                     f"training.learning_rate={o.sft_rate}"])}
    first = rows["sft"]["version"]
    for method in filter(None, o.methods.split(",")):
        rows[f"sft + {method}"] = til.train(method, [
            f"training.init=v{first}", f"training.max_steps={o.steps}", f"training.epochs={o.epochs}",
            f"training.batch={o.batch}", f"training.learning_rate={o.rate}", f"training.beta={o.beta}", *o.set])
    return pairs, rows


def show_samples(til, rows):
    of = {name: til.samples(m["version"]) for name, m in rows.items()}
    for question, (own, base, _) in of["sft"].items():
        print(f"\n## {question.splitlines()[-1]}\n\nthe author: {own[:400]}\n\nbase: {base}")
        for name, answers in of.items():
            if question in answers:
                print(f"\n{name}: {answers[question][2]}")


def main():
    o = options()
    with tempfile.TemporaryDirectory() as folder:
        til = Til(o.work or pathlib.Path(folder) / "twin", o)
        pairs, rows = measure(til, o)
        table(rows)
        show_samples(til, rows)
    last = {"base_style": rows["sft"]["style_delta_base"], "base_test_loss": rows["sft"]["test_loss_base"]}
    for name, m in rows.items():
        short = name.split(" + ")[-1]
        last |= {f"{short}_style": m["style_delta"], f"{short}_ratio": m["style_delta_ratio"], f"{short}_test_loss": m["test_loss"]}
    print(f"\ntil: pairs={pairs} rank={o.rank} " + " ".join(f"{k}={v:.3f}" for k, v in last.items()))


if __name__ == "__main__":
    main()
