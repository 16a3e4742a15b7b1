"""
Two model versions that share features: v1 is served with embeddings@v1, labels@v1, chunks@v1 (F1, F2, F3), v2 with
labels@v1, chunks@v1, embeddings@v2 (F2, F3, F4). Promotion and rollback move between them, each with its own views.
"""

import pytest

from program import CONFIG

OTHER = CONFIG.replace("tiny-bert.gguf", "tiny-bert-2.gguf")
KITE = "# Flying a kite\n\nStand with the wind at your back and let the line run. A long tail steadies it in a gusty wind.\n"


def views_of(twin, model):
    return set(twin.json("show", "lineage", model)["views"])


def active(twin):
    (d,) = [d for d in twin.json("show", "deployments") if d["active"]]
    return d["model"]


def view(twin, ref):
    (v,) = [v for v in twin.json("show", "views") if v["ref"] == ref]
    return v


@pytest.fixture
def two(twin):
    """v1, then v2 with another embedder; v2 serves."""
    twin("run")
    twin.config(OTHER)
    twin.second = {s["step"]: s for s in twin.json("run")["steps"]}
    return twin


def test_shared_views_are_computed_once(two):
    one, second = views_of(two, "v1"), views_of(two, "v2")
    assert one - second == {"embeddings@v1"} and second - one == {"embeddings@v2"}
    assert {"labels@v1", "chunks@v1"} <= one & second
    assert set(two.second["features"]["outputs"]) == {"embeddings@v2"}
    assert active(two) == "v2"


def test_each_version_is_served_with_its_own_views(two):
    def cosines(model):
        return {h["key"]: h["cosine"] for h in two.json("search", "steep the leaves", "--model", model)}

    one, second = cosines("v1"), cosines("v2")
    assert one and second and one != second
    assert cosines("champion") == second
    two("rollback")
    assert active(two) == "v1" and cosines("champion") == one
    two("promote")
    assert active(two) == "v2" and cosines("champion") == second


def test_the_version_behind_stays_fresh_for_a_rollback(two):
    (two.dir / "posts/kites.md").write_text(KITE)
    two("run")
    assert view(two, "embeddings@v1")["docs"] == view(two, "embeddings@v2")["docs"] == 9
    two("rollback", "1")
    assert active(two) == "v1"
    assert "kites.md" in [h["key"] for h in two.json("search", "How do I fly a kite in gusty wind?")]


def test_a_version_beyond_the_last_deployments_says_which_backfill_it_needs(two):
    for size in [40, 60, 80, 100]:
        two.config(OTHER.replace("questions:", f"chunks: {{max_tokens: {size}}}\n  questions:"))
        two("run")
    assert view(two, "embeddings@v1")["rows"] == 0
    r = two("ask", "How do I make tea?", "--model", "v1", rc=1)
    assert "@v1, which v1 answers from, has no rows now" in r.stderr and "--backfill" in r.stderr
    assert "--backfill" in two("rollback", "1", rc=1).stderr
    two("rollback", "1", "--backfill")
    assert active(two) == "v1" and view(two, "embeddings@v1")["docs"] == 8


def test_another_embedder_in_place_of_the_one_that_was_pinned_is_refused(two, models):
    folder = models / "twin/models"
    kept = (folder / "tiny-bert-2.gguf").read_bytes()
    try:
        (folder / "tiny-bert-2.gguf").write_bytes((folder / "tiny-bert.gguf").read_bytes())
        r = two("ask", "How do I make tea?", rc=1)
        assert "is not the one that embeddings@v2 was made with" in r.stderr
    finally:
        (folder / "tiny-bert-2.gguf").write_bytes(kept)
    assert two.json("ask", "How do I make tea?")["sources"]


def test_history_is_kept(two):
    two("rollback")
    all = two.json("show", "deployments")
    assert [d["reason"] for d in all] == ["rollback to 1", "promote", "promote"]
    when = [d["created_ms"] for d in all]
    assert when[0] > when[1] > when[2]
    (promote,) = [s for s in two.json("status") if s["step"] == "promote"]
    assert "v1 serves, revision 3" in promote["state"]


def test_a_forgotten_document_comes_back_with_a_rollback_only_by_force(two):
    two("forget", "tea.md")
    two("run")
    r = two("rollback", rc=1)
    assert "was trained on" in r.stderr and "--force" in r.stderr
    assert active(two) == "v3"
    two("rollback", "--force")
    assert active(two) == "v2"


def test_a_dataset_leads_to_its_views_and_models(two):
    (data,) = [d for d in two.json("show", "datasets") if d["number"] == 1]
    for ref in ["dataset-1", data["id"], data["id"][:12]]:
        found = two.json("show", "lineage", ref)
        assert found["dataset"]["number"] == 1 and found["dataset"]["train"] == data["train"]
        assert found["models"] == ["v1"] and "embeddings@v1" in found["views"] and "labels@v1" in found["views"]
