"""Notes of programs that keep or export them as files: Obsidian, Logseq, Notion, Apple, and archives of texts."""

import json
import subprocess

import pytest

from exports import bodies, collect, documents, write_zip
from program import CONFIG

SOURCE = "  - type: dir\n    path: posts\n"
ID = "0123456789abcdef0123456789abcde"  # and one digit more
UUID = "01234567-89ab-cdef-0123-456789abcde"


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def collect_folder(twin, path):
    twin.config(CONFIG.replace(SOURCE, f"  - type: dir\n    name: notes\n    path: {json.dumps(str(path))}\n"))
    return json.loads(twin("collect", "--json").stdout)["steps"][0]["outputs"]


VAULT = {
    ".obsidian/app.json": "{}",
    ".obsidian/templates.json": '{"folder": "Templates"}',
    ".obsidian/plugins/templater-obsidian/data.json": '{"templates_folder": "Meta/Templater/"}',
    "Templates/Day.md": "## What I did today\n",
    "Meta/Templater/Week.md": "<% tp.date.now() %> is my week\n",
    "Sketch.excalidraw.md": "---\ntags: [excalidraw]\n---\n# Text Elements\nsome words ^abc\n",
    "Ropes/Coiling.md": "---\ntags: [sea]\naliases: [Coil]\n---\n#knots\n\nCoil it ==with the lay==. ![[rope.png]] ^a1\n\n"
                        "> [!tip] Remember\n> Never against it.\n\n> [!quote]\n> A knot is never nearly right.\n",
    "2024-05-01.md": "Walked to the [[Port|port]]. %%privately%%\n",
}

GRAPH = {
    "logseq/config.edn": "{:meta/version 1}",
    "logseq/bak/pages/rope/2024.md": "- old words\n",
    "logseq/.recycle/pages_x.md": "- removed words\n",
    "journals/2024_05_01.md": "- DONE Walked to the port\n  :LOGBOOK:\n  CLOCK: [2024]\n  :END:\n\t- and back\n",
    "pages/sea___rope.md": "tags:: [[old rope]]\n\n- ## Coiling\n- With the lay.\n  id:: 6423a0d1-0000-4000-8000-000000000000\n",
}


def check_vault(docs):
    assert set(docs) == {"Ropes/Coiling.md", "2024-05-01.md"}
    note = docs["Ropes/Coiling.md"]
    assert note["body"].strip() == ("Coil it with the lay.\n\n**Remember**\n\nNever against it.\n\n"
                                    "> A knot is never nearly right.")
    assert note["title"] == "Coiling" and note["extra"]["tags"] == ["sea", "knots"]
    assert docs["2024-05-01.md"]["body"].strip() == "Walked to the [[Port|port]]."
    assert docs["2024-05-01.md"]["created"].startswith("2024-05-01")


def check_graph(docs):
    assert set(docs) == {"journals/2024_05_01.md", "pages/sea___rope.md"}
    page, day = docs["pages/sea___rope.md"], docs["journals/2024_05_01.md"]
    assert page["title"] == "sea/rope" and page["extra"]["tags"] == ["old rope"]
    assert page["body"].strip() == "## Coiling\n\nWith the lay."
    assert day["title"] == "2024-05-01" and day["created"].startswith("2024-05-01")
    assert day["body"].strip() == "Walked to the port\n\n- and back"


@pytest.mark.parametrize("files, check", [(VAULT, check_vault), (GRAPH, check_graph)], ids=["obsidian", "logseq"])
def test_a_folder_of_notes_is_read_as_its_program_means_it(twin, files, check):
    folder = write(twin.dir / "notes", files)
    assert collect_folder(twin, folder)["new"] == 2
    check(documents(twin))
    assert collect_folder(twin, folder)["unchanged"] == 2


@pytest.mark.parametrize("files, check", [(VAULT, check_vault), (GRAPH, check_graph)], ids=["obsidian", "logseq"])
def test_a_repository_of_notes_is_the_same(twin, files, check):
    folder = write(twin.dir / "repository", {f"notes/{k}": v for k, v in files.items()})
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=A", "-c", "user.email=a@a.example", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    twin.config(CONFIG.replace(SOURCE, f"  - type: git\n    name: notes\n    url: {json.dumps(str(folder))}\n"))
    twin("collect")
    check({k.removeprefix("notes/"): d for k, d in documents(twin).items()})
    assert json.loads(twin("collect", "--json").stdout)["steps"][0]["outputs"]["unchanged"] == 2


def test_a_folder_that_becomes_a_vault_is_read_anew(twin):
    folder = write(twin.dir / "notes", {"a.md": "==Marked== words.\n"})
    assert collect_folder(twin, folder)["new"] == 1
    write(folder, {".obsidian/app.json": "{}"})
    assert collect_folder(twin, folder)["changed"] == 1
    assert bodies(twin)["a.md"] == "Marked words."


@pytest.mark.parametrize("files, check", [(VAULT, check_vault), (GRAPH, check_graph)], ids=["obsidian", "logseq"])
def test_a_packed_folder_of_notes_is_the_same(twin, files, check):
    path = write_zip(twin.dir / "notes.zip", {f"My notes/{k}": v for k, v in files.items()})
    assert collect(twin, path)["new"] == 2
    check({k.removeprefix("My notes/"): d for k, d in documents(twin).items()})


# --- Notion ---

PAGE = ("# Coiling a rope\n\nWith the lay:\n\n<aside>\n💡 Never against it.\n\n</aside>\n\n"
        f"[Sub page](Coiling%20a%20rope%20{ID}1/Sub%20page%20{ID}2.md)\n\n> A knot is never nearly right.\n\n"
        "```c\n<aside>\n```\n")
ROW = "# Whipping\n\nTags: rope, end: loose\nCreated: August 1, 2022 10:00 AM\nNote: to self\n\nWhip the ends.\n"
NOTION = {
    f"Coiling a rope {ID}1.md": PAGE,
    f"Coiling a rope {ID}1/Sub page {ID}2.md": "# Sub page\n\nTags: these are words\n",
    f"Knots {ID}3.csv": "\ufeffName,Tags,Created,Note\nWhipping,rope,x,y\n",
    f"Knots {ID}3_all.csv": "Name,Tags,Created,Note\nWhipping,rope,x,y\n",
    f"Knots {ID}3/Whipping {ID}4.md": ROW,
}


def test_notion_in_markdown(twin):
    assert collect(twin, write_zip(twin.dir / "n.zip", NOTION))["new"] == 3
    docs = documents(twin)
    assert set(docs) == {f"{ID}{i}" for i in (1, 2, 4)}
    page, sub, row = (docs[f"{ID}{i}"] for i in (1, 2, 4))
    assert page["title"] == "Coiling a rope" and page["author"] == sub["author"]
    assert " ".join(page["body"].split()) == ("With the lay: Never against it. > A knot is never nearly right. "
                                              "```c <aside> ```")
    assert sub["body"].strip() == "Tags: these are words"
    assert row["body"].strip() == "Whip the ends."
    assert row["extra"]["tags"] == ["rope", "end: loose"] and row["created"].startswith("2022-08-01T10:00")


def test_notion_unpacked_and_exported_later_is_the_same(twin):
    collect(twin, write_zip(twin.dir / "n.zip", NOTION))
    later = {k.replace(f" {ID}1/", "/").replace(f" {ID}3/", "/"): v for k, v in NOTION.items()}
    assert collect(twin, write(twin.dir / "later", later))["unchanged"] == 3


HTML = f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/><title>Whipping</title>
<style>.page-title {{ font-size: 2.5rem }}</style></head><body>
<article id="{UUID}4" class="page sans"><header><div class="page-header-icon"><span class="icon">🪢</span></div>
<h1 class="page-title">Whipping</h1><p class="page-description"></p><table class="properties"><tbody>
<tr class="property-row property-row-multi_select"><th><span class="icon property-icon"></span>Mots</th>
<td><span class="selected-value select-value-color-blue">rope</span><span class="selected-value">end</span></td></tr>
<tr class="property-row property-row-created_time"><th>Erstellt</th><td><time>@August 1, 2022 10:00 AM</time></td></tr>
</tbody></table></header><div class="page-body"><p>Whip the ends.</p>
<figure class="callout"><div><span class="icon">💡</span></div><div>Never burn them.</div></figure>
<blockquote>A knot is never nearly right.</blockquote>
<figure><a href="https://a.example" class="bookmark source"><div>Somebody's page</div></a></figure>
<figure class="link-to-page"><a href="x.html">Sub page</a></figure></div></article></body></html>"""


def test_notion_in_html(twin):
    path = write_zip(twin.dir / "n.zip", {f"Knots {ID}3/Whipping {ID}4.html": HTML, "index.html": "<p>Index</p>"})
    assert collect(twin, path)["new"] == 1
    page = documents(twin)[f"{ID}4"]
    assert page["title"] == "Whipping" and page["extra"]["tags"] == ["rope", "end"]
    assert page["created"].startswith("2022-08-01")
    assert page["body"].strip() == "Whip the ends.\n\nNever burn them.\n\n> A knot is never nearly right."


def test_notion_in_an_archive_of_archives_says_so(twin):
    inner = write_zip(twin.dir / "inner.zip", NOTION).read_bytes()
    path = write_zip(twin.dir / "n.zip", {"ExportBlock-1-Part-1.zip": inner})
    assert "unpack it" in collect(twin, path, rc=1)


# --- archives of files ---

APPLE = {"Notes/Shopping/Shopping.txt": "Shopping\nRope and twine, for the whipping.\n",
         "Notes/Shopping/Attachment.jpeg": b"\xff\xd8\xff\0\0",
         "Notes/On ropes/On ropes.txt": "On ropes\nCoil it with the lay.\n",
         "Notes/Empty/Empty.txt": "", "__MACOSX/Notes/._a.txt": "\0\5\x16\7"}


def test_apple_notes(twin):
    out = collect(twin, write_zip(twin.dir / "a.zip", APPLE))
    assert (out["new"], out["skipped"]) == (2, 0)
    assert bodies(twin) == {k: v.strip() for k, v in APPLE.items() if k.startswith(("Notes/Shopping/S", "Notes/On"))}


@pytest.mark.parametrize("files", [
    {"chat.txt": "Bob - 10:00 - hello\n"},
    {"WhatsApp Chat with Bob.txt": "hello\n", "Ann/_chat.txt": "hello\n", "a.txt": "hello\n"},
    {"readme.txt": "About.\n", "license.txt": "Terms.\n", "posts.json": "[]", "messages.html": "<p>x</p>", "likes.csv": "a,b\n"},
    {"a.html": "<p>Words</p>", "b.html": "<p>Words</p>"},
], ids=["one-text", "chats", "mostly-data", "html"])
def test_what_may_be_an_unknown_services_export_is_refused(twin, files):
    assert "nothing in it is an export" in collect(twin, write_zip(twin.dir / "a.zip", files), rc=1)


def test_a_note_that_cannot_be_read_costs_only_itself(twin):
    out = collect(twin, write_zip(twin.dir / "a.zip", {"a.md": "Words of a.\n", "b.md": b"\0\1\2\3", "c.md": "Words of c.\n"}))
    assert (out["new"], out["skipped"]) == (2, 1)
    assert "b.md" in twin.said
