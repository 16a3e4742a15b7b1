"""kill -9 at twenty random moments of `twin run`; what follows is as if nothing had happened."""

import random
import shutil
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


def test_killed_at_any_moment_the_next_run_ends_the_same(twin):
    random.seed(7)
    twin.config(CONFIG)
    twin.write(posts(60))
    start = time.monotonic()
    twin("run")
    whole = time.monotonic() - start
    expected = state(twin)

    shutil.rmtree(twin.dir / ".twin")
    killed = 0
    for moment in range(MOMENTS):
        if moment % 5 == 0:  # a run that is nearly done leaves little to kill
            shutil.rmtree(twin.dir / ".twin", ignore_errors=True)
        p = twin.start("run")
        time.sleep(random.uniform(0.02, whole * 0.6))
        p.kill()
        p.communicate()
        killed += p.returncode == -9
    assert killed >= MOMENTS // 2
    twin("run")
    assert state(twin) == expected
    assert not any(s["changed"] for s in twin.json("run")["steps"])
    assert not [r for r in twin.json("show", "runs", "--limit", "0") if r["status"] == "running"]
