"""What the tests of the program share: the program, some posts, and a folder to run it in."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TWIN = pathlib.Path(os.environ.get("TWIN_BIN", ROOT / "build/release/twin"))

POSTS = {
    "ropes.md": "# How to coil a rope\n\nCoil it with the lay, never against it. A rope that's coiled the wrong way "
    "kinks when you need it most, and it'll be raining then.\n\nHang it where air can reach it; a wet rope in a locker rots "
    "from the inside, and you won't see it.\n",
    "tea.md": "# How I make tea\n\nWarm the pot first. Two spoons of leaves, water just off the boil, four minutes by the "
    "clock - not three. Milk goes in last, because that's when you can see what you're doing.\n",
    "wheels.md": "# Truing a wheel\n\nPluck the spokes and listen: a slack one sounds flat. Turn its nipple a quarter, no "
    "more, and spin again. Most people turn too much, and then they turn back.\n",
    "paint.md": "# Painting a boat\n\nSand along the grain until your arms ache, then wipe with a damp rag. Thin coats. The "
    "second coat goes on the next day, when the first has stopped smelling.\n",
    "bread.md": "# Bread without kneading\n\nMix flour, water, salt and a pinch of yeast at night. In the morning fold it four "
    "times and let it rest. Bake it in an iron pot with the lid on, and don't look for half an hour.\n",
    "frost.md": "# The first frost\n\nThe dahlias go black in one night. I lift the tubers a week later, shake off the soil, and "
    "keep them in dry sand under the stairs, where it's dark and never freezes.\n",
    "saws.md": "# Sharpening a saw\n\nClamp the blade low, file every second tooth away from you, then turn it round. Count the "
    "strokes; the same number for each tooth keeps the line straight.\n",
    "clock.md": "# Why the clock stops\n\nIt isn't the spring. Nine times out of ten it's dust in the oil, and the oil has gone "
    "to glue. Clean it, oil it with less than you think, and put it back level.\n",
}


class Twin:
    """One folder with a twin.yaml, and the program run in it."""

    def __init__(self, dir, models):
        self.dir = dir
        self.env = {**os.environ, "XDG_CACHE_HOME": str(models), "NO_COLOR": "1"}
        self.env.pop("OPENAI_API_KEY", None)

    def config(self, text):
        (self.dir / "twin.yaml").write_text(text)

    def write(self, posts, folder="posts"):
        (self.dir / folder).mkdir(exist_ok=True)
        for name, text in posts.items():
            (self.dir / folder / name).write_text(text)

    def start(self, *args, **more):
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen([TWIN, "-C", self.dir, *args], env=self.env, **more)

    def __call__(self, *args, rc=0, stdin=None, **more):
        """Runs it to its end; asserts the exit code; the result has stdout and stderr as text."""
        r = subprocess.run(
            [TWIN, "-C", self.dir, *map(str, args)],
            env=self.env, input=stdin, capture_output=True, text=True, timeout=120, **more,
        )
        assert r.returncode == rc, f"exit code {r.returncode}, not {rc}\n{r.stdout}\n{r.stderr}"
        return r

    def json(self, *args, **more):
        return json.loads(self(*args, "--json", **more).stdout)


CONFIG = """twin: Tess
sources:
  - type: dir
    path: posts
models:
  llm: llama:tiny.gguf
  embedder: llama:tiny-bert.gguf
features:
  questions: {share: 0.3}
  checks: {min_words: 3}
training: {max_steps: 4, batch: 1, sequence: 512, rank: 2}
evaluation: {max_test_loss_ratio: 0, n_generate: 1, max_tokens: 16}
"""
