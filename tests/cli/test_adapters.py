"""Adapters that come from elsewhere or go there: PEFT's folders, and a trainer that is another program."""

import json
import signal
import time

import pytest

from program import CONFIG, ROOT

PEER = ROOT / "tests/support/trainer_peer.py"


def command(twin, *args, more=""):
    words = ", ".join(map(str, args))
    twin.config(
        CONFIG.replace(
            "training: {max_steps: 4, batch: 1, sequence: 512, rank: 2}",
            f"training: {{trainer: command, command: \"python3 '{PEER}'\", args: [{words}]{more}}}",
        )
    )


def steps(report):
    return {s["step"]: s for s in report["steps"]}


@pytest.fixture
def ran(twin):
    twin("run")
    return twin


def test_an_adapter_goes_to_peft_and_comes_back_bit_by_bit(ran):
    ran("export", "adapter", "champion", "-o", ran.dir / "a.gguf")
    ran("export", "peft", "champion", "-o", ran.dir / "peft")
    config = json.loads((ran.dir / "peft/adapter_config.json").read_text())
    assert config["peft_type"] == "LORA" and config["r"] == 2 and "q_proj" in config["target_modules"]
    assert (ran.dir / "peft/adapter_model.safetensors").stat().st_size > 1000
    made = ran.json("import", "adapter", ran.dir / "peft", "-o", ran.dir / "b.gguf")
    assert made["rank"] == 2 and made["matrices"] == 14
    assert (ran.dir / "a.gguf").read_bytes() == (ran.dir / "b.gguf").read_bytes()


def test_an_imported_adapter_is_a_version_that_answers(ran):
    ran("export", "peft", "champion", "-o", ran.dir / "peft")
    assert "--dataset" in ran("import", "adapter", ran.dir / "peft", rc=2).stderr
    made = ran.json("import", "adapter", ran.dir / "peft", "--dataset", "1")
    assert made["model"] == "v2"
    new, old = ran.json("show", "models")
    assert new["dataset"] == old["dataset"] and new["adapter"] == old["adapter"] and new["signature"] == old["signature"]
    assert not new["deployed"] and old["deployed"]
    (run,) = [r for r in ran.json("show", "runs") if r["kind"] == "import"]
    assert run["status"] == "done" and run["id"] == new["run"]
    assert ran.json("ask", "How do I make tea?", "--model", "v2")["answer"] is not None
    assert ran.json("import", "adapter", ran.dir / "peft", "--dataset", "none")["model"] == "v3"
    assert ran.json("show", "models")[0]["dataset"] == ""
    ran("ask", "How do I make tea?", "--model", "v3")
    ran("forget", "tea.md")  # v2 learnt from it, of v3 nobody knows
    assert {m["ref"]: bool(m["tainted"]) for m in ran.json("show", "models")} == {"v1": True, "v2": True, "v3": False}


def test_a_dataset_of_other_features_or_another_prompt_is_no_basis(ran):
    ran("export", "peft", "champion", "-o", ran.dir / "peft")
    r = ran("import", "adapter", ran.dir / "peft", "--dataset", "1", "--set", "answer.system=You are a pirate.", rc=1)
    assert "another system prompt" in r.stderr
    r = ran("import", "adapter", ran.dir / "peft", "--dataset", "1", "--set", "features.chunks.max_tokens=99", rc=1)
    assert "twin features" in r.stderr
    ran("import", "adapter", ran.dir / "peft", "--dataset", "9", rc=1)
    assert len(ran.json("show", "models")) == 1


def test_what_can_not_be_converted_says_why(ran):
    ran("export", "peft", "champion", "-o", ran.dir / "peft")
    path = ran.dir / "peft/adapter_config.json"
    path.write_text(path.read_text().replace('"use_dora":false', '"use_dora":true'))
    r = ran("import", "adapter", ran.dir / "peft", "-o", ran.dir / "b.gguf", rc=1)
    assert "use_dora" in r.stderr and "DoRA" in r.stderr
    assert not (ran.dir / "b.gguf").exists()


def test_another_program_trains_and_its_metrics_are_kept(twin):
    command(twin, "--steps", 6)
    report = steps(twin.json("run"))
    out = report["train"]["outputs"]
    assert out["steps"] == 6 and out["tokens"] == 600 and out["trainable"] == 384
    run = twin.json("show", "run", str(report["train"]["run"]))
    text = json.dumps(run)
    assert '"loss"' in text and '"lr"' in text and '"valid_loss"' in text
    assert twin.json("ask", "How do I make tea?")["sources"]
    assert not any(s["changed"] for s in twin.json("run")["steps"])
    assert not list((twin.dir / ".twin/train").glob("*/*"))  # nothing of the dataset is left in work folders


def test_a_program_that_fails_fails_the_training_with_its_words(twin):
    command(twin, "--fail", 2)
    r = twin("run", rc=1)
    assert "exit status 1" in r.stderr and "RuntimeError: out of memory at step 2" in r.stderr
    assert [r["status"] for r in twin.json("show", "runs") if r["kind"] == "train"] == ["failed"]


def test_a_program_that_tells_no_loss_has_none(twin):
    command(twin, "--do", "quiet")
    assert steps(twin.json("run"))["train"]["summary"] == "model v1: 9 steps"


def test_stopped_it_stops_the_program_and_goes_on_later(twin):
    command(twin, "--steps", 40, "--sleep", 0.1)
    for step in ["collect", "features", "dataset"]:
        twin(step)
    p = twin.start("train")
    found = []
    for _ in range(300):
        found = list((twin.dir / ".twin/train").glob("*/*/metrics.jsonl"))
        if found and found[0].read_text().count('"loss"') >= 3:
            break
        time.sleep(0.05)
    p.send_signal(signal.SIGTERM)
    said = p.communicate(timeout=30)[1]
    assert p.returncode == 1
    assert "train: stopped; run the same command again to go on" in said
    assert (found[0].parent / "checkpoints/state.json").exists()
    out = steps(twin.json("train"))["train"]["outputs"]
    assert out["steps"] == 40 and out["resumed_from"] >= 3


def test_wrong_use_says_what_is_missing(twin, tmp_path):
    assert "usage: twin import" in twin("import", "model", "x", rc=2).stderr
    assert "--base goes with -o" in twin("import", "adapter", "x", "--dataset", "1", "--base", "y", rc=2).stderr
    twin("import", "adapter", tmp_path / "absent", "-o", tmp_path / "x.gguf", rc=1)
    assert not (tmp_path / "x.gguf").exists()
    assert "command is missing" in twin("run", "--set", "training={trainer: command}", rc=2).stderr
