"""`training: {method: dpo}` is all that a user writes: pairs are made, stand in the dataset, and can be taken elsewhere."""

import json

import pytest

from program import CONFIG, POSTS

DPO = CONFIG.replace("training: {", "training: {method: dpo, ")


@pytest.fixture
def paired(twin):
    twin.config(DPO.replace("questions: {share: 0.3}", "questions: {share: 0.3}\n  preferences: {share: 1}"))
    twin("collect")
    twin("features")
    twin("dataset")
    return twin


def rows(twin, view):
    return [json.loads(line) for line in twin("export", "view", view).stdout.splitlines()]


def params(twin):
    views = {v["ref"].split("@")[0]: v for v in twin.json("show", "views")}
    return views["preferences"]["params"]


def export(twin, *args):
    path = twin.dir / "out.jsonl"
    twin("export", "dataset", "1", "-o", path, *args)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_without_a_preference_method_no_pair_is_made(twin):
    twin("collect")
    twin("features")
    assert rows(twin, "preferences") == [] and params(twin)["share"] == 0
    twin("dataset")
    assert "pairs" not in json.dumps(twin.json("show", "dataset", "1")["stats"])


@pytest.mark.parametrize("method", ["dpo", "orpo", "simpo"])
def test_the_method_alone_makes_pairs(twin, method):
    twin("collect")
    twin.config(CONFIG.replace("training: {", f"training: {{method: {method}, "))
    twin("features")
    assert params(twin)["share"] == 0.25
    assert params(twin)["system"].startswith("You are Tess.")  # as it will be trained


def test_what_the_user_says_counts(twin):
    twin("collect")
    more = ["--set", "features.preferences.share=0", "--set", "features.preferences.system=You are a clerk."]
    twin.config(DPO)
    twin("features", *more)
    assert params(twin)["share"] == 0 and params(twin)["system"] == "You are a clerk."
    assert rows(twin, "preferences") == []


def test_a_pair_is_the_authors_answer_and_the_llms(paired):
    labels = {r["id"]: r for view in ["labels", "questions"] for r in rows(paired, view)}
    pairs = rows(paired, "preferences")
    assert len(pairs) >= len(POSTS)
    for p in pairs:
        label = labels[p["label"]]
        assert (p["instruction"], p["answer"]) == (label["instruction"], label["answer"])
        assert p["rejected"] != p["answer"] and p["status"]


def test_pairs_stand_in_the_dataset_and_are_exported_for_trl(paired):
    usable = {p["answer"]: p["rejected"] for p in rows(paired, "preferences") if p["status"] == "ok"}
    assert usable, "the tiny model wrote nothing of use"
    shown = paired.json("show", "dataset", "1")
    stats = shown["stats"]
    assert sum(stats[split].get("pairs", 0) for split in ["train", "valid", "test"]) == len(usable)
    assert shown["pair"]["rejected"] in usable.values()
    pairs = export(paired, "--rows", "pairs")
    assert len(pairs) == stats["train"]["pairs"]
    for p in pairs:
        assert set(p) == {"prompt", "chosen", "rejected"}
        assert [m["role"] for m in p["prompt"]] == ["system", "user"]
        assert [m["role"] for m in p["chosen"] + p["rejected"]] == ["assistant", "assistant"]
        assert usable[p["chosen"][0]["content"]] == p["rejected"][0]["content"]
    every = export(paired)
    assert [p for p in every if "chosen" in p] == pairs and len(every) == stats["train"]["examples"]
    assert all(set(e) in ({"messages"}, {"prompt", "chosen", "rejected"}) for e in every)
    assert all(set(e) == {"messages"} for e in export(paired, "--rows", "chats"))


def test_only_what_changed_gets_new_pairs(paired):
    before = {p["id"]: p for p in rows(paired, "preferences")}
    (paired.dir / "posts/tea.md").write_text(POSTS["tea.md"].replace("four minutes", "five minutes"))
    paired("collect")
    report = paired.json("features")
    views = report["steps"][-1]["outputs"]
    assert {ref.split("@")[0]: v["computed"] for ref, v in views.items()}["preferences"] == 1
    after = {p["id"]: p for p in rows(paired, "preferences")}
    assert {before[i]["title"] for i in set(before) - set(after)} == {"How I make tea"}


def test_a_forgotten_document_takes_its_pairs_along(paired):
    gone = [p["answer"] for p in rows(paired, "preferences") if p["title"] == "How I make tea"]
    assert gone
    paired("forget", "tea.md")
    assert not [p for p in rows(paired, "preferences") if p["answer"] in gone]
    for path in (paired.dir / ".twin").rglob("*"):
        if path.is_file():
            assert b"Warm the pot first" not in path.read_bytes(), path
