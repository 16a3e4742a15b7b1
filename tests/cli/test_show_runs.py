"""What people see of a training: curves in the terminal and as a picture, runs side by side, samples on the way."""

import os
import pty
import re
import signal
import xml.dom.minidom

import pytest

from program import POSTS, TWIN
from servers import settings

UTF8 = {"LC_ALL": "C.UTF-8"}
EVALS = {"training.max_steps": 8, "training.epochs": 100, "training.eval_every": 4}


@pytest.fixture
def ready(twin):
    """All is there but the model."""
    twin.env.update(UTF8)
    for step in ["collect", "features", "dataset"]:
        twin(step)
    return twin


@pytest.fixture
def trained(ready):
    ready("train", *settings(EVALS))
    return ready


def test_a_run_is_shown_with_its_curves(trained):
    out = trained("show", "run").stdout
    for title in ["loss", "learning rate", "gradient norm", "tokens/s", "training", "validation"]:
        assert re.search(rf"(^|\s){title}(\s|$)", out), title
    assert re.search("[\u2801-\u28ff]", out) and "│" in out and "\x1b" not in out
    curves = out[out.index("\n\nloss  ") :]
    assert max(map(len, curves.splitlines())) <= 80
    trained.env["LC_ALL"] = "C"
    plain = trained("show", "run").stdout
    assert plain[plain.index("\n\nloss  ") : plain.index("learning rate   ")].isascii()


def test_a_terminal_gets_its_width_and_colours(trained):
    def shown(**env):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(TWIN, [TWIN, "-C", trained.dir, "show", "run"], {**trained.env, "TERM": "xterm", **env})
        os.set_blocking(fd, True)
        import fcntl, struct, termios  # noqa: E401

        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        out = b""
        try:
            while part := os.read(fd, 65536):
                out += part
        except OSError:
            pass  # how Linux says that the other end is closed
        assert os.waitpid(pid, 0)[1] == 0
        return out.decode()

    out = shown(NO_COLOR="")
    assert "\x1b[36m" in out and "\x1b[33m" in out
    assert "\x1b" not in shown(NO_COLOR="1")


def test_trainings_of_the_same_examples_can_be_compared(trained):
    """They see them in the same order and are validated with the same ones, whatever their settings; `seed` changes that."""
    for more in [{"training.learning_rate": 0.01}, {"training.seed": 3}]:
        trained("train", *settings({**EVALS, **more}))
    trainings = [r["id"] for r in trained.json("show", "runs") if r["kind"] == "train"]
    seeded, faster, first = (trained.json("show", "run", i)["metrics"] for i in trainings)
    assert first["loss"][0] == faster["loss"][0] != seeded["loss"][0]
    assert first["loss"][-1] != faster["loss"][-1]
    assert first["valid_loss"][0] == faster["valid_loss"][0] == seeded["valid_loss"][0]


def test_the_last_training_is_meant_when_no_run_is_named(trained):
    other = settings({**EVALS, "training.rank": 3})
    trained("train", *other)
    trained("eval", *other)
    runs = {r["id"]: r["kind"] for r in trained.json("show", "runs")}
    last = max(i for i, kind in runs.items() if kind == "train")
    assert trained.json("show", "run")["id"] == trained.json("show", "run", "last")["id"] == last
    assert "nothing was trained yet" not in trained("show", "run").stderr


def test_before_the_first_training_it_says_so(ready):
    assert "nothing was trained yet" in ready("show", "run", rc=1).stderr


def test_a_picture_is_one_small_file_of_valid_xml(trained, tmp_path):
    path = tmp_path / "run.svg"
    r = trained("show", "run", "last", "-o", path)
    assert r.stdout == "" and str(path) in r.stderr
    root = xml.dom.minidom.parse(str(path)).documentElement
    texts = [t.firstChild.data for t in root.getElementsByTagName("text")]
    assert root.tagName == "svg" and {"loss", "learning rate", "gradient norm", "tokens/s"} <= set(texts)
    assert {"training", "validation"} <= set(texts)
    assert len(path.read_text()) < 40_000 and "prefers-color-scheme:dark" in path.read_text()
    assert not re.search(r"<script|href|url\(|@import", path.read_text())


def test_runs_stand_side_by_side(trained, tmp_path):
    trained("train", *settings(EVALS), *settings({"training.rank": 3, "training.learning_rate": 0.01}))
    first, second = sorted(r["id"] for r in trained.json("show", "runs") if r["kind"] == "train")
    out = trained("show", "run", first, second).stdout
    rows = {line.split("  ")[0]: line.split()[-2:] for line in out.splitlines() if "  " in line}
    assert rows["rank"] == ["2", "3"] and rows["learning_rate"][1] == "0.01"
    assert "batch" not in rows and "dataset" not in rows  # the same in both
    assert rows["status"] == ["done", "done"] and rows["model"] == ["v1", "v2"] and rows["steps"] == ["8", "8"]
    best = {r["id"]: min(v for _, v in r["metrics"]["valid_loss"]) for r in trained.json("show", "run", first, second)}
    assert re.search(rf"best validation +{best[first]:.3f} at \d+ +{best[second]:.3f} at \d+", out)
    assert f"run {first}" in out.split("\nloss")[1] and f"run {second}" in out.split("\nloss")[1]
    path = tmp_path / "runs.svg"
    trained("show", "run", first, second, "-o", path)
    assert f"Runs {first}, {second}" in path.read_text()
    xml.dom.minidom.parse(str(path))


def test_wrong_uses_say_what_is_right(trained):
    assert "at most 8 runs" in trained("show", "run", *["1"] * 9, rc=2).stderr
    assert "only runs have charts" in trained("show", "model", "v1", "-o", "x.svg", rc=2).stderr
    assert "one at a time" in trained("show", "model", "v1", "v2", rc=2).stderr
    assert "there is no run 99" in trained("show", "run", "99", rc=1).stderr


# --- samples ---


def test_the_same_prompts_are_answered_at_each_evaluation(trained):
    run = trained.json("show", "run")
    steps = {s["step"] for s in run["samples"]}
    assert steps == {0, 4, 8} == {step for step, _ in run["metrics"]["valid_loss"]}
    assert {step for step, _ in run["metrics"]["sample_seconds"]} == steps
    prompts = {(s["item"], s["prompt"]) for s in run["samples"]}
    assert len(prompts) * 3 == len(run["samples"])
    # of the validation split, with what the author wrote
    written = " ".join(" ".join(POSTS.values()).split())
    assert all(s["expected"][:40] in written for s in run["samples"])
    out = trained("show", "run").stdout
    assert "before" in out and "step 8" in out and "the author" in out
    assert next(iter(prompts))[1][:30] in out


def test_own_prompts_and_their_length(ready):
    ready("train", *settings(EVALS), "--set", 'training.samples=["How do I make tea?", "And then?"]', "--set",
          "training.sample_tokens=5")
    run = ready.json("show", "run")
    assert [(s["item"], s["step"], s["prompt"]) for s in run["samples"]] == [
        (item, step, prompt) for item, prompt in enumerate(["How do I make tea?", "And then?"]) for step in (0, 4, 8)
    ]
    assert all("expected" not in s for s in run["samples"])
    assert all(len(s["text"]) <= 5 * 12 for s in run["samples"])


def test_an_empty_list_asks_nothing(ready):
    ready("train", *settings(EVALS), "--set", "training.samples=[]")
    run = ready.json("show", "run")
    assert "samples" not in run and "sample_seconds" not in run["metrics"]


def test_samples_change_no_adapter(ready):
    ready("train", *settings(EVALS))
    ready("train", "--force", *settings(EVALS), "--set", "training.samples=[]")
    one, two = ready.json("show", "models")
    assert one["adapter"] == two["adapter"]


def test_a_training_that_was_stopped_is_shown_whole(ready):
    long = settings({"training.max_steps": 160, "training.epochs": 1000, "training.eval_every": 20,
                     "training.checkpoint_every": 10})
    p = ready.start("train", *long)
    for line in p.stderr:
        if "step   40" in line:
            break
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=60)
    stopped = ready.json("show", "run")
    ready("train", *long)
    whole = ready.json("show", "run")
    assert stopped["status"] == "interrupted" and whole["status"] == "done"
    assert whole["outputs"]["resumed_from"] > 0
    assert [step for step, _ in whole["metrics"]["loss"]] == list(range(1, 161))
    assert [step for step, _ in whole["metrics"]["valid_loss"]] == list(range(0, 161, 20))
    # what was being answered at the stop is not answered again
    assert set(range(0, 161, 20)) - {s["step"] for s in whole["samples"]} <= {40}


def test_what_is_forgotten_is_not_quoted_by_samples(trained):
    assert trained.json("show", "run")["samples"]
    trained("forget", "tea.md")
    assert "samples" not in trained.json("show", "run")
