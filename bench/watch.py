"""
`twin collect --watch` on a vault of 10,000 notes: seconds from an edit, a rename and a removal to the documents and to the
features that follow from them, CPU time and memory while nothing changes. Models are the tests' tiny ones: what an
embedder takes for a note is another figure.

    make bench B=watch ARGS="--notes 10000"
"""

import argparse
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import tempfile
import time

from support.base import TWIN

WORDS = "rope lay yarn tea pot leaf wheel spoke nipple boat grain coat bread flour salt frost tuber sand saw tooth clock dust oil".split()
CONFIG = """twin: Tess
sources: [{type: dir, path: notes}]
models: {llm: "llama:tiny.gguf", embedder: "llama:tiny-bert.gguf"}
features: {questions: {share: 0}}
"""


def write_note(path, i):
    path.parent.mkdir(parents=True, exist_ok=True)
    words = random.Random(i)
    path.write_text(f"# Note {i}\n\n" + " ".join(words.choices(WORDS, k=60)) + f".\n\nSeen {time.time()}.\n")


def write_models(cache):
    folder = cache / "twin/models"
    folder.mkdir(parents=True)
    subprocess.run([TWIN.parent / "tests/tools/tiny_models", folder], check=True)
    subprocess.run([TWIN, "import", folder / "bert", "--output", folder / "tiny-bert.gguf", "-q"], check=True, stdout=subprocess.DEVNULL)


class Watcher:
    def __init__(self, folder, models):
        env = {**os.environ, "XDG_CACHE_HOME": str(models)}
        self.process = subprocess.Popen([TWIN, "-C", folder, "collect", "--watch", "--json"], stdout=subprocess.PIPE, text=True, env=env)

    def next(self, step):
        """The time at which the step's next report came."""
        for line in self.process.stdout:
            if json.loads(line)["steps"][-1]["step"] == step:
                return time.monotonic()
        raise SystemExit("the watcher ended")

    def took(self, change):
        start = time.monotonic()
        change()
        return self.next("collect") - start, self.next("features") - start

    def cpu(self):
        return sum(map(int, open(f"/proc/{self.process.pid}/stat").read().split()[13:17])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0]) / 1000


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--notes", type=int, default=10000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--idle", type=float, default=20, help="seconds of doing nothing")
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        notes = [folder / f"notes/{i % 100:02}/{i}.md" for i in range(o.notes)]
        for i, path in enumerate(notes):
            write_note(path, i)
        (folder / "twin.yaml").write_text(CONFIG)
        write_models(folder / "cache")
        w = Watcher(folder, folder / "cache")
        start = time.monotonic()
        collected, features = w.next("collect") - start, w.next("features") - start
        print(f"{o.notes} notes: collected in {collected:.1f} s, features in {features:.1f} s")
        took = {"edit": [], "rename": [], "removal": []}
        for i in range(o.rounds):
            took["edit"].append(w.took(lambda: write_note(notes[i], -i - 1)))
            took["rename"].append(w.took(lambda: notes[-1 - i].rename(notes[-1 - i].with_suffix(".txt"))))
            took["removal"].append(w.took(lambda: notes[len(notes) // 2 + i].unlink()))
        for what, times in took.items():
            print(f"{what:8} documents {statistics.median(t[0] for t in times):.2f} s, features {statistics.median(t[1] for t in times):.2f} s")
        time.sleep(2)
        start = w.cpu()
        time.sleep(o.idle)
        idle, memory = w.cpu() - start, w.memory()
        w.process.send_signal(signal.SIGTERM)
        w.process.wait()
    worst = [max(t[i] for times in took.values() for t in times) for i in (0, 1)]
    print(f"watch: notes={o.notes} documents_s={worst[0]:.2f} features_s={worst[1]:.2f} idle_cpu={idle / o.idle:.4%} idle_mb={memory:.1f}")


if __name__ == "__main__":
    main()
