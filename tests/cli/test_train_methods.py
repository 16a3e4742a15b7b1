"""`training.method` and its options, through the program."""

from program import CONFIG

PAIRS = CONFIG.replace("questions: {share: 0.3}", "questions: {share: 0.3}\n  preferences: {share: 1}")
DPO = PAIRS.replace("training: {", "training: {method: dpo, ")


def test_dpo_trains_on_pairs_and_tells_how_it_goes(twin):
    twin.config(DPO)
    steps = {s["step"]: s for s in twin.json("run")["steps"]}
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
    assert "are for method: dpo, not for orpo" in r.stderr
    r = twin("run", "--set", "training.method=ppo", rc=2)
    assert "sft" in r.stderr and "simpo" in r.stderr
