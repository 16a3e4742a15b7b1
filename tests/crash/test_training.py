"""
kill -9 at random moments of `twin train`; the adapter that comes out in the end is the one of a training that nobody killed,
to the last bit. TWIN_KILLS: how many (8).
"""

import os
import random
import resource
import shutil
import signal
import time

from program import CONFIG

KILLS = int(os.environ.get("TWIN_KILLS", "8"))
STEPS = 40


def config(rank):
    training = f"epochs: 1000, max_steps: {STEPS}, batch: 1, sequence: 512, rank: {rank}, checkpoint_every: 1, eval_every: 7"
    return CONFIG.replace("max_steps: 4, batch: 1, sequence: 512, rank: 2", training)


def prepare(twin, rank=4):
    """All that comes before training; returns the state to start from."""
    twin.config(config(rank))
    for step in ["collect", "features", "dataset"]:
        twin(step)
    before = twin.dir.parent / "before"
    shutil.copytree(twin.dir / ".twin", before)
    return before


def start_over(twin, before):
    shutil.rmtree(twin.dir / ".twin")
    shutil.copytree(before, twin.dir / ".twin")


def adapter(twin):
    (model,) = twin.json("show", "models")
    return model["adapter"]


def checkpoints(twin):
    """Steps of the training that is under way, as its files are named."""
    return sorted(int(p.name.split(".")[1]) for p in (twin.dir / ".twin/train").glob("*/*.checkpoint"))


def clip_files(size):
    """In the child: no file grows beyond this, as if the disk were full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def kill_at(twin, moment):
    """True when it was killed; else it was done before."""
    p = twin.start("train", "--quiet")
    time.sleep(moment)
    p.kill()
    _, err = p.communicate()
    assert p.returncode in (-signal.SIGKILL, 0), err
    return p.returncode != 0


def test_killed_at_any_moment_training_ends_with_the_same_adapter(twin):
    random.seed(11)
    before = prepare(twin)
    began = time.monotonic()
    twin("train")
    whole = time.monotonic() - began
    expected = adapter(twin)

    killed = resumed = 0
    fresh = True
    while killed < KILLS or not resumed:
        if fresh:
            start_over(twin, before)
        fresh = False
        resumed += bool(checkpoints(twin))
        if kill_at(twin, random.uniform(0, whole)):
            killed += 1
        else:  # it got to its end, with what the kills before it left
            assert adapter(twin) == expected
            fresh = True
    twin("train")
    assert adapter(twin) == expected


def test_a_full_disk_leaves_the_older_checkpoint_and_training_goes_on_from_it(twin):
    before = prepare(twin, rank=128)  # so that checkpoints, and nothing else, are large
    twin("train")
    expected = adapter(twin)
    start_over(twin, before)
    p = twin.start("train", "--quiet")
    while len(checkpoints(twin)) < 2:  # two are kept
        assert p.poll() is None, "it ended before it was killed"
        time.sleep(0.001)
    p.kill()
    p.communicate()
    steps = checkpoints(twin)
    size = min(p.stat().st_size for p in (twin.dir / ".twin/train").glob("*/*.checkpoint"))

    failed = twin("train", rc=1, preexec_fn=lambda: clip_files(size - 1))
    assert "saving a checkpoint" in failed.stderr
    assert "too large" in failed.stderr or "No space" in failed.stderr, failed.stderr
    assert checkpoints(twin) == steps
    assert not list((twin.dir / ".twin/train").glob("*/*.tmp*"))

    twin("train")
    assert adapter(twin) == expected
