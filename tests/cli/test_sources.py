"""Several sources: what becomes of the others when one is not there, or the list changes."""

import shutil
import time

import pytest
import website
from program import CONFIG, POSTS


def listed(*sources):
    """CONFIG with these sources, each a map written as YAML."""
    return CONFIG.replace("  - type: dir\n    path: posts\n", "".join(f"  - {s}\n" for s in sources))


POSTS_DIR = "{type: dir, path: posts}"
# Port 9 of this machine: nobody answers.
GONE = "{type: feed, url: 'http://127.0.0.1:9/feed.xml', allow_private: true}"


def documents(twin):
    return {(d["key"], d["id"], d["revision"]) for d in twin.json("show", "documents", "--limit", "0")}


@pytest.mark.parametrize("options", [[], ["--offline"]])
def test_a_feed_that_is_away_stops_neither_other_sources_nor_the_run(twin, options):
    twin.config(listed(GONE, POSTS_DIR))
    r = twin("run", "--json", *options, rc=1)
    assert "error: not collected: source \"feed:http://127.0.0.1:9/feed.xml\"" in r.stderr
    assert {key for key, *_ in documents(twin)} == set(POSTS)
    assert all(v["rows"] for v in twin.json("show", "views") if v["name"] in ("chunks", "embeddings"))
    assert twin.json("ask", "How do I make tea?")["sources"]
    assert twin.json("search", "tea")


def test_a_source_that_is_away_keeps_its_documents(twin):
    twin.config(listed(POSTS_DIR, "{type: feed, name: blog, url: 'http://127.0.0.1:9/', allow_private: true}"))
    twin("collect", rc=1)
    before = documents(twin)
    twin.write({"new.md": "# New\n\nOne more thing that I have to say about ropes.\n"})
    r = twin("collect", rc=1)
    assert '"blog"' in r.stderr
    assert before < documents(twin)


def test_documents_stay_the_same_when_the_list_is_reordered(twin):
    twin.write({"walk.md": "# A walk\n\nAround the lake and back, with a stop for tea at the mill.\n"}, "notes")
    twin.config(listed(POSTS_DIR, "{type: dir, path: notes}"))
    twin("collect")
    before = documents(twin)
    twin.write({"idea.md": "# An idea\n\nBuild a smaller boat, and paint it only once.\n"}, "ideas")
    twin.config(listed("{type: dir, path: ideas}", "{type: dir, path: notes}", POSTS_DIR))
    assert twin.json("collect")["steps"][0]["outputs"] | {"unchanged": 0} == {
        "new": 1, "changed": 0, "renamed": 0, "removed": 0, "unchanged": 0, "skipped": 0, "failed": [],
    }
    assert before < documents(twin)


def test_a_forgotten_text_stays_away_when_its_file_moves(twin):
    twin.config(listed(POSTS_DIR, "{type: dir, path: notes}"))
    twin.write({}, "notes")
    twin("collect")
    twin("forget", "tea.md")
    shutil.move(twin.dir / "posts/tea.md", twin.dir / "posts/pot.md")
    shutil.copy(twin.dir / "posts/pot.md", twin.dir / "notes/tea.md")
    assert twin.json("collect")["steps"][0]["outputs"]["skipped"] == 2
    assert {key for key, *_ in documents(twin)} == set(POSTS) - {"tea.md"}


@pytest.mark.parametrize("source", ["git, url: '{}/notes.git'", "feed, url: '{}/feed.xml'", "site, url: '{}/'"])
def test_this_machine_is_asked_only_where_the_source_permits_it(twin, source):
    site = website.Website()
    twin.config(listed("{type: " + source.format(site.url) + "}"))
    assert "is a loopback address" in twin("collect", rc=1).stderr
    assert site.hits == []
    twin.config(listed("{type: " + source.format(site.url) + ", allow_private: true}"))
    twin("collect", rc=1)
    for _ in range(100):  # it is written down after the answer was sent
        if site.hits:
            break
        time.sleep(0.05)
    assert site.hits
    site.shutdown()
    site.server_close()
