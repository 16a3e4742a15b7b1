"""`twin extract`: a page on standard input or in a file, its text on standard output."""

import json
import os
import resource
import subprocess

import pytest

from program import TWIN

ARTICLE = """<!DOCTYPE html><html lang="en-GB"><head><title>Ropes - The Locker</title>
<meta property="og:site_name" content="The Locker"><meta property="og:title" content="Ropes">
<meta name="author" content="Tess Ter"><meta property="article:published_time" content="2024-03-05T10:00:00Z">
<meta name="description" content="How to coil them."><link rel="canonical" href="/ropes">
</head><body><nav><a href="/">Home</a> <a href="/tea">Tea</a></nav><main><article><h1>Ropes</h1>
<p>Coil a rope with the lay, <a href="why">never against it</a>. A rope that is coiled the wrong way kinks when you need it most.</p>
<h2>Storing</h2><p>Hang it where air can reach it; a wet rope in a locker rots from the inside, and nobody sees it.</p>
<ul><li>Never on the floor</li><li>Never in a <b>bag</b></li></ul></article></main>
<div class="newsletter"><p>Sign up for our newsletter, which comes each Sunday.</p></div>
<footer>All rights reserved.</footer></body></html>"""


def run(*args, stdin=b"", rc=0, limit=None, cwd=None):
    def bound():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    r = subprocess.run([TWIN, "extract", *map(str, args)], input=stdin, capture_output=True, timeout=120, cwd=cwd,
                       env={**os.environ, "NO_COLOR": "1"}, preexec_fn=bound if limit else None)
    assert r.returncode == rc, f"exit code {r.returncode}, not {rc}\n{r.stdout[:2000]}\n{r.stderr[:2000]}"
    return r


def text(html, *args, **more):
    return run(*args, stdin=html if isinstance(html, bytes) else html.encode(), **more).stdout.decode()


def fields(html, *args):
    return json.loads(text(html, "--json", *args))


def test_plain_text_is_what_a_reader_sees():
    assert text(ARTICLE) == (
        "Coil a rope with the lay, never against it. A rope that is coiled the wrong way kinks when you need it most.\n\n"
        "Storing\n\n"
        "Hang it where air can reach it; a wet rope in a locker rots from the inside, and nobody sees it.\n\n"
        "- Never on the floor\n- Never in a bag\n")


def test_markdown_keeps_structure_and_resolves_links():
    md = text(ARTICLE, "--markdown", "--url", "https://locker.example/a/b")
    assert "[never against it](https://locker.example/a/why)" in md
    assert "## Storing" in md and "- Never in a **bag**" in md
    assert "Sunday" not in md and "Home" not in md


def test_json_has_all_fields():
    page = fields(ARTICLE, "--url", "https://locker.example/a/b")
    assert {k: page[k] for k in page if k not in ("text", "markdown")} == {
        "title": "Ropes", "author": "Tess Ter", "date": "2024-03-05T10:00:00Z", "modified": None, "language": "en-GB",
        "url": "https://locker.example/ropes", "description": "How to coil them.", "charset": "utf-8"}
    assert page["text"].startswith("Coil a rope") and "## Storing" in page["markdown"]


def test_what_a_page_does_not_say_is_null():
    page = fields("<p>Closed on Mondays.</p>")
    assert page["text"] == "Closed on Mondays.\n"
    assert [page[k] for k in ("title", "author", "date", "language", "url")] == [None] * 5


def test_a_file_is_read_too_and_no_configuration_is_needed(tmp_path):
    (tmp_path / "page.html").write_text(ARTICLE)
    assert run("page.html", cwd=tmp_path).stdout == run(stdin=ARTICLE.encode(), cwd=tmp_path).stdout
    assert os.listdir(tmp_path) == ["page.html"]


def test_help_teaches_with_examples():
    out = subprocess.run([TWIN, "help", "extract"], capture_output=True, text=True, check=True).stdout
    assert "| twin extract" in out and "--markdown" in out and "--url" in out


@pytest.mark.parametrize("data, said", [
    (b"", "empty"),
    (b"   \n\t ", "no HTML"),
    (b"<script>var x = 1;</script>", "no text"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
    (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
    (b"\x1f\x8b\x08\x00" + bytes(100), "gzip"),
    (bytes(range(32)) * 40, "no HTML"),
    (b"<p>" + bytes(i * i % 251 for i in range(9000)), "no HTML"),
], ids=["empty", "blank", "script", "pdf", "png", "gzip", "controls", "noise"])
def test_what_is_no_page_is_refused_by_name(data, said):
    r = run(stdin=data, rc=1)
    assert b"standard input" in r.stderr and said in r.stderr.decode()
    assert r.stdout == b""


def test_wrong_use(tmp_path):
    assert b"absent.html" in run(tmp_path / "absent.html", rc=1).stderr
    assert b"--markdwn" in run("--markdwn", rc=2).stderr
    assert b"usage" in run("a", "b", rc=2).stderr


# ---- Character sets: the bytes as Python's encoders make them ----

TEXTS = {
    "windows-1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Včera večer jsme šli k řece a dívali se na loďky, které pluly pomalu po proudu.",
    "windows-1251": "Съешь же ещё этих мягких французских булок, да выпей чаю. Вчера вечером мы шли к реке и смотрели на лодки.",
    "windows-1252": "Der Käufer sagte: „Das ist schön – und größer, als ich dachte.“ Wir gingen über die Brücke, während es anfing zu schneien.",
    "windows-1253": "Χθες το βράδυ πήγαμε στο ποτάμι και κοιτάζαμε τις βάρκες που περνούσαν αργά. Ο καιρός ήταν καλός.",
    "windows-1254": "Dün akşam nehre gittik ve yavaş yavaş geçen kayıklara baktık. Şemsiyesi olan çocuk gülümsedi, güneş ışığı suda parlıyordu.",
    "windows-1255": "אתמול בערב הלכנו אל הנהר והבטנו בסירות שעברו לאט. מזג האוויר היה יפה ולא היה קר.",
    "windows-1256": "ذهبنا أمس إلى النهر ونظرنا إلى القوارب التي مرت ببطء. كان الطقس جميلا ولم يكن باردا.",
    "iso-8859-1": "Hier soir nous sommes allés à la rivière, où passaient des bateaux légers. L'été était déjà là, très tôt cette année.",
    "iso-8859-2": "Příliš žluťoučký kůň úpěl ďábelské ódy. Včera večer jsme šli k řece a dívali se na loďky, které pluly pomalu po proudu.",
    "iso-8859-5": "Съешь же ещё этих мягких французских булок, да выпей чаю. Вчера вечером мы шли к реке и смотрели на лодки.",
    "iso-8859-7": "Χθες το βράδυ πήγαμε στο ποτάμι και κοιτάζαμε τις βάρκες που περνούσαν αργά. Ο καιρός ήταν καλός.",
    "iso-8859-15": "Le prix est de 20 € à l'œuvre, où l'été revient très tôt cette année, déjà là.",
    "koi8-r": "Съешь же ещё этих мягких французских булок, да выпей чаю. Вчера вечером мы шли к реке и смотрели на лодки.",
    "shift_jis": "昨日の夕方、私たちは川へ行って、ゆっくり流れる船を見ていました。天気はとてもよかったです。",
    "euc-jp": "昨日の夕方、私たちは川へ行って、ゆっくり流れる船を見ていました。天気はとてもよかったです。",
    "iso-2022-jp": "昨日の夕方、私たちは川へ行って、ゆっくり流れる船を見ていました。天気はとてもよかったです。",
    "gbk": "昨天傍晚我们去了河边，看着船慢慢地漂过。天气很好，也不冷，孩子们在岸上玩。",
    "gb18030": "昨天傍晚我们去了河边，看着船慢慢地漂过。天气很好，也不冷，孩子们在岸上玩。",
    "big5": "昨天傍晚我們去了河邊，看著船慢慢地漂過。天氣很好，也不冷，孩子們在岸上玩。",
    "euc-kr": "어제 저녁 우리는 강으로 가서 천천히 지나가는 배를 보았다. 날씨는 아주 좋았고 춥지 않았다.",
    "utf-8": "Zażółć gęślą jaźń — naïve café, 日本語 и русский.",
}


def page_of(words, charset=None):
    meta = f'<meta charset="{charset}">' if charset else ""
    return f"<html><head>{meta}<title>T</title></head><body><p>{words}</p><p>{words}</p></body></html>"


@pytest.mark.parametrize("name", TEXTS)
def test_a_charset_that_the_page_names(name):
    page = fields(page_of(TEXTS[name], name).encode(name))
    assert TEXTS[name] in page["text"]
    html = page_of(TEXTS[name]).replace("<head>", f'<head><meta http-equiv=Content-Type content="text/html; charset={name}">')
    assert TEXTS[name] in text(html.encode(name))


@pytest.mark.parametrize("name", TEXTS)
def test_a_charset_that_the_server_names(name):
    assert TEXTS[name] in text(page_of(TEXTS[name]).encode(name), "--charset", name)


@pytest.mark.parametrize("name", ["windows-1250", "windows-1251", "windows-1252", "windows-1255", "windows-1256", "iso-8859-1",
                                  "iso-8859-7", "koi8-r", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "big5", "euc-kr"])
def test_a_charset_that_nobody_names_is_found_by_the_bytes(name):
    words = TEXTS[name] * 3
    assert words in text(page_of(words).encode(name))


@pytest.mark.parametrize("name, bom", [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("utf-8", b"\xef\xbb\xbf"),
                                       ("utf-16-le", b""), ("utf-16-be", b"")])
def test_utf16_and_marks(name, bom):
    assert TEXTS["utf-8"] in text(bom + page_of(TEXTS["utf-8"]).encode(name))


def test_the_mark_beats_the_server_and_the_server_beats_the_page():
    words = TEXTS["windows-1251"]
    assert words in text(b"\xef\xbb\xbf" + page_of(words).encode(), "--charset", "windows-1252")
    assert words in text(page_of(words, "windows-1252").encode("windows-1251"), "--charset", "windows-1251")


def test_names_mean_what_browsers_take_them_for():
    assert "„So“ – 5 €" in text(page_of("„So“ – 5 €", "iso-8859-1").encode("windows-1252"))
    assert "①②髙" in text(page_of("①②髙", "Shift_JIS").encode("cp932"))
    assert "똠방각하" in text(page_of("똠방각하", "euc-kr").encode("cp949"))
    assert "镕基" in text(page_of("镕基", "gb2312").encode("gbk"))
    assert "Привет всем" in text(page_of("Привет всем", "no-such-charset").encode("windows-1251") * 9)


# ---- Hostile pages: a text or a clear error, in bounded memory ----

MIB = 1 << 20


def words_in(n):
    return "".join(f"<p>Sentence number {i}, which is as good as any other.</p>" for i in range(n))


@pytest.mark.parametrize("html", [
    b"<div>" * 100_000 + b"Deep down.",
    b"<b><i>" * 50_000 + b"Deep down.",
    b"<p>Hello world. " + b"<b>" * 1_500_000 + b"text",
    b"<table><tr><td>" * 40_000 + b"Deep down.",
    b"<ul><li>" * 50_000 + b"Deep down.",
    b"<a href=x>" * 100_000 + b"Deep down.",
    b"<blockquote>" * 100_000 + b"Deep down.",
    b"<span><sup>" * 100_000 + b"Deep down.",
    b"<p " + b" ".join(b"a%d=b" % i for i in range(200_000)) + b">Deep down.",
    b"".join(b"<p a%d=b>" % i for i in range(100_000)) + b"Deep down.",
    b"<p class='" + b"share nav " * 200_000 + b"'>Deep down.",
    b"&amp;" * 300_000 + b"Deep down.",
    b"<!--" * 200_000 + b"-->Deep down.",
    b"<![CDATA[" * 100_000 + b">Deep down.",
    b"\0" * 1000 + b"<p>Deep\0 down.\0" + b"\0<\0p" * 50_000,
    b"<p>\xff\xfe\xc3\x28" * 50_000 + b"Deep down.",
    b"<meta charset=utf-7><meta charset=" + b"x" * 100_000 + b"><p>Deep down.",
    b"<title>" * 50_000 + b"Deep down.",
    b"<h1>Deep down.</h1>" * 50_000,
    b"<article><h2>T</h2>Deep down.</article>" * 30_000,
    b"<script type=application/ld+json>" + b"[" * 200_000 + b"</script><p>Deep down.",
    b"<script type=application/ld+json>{\"@graph\":" * 20_000 + b"</script><p>Deep down.",
], ids=lambda html: repr(html[:24]))
def test_pages_made_to_exhaust_end_with_a_text_or_an_error(html):
    r = subprocess.run([TWIN, "extract"], input=html, capture_output=True, timeout=120,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (700 * MIB, 700 * MIB)))
    assert r.returncode in (0, 1), r.stderr[:500]
    assert r.stdout.strip() or b"error:" in r.stderr
    r.stdout.decode()  # whatever came in, UTF-8 comes out


def test_a_page_of_50_mb_is_read_or_refused_in_bounded_memory():
    html = ("<html><body>" + words_in(40_000)).encode()
    html += b"<p>" + b"x" * (50_000_000 - len(html))
    r = subprocess.run([TWIN, "extract"], input=html, capture_output=True, timeout=120,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1200 * MIB, 1200 * MIB)))
    assert (r.returncode == 0 and b"Sentence number 7," in r.stdout) or (r.returncode == 1 and b"error:" in r.stderr)


def test_more_than_a_page_can_be_is_refused(tmp_path):
    page = b"<p>x</p>" * (9 << 20)
    said = run(stdin=page, rc=1).stderr
    assert b"MiB" in said and b"standard input" in said
    (tmp_path / "page.html").write_bytes(page)
    said = run(tmp_path / "page.html", rc=1).stderr
    assert b"MiB" in said and b"page.html" in said
