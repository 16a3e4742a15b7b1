"""`type: github` and `type: gitlab`, against a server on loopback that speaks their APIs (support/forges.py)."""

import datetime
import re
import signal
import threading
import time

import pytest

import program
from forges import Answer, GitHub, GitLab, limited

WIND = "On the third day the wind turned, and the boats, which had waited for it, went out again before anybody was up."
ROPE = "Coil it with the lay, never against it: a rope that is coiled the wrong way kinks when you need it most."


@pytest.fixture
def github():
    g = GitHub()
    yield g
    g.shutdown()


@pytest.fixture
def gitlab():
    g = GitLab()
    yield g
    g.shutdown()


def configure(twin, forge, type="github", **more):
    words = {"delay": 0, "allow_private": "true", "user": "ann", **more}
    options = "".join(f", {k}: {v}" for k, v in words.items())
    twin.config(f"twin: Ann\nsources:\n  - {{type: {type}, name: s, url: '{forge.url}'{options}}}\n")


def collect(twin, forge, rc=0, **more):
    """One `twin collect`; its outputs, with stderr as "said"."""
    configure(twin, forge, **more)
    forge.hits.clear()
    r = twin("collect", "--json", rc=rc)
    out = program.json.loads(r.stdout)["steps"][0]["outputs"] if r.stdout.strip() else {}
    return out | {"said": r.stderr}


def counts(out):
    return {k: v for k, v in out.items() if k in ("new", "changed", "removed", "unchanged", "skipped", "renamed") and v}


def documents(twin):
    """{key: document} of the live ones, without their texts."""
    return {d["key"]: d for d in twin.json("show", "documents", "--limit", "0") if d["source"] == "s"}


def text(twin, key):
    return twin.json("show", "documents", key)["body"]


def day(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).date().isoformat()


def example(g):
    """A repository with one of each, by ann and by others."""
    boats = g.repo("ann/boats", license={"key": "mit", "spdx_id": "MIT"})
    boats["files"] = {"README.md": f"# Boats\n\n{WIND}\n", "docs/ropes.md": f"# Ropes\n\n{ROPE}\n", "src/boat.c": "int oars(void) { return 2; }\n",
                      "node_modules/x.md": "# No\n\nNot hers.\n", "LICENSE": "MIT\n"}
    form = f"<!-- Describe it -->\r\n## What happens\r\n\r\n{WIND}\r\n\r\n## Log\r\n\r\n_No response_\r\n"
    g.issue("ann/boats", 1, "ann", form, "Oars are too short", labels=["bug", "oars"])
    g.issue("ann/boats", 2, "bob", "Which rope shall I take for the mast?", "A rope")
    g.issue("ann/boats", 3, "ann", "It takes the lay into account.", "Coil ropes", pull=True)
    g.issue("ann/boats", 4, "bob", "Adds a mast, made of pine.", "A mast", pull=True)
    g.comment("ann/boats", 2, 20, "ann", ROPE)
    g.comment("ann/boats", 2, 21, "bob", "And how long?")
    g.comment("ann/boats", 2, 22, "ann", "Twice the height of the mast, and an arm more.")
    g.comment("ann/boats", 2, 23, "ann", "> And how long?\r\n\r\nI measured again: three times is better.")
    g.comment("ann/boats", 2, 24, "helper[bot]", "This issue is stale.")
    g.comment("ann/boats", 1, 25, "bob", "I see it too.")
    hunk = "@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int mast;"
    g.review_comment("ann/boats", 4, 40, "ann", "Name this after what it holds, not after its type.", hunk)
    g.review_comment("ann/boats", 4, 41, "bob", "Why?", in_reply_to_id=40)
    g.review_comment("ann/boats", 4, 42, "ann", "Because a reader looks for the mast first.", in_reply_to_id=40)
    g.review_comment("ann/boats", 4, 43, "ann", "```suggestion\nint mast = 1;\n```")
    g.review("ann/boats", 4, 50, "ann", "Good work; two things about names, and then it can go in.")
    g.review("ann/boats", 4, 51, "ann", "")
    g.review("ann/boats", 4, 52, "bob", "Thanks")
    g.repo("ann/fork", fork=True)["files"] = {"README.md": "# Not hers\n\nSomebody else wrote that.\n"}
    g.gist("abc", "ann", {"tea.md": f"# Tea\n\n{WIND}\n", "x.py": "print(1)\n"})
    return boats


ALL = {"ann/boats:README.md", "ann/boats:docs/ropes.md", "ann/boats#1", "ann/boats#3", "ann/boats#2/comment/20", "ann/boats#2/comment/22",
       "ann/boats#2/comment/23", "ann/boats#4/review-comment/40", "ann/boats#4/review-comment/42", "ann/boats#4/review/50", "gist/abc/tea.md"}


# ---- What is a document ---------------------------------------------------------------------------------------------


def test_what_the_user_wrote_becomes_documents(twin, github):
    example(github)
    out = collect(twin, github)
    assert counts(out) == {"new": len(ALL)}, out["said"]
    found = documents(twin)
    assert set(found) == ALL
    issue = found["ann/boats#1"]
    assert issue["title"] == "Oars are too short" and text(twin, "ann/boats#1") == f"## What happens\n\n{WIND}"
    assert issue["extra"]["tags"] == ["bug", "oars"] and issue["url"] == "https://github.com/ann/boats/issues/1"
    assert day(issue["created_ms"]) == "2021-04-02" and issue["author"] == "Ann" and issue["media"] == "text/markdown"
    readme = found["ann/boats:README.md"]
    assert readme["title"] == "Boats" and readme["url"] == "https://github.com/ann/boats/blob/main/README.md"
    assert day(readme["modified_ms"]) == "2021-02-03"
    assert day(found["gist/abc/tea.md"]["created_ms"]) == "2021-08-01" and found["gist/abc/tea.md"]["title"] == "Tea"
    assert text(twin, "ann/boats#2/comment/23") == "> And how long?\n\nI measured again: three times is better."


def test_a_comment_has_what_it_answers(twin, github):
    example(github)
    collect(twin, github)
    found = documents(twin)

    def heard(key):
        return [x["context"] for x in found[key]["extra"].get("exchanges", [])]

    assert heard("ann/boats#2/comment/20") == ["A rope\n\nWhich rope shall I take for the mast?"]
    assert heard("ann/boats#2/comment/22") == ["And how long?"]
    assert found["ann/boats#2/comment/23"]["extra"]["exchanges"] == [
        {"context": "And how long?", "reply": "I measured again: three times is better."}
    ]
    assert heard("ann/boats#4/review-comment/40") == ["```diff\n@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int mast;\n```"]
    assert heard("ann/boats#4/review-comment/42") == ["Why?"]
    assert heard("ann/boats#4/review/50") == ["A mast\n\nAdds a mast, made of pine."]
    assert not heard("ann/boats#1")


def test_what_was_said_long_before_is_no_context(twin, github, gitlab):
    github.repo("ann/boats")
    github.issue("ann/boats", 1, "bob", "What is the best wood?")
    twin.env["GITLAB_TOKEN"] = "t"
    gitlab.project("ann/boats")
    gitlab.issue("ann/boats", 1, "bob", "What is the best wood?")
    for i in range(1, 121):
        for forge, say in ((github, github.comment), (gitlab, gitlab.note)):
            say("ann/boats", 1, i, "ann" if i in (1, 101, 110) else "bob", f"The word number {i} about it.")
    collect(twin, github)
    assert {k: d["extra"].get("exchanges", [{}])[0].get("context", "")[-16:] for k, d in documents(twin).items()} == {
        "ann/boats#1/comment/1": "s the best wood?", "ann/boats#1/comment/101": "", "ann/boats#1/comment/110": ""}
    collect(twin, gitlab, type="gitlab", what="[notes]")
    assert {k: d["extra"].get("exchanges", [{}])[0].get("context", "")[-16:] for k, d in documents(twin).items()} == {
        "ann/boats#1/note/1": "s the best wood?", "ann/boats#1/note/101": "", "ann/boats#1/note/110": "er 109 about it."}


def test_her_own_words_are_no_context(twin, github):
    github.repo("ann/boats")
    github.issue("ann/boats", 1, "ann", "The oars are too short for tall people.")
    github.comment("ann/boats", 1, 20, "ann", "They are longer in the second version.")
    github.comment("ann/boats", 1, 21, "helper[bot]", "This issue is stale.")
    github.comment("ann/boats", 1, 22, "ann", "It is not stale, I wait for the wood.")
    github.issue("ann/boats", 2, "ann", "New oars.", pull=True)
    github.review_comment("ann/boats", 2, 40, "ann", "This is the part that matters.")
    assert counts(collect(twin, github)) == {"new": 5}
    assert not any("exchanges" in d["extra"] for d in documents(twin).values())


NOTHING = [
    None, "", "<!-- Tell us what happened -->", "### What happened?\r\n\r\n_No response_\r\n\r\n### Version\r\n\r\n_No response_",
    "- [ ] I have read the rules\n- [ ] I am nice", "/assign @bob\n/label bug", "> What somebody else said",
    "```suggestion\nint a;\n```", "## Steps\n\n## Result\n",
]


LEFT = [
    ("### What?\r\n\r\nIt sank.\r\n\r\n### Version\r\n\r\n_No response_", "### What?\n\nIt sank."),
    ("A <!-- hidden --> word\n\n\n\nand `<!-- shown -->` code", "A  word\n\nand `<!-- shown -->` code"),
    ("Before\n<!-- two\nlines -->\nafter", "Before\nafter"),
    ("Look:\n\n```html\n<!-- shown -->\n\n\n\n_No response_\n```\n<!-- never closed\nlost",
     "Look:\n\n```html\n<!-- shown -->\n\n\n\n_No response_\n```"),
    ("- [x] I have read it\n- [ ] not this", "- [x] I have read it\n- [ ] not this"),
    ("~~~\n```\n~~~\ntext", "~~~\n```\n~~~\ntext"),
]


def test_what_a_template_or_a_program_left_is_left_out(twin, github):
    github.repo("ann/boats")
    for i, body in enumerate(NOTHING):
        github.issue("ann/boats", 100 + i, "ann", body)
    for i, (body, _) in enumerate(LEFT):
        github.issue("ann/boats", 1 + i, "ann", body)
    collect(twin, github)
    assert set(documents(twin)) == {f"ann/boats#{1 + i}" for i in range(len(LEFT))}
    assert [text(twin, f"ann/boats#{1 + i}") for i in range(len(LEFT))] == [want for _, want in LEFT]


def test_what_an_app_says_in_her_name_is_left_out(twin, github):
    github.repo("ann/boats")
    github.issue("ann/boats", 1, "ann", "Opened by a program for her.", performed_via_github_app={"id": 1, "slug": "x"})
    github.issue("ann/boats", 2, "Ann", "Logins know no case.")
    collect(twin, github, user="Ann")
    assert set(documents(twin)) == {"ann/boats#2"}


def test_what_says_which_kinds_are_asked_for(twin, github):
    example(github)
    collect(twin, github, what="[pulls]")
    assert set(documents(twin)) == {"ann/boats#3"}
    assert not [p for p in github.paths() if re.search("comments|gists|trees|search", p)]
    collect(twin, github, what="[readme]")
    assert set(documents(twin)) == {"ann/boats:README.md"}
    assert "did you mean" in collect(twin, github, what="[isues]", rc=2)["said"]


def test_code_is_taken_under_a_licence_alone(twin, github):
    boats = example(github)
    github.repo("ann/bare")["files"] = {"a.c": "int a;\n"}
    github.repo("ann/odd", license={"key": "other", "spdx_id": "NOASSERTION"})["files"] = {"b.c": "int b;\n"}
    collect(twin, github, what="[readme]", code="['*.c']")
    found = documents(twin)
    assert set(found) == {"ann/boats:README.md", "ann/boats:src/boat.c"}
    code = found["ann/boats:src/boat.c"]
    assert code["extra"] == {"repository": "ann/boats", "license": "MIT"} and code["title"] == "src/boat.c"
    assert text(twin, "ann/boats:src/boat.c") == boats["files"]["src/boat.c"] and code["media"] == "text/plain"
    collect(twin, github, what="[readme]", code="['*.c']", licenses="[Apache-2.0]")
    assert set(documents(twin)) == {"ann/boats:README.md"}


def test_repositories_that_are_named_are_read_and_files_of_others_are_not(twin, github):
    example(github)
    github.repo("crew/Ship")["files"] = {"README.md": "# Ship\n\nOf many people.\n"}
    github.issue("crew/Ship", 7, "ann", "The anchor is too light for this ship.")
    github.issue("crew/Ship", 8, "bob", "A pull request that she reviewed.", pull=True)
    github.review("crew/Ship", 8, 80, "ann", "Lift the anchor first, then this is right.")
    collect(twin, github, repositories="[crew/Ship, ann/fork]", what="[readme, docs, issues, reviews]")
    assert set(documents(twin)) == {"crew/Ship#7", "crew/Ship#8/review/80", "ann/fork:README.md"}


def test_private_things_only_when_asked_for(twin, github, monkeypatch):
    twin.env["GITHUB_TOKEN"] = github.token = "t0ken"
    github.repo("ann/diary", private=True)["files"] = {"README.md": f"# Diary\n\n{WIND}\n"}
    github.repo("bob/boat")["files"] = {"README.md": "# His\n\nNot hers.\n"}
    github.gist("s1", "ann", {"secret.md": f"# Secret\n\n{ROPE}\n"}, public=False)
    assert counts(collect(twin, github)) == {}
    collect(twin, github, private="true")
    hers = {"ann/diary:README.md", "gist/s1/secret.md"}
    assert set(documents(twin)) == hers
    github.owner = "bob"
    assert "the token is somebody else's" in collect(twin, github, private="true")["said"] and set(documents(twin)) == hers
    github.token = None
    assert "nothing is removed" in collect(twin, github, private="true", token_env="NONE")["said"] and set(documents(twin)) == hers


def test_a_repository_may_be_called_like_a_part_of_an_address(twin, github):
    for name in ("ann/issues", "ann/pull"):
        github.repo(name)
        github.issue(name, 2, "bob", "Which rope shall I take for the mast?")
        github.issue(name, 4, "bob", "A mast.", pull=True)
        github.comment(name, 2, 20, "ann", ROPE)
        github.review_comment(name, 4, 40, "ann", "Name this after what it holds.")
    collect(twin, github)
    assert set(documents(twin)) == {f"{n}#{k}" for n in ("ann/issues", "ann/pull") for k in ("2/comment/20", "4/review-comment/40")}


def test_since_leaves_out_what_is_older(twin, github):
    github.repo("ann/boats")
    for n in (1, 5, 20):
        github.issue("ann/boats", n, "ann", f"Issue {n} has a text.")
    github.issue("ann/boats", 2, "ann", "Old, and labelled later.")["updated_at"] = "2022-01-01T00:00:00Z"
    github.comment("ann/boats", 1, 3, "ann", "An early word."), github.comment("ann/boats", 1, 17, "ann", "A later word.")
    collect(twin, github, since="2021-04-06")
    assert set(documents(twin)) == {"ann/boats#5", "ann/boats#20", "ann/boats#1/comment/3", "ann/boats#1/comment/17"}
    collect(twin, github, since="2021-05-10")
    assert set(documents(twin)) == {"ann/boats#1/comment/17"}
    assert "is no date" in collect(twin, github, since="soon", rc=2)["said"]


# ---- Pages, and what comes back -------------------------------------------------------------------------------------


def many(g, n, name="ann/boats"):
    g.repo(name)
    for i in range(1, n + 1):
        g.issue(name, i, "ann", f"This is the text of issue {i}, which nobody else wrote.")


def test_long_lists_are_read_to_their_end(twin, github):
    many(github, 250)
    assert counts(collect(twin, github)) == {"new": 250}
    assert len([p for p in github.paths() if "/boats/issues?" in p]) == 3


def test_a_link_to_another_host_is_asked_for_at_the_api_alone(twin, github):
    other = GitHub()
    twin.env["GITHUB_TOKEN"] = "t0ken"
    many(github, 150)
    github.link_host = lambda: other.url
    assert counts(collect(twin, github)) == {"new": 150}
    assert not other.hits
    other.shutdown()


def test_an_unchanged_account_costs_no_requests_that_count(twin, github):
    example(github)
    many(github, 130, "ann/more")
    collect(twin, github)
    before = documents(twin)
    assert counts(collect(twin, github)) == {"unchanged": len(ALL) + 130}
    assert {s for p, s, _ in github.hits if "/ann/empty" not in p} <= {304, 409}
    assert documents(twin) == before


def test_edits_are_revisions_and_what_is_gone_is_removed(twin, github):
    boats = example(github)
    collect(twin, github)
    ids = {k: d["id"] for k, d in documents(twin).items()}
    boats["issues"][0].update(body="The oars are too short, and too heavy.", updated_at="2022-01-01T10:00:00Z")
    boats["comments"][0].update(body="Take hemp.", updated_at="2022-01-02T10:00:00Z")
    boats["reviews"][4][0].update(body="Good work; one thing about a name is left.")
    boats["issues"][3]["updated_at"] = "2022-01-03T10:00:00Z"
    boats["files"]["README.md"] = "# Boats\n\nThey float now.\n"
    del boats["comments"][1:3]
    del boats["files"]["docs/ropes.md"]
    github.gists_of.clear()
    out = collect(twin, github)
    assert counts(out) == {"changed": 4, "unchanged": 4, "removed": 3}, out["said"]
    found = documents(twin)
    assert text(twin, "ann/boats#1") == "The oars are too short, and too heavy." and found["ann/boats#1"]["revision"] == 2
    assert text(twin, "ann/boats#2/comment/20") == "Take hemp." and found["ann/boats#4/review/50"]["revision"] == 2
    assert text(twin, "ann/boats:README.md").endswith("They float now.\n")
    assert all(ids[k] == d["id"] for k, d in found.items())


def test_a_full_last_page_is_asked_for_anew(twin, github):
    many(github, 100)
    collect(twin, github)
    github.issue("ann/boats", 101, "ann", "One more, on a page of its own.")
    github.repos["ann/boats"]["issues"][-1]["created_at"] = "2022-04-01T10:00:00Z"
    assert counts(collect(twin, github)) == {"new": 1, "unchanged": 100}


def test_a_service_without_etags_is_read_too(twin, github):
    github.etags = False
    example(github)
    collect(twin, github)
    assert counts(collect(twin, github)) == {"unchanged": len(ALL)}
    assert not [p for p in github.paths() if "/blobs/" in p or "/gists/abc" in p or re.search(r"/issues/\d", p)]


def test_more_reviews_than_a_search_gives(twin, github):
    github.per_page = 10  # of a search, that is as many as it gives in all
    github.repo("ann/boats")
    for n in range(1, 36):
        github.issue("ann/boats", n, "bob", "Something of his.", pull=True, created_at=f"2021-04-01T10:{n:02}:00Z")
        github.review("ann/boats", n, 500 + n, "ann", f"About number {n}: well done.")
    out = collect(twin, github, what="[reviews]")
    assert counts(out) == {"new": 35}, out["said"]
    assert max(github.paths().count(p) for p in github.paths()) == 1


def test_options_that_change_what_is_taken_ask_again_but_keep_the_documents(twin, github):
    example(github)
    collect(twin, github, what="[issues]")
    ids = {k: d["id"] for k, d in documents(twin).items()}
    assert counts(collect(twin, github)) == {"new": len(ALL) - 1, "unchanged": 1}
    assert ids.items() <= {k: d["id"] for k, d in documents(twin).items()}.items()


def test_most_bounds_a_pass_and_removes_nothing(twin, github):
    many(github, 30)
    out = collect(twin, github, most=10)
    assert counts(out) == {"new": 10} and "as many as `most` allows" in out["said"]
    assert counts(collect(twin, github)) == {"new": 20, "unchanged": 10}
    assert counts(collect(twin, github, most=10)) == {"unchanged": 10}
    assert len(documents(twin)) == 30


# ---- Limits, errors, and a pass that is cut short -------------------------------------------------------------------


def test_a_short_limit_is_waited_for(twin, github):
    many(github, 5)
    github.first = {"/issues": [limited(0), Answer({"message": "You have exceeded a secondary rate limit."}, 403, {"Retry-After": "0"})]}
    out = collect(twin, github)
    assert counts(out) == {"new": 5} and "no more requests are allowed now; going on in" in out["said"]


@pytest.mark.parametrize("answers", [
    [limited(1800)], [Answer({"message": "Slow down"}, 429, {"Retry-After": "1800"})], [Answer({}, 429, {"Retry-After": "1e300"})],
    [Answer({}, 429, {"Retry-After": "0"})] * 3, [Answer({"message": "You have exceeded a secondary rate limit"}, 403)],
])
def test_at_a_long_limit_what_there_is_is_stored_and_the_next_pass_goes_on(twin, github, answers):
    many(github, 250)
    github.first = {"page=3": list(answers)}
    out = collect(twin, github, max_wait=20)
    assert counts(out) == {"new": 200}
    assert re.search(r"the next `twin collect` goes on from here, at 20\d\d-.*Z or later \(in ", out["said"])
    out = collect(twin, github, max_wait=20)
    assert counts(out) == {"new": 50, "unchanged": 200}
    assert [p for p in github.paths(200) if "/boats/issues?" in p] == ["/repos/ann/boats/issues?creator=ann&page=3"]
    assert counts(collect(twin, github)) == {"unchanged": 250}


def test_a_kill_costs_one_request(twin, github):
    many(github, 120)
    boats = github.repos["ann/boats"]
    boats["files"] = {f"docs/d{i}.md": f"# Part {i}\n\nPart {i}. {WIND}\n" for i in range(8)}
    configure(twin, github)
    started = threading.Event()

    def stall(handler):
        if len([p for p in github.paths() if "/blobs/" in p]) >= 5:
            started.set()
            time.sleep(60)
        return github_answer(handler)

    github_answer = github.answer
    github.answer = lambda handler: stall(handler) if "/blobs/" in handler.path else github_answer(handler)
    process = twin.start("collect")
    assert started.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    github.answer = github_answer
    before = set(github.paths(200))
    out = collect(twin, github)
    assert counts(out)["new"] + counts(out)["unchanged"] == 128 and counts(out)["unchanged"] >= 5
    again = {p for p in github.paths(200) if p in before}
    assert len([p for p in again if "/blobs/" in p]) == 0 and len(documents(twin)) == 128
    assert counts(collect(twin, github)) == {"unchanged": 128}


def test_one_answer_that_fails_loses_nothing(twin, github):
    example(github)
    collect(twin, github)
    github.repos["ann/boats"]["issues"].pop(0)
    github.repos["ann/boats"]["issues"][0]["title"] = "Another"
    for answer in (Answer({"message": "Server Error"}, 502), Answer(b"<html>not JSON", 200), Answer(b'[{"number": 1', 200), Answer("text", 200),
                   Answer({"message": "Not Found"}, 404), Answer({"message": "Resource not accessible by personal access token"}, 403),
                   Answer({"message": "An error that says it is none"}), Answer(b"", 204)):
        github.instead = {"/repos/ann/boats/issues\\?": answer}
        out = collect(twin, github, max_wait=0)
        assert "/repos/ann/boats/issues: " in out["said"] and "nothing is removed in this pass" in out["said"]
        assert "removed" not in counts(out), answer.body
    assert set(documents(twin)) == ALL
    github.instead = {}
    assert counts(collect(twin, github))["removed"] == 1
    assert set(documents(twin)) == ALL - {"ann/boats#1"}


def test_an_object_that_is_another_loses_nothing(twin, github):
    example(github)
    collect(twin, github)
    for where in ("/git/trees/", "/search/"):
        github.instead = {where: Answer({"message": "An error that says it is none"})}
        out = collect(twin, github)
        assert "removed" not in counts(out) and "nothing is removed in this pass" in out["said"]
    github.instead = {"/repos/ann/boats$": Answer({})}
    assert counts(collect(twin, github, repositories="[ann/boats]", what="[issues]")) == {}
    assert set(documents(twin)) == ALL


def test_a_gist_that_is_not_given_is_tried_again(twin, github):
    example(github)
    collect(twin, github)
    github.gist("abc", "ann", {"tea.md": "# Tea\n\nIt got cold.\n"}, updated_at="2022-01-01T10:00:00Z")
    github.instead = {"/gists/abc": Answer({"message": "Forbidden"}, 403)}
    assert counts(collect(twin, github)) == {"skipped": 1, "unchanged": len(ALL) - 1}
    github.instead = {}
    assert counts(collect(twin, github)) == {"changed": 1, "unchanged": len(ALL) - 1}


def test_what_is_cut_says_so_in_every_pass(twin, github):
    boats = example(github)
    collect(twin, github)
    github.cut = True
    del boats["files"]["docs/ropes.md"]
    boats["reviews"].clear()
    for _ in range(2):
        out = collect(twin, github)
        assert "the list of its files is too long" in out["said"] and "only a part of its results" in out["said"]
        assert set(documents(twin)) == ALL
    github.cut = False
    assert counts(collect(twin, github))["removed"] == 2


def test_one_file_that_fails_is_tried_again(twin, github):
    boats = example(github)
    github.first = {"/git/blobs/": [Answer({"message": "x"}, 500), Answer(b"", 304)]}
    out = collect(twin, github, max_wait=0)
    assert counts(out) == {"new": len(ALL) - 2, "skipped": 2} and "the server answered 500" in out["said"]
    assert counts(collect(twin, github)) == {"new": 2, "unchanged": len(ALL) - 2}
    boats["files"]["docs/ropes.md"] += "x" * 6_000_000
    out = collect(twin, github)
    assert "are more than max_size" in out["said"] and set(documents(twin)) == ALL


def test_forks_of_gists_are_left_out_and_cut_ones_are_said(twin, github):
    github.gist("f1", "ann", {"his.md": "# His\n\nNot hers.\n"}, fork_of={"id": "x", "owner": {"login": "bob"}})
    github.gist("t1", "ann", {"long.md": "# Long\n\nOnly the first million bytes.\n"})["files"]["long.md"]["truncated"] = True
    out = collect(twin, github, what="[gists]")
    assert counts(out) == {"skipped": 1} and "GitHub gives only its beginning" in out["said"]


def test_a_search_that_can_not_go_on_and_redirects_without_end_are_said(twin, github):
    github.per_page = 10
    github.repo("ann/boats")
    for n in range(1, 13):
        github.issue("ann/boats", n, "bob", "Something of his.", pull=True, created_at="2021-04-01T10:00:00Z")
        github.review("ann/boats", n, 500 + n, "ann", f"About number {n}: well done.")
    github.instead = {"/users/ann/gists": Answer({}, 302, {"Location": "/api/v3/users/ann/gists?again"})}
    out = collect(twin, github, what="[reviews, gists]")
    assert counts(out) == {"new": 10} and "only a part of its results" in out["said"] and "too many redirects" in out["said"]
    assert len([p for p in github.paths() if "/gists" in p]) == 6


def test_what_is_turned_off_in_a_repository_is_no_error(twin, github):
    github.repo("ann/empty")
    github.instead = {"/ann/empty/issues": Answer({"message": "Issues are disabled for this repo"}, 410)}
    assert "warning" not in collect(twin, github, token_env="HOME")["said"]


def test_an_unknown_repository_removes_nothing(twin, github):
    example(github)
    collect(twin, github)
    out = collect(twin, github, repositories="[ann/gone]")
    assert "/repos/ann/gone: the server answered 404: Not Found" in out["said"] and set(documents(twin)) == ALL


def test_a_host_that_is_away_leaves_all_as_it_is(twin, github):
    example(github)
    collect(twin, github)
    github.shutdown()
    github.server_close()
    out = collect(twin, github, rc=1, max_wait=0)
    assert "its documents stay as they are" in out["said"] and set(documents(twin)) == ALL


# ---- The token, and the network -------------------------------------------------------------------------------------


def test_the_token_goes_to_the_api_and_nowhere_else(twin, github):
    twin.env["MY_TOKEN"] = github.token = "gh-s3cret"
    example(github)
    other = GitHub()
    github.instead = {"/repos/ann/boats/issues/comments": Answer({}, 302, {"Location": other.url + "/api/v3/x"})}
    github.first = {"/users/ann/gists": [Answer({}, 301, {"Location": "/api/v3/users/ann/gists?per_page=100&moved=1"})]}
    out = collect(twin, github, token_env="MY_TOKEN")
    assert "another host, which gets no token" in out["said"] and not other.hits
    assert "gist/abc/tea.md" in documents(twin)
    assert all(h["Authorization"] == "Bearer gh-s3cret" for _, _, h in github.hits)
    assert "gh-s3cret" not in out["said"]
    assert b"gh-s3cret" not in b"".join(p.read_bytes() for p in (twin.dir / ".twin").rglob("*") if p.is_file())
    other.shutdown()


def test_a_token_that_is_refused_is_said_without_showing_it(twin, github):
    twin.env["GITHUB_TOKEN"], github.token = "wr0ng", "right"
    out = collect(twin, github, rc=1)
    assert "does not take the token in GITHUB_TOKEN (401: Bad credentials)" in out["said"] and "wr0ng" not in out["said"]


def test_without_a_token_it_says_so(twin, github):
    twin.env.pop("GITHUB_TOKEN", None)
    assert "no token in GITHUB_TOKEN" in collect(twin, github)["said"]


def test_a_token_is_not_sent_in_the_clear_to_a_public_host(twin, github):
    twin.env["GITHUB_TOKEN"] = "t0ken"
    assert "use https" in collect(twin, github, allow_private="false", rc=2)["said"]
    assert not github.hits


def test_private_addresses_and_the_network_are_guarded(twin, github):
    twin.env.pop("GITHUB_TOKEN", None)
    assert "a loopback address" in collect(twin, github, allow_private="false", rc=1, max_wait=0)["said"]
    configure(twin, github)
    assert "because twin is offline" in twin("collect", "--offline", rc=1).stderr
    assert twin("status", "--network").stdout.split("\n")[0] == github.url.split("//")[1]
    assert not github.hits
    twin.config("sources:\n  - {type: github, user: ann}\n  - {type: gitlab, user: ann}\n")
    assert {"api.github.com", "gitlab.com"} <= set(twin("status", "--network").stdout.split())


def test_init_writes_such_a_source(twin):
    twin("init", "new", "--github", "ann")
    text = (twin.dir / "new/twin.yaml").read_text()
    assert text.count('type: github\n    user: "ann"\n') == 1 and "type: dir" not in text
    (twin.dir / "twin.yaml").write_text(text)
    assert twin("status", "--network").stdout.startswith("api.github.com\n")


# ---- GitLab ---------------------------------------------------------------------------------------------------------


def gitlab_example(twin, g):
    twin.env["GITLAB_TOKEN"] = g.token = "gl-s3cret"
    boats = g.project("ann/boats", license={"key": "mit", "name": "MIT License"})
    boats["files"] = {"README.md": f"# Boats\n\n{WIND}\n", "docs/ropes.md": f"# Ropes\n\n{ROPE}\n", "src/boat.c": "int oars;\n"}
    boats["wikis"] = [{"slug": "how/to-row", "title": "How to row", "format": "markdown", "content": WIND, "encoding": "UTF-8"}]
    g.issue("ann/boats", 1, "ann", "The oars are too short.\n\n<!-- template -->", "Oars", labels=["bug"])
    g.issue("ann/boats", 2, "bob", "Which rope shall I take?", "A rope")
    g.issue("ann/boats", 3, "ann", "It takes the lay into account.", "Coil", what="merge_requests")
    g.note("ann/boats", 2, 20, "ann", ROPE)
    g.note("ann/boats", 2, 21, "bob", "And how long?")
    g.note("ann/boats", 2, 22, "ann", "changed the description", system=True)
    g.note("ann/boats", 2, 23, "ann", "Twice the height of the mast.")
    g.note("ann/boats", 3, 30, "bob", "Why the lay?", what="merge_requests")
    g.note("ann/boats", 3, 31, "ann", "Because it kinks otherwise.", what="merge_requests", type="DiffNote")
    g.project("ann/fork", forked_from_project={"id": 9})["files"] = {"README.md": "# Not hers\n"}
    g.project("ann/hidden", visibility="private")["files"] = {"README.md": "# Hidden\n"}
    g.snippet(7, "ann", {"tea time.md": f"# Tea\n\n{WIND}\n", "x.py": "print(1)\n"})
    g.snippet(8, "bob", {"his.md": "# His\n"})
    del g.snippet(9, "ann", {"old.md": "# Old\n\nFrom the time before files.\n"})["files"]
    return boats


GITLAB = {"ann/boats:README.md", "ann/boats:docs/ropes.md", "ann/boats/wiki/how/to-row", "ann/boats#1", "ann/boats!3", "ann/boats#2/note/20",
          "ann/boats#2/note/23", "ann/boats!3/note/31", "snippet/7/tea time.md", "snippet/9/old.md"}


def test_gitlab_what_the_user_wrote_becomes_documents(twin, gitlab):
    gitlab_example(twin, gitlab)
    out = collect(twin, gitlab, type="gitlab")
    assert counts(out) == {"new": len(GITLAB)}, out["said"]
    found = documents(twin)
    assert set(found) == GITLAB
    issue = found["ann/boats#1"]
    assert issue["title"] == "Oars" and text(twin, "ann/boats#1") == "The oars are too short." and issue["extra"]["tags"] == ["bug"]
    assert day(issue["created_ms"]) == "2021-04-02" and issue["url"] == "https://gitlab.com/ann/boats/-/issues/1"
    note = found["ann/boats#2/note/23"]
    assert note["extra"]["exchanges"] == [{"context": "And how long?", "reply": "Twice the height of the mast."}]
    assert note["url"] == "https://gitlab.com/ann/boats/-/issues/2#note_23"
    assert found["ann/boats#2/note/20"]["extra"]["exchanges"][0]["context"] == "A rope\n\nWhich rope shall I take?"
    assert found["ann/boats!3/note/31"]["extra"]["exchanges"][0]["context"] == "Why the lay?"
    wiki = found["ann/boats/wiki/how/to-row"]
    assert wiki["title"] == "How to row" and wiki["url"] == "https://gitlab.com/ann/boats/-/wikis/how/to-row"
    readme = found["ann/boats:README.md"]
    assert readme["url"] == "https://gitlab.com/ann/boats/-/blob/main/README.md" and day(readme["modified_ms"]) == "2021-02-03"
    assert all(h["Authorization"] == "Bearer gl-s3cret" for _, _, h in gitlab.hits)


def test_gitlab_an_unchanged_account_gives_no_bodies_and_asks_for_no_old_notes(twin, gitlab):
    gitlab_example(twin, gitlab)
    collect(twin, gitlab, type="gitlab")
    assert counts(collect(twin, gitlab, type="gitlab")) == {"unchanged": len(GITLAB)}
    assert {s for _, s, _ in gitlab.hits} == {304} and not [p for p in gitlab.paths() if "/notes" in p]


def test_gitlab_edits_and_removals(twin, gitlab):
    boats = gitlab_example(twin, gitlab)
    collect(twin, gitlab, type="gitlab")
    boats["issues"][0].update(description="They are too heavy, too.", updated_at="2022-01-01T10:00:00.000Z")
    boats["notes"][("issues", 2)].pop(0)
    boats["issues"][1]["user_notes_count"] -= 1
    boats["wikis"][0]["content"] = ROPE
    gitlab.snippets_of.pop(0)
    out = collect(twin, gitlab, type="gitlab")
    assert counts(out) == {"changed": 2, "unchanged": len(GITLAB) - 4, "removed": 2}, out["said"]


def test_gitlab_without_a_token_reads_no_files_and_removes_nothing(twin, gitlab):
    gitlab_example(twin, gitlab)
    collect(twin, gitlab, type="gitlab")
    gitlab.token = None
    twin.env.pop("GITLAB_TOKEN")
    out = collect(twin, gitlab, type="gitlab")
    assert "nothing is removed" in out["said"] and set(documents(twin)) == GITLAB  # and nothing of the fork, which is not told to be one
    assert not [p for p in gitlab.paths() if "tree" in p or "wikis" in p]
    twin.env["GITLAB_TOKEN"], gitlab.owner = "t", "bob"
    assert "snippets are not read" in collect(twin, gitlab, type="gitlab")["said"] and set(documents(twin)) == GITLAB


def test_gitlab_what_is_confidential_only_when_asked_for(twin, gitlab):
    twin.env["GITLAB_TOKEN"] = "t"
    gitlab.project("ann/boats")
    gitlab.issue("ann/boats", 1, "ann", "The lock of the shed is broken.", confidential=True)
    gitlab.issue("ann/boats", 2, "bob", "Which rope?", confidential=False)
    gitlab.note("ann/boats", 1, 10, "ann", "It still is.")
    gitlab.note("ann/boats", 2, 20, "ann", "He asks that every year.", internal=True, confidential=True)
    gitlab.note("ann/boats", 2, 21, "ann", ROPE, internal=False)
    collect(twin, gitlab, type="gitlab")
    assert set(documents(twin)) == {"ann/boats#2/note/21"}
    collect(twin, gitlab, type="gitlab", private="true")
    assert set(documents(twin)) == {"ann/boats#1", "ann/boats#1/note/10", "ann/boats#2/note/20", "ann/boats#2/note/21"}


def test_gitlab_large_files_are_left_out_and_wikis_have_other_markup(twin, gitlab):
    boats = gitlab_example(twin, gitlab)
    boats["wikis"] += [{"slug": "knots", "title": "Knots", "format": "org", "content": "* Bends\n\nA /reef/ knot is none.\n", "encoding": "UTF-8"},
                       {"slug": "old", "title": "Old", "format": "asciidoc", "content": "== Bends\n\nA _reef_ knot is none.\n"}]
    collect(twin, gitlab, type="gitlab")
    assert text(twin, "ann/boats/wiki/knots").strip() == text(twin, "ann/boats/wiki/old").strip().replace("## ", "# ")
    assert "*reef*" in text(twin, "ann/boats/wiki/knots")
    before = documents(twin)
    boats["files"]["docs/ropes.md"] += "x" * 6_000_000
    out = collect(twin, gitlab, type="gitlab")
    assert "are more than max_size" in out["said"] and documents(twin) == before


def test_gitlab_only_lists_of_the_author_where_no_notes_are_wanted(twin, gitlab):
    gitlab_example(twin, gitlab)
    collect(twin, gitlab, type="gitlab", what="[issues]")
    assert set(documents(twin)) == {"ann/boats#1"}
    assert "/projects/1/issues?author_username=ann" in gitlab.paths()
    assert not [p for p in gitlab.paths() if re.search("merge_requests|notes|tree|wikis|snippets", p)]


def test_gitlab_code_needs_a_licence_that_the_project_itself_names(twin, gitlab):
    gitlab_example(twin, gitlab)
    collect(twin, gitlab, type="gitlab", what="[readme]", code="['*.c']", licenses="[MIT]")
    found = documents(twin)
    assert set(found) == {"ann/boats:README.md", "ann/boats:src/boat.c"}
    assert found["ann/boats:src/boat.c"]["extra"]["license"] == "mit"


def test_gitlab_projects_of_groups_by_name_and_what_is_turned_off(twin, gitlab):
    gitlab_example(twin, gitlab)
    gitlab.project("crew/deep/ship", kind="group", merge_requests_access_level="disabled")["files"] = {"README.md": "# Ship\n\nOf many.\n"}
    gitlab.issue("crew/deep/ship", 4, "ann", "The anchor is too light.")
    gitlab.project("ann/new", empty_repo=True, default_branch=None, issues_access_level="disabled", wiki_access_level="disabled")
    out = collect(twin, gitlab, type="gitlab", repositories="[crew/deep/ship, ann/new]", what="[readme, issues, wikis]")
    assert set(documents(twin)) == {"crew/deep/ship#4"} and "warning" not in out["said"]
    assert "/projects/crew%2Fdeep%2Fship?license=true" in gitlab.paths()


def test_gitlab_long_lists_limits_and_going_on(twin, gitlab):
    twin.env["GITLAB_TOKEN"] = "t"
    gitlab.project("ann/boats")
    for i in range(1, 251):
        gitlab.issue("ann/boats", i, "ann", f"The text of number {i}.")
    for reset in (time.time() + 900, 900):  # of the proxies before a server of one's own, some give a span
        limits = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(reset))}
        gitlab.first = {"page=3": [Answer({"message": "429 Too Many Requests"}, 429, limits)]}
        out = collect(twin, gitlab, type="gitlab")
        assert re.search(r"or later \(in 1[45] min", out["said"]), out["said"]
    assert len(documents(twin)) == 200
    assert counts(collect(twin, gitlab, type="gitlab")) == {"new": 50, "unchanged": 200}
    assert len([p for p in gitlab.paths(200) if "/issues" in p]) == 1
