"""`training.method` and its options, through the program."""

import re

from program import CONFIG

PAIRS = CONFIG.replace("questions: {share: 0.3}", "questions: {share: 0.3}\n  preferences: {share: 1}")
DPO = PAIRS.replace("training: {", "training: {method: dpo, ")


def test_dpo_trains_on_pairs_and_tells_how_it_goes(twin):
    twin.config(DPO)
    steps = {s["step"]: s for s in twin.json("run")["steps"]}
    said = steps["train"]["summary"]
    assert re.search(r"steps, dpo loss [\d.]+, validation of answers alone [\d.]+", said), said  # two things, told apart
    assert steps["train"]["outputs"]["steps"] >= 1
    run = twin.json("show", "run")
    names = {m["name"] for m in run["metrics"]} if isinstance(run["metrics"], list) else set(run["metrics"])
    assert {"loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen"} <= names
    twin("run")
    assert [m["ref"] for m in twin.json("show", "models")] == ["v1"]  # nothing changed, nothing done


def test_without_pairs_dpo_says_what_is_missing(twin):
    twin.config(DPO)
    r = twin("run", "--set", "features.preferences.share=0", rc=1)
    assert "training.method: dpo learns from pairs" in r.stderr and "method: sft" in r.stderr


def test_options_of_another_method_are_wrong_use(twin):
    r = twin("run", "--set", "training.method=orpo", "--set", "training.rpo_alpha=1", "--set", "features.preferences.share=1", rc=2)
    assert "training.rpo_alpha has no effect with method: orpo: it is for method: dpo;" in r.stderr
    r = twin("run", "--set", "training.method=ppo", rc=2)
    assert "sft" in r.stderr and "simpo" in r.stderr


def test_max_memory_changes_how_it_trains_not_what(twin):
    for step in ["collect", "features", "dataset"]:
        twin(step)
    assert "training.max_memory is 1.0 MB" in twin("train", "--max-memory", "1MiB", rc=1).stderr
    assert "max_memory must be a size" in twin("train", "--max-memory", "much", rc=2).stderr
    twin("train", "--max-memory", "400MiB")
    assert "model v1 is trained on this dataset" in twin("train", "--max-memory", "500MiB").stderr
    assert "model v1 is trained on this dataset" in twin("run", "--max-memory", "2GiB").stderr
    assert [m["ref"] for m in twin.json("show", "models")] == ["v1"]
    for command in ["train", "run"]:
        assert "--max-memory" in twin("help", command).stdout


def test_an_unknown_key_is_told_all_that_are_known(twin):
    said = twin("train", "--set", "training.zzz=1", rc=2).stderr
    for key in ["learning_rate", "trainer", "init", "replay", "dataset", "samples", "sample_tokens"]:
        assert key in said
    assert 'did you mean "replay"?' in twin("train", "--set", "training.replya=1", rc=2).stderr


def test_features_of_other_settings_are_named(twin):
    twin("run")
    said = twin("dataset", "--set", "training.method=dpo", rc=1).stderr
    assert "not computed with the settings of now: preferences; run `twin features`" in said
