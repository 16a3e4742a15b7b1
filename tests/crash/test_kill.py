"""kill -9 at twenty random moments of `twin run`; what follows is as if nothing had happened."""

import random
import shutil
import signal
import sqlite3
import time

from program import CONFIG, POSTS

MOMENTS = 20
CONFIG = CONFIG.replace("max_steps: 4", "max_steps: 12")


def posts(n):
    """The eight posts, and n that say something similar of other things."""
    extra = {
        f"note-{i:03}.md": f"# Note {i} on things\n\nThe {i}th thing that I learnt this year is that {i} is {'odd' if i % 2 else 'even'}, "
        f"and that nobody in shop {i * 7 % 31} cares. I wrote it down on page {i * 13 % 97} anyway, since I'd forget it.\n"
        for i in range(n)
    }
    return {**POSTS, **extra}


def state(twin):
    """Everything that must come out the same: documents, rows of every view, the dataset, the adapter."""
    db = sqlite3.connect(f"file:{twin.dir}/.twin/features.db?mode=ro", uri=True)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()
    documents = sorted((d["id"], d["key"], d["revision"]) for d in twin.json("show", "documents", "--limit", "0"))
    views = {v["ref"]: v for v in twin.json("show", "views")}
    rows = {ref: sorted(twin("export", "view", ref).stdout.splitlines()) for ref in views}
    datasets = [d["id"] for d in twin.json("show", "datasets")]
    (model,) = twin.json("show", "models")
    return documents, {ref: v["digest"] for ref, v in views.items()}, rows, datasets, model["adapter"]


def kill_at(twin, moment):
    """True when it was killed; else it was done before."""
    p = twin.start("run")
    time.sleep(moment)
    p.kill()
    _, err = p.communicate()
    assert p.returncode in (-signal.SIGKILL, 0), err
    return p.returncode != 0


def test_killed_at_any_moment_the_next_run_ends_the_same(twin):
    random.seed(7)
    twin.config(CONFIG)
    twin.write(posts(60))
    start = time.monotonic()
    twin("run")
    whole = time.monotonic() - start
    expected = state(twin)

    killed = 0
    fresh = True
    while killed < MOMENTS:
        if fresh or killed % 3 == 0:  # a run that is nearly done leaves little to kill
            shutil.rmtree(twin.dir / ".twin", ignore_errors=True)
            fresh = True
        if kill_at(twin, random.uniform(0.01, whole * 0.8)):
            killed += 1
            fresh = False
        else:
            if fresh:  # this machine has become faster
                whole *= 0.8
            fresh = True
    twin("run")
    assert state(twin) == expected
    assert not any(s["changed"] for s in twin.json("run")["steps"])
    assert not [r for r in twin.json("show", "runs", "--limit", "0") if r["status"] == "running"]
