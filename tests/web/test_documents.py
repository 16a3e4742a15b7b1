"""POST /api/documents: other programs hand in writing."""

import json
import shutil

import pytest

from servers import run, serving


@pytest.fixture
def folder(twin_dir):
    yield twin_dir
    shutil.rmtree(twin_dir / "inbox", ignore_errors=True)
    run(twin_dir, "collect")


def post(server, body, **headers):
    status, _, text = server.request("POST", "/api/documents", body, headers or None)
    return status, json.loads(text)


def test_a_document_is_handed_in_and_collected(server, folder):
    body = {"text": "# Ropes\n\nCoil them with the lay.", "url": "https://tess.example/rope", "author": "Tess", "date": "2020-02-03", "lang": "en"}
    status, made = post(server, body)
    assert status == 201 and made["outcome"] == "new" and made["source"] == "inbox" and made["title"] == "Ropes"
    assert post(server, body) == (200, {**made, "outcome": "unchanged"})
    assert post(server, {**body, "text": "# Ropes\n\nAgainst it they kink."}) == (200, {**made, "outcome": "changed"})
    run(folder, "collect")
    (doc,) = [d for d in json.loads(run(folder, "show", "documents", "--json")) if d["source"] == "inbox"]
    assert doc["key"] == made["key"] and doc["author"] == "Tess" and doc["created_ms"] == 1580688000000


def test_of_a_page_the_article_is_taken(server, folder):
    text = "<html><body><nav><a href='/'>Home</a></nav><article><h1>Rope</h1>" + "<p>Coil it with the lay, never against it, or it kinks.</p>" * 5
    status, made = post(server, {"text": text, "type": "html", "title": "Rope, again"})
    assert status == 201 and made["title"] == "Rope, again"
    written = (folder / "inbox" / made["key"]).read_text()
    assert "never against it" in written and "Home" not in written


@pytest.mark.parametrize("body, param", [
    ({}, "text"), ({"text": ""}, "text"), ({"text": 7}, "text"), ({"text": "   "}, "text"), ({"text": "\x01\x02" * 40}, "text"),
    ({"text": "x", "type": "pdf"}, "type"), ({"text": "x", "date": "soon"}, "date"), ({"text": "x", "title": ["y"]}, "title"),
])
def test_what_cannot_be_taken_says_why(server, folder, body, param):
    status, answer = post(server, body)
    assert status == 400 and answer["error"]["param"] == param and answer["error"]["message"]
    assert not (folder / "inbox").exists()


def test_names_stay_in_the_folder(server, folder):
    status, made = post(server, {"text": "Rope.", "title": "../../etc/passwd\u0000"[:-1], "url": "https://x.example/../../y"})
    assert status == 201 and "/" not in made["key"]
    assert [p.name for p in (folder / "inbox").iterdir()] == [made["key"]]


def test_only_who_may_ask_may_hand_in(twin_dir, folder):
    with serving(twin_dir, token="sesame") as s:
        assert post(s, {"text": "Rope."})[0] == 401
        assert post(s, {"text": "Rope."}, Authorization="Bearer sesame", Origin="https://evil.example")[0] == 403
        assert post(s, {"text": "Rope."}, Authorization="Bearer sesame")[0] == 201
        assert s.request("POST", "/api/documents", "not json", {"Authorization": "Bearer sesame", "Content-Type": "application/json"})[0] == 400
        assert s.request("GET", "/api/documents", headers={"Authorization": "Bearer sesame"})[0] == 405
