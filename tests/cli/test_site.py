"""`type: site`: the crawler against sites that a test serves on loopback, hostile ones among them."""

import datetime
import re
import signal
import threading
import time

import pytest

import program
import website
from website import Page, Website, article, listing, redirect, sitemap

WIND = "On the third day the wind turned, and the boats, which had waited for it, went out again before anybody was up."


@pytest.fixture
def site():
    s = Website()
    yield s
    s.shutdown()


def crawl(twin, site, rc=0, options="", **more):
    """One `twin collect` of the site; its outputs, with stderr as "said"."""
    words = "".join(f", {k}: {v}" for k, v in {"delay": 0, "allow_private": "true", **more}.items())
    url = site if isinstance(site, str) else site.url + "/"
    twin.config(f"twin: Ann\nsources:\n  - {{type: site, name: s, url: '{url}'{words}{options}}}\n")
    if not isinstance(site, str):
        site.hits.clear()
    r = twin("collect", "--json", rc=rc)
    if rc:
        return {"said": r.stderr}
    return program.json.loads(r.stdout)["steps"][0]["outputs"] | {"said": r.stderr}


def counts(out):
    return {k: v for k, v in out.items() if k in ("new", "changed", "removed", "unchanged", "skipped") and v}


def documents(twin, source="s"):
    """{path: document} of the live ones."""
    all = [d for d in twin.json("show", "documents", "--limit", "0") if d["source"] == source]
    return {re.sub(r"^http://[^/]*", "", d["key"]): d for d in all}


def day(document):
    return datetime.datetime.fromtimestamp(document["created_ms"] / 1000, datetime.timezone.utc).date().isoformat()


def posts(n, **more):
    return {f"/p{i}": article(f"Part {i}", f"Part {i}. " + WIND, **more) for i in range(n)}


# ---- What is a document ---------------------------------------------------------------------------------------------


def test_pages_that_are_writing_become_documents_and_lists_are_only_followed(twin, site):
    site.pages = {
        "/": listing("/tags/", "/page/2", "/about", "/p0"),
        "/tags/": listing("/p1"),
        "/page/2": listing("/p2", "/"),
        "/about": Page("<html><head><title>About me</title></head><body><main><h1>About me</h1>"
                       + f"<p>{WIND}</p>" * 3 + "</main></body></html>"),
        **posts(3),
    }
    assert counts(crawl(twin, site)) == {"new": 4}
    found = documents(twin)
    assert set(found) == {"/about", "/p0", "/p1", "/p2"}
    assert found["/p1"]["title"] == "Part 1"
    assert day(found["/p1"]) == "2021-03-14"
    assert len(site.paths()) == len(set(site.paths()))


def test_robots_and_globs_say_what_is_asked_for(twin, site):
    site.pages = {
        "/robots.txt": Page("User-agent: *\nDisallow: /\n\nUser-agent: twin\nDisallow: /p1\nAllow: /p1$\n", type="text/plain"),
        "/": listing("/p0", "/p1", "/p1/x", "/drafts/a", "/notes/b"),
        "/p1/x": article("x", WIND), "/drafts/a": article("a", WIND), "/notes/b": article("b", WIND), **posts(2),
    }
    crawl(twin, site, exclude="[/drafts/]")
    assert set(documents(twin)) == {"/p0", "/p1", "/notes/b"}
    assert not {"/p1/x", "/drafts/a"} & set(site.paths())
    crawl(twin, site, include="[/notes/*]")
    assert set(documents(twin)) == {"/notes/b"}


def test_robots_that_cannot_be_read_forbid_all(twin, site):
    site.pages = {"/robots.txt": Page(status=500), "/": listing("/p0"), **posts(1)}
    assert "robots.txt could not be read" in crawl(twin, site, rc=1)["said"]
    assert site.paths() == ["/robots.txt"]
    site.pages["/robots.txt"] = redirect("/robots.txt")
    assert counts(crawl(twin, site)) == {"new": 1}


def test_robots_of_another_host_are_not_asked_for(twin, site):
    other = Website({"/robots.txt": Page("User-agent: *\nDisallow: /\n", type="text/plain")})
    site.pages = {"/robots.txt": redirect(other.url + "/robots.txt"), "/": listing("/p0", "/p1"), **posts(2)}
    assert counts(crawl(twin, site)) == {"new": 2}
    assert other.hits == []
    other.shutdown()
    site.pages |= {"/robots.txt": redirect("/x/robots"), "/x/robots": Page("User-agent: *\nDisallow: /p1\n", type="text/plain")}
    assert "/p1: robots.txt does not allow it" in crawl(twin, site)["said"]


def test_a_page_is_stored_once_under_its_canonical_address(twin, site):
    canonical = '<link rel="canonical" href="/p0">'
    site.pages = {
        "/": listing("/p0?utm_source=home", "/p0?print=1", "/p0#comments", "/other", "/everywhere"),
        "/p0": article("Part 0", WIND, head=canonical),
        "/p0?print=1": article("Part 0", WIND, head=canonical),
        "/other": article("Other", "Elsewhere. " + WIND, head='<link rel="canonical" href="https://example.com/x">'),
        "/everywhere": article("Theme", "Again. " + WIND, head='<link rel="canonical" href="/">'),
    }
    for expect in ({"new": 3}, {"unchanged": 3}):
        assert counts(crawl(twin, site)) == expect
        assert set(documents(twin)) == {"/p0", "/other", "/everywhere"}
        assert site.paths().count("/p0") == 1 and site.paths().count("/p0?print=1") == 1
    # The page whose document it was is gone: the other one still says whose copy it is.
    site.pages["/p0"] = Page("", 404)
    crawl(twin, site)
    assert set(documents(twin)) == {"/p0", "/other", "/everywhere"}


def test_what_a_page_asks_of_programs_is_done(twin, site):
    site.pages = {
        "/": listing("/p0", "/p1", "/p2", "/p3"),
        "/p0": article("No index", WIND, head='<meta name="robots" content="noindex">', links=["/found"]),
        "/p1": article("No follow", WIND, head='<meta name="robots" content="nofollow">', links=["/lost"]),
        "/p2": article("By a header", WIND),
        "/p3": article("For another", "3. " + WIND),
        "/found": article("Found", "Found. " + WIND), "/lost": article("Lost", "Lost. " + WIND),
    }
    site.pages["/p2"].headers = {"X-Robots-Tag": "noindex"}
    site.pages["/p3"].headers = {"X-Robots-Tag": "otherbot: noindex, nofollow"}
    crawl(twin, site)
    assert set(documents(twin)) == {"/p1", "/p3", "/found"}
    assert "/lost" not in site.paths()


def test_pages_of_other_authors_are_left_out(twin, site):
    by = '<meta name="author" content="{}">'.format
    site.pages = {
        "/": listing("/p0", "/p1", "/p2", "/p3"),
        "/p0": article("Mine", "0 " + WIND, head=by("Ann Smith")), "/p1": article("A guest's", "1 " + WIND, head=by("Bo")),
        "/p2": article("Nobody's", "2 " + WIND), "/p3": article("Both", "3 " + WIND, head=by("Bo and ann smith")),
    }
    crawl(twin, site, author="[Ann Smith]")
    assert set(documents(twin)) == {"/p0", "/p2", "/p3"}


def test_text_and_markdown_are_pages_too(twin, site):
    site.pages = {
        "/": listing("/a.md", "/b.txt"),
        "/a.md": Page(f"---\ntitle: From Markdown\ndate: 2020-02-03\n---\n\n{WIND}\n\n{WIND}\n\n{WIND}\n", type="text/markdown"),
        "/b.txt": Page(f"{WIND}\n\n{WIND}\n\n{WIND}\n", type="text/plain; charset=us-ascii"),
    }
    crawl(twin, site)
    found = documents(twin)
    assert set(found) == {"/a.md", "/b.txt"}
    assert found["/a.md"]["title"] == "From Markdown" and day(found["/a.md"]) == "2020-02-03"


# ---- What comes back ------------------------------------------------------------------------------------------------


def test_an_unchanged_site_costs_no_body(twin, site):
    site.pages = {"/": listing("/p0", "/p1", "/p2"), "/sitemap.xml": sitemap("/p3"), **posts(4)}
    assert counts(crawl(twin, site)) == {"new": 4}
    assert counts(crawl(twin, site)) == {"unchanged": 4}
    assert {s for p, s in site.hits if p != "/robots.txt"} == {304}
    assert sorted(site.paths()) == sorted(["/robots.txt", "/sitemap.xml", "/", "/p0", "/p1", "/p2", "/p3"])
    site.pages["/p1"] = article("Part 1", "Edited. " + WIND)
    assert counts(crawl(twin, site)) == {"changed": 1, "unchanged": 3}
    assert [p for p, s in site.hits if s == 200] == ["/p1"]


def test_a_date_serves_where_there_is_no_etag(twin, site):
    when = "Sun, 14 Mar 2021 10:00:00 GMT"
    asked = []
    site.pages = {"/": listing("/p0"), **posts(1)}
    site.pages["/p0"].etag = None
    site.pages["/p0"].headers = {"Last-Modified": when}
    site.pages["/p0"].act = lambda handler: asked.append(handler.headers.get("If-Modified-Since"))
    crawl(twin, site)
    assert counts(crawl(twin, site)) == {"unchanged": 1}
    assert asked == [None, when]


def test_gone_pages_are_removed_and_failing_ones_stay(twin, site):
    site.pages = {"/": listing("/p0", "/p1", "/p2", "/p3", "/list/"), "/list/": listing("/p4"), **posts(5)}
    assert counts(crawl(twin, site)) == {"new": 5}
    site.pages["/p0"] = Page("gone", 410)
    site.pages["/p1"] = Page("error", 500)
    site.pages["/p2"] = Page("%PDF", type="application/pdf")
    site.pages["/list/"] = Page("error", 500)
    out = crawl(twin, site)
    assert counts(out) == {"removed": 1, "unchanged": 2, "skipped": 3}
    assert re.search(r"/p1: the server answered 500", out["said"]) and "/p2: application/pdf is no page" in out["said"]
    assert set(documents(twin)) == {"/p1", "/p2", "/p3", "/p4"}
    site.pages |= {"/": listing("/p1", "/p2"), **posts(5)}  # nothing leads to p3 and p4 any more
    assert counts(crawl(twin, site)) == {"unchanged": 2, "removed": 2}


def test_what_a_list_led_to_is_not_gone_when_robots_forbid_the_list(twin, site):
    site.pages = {"/": listing("/tags/", "/p1"), "/tags/": listing("/p0"), **posts(2)}
    crawl(twin, site)
    site.pages["/robots.txt"] = Page("User-agent: *\nDisallow: /tags/\nDisallow: /p1\n", type="text/plain")
    out = crawl(twin, site)
    assert counts(out) == {"unchanged": 1, "skipped": 1} and "/p1: robots.txt does not allow it" in out["said"]
    assert "/tags/" not in site.paths() and set(documents(twin)) == {"/p0", "/p1"}


def test_a_new_page_that_fails_may_hide_others_so_nothing_is_removed(twin, site):
    site.pages = {"/": listing("/p0", "/p1"), **posts(2)}
    crawl(twin, site)
    site.pages["/"] = listing("/p0", "/archive")
    site.pages["/archive"] = Page("error", 500)
    assert counts(crawl(twin, site)) == {"unchanged": 1, "skipped": 1}
    assert counts(crawl(twin, site)) == {"unchanged": 1, "skipped": 1}  # however often it fails
    assert set(documents(twin)) == {"/p0", "/p1"}
    site.pages["/archive"] = listing("/p1")
    assert counts(crawl(twin, site)) == {"unchanged": 2}


def test_redirects_stay_on_the_site(twin, site):
    other = Website({"/x": article("Other", WIND)})
    site.pages = {
        "/": redirect("/home"), "/home": listing("/old", "/loop", "/away", "/chain0"),
        "/old": redirect("/p0", 301), "/loop": redirect("/loop2"), "/loop2": redirect("/loop"),
        "/away": redirect(other.url + "/x"), **{f"/chain{i}": redirect(f"/chain{i + 1}") for i in range(30)},
        "/chain30": article("Far away", "Far. " + WIND), **posts(1),
    }
    crawl(twin, site)
    other.shutdown()
    assert set(documents(twin)) == {"/p0"}  # the chain is longer than any link may be followed
    assert other.hits == []
    assert max(site.paths().count(p) for p in site.paths()) == 1


def test_a_start_page_that_leads_elsewhere_is_an_error(twin, site):
    site.pages = {"/": redirect("https://example.com/")}
    said = crawl(twin, site, rc=1)["said"]
    assert "leads to https://example.com/, which is another site" in said
    site.pages = {"/": redirect("/")}
    assert "redirects" in crawl(twin, site, rc=1)["said"]
    site.pages = {"/": Page("x", 404)}
    assert "the server answered 404" in crawl(twin, site, rc=1)["said"]
    assert "not an http or https address" in crawl(twin, "ftp://example.org/", rc=2)["said"]


def test_a_start_page_that_leaves_its_folder_removes_nothing(twin, site):
    site.pages = {"/blog/": listing("/blog/p0", "/p1"), "/blog/p0": article("Part 0", WIND), "/p1": article("1", WIND)}
    start = site.url + "/blog/"
    assert counts(crawl(twin, start)) == {"new": 1}
    site.pages |= {"/blog/": redirect("/maintenance"), "/maintenance": listing("/p1")}
    site.hits.clear()
    said = crawl(twin, start, rc=1)["said"]
    assert "/maintenance, which is outside of its folder" in said and "twin.yaml" in said
    assert set(documents(twin)) == {"/blog/p0"} and "/maintenance" not in site.paths()
    # A slash that was left out is no move, and does not widen the folder.
    site.pages |= {"/blog": redirect("/blog/"), "/blog/": listing("/blog/p0", "/p1")}
    crawl(twin, site.url + "/blog")
    assert set(documents(twin)) == {"/blog/p0"}


def test_a_start_page_that_moves_within_its_folder_removes_nothing(twin, site):
    site.pages = {"/": listing("/p0", "/p1"), "/p0": article("Part 0", WIND), "/p1": article("Part 1", WIND)}
    assert counts(crawl(twin, site)) == {"new": 2}
    home = site.pages["/"]
    site.pages |= {"/": redirect("/maintenance"), "/maintenance": listing("/p1")}
    for _ in range(2):
        said = crawl(twin, site)["said"]
        assert "/maintenance and no longer to" in said and "nothing is removed" in said and "twin.yaml" in said
        assert set(documents(twin)) == {"/p0", "/p1"}
    site.pages |= {"/": home, "/p0": Page("gone", 404)}
    crawl(twin, site)
    assert set(documents(twin)) == {"/p1"}


def test_pages_too_far_away_are_left_out_and_it_says_so(twin, site):
    site.pages = {"/": listing("/a"), "/a": article("A", WIND, links=["/b"]), "/b": article("B", WIND)}
    said = crawl(twin, site, max_depth=1)["said"]
    assert "more than 1 links away are left out (max_depth)" in said
    assert set(documents(twin)) == {"/a"} and "/b" not in site.paths()


def test_retry_after_is_obeyed(twin, site):
    times = []
    busy = Page("busy", 503, headers={"Retry-After": "1"})
    site.pages = {"/": listing("/p0"), **posts(1)}
    site.pages["/p0"].first = [busy]
    site.pages["/p0"].act = busy.act = lambda handler: times.append(time.monotonic())
    assert counts(crawl(twin, site)) == {"new": 1}
    assert times[1] - times[0] >= 1


def test_a_host_that_wants_to_be_left_alone_is_and_the_next_pass_goes_on(twin, site):
    site.pages = {"/": listing(*posts(6)), **posts(6)}
    site.pages["/p3"].first = [Page("busy", 429, headers={"Retry-After": "3600"})]
    out = crawl(twin, site)
    assert counts(out) == {"new": 3, "skipped": 1}
    assert "left alone for 3600 s" in out["said"]
    assert counts(crawl(twin, site)) == {"new": 3, "unchanged": 3}
    assert sorted(p for p, _ in site.hits if p.startswith("/p")) == ["/p3", "/p4", "/p5"]


def test_sitemaps_find_what_nothing_links_to(twin, site):
    site.pages = {
        "/robots.txt": Page("User-agent: *\nDisallow:\nSitemap: /maps/index.xml\n", type="text/plain"),
        "/": listing("/p0"),
        "/maps/index.xml": sitemap("/maps/a.xml.gz", "/maps/b.txt", "/maps/index.xml", kind="sitemapindex", entry="sitemap"),
        "/maps/a.xml.gz": sitemap(site.url + "/p1", site.url + "/p2", "https://example.com/p3", packed=True),
        "/maps/b.txt": Page(f"{site.url}/p4\n", type="text/plain"), **posts(5),
    }
    assert counts(crawl(twin, site)) == {"new": 4}
    assert set(documents(twin)) == {"/p0", "/p1", "/p2", "/p4"}
    assert counts(crawl(twin, site)) == {"unchanged": 4}
    assert {s for p, s in site.hits if p != "/robots.txt"} == {304}
    # A map that fails hides nothing that it showed before.
    site.pages["/maps/a.xml.gz"] = Page("error", 500)
    out = crawl(twin, site)
    assert counts(out) == {"unchanged": 4} and "a.xml.gz: the server answered 500" in out["said"]
    crawl(twin, site, sitemap="false")
    assert set(documents(twin)) == {"/p0"}


def test_a_sitemap_that_is_cut_short_removes_nothing(twin, site):
    site.pages = {"/": listing("/p0"), "/sitemap.xml": sitemap("/p1"), **posts(2)}
    assert counts(crawl(twin, site)) == {"new": 2}
    whole = site.pages["/sitemap.xml"]
    site.pages["/sitemap.xml"] = Page(whole.body[:-20], type="application/xml")
    out = crawl(twin, site)
    assert counts(out) == {"unchanged": 2} and "sitemap.xml: the sitemap ends in the middle" in out["said"]


def test_more_sitemaps_than_are_read_may_hide_pages_so_nothing_is_removed(twin, site):
    maps = [f"/m{i}.xml" for i in range(110)]
    site.pages = {"/": listing("/p0", "/p1"), **posts(2), **{m: sitemap() for m in maps}}
    assert counts(crawl(twin, site)) == {"new": 2}
    site.pages["/"] = listing("/p0")
    site.pages["/sitemap.xml"] = sitemap(*maps, kind="sitemapindex", entry="sitemap")
    assert counts(crawl(twin, site)) == {"unchanged": 1} and len(documents(twin)) == 2
    site.pages["/sitemap.xml"] = sitemap(*maps[:50], kind="sitemapindex", entry="sitemap")
    assert counts(crawl(twin, site)) == {"unchanged": 1, "removed": 1}


def test_a_page_with_more_links_than_are_taken_may_hide_others_so_nothing_is_removed(twin, site):
    site.pages = {"/": listing("/p0", "/p1"), **posts(2)}
    assert counts(crawl(twin, site)) == {"new": 2}
    site.pages["/"] = listing("/p0", "/all")
    site.pages["/all"] = Page("".join(f"<a href='/all?{i}'>x</a>" for i in range(5001)))
    for _ in range(2):  # the second time it says "not modified"
        out = crawl(twin, site, max_depth=1)
        assert counts(out) == {"unchanged": 1} and "/all leads to more than is read" in out["said"]
        assert len(documents(twin)) == 2
    site.pages["/all"] = listing("/p0")
    assert counts(crawl(twin, site, max_depth=1)) == {"unchanged": 1, "removed": 1}


# ---- Limits ---------------------------------------------------------------------------------------------------------


def test_a_pass_that_reaches_its_budget_removes_nothing(twin, site):
    site.pages = {"/": listing(*posts(8)), **posts(8)}
    assert counts(crawl(twin, site)) == {"new": 8}
    for i in range(3):
        site.pages[f"/p{i}"] = Page("gone", 404)
    out = crawl(twin, site, max_pages=5)
    assert counts(out) == {"unchanged": 1} and "as many as max_pages allows" in out["said"]
    assert len([p for p in site.paths() if p not in ("/robots.txt", "/sitemap.xml")]) == 5
    assert counts(crawl(twin, site)) == {"unchanged": 5, "removed": 3}


def test_a_site_without_an_end_is_left_at_the_budget(twin, site):
    def endless(path):
        here = path.rstrip("/")
        return listing(here + "/next", here + "/a/b/c", f"/x{hash(path)}", path + "?day=" + str(len(path)), "/p0" if path == "/" else "/")

    site.page = lambda path: posts(1).get(path) or (Page("", 404) if path.endswith((".txt", ".xml")) else endless(path))
    out = crawl(twin, site, max_pages=60)
    assert counts(out) == {"new": 1}
    assert len(site.paths()) <= 62


def test_hostile_answers_are_reported_and_the_rest_is_taken(twin, site):
    site.pages = {
        "/": Page("<a href='/huge'>h</a><a href='/slow'>s</a><a href='http://[::1'>b</a><a href='//'>b</a><a href='/%00%ff'>b</a>"
                  "<a href='/movie'>v</a><a href='javascript:x()'>j</a><a href='" + "x" * 9000 + "'>l</a><a href='/deep'>d</a>"
                  "<a href='/bytes'>y</a><a href='/p0'>p</a>", etag=False),
        "/huge": Page("<p>" + "x" * 300000), "/slow": Page("x", act=lambda handler: time.sleep(3)),
        "/movie": Page(b"\0" * 5000000, type="video/mp4"), "/deep": Page("<div>" * 20000 + WIND),
        "/bytes": Page(bytes(range(256)) * 50, type="text/html; charset=utf-16"), **posts(1),
    }
    out = crawl(twin, site, max_size=200000, timeout=1)
    assert set(documents(twin)) >= {"/p0"}
    assert "larger than 200000 bytes" in out["said"] and "/slow: " in out["said"]
    assert "video/mp4" not in out["said"]


def test_a_host_that_stops_answering_is_left_and_nothing_is_removed(twin, site):
    site.pages = {"/": listing(*posts(9)), **posts(9)}
    crawl(twin, site)
    for i in range(9):
        site.pages[f"/p{i}"].act = lambda handler: time.sleep(1.5)
    out = crawl(twin, site, timeout=1)
    assert "does not answer any more" in out["said"]
    assert counts(out) == {"skipped": 5} and len(documents(twin)) == 9


def test_a_killed_crawl_asks_for_nothing_twice(twin, site):
    n, reached = 40, threading.Event()
    held = threading.Event()

    def hold(handler):
        if not held.is_set():
            reached.set()
            held.wait(30)

    site.pages = {"/": listing("/p0", "/p1"), "/sitemap.xml": sitemap("/p2"),
                  **{f"/p{i}": article(f"Part {i}", f"{i} " + WIND, links=[f"/p{i + 2}"]) for i in range(n)}}
    site.pages["/p25"].act = hold
    words = "delay: 0.02, allow_private: true, max_depth: 100"
    twin.config(f"twin: Ann\nsources:\n  - {{type: site, name: s, url: '{site.url}/', {words}}}\n")
    for kill in (signal.SIGKILL, signal.SIGTERM):
        held.clear(), reached.clear()
        before = len(site.hits)
        process = twin.start("collect")
        assert reached.wait(30)
        process.send_signal(kill)
        held_until = process.wait(30)
        held.set()
        assert held_until != 0
        # What was held is answered to nobody.
        time.sleep(0.2)
        site.hits[:] = [h for h in site.hits if h[0] != "/p25"]
        assert len(site.hits) > before
    twin("collect")
    pages = [p for p in site.paths() if p != "/robots.txt"]
    assert sorted(pages) == sorted(set(pages)) and len(pages) == n + 4  # the last links lead nowhere
    assert len(documents(twin)) == n


def test_the_host_is_named_and_offline_asks_nobody(twin, site):
    site.pages = {"/": listing("/p0"), **posts(1)}
    crawl(twin, site)
    assert site.url.removeprefix("http://") in twin("status", "--network").stdout
    site.hits.clear()
    assert "offline" in twin("collect", "--offline", rc=1).stderr
    assert site.hits == [] and len(documents(twin)) == 1


def test_init_writes_a_site(twin, site):
    site.pages = {"/": listing("/p0"), **posts(1)}
    twin("init", "new", "--site", site.url + "/")
    text = (twin.dir / "new/twin.yaml").read_text()
    assert "type: dir" not in text
    assert text.count(f'type: site\n    url: "{site.url}/"\n') == 1
    (twin.dir / "twin.yaml").write_text(text.replace("type: site\n", "type: site\n    allow_private: true\n"))
    assert counts(twin.json("collect")["steps"][0]["outputs"])["new"] == 1


def test_loopback_must_be_permitted(twin, site):
    site.pages = {"/": listing("/p0"), **posts(1)}
    crawl(twin, site, rc=1, allow_private="false")
    assert site.hits == []


# ---- The same writing by folder, feed and site ----------------------------------------------------------------------

XE = program.ROOT.parent / "shared/data/xe-site/lume/src/blog"
FOLDERS = {"samples": program.ROOT / "samples/mara", **({"xe-site": XE} if XE.is_dir() else {})}


def words(markdown, title):
    """What a reader sees, as words."""
    text = re.sub(r"^\[[^\]]+\]: *\S+ *$", "", markdown, flags=re.M)
    text = re.sub(r"\]\([^)]*\)|\]\[[^\]]*\]", "]", text)
    text = re.sub(r"^```\w*$", "", text, flags=re.M)
    found = re.findall(r"\w+", re.sub(r"(?<!\w)_|_(?!\w)", " ", text).replace("\\", ""))
    head = re.findall(r"\w+", title)
    return found[len(head):] if found[: len(head)] == head else found


@pytest.mark.parametrize("at", FOLDERS)
def test_a_folder_its_feed_and_its_site_give_the_same_documents(twin, site, at):
    pages, files = website.render(FOLDERS[at], author="Mara")
    site.pages = pages
    (twin.dir / "md").mkdir()
    for f in files:
        (twin.dir / "md" / f.name).write_bytes(f.read_bytes())
    web = "allow_private: true, delay: 0"
    twin.config(
        "twin: Mara\nsources:\n  - {type: dir, name: folder, path: md}\n"
        f"  - {{type: feed, name: feed, url: '{site.url}/feed.xml', {web}}}\n"
        f"  - {{type: site, name: site, url: '{site.url}/', author: [Mara], {web}}}\n"
    )
    assert counts(twin.json("collect")["steps"][0]["outputs"]) == {"new": 3 * len(files)}
    by_source = {}
    for d in twin.json("show", "documents", "--limit", "0"):
        name = d["key"].rsplit("/", 1)[-1].removesuffix(".md")
        body = twin.json("show", "document", d["id"])["body"]
        by_source.setdefault(d["source"], {})[name] = (d["title"], day(d), words(body, d["title"]))
    folder, feed, crawled = (by_source[name] for name in ("folder", "feed", "site"))
    assert len(folder) == len(files) > 20
    assert {n: d[1:] for n, d in feed.items()} == {n: d[1:] for n, d in crawled.items()}
    assert {n: d[1] for n, d in folder.items()} == {n: d[1] for n, d in crawled.items()}
    # A list of links at the head or the end of a post counts as navigation: three posts of 92.
    different = {n: (folder[n], crawled[n]) for n in folder if folder[n] != crawled[n]}
    assert len(different) <= (0 if at == "samples" else 0.04 * len(files)), list(different.items())[:2]
