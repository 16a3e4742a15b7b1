"""The whole journey through the real program, on tiny models: what a user does on the first days."""

import json
import os
import re
import sqlite3
import subprocess

import pytest

from program import CONFIG, POSTS, TWIN, Twin


def steps(report):
    return {s["step"]: s for s in report["steps"]}


def computed(report):
    """View name -> documents computed, of the features step."""
    views = steps(report)["features"].get("outputs", {})
    return {ref.split("@")[0]: v["computed"] for ref, v in views.items()}


@pytest.fixture
def ran(twin):
    twin.first = twin.json("run")
    return twin


def test_one_run_goes_from_a_folder_to_a_deployed_model(ran):
    assert [s["step"] for s in ran.first["steps"]] == ["collect", "features", "dataset", "train", "eval", "promote"]
    assert all(s["changed"] for s in ran.first["steps"])
    (version,) = ran.json("show", "models")
    assert version["ref"] == "v1" and version["deployed"] and version["adapter"]
    (deployment,) = ran.json("show", "deployments")
    assert deployment["active"] and deployment["model"] == "v1"
    answer = ran.json("ask", "How do I make tea?")
    assert "tea.md" in [s["key"] for s in answer["sources"]]
    assert all(s["title"] and s["date"] for s in answer["sources"])


def test_a_second_run_does_nothing(ran):
    again = ran.json("run")
    assert not any(s["changed"] for s in again["steps"])
    assert len(ran.json("show", "runs")) == 6


def test_only_what_changed_is_computed(ran):
    posts = ran.dir / "posts"
    (posts / "tea.md").write_text(POSTS["tea.md"].replace("four minutes", "five minutes"))
    (posts / "paint.md").unlink()
    (posts / "kites.md").write_text(
        "# Flying a kite\n\nStand with the wind at your back and let the line run. It wants to fly; you only have to stop "
        "pulling. A long tail steadies it when the wind comes in lumps.\n"
    )
    report = ran.json("run")
    collect = steps(report)["collect"]["outputs"]
    assert (collect["new"], collect["changed"], collect["removed"], collect["unchanged"]) == (1, 1, 1, 6)
    counts = computed(report)
    for view in ["clean", "scrub", "chunks", "embeddings", "labels"]:
        assert counts[view] == 2, counts
    found = ran.json("search", "sand along the grain and paint thin coats")
    hits = found if isinstance(found, list) else found["passages"]
    assert "paint.md" not in [h["key"] for h in hits]
    assert "paint.md" not in [d["key"] for d in ran.json("show", "documents")]
    assert not any(s["changed"] for s in ran.json("run")["steps"])


def test_a_renamed_file_stays_the_same_document(ran):
    before = {d["key"]: d["id"] for d in ran.json("show", "documents")}
    os.rename(ran.dir / "posts/tea.md", ran.dir / "posts/brewing.md")
    report = ran.json("run")
    assert steps(report)["collect"]["outputs"]["renamed"] == 1
    after = {d["key"]: d["id"] for d in ran.json("show", "documents")}
    assert after["brewing.md"] == before["tea.md"]


def test_features_can_be_read_by_sql_and_as_json_lines(ran):
    lines = ran("export", "view", "chunks@v1").stdout.splitlines()
    assert len(lines) >= len(POSTS)
    assert all(json.loads(line)["doc"] for line in lines)
    ran("export", "view", "chunks@v1", "-o", ran.dir / "chunks.jsonl")
    assert (ran.dir / "chunks.jsonl").read_text().splitlines() == lines
    db = sqlite3.connect(f"file:{ran.dir}/.twin/features.db?mode=ro", uri=True)
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_dataset_is_exported_as_chatml_with_the_authors_own_words(ran):
    ran("export", "dataset", "1", "-o", ran.dir / "train.jsonl")
    whole = "\n".join(POSTS.values())
    lines = (ran.dir / "train.jsonl").read_text().splitlines()
    assert lines
    for line in lines:
        messages = json.loads(line)["messages"]
        assert [m["role"] for m in messages] == ["system", "user", "assistant"]
        answer = re.sub(r"\s+\[\d\]$", "", messages[2]["content"])  # the passage that it names
        for paragraph in answer.split("\n\n"):
            assert paragraph in whole


def modelfile(ran):
    ran("export", "modelfile", "champion", "-o", ran.dir / "Modelfile")
    return (ran.dir / "Modelfile").read_text()


def test_adapter_and_modelfile_are_exported(ran):
    ran("export", "adapter", "champion", "-o", ran.dir / "a.gguf")
    assert (ran.dir / "a.gguf").read_bytes()[:4] == b"GGUF"
    text = modelfile(ran)
    assert "FROM " in text and "ADAPTER " in text and "You are Tess" in text


def test_a_merged_model_is_exported(ran):
    base = os.path.getsize(re.search(r"FROM (.*)", modelfile(ran)).group(1))
    ran("export", "merged", "champion", "-o", ran.dir / "merged.gguf")
    assert (ran.dir / "merged.gguf").read_bytes()[:4] == b"GGUF"
    assert abs((ran.dir / "merged.gguf").stat().st_size - base) < 4096  # the same types
    wrong = ran("export", "merged", "champion", "-o", ran.dir / "m.gguf", "--type", "q2", rc=2)
    assert "q8_0" in wrong.stderr


def test_a_change_of_chunking_makes_a_version_without_training(ran):
    config = CONFIG.replace("questions:", "chunks: {max_tokens: 40, min_tokens: 8}\n  questions:")
    ran.config(config)
    report = ran.json("run")
    train = steps(report)["train"]["outputs"]
    assert train["version"] == 2 and "steps" not in train
    one, two = sorted(ran.json("show", "models"), key=lambda m: m["ref"])
    assert one["adapter"] == two["adapter"] and one["service"] != two["service"]


def test_force_trains_again(ran):
    train = steps(ran.json("train", "--force"))["train"]["outputs"]
    assert train["version"] == 2 and train["steps"] == 4
    one, two = sorted(ran.json("show", "models"), key=lambda m: m["ref"])
    assert one["adapter"] == two["adapter"]  # the same job gives the same bytes


def test_rollback_serves_the_earlier_model_with_fresh_features(ran):
    (ran.dir / "posts/kites.md").write_text(
        "# Flying a kite\n\nStand with the wind at your back and let the line run. A long tail steadies it.\n"
    )
    ran("run")
    assert len(ran.json("show", "models")) == 2
    ran("rollback")
    active = [d for d in ran.json("show", "deployments") if d["active"]]
    assert [d["model"] for d in active] == ["v1"]
    answer = ran.json("ask", "How do I fly a kite?")
    assert "kites.md" in [s["key"] for s in answer["sources"]]


def test_if_new_waits_for_enough_documents(ran):
    def add(name):
        (ran.dir / "posts" / name).write_text(
            f"# About {name}\n\nThis is a note on {name}, which I wrote because somebody asked me about {name} in the shop and I "
            "had no answer ready, so here it is.\n"
        )

    for name in ["kites.md", "stoves.md", "maps.md", "owls.md", "locks.md", "lamps.md"]:
        add(name)
    report = steps(ran.json("run", "--if-new", "50"))
    assert not report["train"]["changed"] and "waits for 50" in report["train"]["summary"]
    assert len(ran.json("show", "models")) == 1
    assert steps(ran.json("run", "--if-new", "2"))["train"]["changed"]
    assert len(ran.json("show", "models")) == 2


def test_the_gate_names_the_figure_that_failed_and_keeps_what_serves(ran):
    (ran.dir / "posts/tea.md").write_text(POSTS["tea.md"] + "\nAnd never let it stew, or you will know about it all afternoon.\n")
    r = ran("run", "--set", "evaluation.max_test_loss_ratio=0.01", rc=1)
    assert "test_loss_ratio" in r.stderr and "0.01" in r.stderr
    active = [d for d in ran.json("show", "deployments") if d["active"]]
    assert [d["model"] for d in active] == ["v1"]
    ran("run")


def test_forget_leaves_no_trace_and_marks_the_model(ran):
    secret = "only three people know about the heron on Ropewalk Lane"
    (ran.dir / "posts/heron.md").write_text(f"# A heron\n\nI think {secret}, and none of them talks, which is why it stays.\n")
    ran("run")
    ran("ask", "Who knows about the heron?")
    ran("forget", "heron.md")
    for path in (ran.dir / ".twin").rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert any(m["tainted"] for m in ran.json("show", "models"))
    ran("run")  # the file is still in the folder
    assert not [m for m in ran.json("show", "models") if m["deployed"] and m["tainted"]]
    assert "heron.md" not in [d["key"] for d in ran.json("show", "documents")]


def test_an_adapter_that_learnt_from_a_forgotten_document_goes_with_the_next_promotion(ran):
    blobs = {p.name for p in (ran.dir / ".twin/blobs").rglob("*") if p.is_file()}
    ran("forget", "tea.md")
    (ran.dir / "posts/tea.md").unlink()
    ran("run")
    left = {p.name for p in (ran.dir / ".twin/blobs").rglob("*") if p.is_file()}
    assert blobs and not blobs & left


def test_a_rollback_stays_until_a_promotion_by_hand_or_a_new_model(ran):
    (ran.dir / "posts/kites.md").write_text("# Flying a kite\n\nStand with the wind at your back and let the line run. A long tail steadies it.\n")
    ran("run")
    ran("rollback")
    report = steps(ran.json("run"))
    assert not report["promote"]["changed"] and "twin promote" in report["promote"]["summary"]
    assert [d["model"] for d in ran.json("show", "deployments") if d["active"]] == ["v1"]
    ran("promote")
    assert [d["model"] for d in ran.json("show", "deployments") if d["active"]] == ["v2"]
    ran("rollback")
    (ran.dir / "posts/owls.md").write_text("# Owls\n\nThey sit on the chimney of the smokehouse and look at you as if you owed them something.\n")
    ran("run")
    assert [d["model"] for d in ran.json("show", "deployments") if d["active"]] == ["v3"]


def test_the_gate_judges_the_figures_of_its_own_settings(ran):
    narrow = ["--set", "retrieval.min_evidence=1.9", "--set", "evaluation.min_hit5=0.95"]
    assert "hit5" in ran("run", *narrow, rc=1).stderr
    ran("eval")  # the version has other figures now
    assert "hit5" in ran("promote", *narrow, rc=1).stderr


def test_a_new_system_prompt_is_not_served_by_a_model_that_was_not_trained_with_it(ran):
    report = steps(ran.json("run", "--if-new", "50", "--set", "answer.system=You are a pirate."))
    assert report["train"]["changed"]
    assert "pirate" in json.dumps(ran.json("show", "models")[0]["signature"])


def test_edited_documents_count_as_new(ran):
    for name, text in POSTS.items():
        (ran.dir / "posts" / name).write_text(text.replace("the", "the very"))
    assert steps(ran.json("run", "--if-new", "3"))["train"]["changed"]


def test_batch_answers_each_line_and_stores_the_answers(ran):
    (ran.dir / "in.jsonl").write_text('{"id": "a", "question": "How do I make tea?"}\nnot json\n{"question": "Tell me about frost"}\n')
    r = ran("batch", ran.dir / "in.jsonl", "-o", ran.dir / "out.jsonl", "--json", rc=1)
    assert json.loads(r.stdout)["answered"] == 2 and "1 of 3" in r.stderr
    out = [json.loads(line) for line in (ran.dir / "out.jsonl").read_text().splitlines()]
    assert [o["line"] for o in out] == [1, 2, 3]
    assert out[0]["id"] == "a" and "error" in out[1] and out[2]["sources"]
    assert len(ran.json("show", "answers")) == 2


def test_batch_reads_a_pipe(ran):
    lines = "".join(f'{{"id": {i}, "question": "{q}"}}\n' for i, q in enumerate(["How do I make tea?", "Tell me about frost"]))
    for name in ["-", "/dev/stdin"]:
        out = ran.dir / "out.jsonl"
        assert json.loads(ran("batch", name, "-o", out, "--json", stdin=lines).stdout)["answered"] == 2
        assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [0, 1]
        out.unlink()
        assert not list(ran.dir.glob("out.jsonl*"))
    assert "is no file" in ran("batch", "-", "-o", "/dev/null", stdin=lines, rc=2).stderr


def test_lineage_leads_from_an_answer_to_its_documents_and_models(ran):
    answer = ran.json("ask", "How do I make tea?")
    (stored,) = ran.json("show", "answers")
    text = json.dumps(ran.json("show", "lineage", stored["id"]))
    assert "tea.md" in text
    doc = next(d["id"] for d in ran.json("show", "documents") if d["key"] == "tea.md")
    assert answer["sources"][0]["doc"] and doc in text
    assert "v1" in json.dumps(ran.json("show", "lineage", "tea.md"))


def test_chat_remembers_the_conversation(ran):
    r = ran("chat", stdin="How do I make tea?\nAnd the milk?\n")
    assert r.stdout.count("tea.md") >= 2


def test_chat_goes_on_after_a_question_that_fails(ran):
    r = ran("chat", stdin="How do I make tea?\n" + "tea " * 20000 + "\nAnd the milk?\n", rc=1)
    assert r.stdout.count("tea.md") >= 2
    assert "too long" in r.stderr and "1 question could not be answered" in r.stderr


def test_a_warning_stands_behind_the_answer(ran):
    p = ran.start("ask", "How do I make tea?", stderr=subprocess.STDOUT)
    text = p.communicate()[0]
    assert p.returncode == 0 and "warning: only" in text  # tiny models write noise
    assert text.index("warning: only") > text.rindex("tea.md")


def test_status_writes_nothing_and_says_what_is_stale(ran):
    def rows(*args):
        return {s["step"]: s for s in ran.json("status", *args)}

    views = ran.json("show", "views")
    now = rows("--set", "features.chunks.max_tokens=123")
    assert ran.json("show", "views") == views
    assert "chunks (never computed)" in now["features"]["state"] and not now["features"]["ok"]
    assert "run `twin features` first" in ran("dataset", "--set", "features.chunks.max_tokens=123", rc=1).stderr
    assert now["dataset"]["state"] == "waits for the features" and now["promote"]["ok"]
    (ran.dir / "posts/tea.md").write_text(POSTS["tea.md"] + "\nNever let it stew.\n")
    (ran.dir / "posts/saws.md").unlink()
    ran("collect")
    now = rows()
    assert "clean@v1 (1 of 7 documents, 1 to remove)" in now["features"]["state"]
    assert not any(now[step]["ok"] for step in ["features", "dataset", "train", "eval"])
    ran("features")
    now = rows()
    assert now["features"]["ok"] and now["dataset"]["state"].startswith("the dataset is not up to date: run `twin dataset`")
    assert now["train"]["state"] == "waits for the dataset" and now["eval"]["state"] == "waits for the dataset"
    ran("dataset")
    assert rows()["train"]["state"].startswith("the training is not up to date: run `twin train`")
    ran("train")
    assert rows()["eval"]["state"].startswith("the evaluation is not up to date: run `twin eval`")
    now = rows("--set", "models.llm=llama:absent.gguf")
    assert "absent.gguf" in now["features"]["state"] and "v1 serves" in now["promote"]["state"]


def test_a_model_without_a_trainer_serves_as_it_is(twin):
    twin("run", "--set", "training.trainer=none", "--set", "evaluation.max_test_loss_ratio=1.0")
    (version,) = twin.json("show", "models")
    assert version["adapter"] == ""
    assert twin.json("ask", "How do I make tea?")["sources"]


def test_init_run_ask_in_a_new_folder(tmp_path, models):
    new = Twin(tmp_path / "new", models)
    subprocess.run([TWIN, "init", "--name", "Ann", new.dir], check=True, env=new.env, capture_output=True)
    text = (new.dir / "twin.yaml").read_text()
    assert '"Ann"' in text and text.count("#") > 10
    for name, post in POSTS.items():
        (new.dir / name).write_text(post)
    small = [
        "models.llm=llama:tiny.gguf", "models.embedder=llama:tiny-bert.gguf", "features.questions.share=0",
        "features.checks.min_words=3", "training.max_steps=2", "training.sequence=512", "training.rank=2",
        "evaluation.max_test_loss_ratio=0", "evaluation.n_generate=0",
    ]
    small = [word for setting in small for word in ("--set", setting)]
    assert all(step["changed"] for step in new.json("run", *small)["steps"])
    answer = new.json("ask", "How do I make tea?", *small)
    assert answer["answer"] and "tea.md" in [s["key"] for s in answer["sources"]]


def test_the_program_runs_from_a_folder_inside(ran):
    r = subprocess.run([TWIN, "status", "--json"], cwd=ran.dir / "posts", env=ran.env, capture_output=True, text=True, check=True)
    assert all(step["ok"] for step in json.loads(r.stdout))


def test_a_list_that_is_cut_says_so(twin):
    twin("collect")
    r = twin("show", "documents", "-n", "5")
    assert len(r.stdout.splitlines()) == 6 and "3 more (--limit 0)" in r.stderr
    assert len(twin.json("show", "documents", "--limit", "3")) == 3
    assert "more" not in twin("show", "documents", "--limit", "0").stderr
    assert "more" not in twin("show", "documents", "--limit", "8").stderr


def test_no_escape_sequence_of_a_document_reaches_the_terminal(twin):
    name = "evil\x1b[2J\x9b1m.md"
    twin.write({name: "# Tea \x1b]0;owned\x07 pot\n\nWarm the pot \x1b[31mfirst\x1b[0m, then the \x9b7m leaves.\n"})
    twin.write({"photo\x1b[2J.md": "\x00\x01"})
    said = twin("collect").stderr
    (key,) = [d["key"] for d in twin.json("show", "documents") if "evil" in d["key"]]
    shown = twin("show", "documents").stdout + twin("show", "document", key).stdout + twin("show", "lineage", key).stdout
    assert "evil [2J" in shown and "Warm the pot" in shown and "photo [2J" in said
    assert not set("\x1b\x07\x9b") & set(said + shown)
