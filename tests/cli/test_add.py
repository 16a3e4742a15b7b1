"""Writing that is handed in: `twin add`, and the folder that it goes to."""

import json
import os

import pytest

PAGE = """<!doctype html><html lang="de"><head><title>Vom Rad - Adas Seite</title>
<link rel="canonical" href="https://ada.example/rad"><meta property="article:published_time" content="2019-05-04">
<meta name="author" content="Ada"></head><body><nav><a href="/">Start</a> <a href="/alles">Alles</a></nav><article><h1>Vom Rad</h1>
<p>Wer ein Rad zentriert, zupft zuerst die Speichen, und hört, welche zu tief klingt. Dann dreht er ihren Nippel um eine
viertel Umdrehung, nicht weiter.</p><p>Die meisten drehen zu viel, und danach drehen sie zurück. Geduld ist das ganze
Geheimnis, und ein ruhiger Platz, an dem man die Speichen auch hört.</p></article><footer>Impressum</footer></body></html>"""


def inbox(twin):
    return {p.name: p.read_text() for p in (twin.dir / "inbox").iterdir()}


def documents(twin):
    return {d["title"]: d for d in twin.json("show", "documents")}


def test_a_text_becomes_a_file_and_a_document(twin):
    made = twin.json("add", "-", stdin="# On ropes\n\nCoil them with the lay.\n")
    assert made["outcome"] == "new" and made["source"] == "inbox" and made["title"] == "On ropes"
    (text,) = inbox(twin).values()
    assert text.startswith('---\ntitle: "On ropes"\ndate: "20') and text.endswith("---\n\n# On ropes\n\nCoil them with the lay.\n")
    twin("collect")
    doc = documents(twin)["On ropes"]
    assert doc["source"] == "inbox" and doc["key"] == made["key"]
    assert twin("collect").stderr.rstrip().endswith("nothing changed") or "nothing changed" in twin("collect").stderr


def test_what_is_said_of_a_text_goes_before_what_it_says(twin):
    twin("add", "-", "--title", "Rope: \"lay\" & yarn", "--author", "Tess", "--url", "https://tess.example/rope", "--date", "2020-02-03",
         "--lang", "en", stdin="---\ntitle: Ropes\ntags: [rope, sea]\n---\nWith the lay.\n")
    twin("collect")
    doc = documents(twin)['Rope: "lay" & yarn']
    assert (doc["author"], doc["url"], doc["lang"]) == ("Tess", "https://tess.example/rope", "en")
    assert doc["created_ms"] == 1580688000000
    assert 'tags: ["rope","sea"]' in next(iter(inbox(twin).values()))


def test_of_a_page_the_article_is_taken(twin):
    made = twin.json("add", "-", stdin=PAGE)
    assert made["title"] == "Vom Rad"
    (text,) = inbox(twin).values()
    assert 'url: "https://ada.example/rad"' in text and 'author: "Ada"' in text and 'lang: "de"' in text and "2019-05-04" in text
    assert "Geduld ist das ganze" in text and "Impressum" not in text and "Alles" not in text


def test_files_are_taken_by_their_names(twin):
    (twin.dir / "page.html").write_text(PAGE)
    (twin.dir / "note.txt").write_text("# not a heading\n\nwheels turn\n")
    (twin.dir / "old.md").write_bytes("# Z\xfcge\n\nSie fahren.\n".encode("latin-1"))
    made = [json.loads(line) for line in twin("add", twin.dir / "page.html", twin.dir / "note.txt", twin.dir / "old.md", "--json").stdout.splitlines()]
    assert [m["title"] for m in made][::2] == ["Vom Rad", "Züge"] and made[1]["title"].startswith("# not a heading")
    assert len(inbox(twin)) == 3


def test_the_same_address_is_the_same_document(twin):
    add = lambda text: twin.json("add", "-", "--url", "https://tess.example/rope", stdin=text)  # noqa: E731
    first, again, edited = add("# Ropes\n\nOne.\n"), add("# Ropes\n\nOne.\n"), add("# Ropes\n\nTwo.\n")
    assert [first["outcome"], again["outcome"], edited["outcome"]] == ["new", "unchanged", "changed"]
    assert first["key"] == edited["key"] and len(inbox(twin)) == 1
    twin("collect")
    one = documents(twin)["Ropes"]
    add("# Ropes\n\nThree.\n")
    twin("collect")
    assert documents(twin)["Ropes"]["id"] == one["id"]


def test_an_address_stays_one_document_under_another_title(twin):
    old = twin.json("add", "-", "--url", "https://tess.example/p", stdin="# Old title\n\nOne.\n")
    new = twin.json("add", "-", "--url", "https://tess.example/p", stdin="# New title\n\nTwo.\n")
    assert new["key"] == old["key"] and new["outcome"] == "changed" and new["title"] == "New title"


def test_what_yaml_takes_for_no_text_is_left_out(twin):
    made = twin.json("add", "-", "--title", "It\u0080\u0099s\x7f a \"wheel\": #1", "--url", "https://tess.example/w", stdin="---\ntags: [a\u0085b]\n---\nIt turns.\n")
    assert twin.json("add", "-", "--title", "It\u0080\u0099s\x7f a \"wheel\": #1", "--url", "https://tess.example/w", stdin="---\ntags: [a\u0085b]\n---\nIt turns.\n")["outcome"] == "unchanged"
    said = twin("collect").stderr
    assert "front matter" not in said
    (doc,) = [d for d in twin.json("show", "documents") if d["key"] == made["key"]]
    assert doc["title"].startswith("It") and doc["title"].endswith('s  a "wheel": #1') and doc["url"] == "https://tess.example/w"


def test_a_text_that_its_front_matter_makes_too_large_is_refused(twin):
    assert "5242880" in twin("add", "-", stdin="# x\n\n" + "word " * 1048575, rc=1).stderr


@pytest.mark.parametrize("path", ["./inbox", "inbox/", "."])
def test_a_folder_that_holds_the_inbox_is_the_only_source_of_it(twin, path):
    twin.config((twin.dir / "twin.yaml").read_text().replace("path: posts", f"path: {path}"))
    (twin.dir / "inbox").mkdir()
    twin("add", "-", stdin="# Tea\n\nWarm the pot.\n")
    twin("collect")
    assert len([d for d in twin.json("show", "documents") if d["title"] == "Tea"]) == 1


def test_a_source_of_that_name_is_another_one(twin):
    twin.config((twin.dir / "twin.yaml").read_text().replace("path: posts", "path: posts\n    name: inbox"))
    twin("add", "-", stdin="# Tea\n\nWarm the pot.\n")
    twin("collect")
    assert documents(twin)["Tea"]["source"] == "dir:inbox" and documents(twin)["Truing a wheel"]["source"] == "inbox"


def test_texts_without_a_title_are_told_apart(twin):
    a = twin.json("add", "-", "--title", "", stdin="It rained the whole day and the night, and in the morning the river had come up to the door.\n")
    b = twin.json("add", "-", stdin="It rained.\n")
    assert a["key"] != b["key"] and a["title"].endswith("…") and b["title"] == "It rained."


def test_the_folder_is_the_authors_own(twin):
    made = twin.json("add", "-", stdin="# Tea\n\nWarm the pot.\n")
    twin("collect")
    os.remove(twin.dir / "inbox" / made["key"])
    (twin.dir / "inbox/other.md").write_text("# Bread\n\nFold it four times.\n")
    twin("collect")
    assert set(documents(twin)) & {"Tea", "Bread"} == {"Bread"}
    (twin.dir / "inbox/other.md").unlink()
    (twin.dir / "inbox").rmdir()
    twin("collect")
    assert "Bread" not in documents(twin)


def test_a_configured_inbox_is_one_source(twin):
    (twin.dir / "inbox").mkdir()
    twin.config((twin.dir / "twin.yaml").read_text().replace("path: posts", "path: inbox"))
    twin("add", "-", stdin="# Tea\n\nWarm the pot.\n")
    twin("collect")
    assert documents(twin)["Tea"]["source"] == "dir:inbox"


@pytest.mark.parametrize("stdin, words, rc, said", [
    ("", [], 1, "empty"),
    ("---\ntitle: x\n---\n", [], 1, "empty"),
    ("a\0b", [], 1, "not a text file"),
    ("x", ["--type", "pdf"], 2, "html, markdown or text"),
    ("x", ["--date", "soon"], 2, "is no date"),
    ("x" * 6_000_000, [], 1, "5242880"),
], ids=["nothing", "front-matter", "binary", "type", "date", "large"])
def test_what_cannot_be_taken_says_why(twin, stdin, words, rc, said):
    r = twin("add", "-", *words, stdin=stdin, rc=rc)
    assert said in r.stderr and not (twin.dir / "inbox").exists()


def test_a_file_that_is_not_there_says_so(twin):
    assert "nowhere.md" in twin("add", twin.dir / "nowhere.md", rc=1).stderr
    assert "one document" in twin("add", "a", "b", "--title", "x", rc=2).stderr
