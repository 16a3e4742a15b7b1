"""Training that goes on from a model that is there: `training.init` and `training.replay`."""

import pytest

KITE = "# Flying a kite\n\nStand with the wind at your back and let the line run. A long tail steadies it in a gusty wind.\n"
ON = ["--set", "training.init=champion"]


def train(twin, *args):
    (step,) = [s for s in twin.json("run", *args)["steps"] if s["step"] == "train"]
    return step


@pytest.fixture
def more(twin):
    """v1 serves, and there is something new to learn."""
    twin("run", *ON)
    (twin.dir / "posts/kites.md").write_text(KITE)
    return twin


def test_without_a_champion_it_starts_from_nothing(twin):
    r = twin("run", *ON)
    assert "training starts from nothing: there is no champion yet" in r.stderr
    assert [m["ref"] for m in twin.json("show", "models")] == ["v1"]


def test_from_the_champion_it_goes_on_once(more):
    step = train(more, *ON)
    assert step["outputs"]["version"] == 2 and step["outputs"]["init_version"] == 1
    before = more.json("show", "models")
    assert "model v2 is trained on this dataset" in more("run", *ON).stderr  # v2 serves now: nothing is new to it
    more("rollback", "1")
    more("run", *ON)  # v1 serves: v2 is what comes of it
    assert len(before) == len(more.json("show", "models")) == 2


def test_without_replay_it_sees_what_is_new_alone(more):
    all = train(more, *ON, "--set", "training.max_steps=0")["outputs"]
    new = train(more, "--set", "training.init=v1", "--set", "training.max_steps=0", "--set", "training.replay=0")["outputs"]
    assert new["version"] == 3 and 0 < new["tokens"] < all["tokens"] / 2
    r = more("run", "--set", "training.init=v2", "--set", "training.replay=0", rc=1)
    assert "nothing to train on: v2 has learnt all" in r.stderr


def test_from_a_file_it_goes_on_too(more):
    more("export", "adapter", "v1", "-o", more.dir / "mine.gguf")
    step = train(more, "--set", "training.init=mine.gguf")
    assert step["outputs"]["version"] == 2 and len(step["outputs"]["init"]) == 64 and "init_version" not in step["outputs"]
    r = more("run", "--set", "training.init=yours.gguf", rc=1)
    assert "yours.gguf" in r.stderr and "training.init" in r.stderr


def test_a_version_that_is_not_there_or_does_not_fit_is_refused(more):
    r = more("run", "--set", "training.init=v9", rc=1)
    assert 'there is no model "v9"' in r.stderr
    r = more("run", "--set", "training.replay=2", rc=2)
    assert "replay" in r.stderr
    r = more("run", "--set", "training.init=v1", "--set", "training.rank=4", rc=2)
    assert "set training.rank to that of the adapter" in r.stderr and "training.init: v1: blk.0" in r.stderr


@pytest.mark.parametrize("init", ["none", "mine.gguf"])
def test_replay_is_for_a_version(twin, init):
    r = twin("run", "--set", f"training.init={init}", "--set", "training.replay=0.5", rc=2)
    assert f"training.replay has no effect with init: {init}" in r.stderr and "champion" in r.stderr
    twin("run", "--set", "training.replay=1", "--set", f"training.init={init}", rc=0 if init == "none" else 1)


def test_what_was_forgotten_is_not_gone_on_from(more):
    more("run", *ON)
    forgotten = more.json("forget", "tea.md")
    assert forgotten["models_marked"] == 2
    r = more("run", "--set", "training.init=v2", rc=1)
    assert "can't be gone on from" in r.stderr and "forgotten" in r.stderr
    step = train(more, *ON)
    assert step["outputs"]["version"] == 3 and "init_version" not in step["outputs"]


def test_a_version_that_never_saw_the_document_is_marked_when_it_goes_on_from_one_that_did(more):
    (more.dir / "posts/tea.md").unlink()
    assert train(more, *ON)["outputs"]["init_version"] == 1  # v2: not trained on tea, but from v1, which was
    assert more.json("forget", "tea.md")["models_marked"] == 2
    two = more.json("show", "models")[0]
    assert two["ref"] == "v2" and two["tainted"].startswith("trained from v1, which was trained on")
