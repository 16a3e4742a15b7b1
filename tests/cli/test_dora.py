"""`training.use_dora`: what it leaves is a whole model, and everything behind the training takes it as any other version."""

import pytest

from program import CONFIG

KITE = "# Flying a kite\n\nStand with the wind at your back and let the line run. A long tail steadies it in a gusty wind.\n"
DORA = CONFIG.replace("training: {max_steps: 4,", "training: {use_dora: true, max_steps: 4, learning_rate: 0.01,")


def blob(twin, model):
    digest = model["adapter"]
    (path,) = (twin.dir / ".twin/blobs" / digest[:2] / digest[2:4]).glob(f"{digest}-*")
    return path


@pytest.fixture
def ran(twin):
    twin.config(DORA)
    twin("run")
    return twin


def test_it_is_evaluated_promoted_asked_and_rolled_back_as_any_other(twin):
    twin("run")  # v1, an adapter
    twin.config(DORA)
    steps = {s["step"]: s for s in twin.json("run", "--set", "evaluation.n_generate=2")["steps"]}
    assert steps["train"]["outputs"]["version"] == 2 and steps["train"]["outputs"]["trainable"] > 0
    two, one = twin.json("show", "models")
    assert (two["kind"], one["kind"]) == ("model", "adapter")
    assert two["deployed"] and two["metrics"]["test_loss"] < two["metrics"]["test_loss_base"]
    assert "model" in twin("show", "models").stdout
    assert twin.json("ask", "How do I make tea?")["sources"]
    assert not any(s["changed"] for s in twin.json("run", "--set", "evaluation.n_generate=2")["steps"])
    twin("rollback", "1")
    assert {m["ref"]: m["deployed"] for m in twin.json("show", "models")} == {"v1": True, "v2": False}
    assert twin.json("ask", "How do I make tea?", "--model", "v2")["sources"]
    assert twin.json("show", "lineage", "v2")["model"]["adapter"] == two["adapter"]
    twin("doctor")


def test_samples_are_asked_while_it_trains(ran):
    run = ran.json("show", "runs")
    (train,) = [r for r in run if r["kind"] == "train"]
    samples = ran.json("show", "run", train["id"])["samples"]
    assert samples and not list((ran.dir / ".twin/train").glob("*/*.gguf"))


def test_the_model_goes_out_as_it_is(ran):
    ran("export", "merged", "champion", "-o", ran.dir / "m.gguf")
    (model,) = ran.json("show", "models")
    assert (ran.dir / "m.gguf").read_bytes() == blob(ran, model).read_bytes()
    # As a model of its own it says the same.
    asked = ran.json("ask", "How do I make tea?", "--temperature", "0")["answer"]
    alone = ran.json("ask", "How do I make tea?", "--temperature", "0", "--model", "base", "--set", "models.llm=llama:m.gguf")["answer"]
    base = ran.json("ask", "How do I make tea?", "--temperature", "0", "--model", "base")["answer"]
    assert asked == alone != base
    ran("export", "modelfile", "champion", "-o", ran.dir / "Modelfile")
    text = (ran.dir / "Modelfile").read_text()
    assert text.startswith(f"FROM {blob(ran, model)}\nSYSTEM") and "ADAPTER" not in text


def test_where_an_adapter_is_needed_it_says_that_there_is_none(ran):
    for kind in ["adapter", "peft"]:
        r = ran("export", kind, "v1", "-o", ran.dir / "out", rc=1)
        assert "v1 is a whole model, not an adapter" in r.stderr and "twin export merged v1" in r.stderr
        assert not (ran.dir / "out").exists()
    r = ran("export", "merged", "v1", "--type", "f32", "-o", ran.dir / "out", rc=1)
    assert "whole model already" in r.stderr and "--quantize f32" in r.stderr


def test_nothing_goes_on_from_it(ran):
    r = ran("run", "--set", "training.init=v1", rc=1)
    assert "v1 is a whole model" in r.stderr and "use_dora" in r.stderr and "init: none" in r.stderr
    (ran.dir / "posts/kites.md").write_text(KITE)
    r = ran("run", "--set", "training.init=champion")
    assert "training starts from nothing: v1 is a whole model" in r.stderr
    ran("export", "merged", "v1", "-o", ran.dir / "m.gguf")
    r = ran("train", "--force", "--set", "training.init=m.gguf", rc=2)
    assert "a whole model, not a LoRA adapter" in r.stderr


def test_it_goes_on_from_an_adapter(twin):
    twin("run")
    r = twin("train", "--set", "training.init=v1", "--set", "training.use_dora=true")
    assert "going on from v1" in r.stderr
    assert [m["kind"] for m in twin.json("show", "models")] == ["model", "adapter"]


def test_what_was_forgotten_goes_with_the_model(ran):
    (model,) = ran.json("show", "models")
    path = blob(ran, model)
    ran("forget", "tea.md")
    ran("run")
    assert not path.exists()
    assert [bool(m["tainted"]) for m in ran.json("show", "models")] == [False, True]


def test_what_it_does_not_go_with_is_refused_before_anything_is_done(twin):
    twin.config(DORA)
    r = twin("run", "--set", "training.lora_dropout=0.1", rc=2)
    assert "training.use_dora" in r.stderr and "training.lora_dropout" in r.stderr
    r = twin("run", "--set", "training.precision=int16", rc=2)
    assert "training.use_dora" in r.stderr and "precision: int16" in r.stderr
