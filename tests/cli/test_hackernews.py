"""`type: hackernews`: what somebody wrote there, by an API that a test serves on loopback."""

import json
import time

import pytest

from website import Page, Website

OLD = 1314211127
SITE = "https://news.ycombinator.com/item?id="


@pytest.fixture
def api():
    s = Website()
    yield s
    s.shutdown()


def serve(api, *items, user="tess", more=()):
    """The person's items, the newest first as the service names them, and others'."""
    api.pages = {f"/v0/item/{i['id']}.json": Page(json.dumps(i), type="application/json") for i in (*items, *more)}
    known = {"id": user, "created": OLD, "karma": 7, "submitted": [i["id"] for i in items]}
    api.pages[f"/v0/user/{user}.json"] = Page(json.dumps(known), type="application/json")


def comment(id, text, parent=1, **more):
    return {"by": "tess", "id": id, "parent": parent, "text": text, "time": OLD + id, "type": "comment", "kids": [1000 + id], **more}


STORY = {"by": "bob", "id": 1, "kids": [5, 6], "score": 9, "time": OLD, "title": "Ropes &amp; knots", "type": "story", "url": "https://example.org/ropes"}
OTHERS = {"by": "bob", "id": 2, "parent": 1, "text": "Does it <i>rot</i>?<p>I&#x27;m asking for a friend.", "time": OLD, "type": "comment"}


def collect(twin, api, rc=0, **options):
    words = {"user": "tess", "url": api.url, "allow_private": "true", "delay": 0, **options}
    lines = "".join(f"    {k}: {v}\n" for k, v in words.items())
    twin.config(f"twin: Tess\nsources:\n  - type: hackernews\n    name: hn\n{lines}")
    api.hits.clear()
    r = twin("collect", "--json", rc=rc)
    twin.said = r.stderr
    return r.stderr if rc else json.loads(r.stdout)["steps"][0]["outputs"]


def counts(out):
    return {k: v for k, v in out.items() if k in ("new", "changed", "removed", "unchanged", "skipped") and v}


def documents(twin):
    return {d["key"]: twin.json("show", "documents", d["key"]) for d in twin.json("show", "documents", "--limit", "0")}


def exchanges(doc):
    return [(e["context"], e["reply"]) for e in (doc["extra"] or {}).get("exchanges", [])]


def asked(api):
    return [p.rsplit("/", 1)[1].split(".")[0] for p in api.paths() if "/item/" in p]


def test_comments_and_texts_become_documents(twin, api):
    serve(
        api,
        {"by": "tess", "id": 9, "time": OLD + 9, "title": "Ask HN: Which twine?", "text": "Waxed, or not?", "type": "story", "score": 1},
        {"by": "tess", "id": 8, "time": OLD + 8, "title": "A link", "url": "https://example.org/", "type": "story", "score": 1},
        comment(7, 'See <a href="https:&#x2F;&#x2F;example.org&#x2F;a-long-address" rel="nofollow">https:&#x2F;&#x2F;example.org&#x2F;a-lo...</a>'
                   "<p><pre><code>  a &lt; b\n</code></pre>\nYes.", parent=2),
        comment(6, "&gt; does it rot?<p>From the inside, if you let it.<p>&gt;<i>asking for a friend</i><p>Of course.", parent=2),
        comment(5, "First.", deleted=True), comment(4, "[flagged]", dead=True), {"id": 3, "deleted": True, "type": "comment", "time": OLD},
        more=[STORY, OTHERS])
    assert counts(collect(twin, api)) == {"new": 3}
    docs = documents(twin)
    assert docs["9"]["title"] == "Ask HN: Which twine?" and docs["9"]["body"].strip() == "Waxed, or not?"
    assert docs["9"]["url"] == SITE + "9" and docs["9"]["author"] == "tess" and docs["9"]["created_ms"] == (OLD + 9) * 1000
    assert docs["6"]["body"].strip() == (
        "> does it rot?\n\nFrom the inside, if you let it.\n\n> *asking for a friend*\n\nOf course.")
    assert exchanges(docs["6"]) == [("does it rot?", "From the inside, if you let it."), ("*asking for a friend*", "Of course.")]
    assert exchanges(docs["7"])[0][0] == "Does it *rot*?\n\nI'm asking for a friend."
    assert docs["6"]["extra"]["in_reply_to"] == "2" and not docs["6"]["title"]
    assert "https://example.org/a-long-address" in docs["7"]["body"] and "a-lo..." not in docs["7"]["body"]
    assert "  a < b" in docs["7"]["body"]
    assert asked(api).count("2") == 1  # what both answer


def test_the_title_of_a_story_is_what_a_comment_on_it_answers(twin, api):
    serve(api, comment(5, "Right-hand lay."), more=[STORY])
    collect(twin, api)
    assert exchanges(documents(twin)["5"]) == [("Ropes & knots", "Right-hand lay.")]
    assert "1" not in asked(api) or counts(collect(twin, api, context="false")) == {"changed": 1}
    assert exchanges(documents(twin)["5"]) == [] and asked(api) == ["5"]


def test_her_own_words_are_no_context(twin, api):
    serve(api, comment(6, "And tarred.", parent=5), comment(5, "Right-hand lay."), more=[STORY])
    collect(twin, api)
    assert exchanges(documents(twin)["6"]) == [] and exchanges(documents(twin)["5"])


def test_a_later_pass_asks_only_for_what_may_be_new(twin, api):
    young = comment(7, "Just now.", time=int(time.time()) - 60)
    link = {"by": "tess", "id": 8, "time": OLD, "title": "A link", "url": "https://example.org/", "type": "story"}
    serve(api, link, young, comment(5, "Long ago."), more=[STORY])
    assert counts(collect(twin, api)) == {"new": 2}
    young["text"] = "Just now, and edited."
    serve(api, comment(9, "New."), link, young, comment(5, "Long ago, never edited."), more=[STORY])
    assert counts(collect(twin, api)) == {"new": 1, "changed": 1, "unchanged": 1}
    assert set(asked(api)) == {"9", "7", "1"}
    assert documents(twin)["7"]["body"].strip() == "Just now, and edited."
    young["deleted"] = True
    serve(api, young, comment(5, "x"), more=[STORY])
    assert counts(collect(twin, api)) == {"removed": 2, "unchanged": 1}


def test_a_kill_costs_the_last_requests_alone(twin, api):
    items = [comment(i, f"Comment {i}.") for i in range(24, 12, -1)]
    serve(api, *items, more=[STORY])
    process = None

    def kill(_):
        process.kill()

    api.pages["/v0/item/15.json"].act = kill
    words = f"user: tess, url: '{api.url}', allow_private: true, delay: 0.15"
    twin.config(f"twin: Tess\nsources:\n  - {{type: hackernews, name: hn, {words}}}\n")
    process = twin.start("collect", "-q")
    process.communicate()
    assert process.returncode == -9
    first = set(asked(api))
    api.pages["/v0/item/15.json"].act = None
    collect(twin, api)
    again = set(asked(api)) & first - {"1", "15", "16"}
    assert not again and len(documents(twin)) == 12


def test_what_fails_is_kept_and_a_host_that_is_down_is_left(twin, api):
    items = [comment(i, f"Comment {i}.", time=int(time.time())) for i in range(20, 10, -1)]
    serve(api, *items, more=[STORY])
    assert collect(twin, api)["new"] == 10
    api.pages["/v0/item/20.json"] = Page("null", type="application/json")
    api.pages["/v0/item/19.json"] = Page("<html>", status=500)
    api.pages["/v0/item/18.json"] = Page("{broken", type="application/json")
    out = collect(twin, api)
    assert counts(out) == {"skipped": 3, "unchanged": 7}
    for i in items:
        api.pages[f"/v0/item/{i['id']}.json"] = Page("x", status=500)
    out = collect(twin, api)
    assert not out["removed"] and len(asked(api)) == 5 and "goes on from here" in twin.said
    assert len(documents(twin)) == 10


def test_wrong_users_are_said(twin, api):
    serve(api)
    api.pages["/v0/user/nobody.json"] = Page("null", type="application/json")
    assert "capitals matter" in collect(twin, api, rc=2, user="nobody")
    assert "no name of a user" in collect(twin, api, rc=2, user="../item/1")
    assert "answered 404" in collect(twin, api, rc=1, user="other")
    api.pages["/v0/user/tess.json"] = Page('{"error": "not now"}', type="application/json")
    assert "is no user" in collect(twin, api, rc=1)
    assert "twin is offline" in twin("collect", "--offline", rc=1).stderr


def test_at_most_so_many_items_at_once(twin, api):
    items = [comment(i, f"Comment {i}.") for i in range(20, 10, -1)]
    serve(api, *items, more=[STORY])
    assert counts(collect(twin, api, max_items=4)) == {"new": 4}
    assert set(documents(twin)) == {"20", "19", "18", "17"}
    assert counts(collect(twin, api, max_items=4)) == {"new": 4, "unchanged": 4}
    assert counts(collect(twin, api)) == {"new": 2, "unchanged": 8}


def test_hosts_are_named(twin, api):
    serve(api)
    collect(twin, api)
    assert api.url.split("//")[1] in twin("status", "--network").stdout
