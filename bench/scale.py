"""
Every step of the program on a folder of so many generated notes: seconds, seconds of the processor, documents a second and peak
memory. The models are stand-ins, the tests' tiny random ones, so that the pace is that of everything around a model: what a
real embedder takes for a note is another figure. Counts are for growth: the last line names the step whose time of the processor
for each note grew most from the first count to the last, and how many times it is what it was.

    make bench B=scale ARGS="3000 10000 30000"
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse

from support.base import TWIN

# Letters that the stand-in of an embedder does not know: a word is one token to it, as most are to a real one.
VOWELS, CONSONANTS = "аеиоу", "бвгдзклмнпрст"
STEPS = {}  # name -> [(documents, seconds, seconds of the processor, MB)]
CONFIG = """twin: Tess
sources: [{type: dir, path: notes}]
models: {llm: "llama:tiny.gguf", embedder: "llama:tiny-bert.gguf"}
features: {questions: {share: 0}}
training: {trainer: native, max_steps: 2, sequence: 128, rank: 4, max_valid: 1, samples: []}
evaluation: {n_score: 2, n_generate: 1, n_questions: 100, max_test_loss_ratio: 0}
retrieval: {min_evidence: 0}
serve: {port: 0}
"""


def vocabulary(n):
    r = random.Random(1)
    return ["".join(r.choice(CONSONANTS) + r.choice(VOWELS) for _ in range(r.randint(1, 4))) for _ in range(n)]


WORDS = vocabulary(50000)


def word(r):
    """As often as in a language: the n-th in proportion to 1 / n."""
    return WORDS[int(len(WORDS) ** r.random()) - 1]


QUESTION = " ".join(WORDS[i] for i in (1, 2, 3, 5, 8, 13, 89, 1597)) + "?"  # from the most frequent on


def write_note(path, i, seed=0):
    """Every tenth repeats the one before it, but for its last words."""
    r = random.Random(i - (i % 10 == 9))
    lines = " ".join(word(r) for _ in range(40))
    own = random.Random(f"{i} {seed}")
    path.write_text(f"# {word(own).title()} {word(own)}\n\n{lines}.\n\nAnd {word(own)}, {i}.{seed}.\n")


def write_models(cache):
    folder = cache / "twin/models"
    folder.mkdir(parents=True)
    subprocess.run([TWIN.parent / "tests/tools/tiny_models", folder], check=True)
    subprocess.run([TWIN, "import", folder / "bert", "--output", folder / "tiny-bert.gguf", "-q"], check=True, stdout=subprocess.DEVNULL)


def peak_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


class Bench:
    def __init__(self, folder, n):
        self.folder, self.n = folder, n
        self.env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}
        write_models(folder / "cache")
        (folder / "twin.yaml").write_text(CONFIG)
        self.left = range(n)
        for i in self.left:
            self.path(i).parent.mkdir(parents=True, exist_ok=True)
            write_note(self.path(i), i)

    def path(self, i):
        return self.folder / f"notes/{i // 1000:03}/note{i}.md"

    def start(self, *words, **more):
        return subprocess.Popen([TWIN, "-C", self.folder, *words], env=self.env, **more)

    def note(self, name, seconds, cpu, mb):
        STEPS.setdefault(name, []).append((self.n, seconds, cpu, mb))
        print(f"{self.n:8} {name:28} {seconds:9.2f} s {cpu:9.2f} s {self.n / max(seconds, 1e-3):10.0f}/s {mb:8.0f} MB", flush=True)

    def step(self, name, *words):
        """Runs it to its end; its standard output where that is short: a child's peak is never below this process's own memory."""
        out, err = self.folder / "out", self.folder / "err"
        start = time.monotonic()
        with open(out, "w") as to, open(err, "w") as said:
            p = self.start(*words, stdout=to, stderr=said, stdin=subprocess.DEVNULL)
            _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            raise SystemExit(f"{name}: {err.read_text()[-2000:]}")
        self.note(name, time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
        return out.read_text() if out.stat().st_size < 1 << 20 else ""

    def edit(self, round, k):
        """Edits the first k of the notes that are left, and removes the last k."""
        for i in self.left[:k]:
            write_note(self.path(i), i, round)
        for i in self.left[-k:]:
            self.path(i).unlink()
        self.left = self.left[:-k]

    def until(self, name, pattern, *words, then=None):
        """A process that goes on: until it says so, and the request that is sent to it then."""
        start = time.monotonic()
        p = self.start(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in p.stdout:
            if found := re.search(pattern, line):
                break
        else:
            raise SystemExit(f"{name}: it ended")
        cpu = sum(map(int, open(f"/proc/{p.pid}/stat").read().split()[13:17])) / os.sysconf("SC_CLK_TCK")
        self.note(name, time.monotonic() - start, cpu, peak_of(p.pid))
        threading.Thread(target=p.stdout.read, daemon=True).start()
        if then:
            then(p, found)
        p.send_signal(signal.SIGTERM)
        p.wait()

    def ask_server(self, p, found):
        for turn in ("first", "second"):
            start = time.monotonic()
            c = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=600)
            c.request("GET", "/api/search?q=" + urllib.parse.quote(QUESTION))
            body = c.getresponse().read()
            c.close()
            assert json.loads(body), body
            self.note(f"{turn} search over HTTP", time.monotonic() - start, 0, peak_of(p.pid))


def measure(folder, n):
    b = Bench(folder, n)
    b.step("collect", "collect")
    b.step("collect, unchanged", "collect")
    b.step("features", "features")
    b.step("features, unchanged", "features")
    b.edit(1, 100)
    b.step("collect, 100 and 100 changed", "collect")
    b.step("features, 100 and 100 changed", "features")
    b.step("status", "status")
    b.step("dataset", "dataset")
    b.step("train, two steps", "train")
    b.step("eval", "eval")
    b.step("promote", "promote")
    b.step("run, unchanged", "run")
    b.step("search", "search", QUESTION)
    b.step("ask", "ask", "--max-tokens", "8", QUESTION)
    doc = json.loads(b.step("show documents", "show", "documents", "--json"))[0]["id"]
    b.step("show documents, all", "show", "documents", "--limit", "0", "--json")
    b.step("show views", "show", "views")
    b.step("show view, all", "show", "view", "labels", "--limit", "0")
    b.step("show lineage of a document", "show", "lineage", doc)
    b.step("show lineage of a model", "show", "lineage", "1")
    b.step("show lineage of a dataset", "show", "lineage", "dataset-1")
    b.step("export a view", "export", "view", "chunks")
    b.step("export the dataset", "export", "dataset", "1", "-o", folder / "train.jsonl")
    b.until("serve, until it listens", r"at http://[\d.]+:(\d+)/", "serve", then=b.ask_server)
    b.edit(2, 1)
    b.until("watch, until one edit is told", r'"step": *"features"', "collect", "--watch", "--json")
    b.step("forget", "forget", doc)
    b.edit(3, n // 10)
    b.step("run, a fifth changed", "run")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("counts", type=int, nargs="*", default=[3000, 10000, 30000], help="of notes; 1,000 at least")
    o = p.parse_args()
    print("stand-in models: the tests' tiny random ones, embedder and LLM")
    print(f"{'notes':>8} {'step':28} {'time':>11} {'processor':>11} {'notes':>12} {'peak':>11}")
    for n in o.counts:
        with tempfile.TemporaryDirectory() as folder:
            measure(pathlib.Path(folder), n)
    growth = {}  # of the processor's time for a document; steps of less than .05 s say nothing
    for name, times in STEPS.items():
        (n0, _, cpu0, _), (n1, _, cpu1, _) = times[0], times[-1]
        growth[name] = (cpu1 / n1) / (max(cpu0, 0.05) / n0)
    worst = max(growth, key=growth.get)
    took = {name: times[-1][1] for name, times in STEPS.items()}
    peak = max(mb for times in STEPS.values() for *_, mb in times)
    print(
        f"scale: notes={o.counts[-1]} collect_s={took['collect']:.1f} features_s={took['features']:.1f} "
        f"unchanged_s={took['run, unchanged']:.2f} search_s={took['search']:.2f} peak_mb={peak:.0f} "
        f'growth={growth[worst]:.2f} of="{worst}"'
    )


if __name__ == "__main__":
    main()
