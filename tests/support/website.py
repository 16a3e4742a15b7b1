"""A web site on loopback whose pages a test decides, and one that is rendered from a folder of Markdown."""

import datetime
import email.utils
import gzip
import hashlib
import html
import http.server
import re
import threading


class Page:
    """One answer. With `etag` it says "304 not modified" to who has it; `first` are answers that come before it, one each."""

    def __init__(self, body="", status=200, type="text/html; charset=utf-8", headers=None, etag=True, first=(), act=None):
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.type, self.headers = status, type, dict(headers or {})
        self.etag = '"' + hashlib.sha256(self.body).hexdigest()[:12] + '"' if etag and status == 200 else None
        self.first, self.act = list(first), act


def redirect(to, status=302):
    return Page(status=status, headers={"Location": to})


class Website(http.server.ThreadingHTTPServer):
    """`pages` by path with query; `hits` are (path, status) in the order in which answers were complete."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, pages=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.hits = dict(pages or {}), []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # the client has hung up

    def page(self, path):
        return self.pages.get(path, Page("<p>Not found.</p>", 404))

    def paths(self):
        return [path for path, _ in self.hits]

    def statuses(self):
        return dict(self.hits)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits for the client to acknowledge its head

    def log_message(self, *args):
        pass

    def do_GET(self):
        page = self.server.page(self.path)
        if page.first:
            page = page.first.pop(0)
        if page.act:
            page.act(self)
        status, body = page.status, page.body
        if page.etag and self.headers.get("If-None-Match") == page.etag:
            status, body = 304, b""
        self.send_response(status)
        if status == 200:
            self.send_header("Content-Type", page.type)
        if page.etag:
            self.send_header("ETag", page.etag)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.hits.append((self.path, status))


def article(title, *paragraphs, head="", date="2021-03-14", links=()):
    """A page that says that it is an article."""
    text = "".join(f"<p>{p}</p>" for p in paragraphs)
    nav = "".join(f'<a href="{to}">{to}</a> ' for to in links)
    return Page(
        f'<!doctype html><html lang="en"><head><title>{title}</title><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="{date}">{head}</head><body><article><h1>{title}</h1>{text}'
        f"</article><nav>{nav}</nav></body></html>"
    )


def listing(*links, head=""):
    items = "".join(f'<li><a href="{to}">{to}</a></li>' for to in links)
    return Page(f"<!doctype html><html><head><title>List</title>{head}</head><body><ul>{items}</ul></body></html>")


def sitemap(*urls, kind="urlset", entry="url", packed=False):
    text = f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    text += "".join(f"<{entry}><loc>{html.escape(u)}</loc></{entry}>" for u in urls) + f"</{kind}>"
    return Page(gzip.compress(text.encode()), type="application/gzip") if packed else Page(text, type="application/xml")


# ---- A folder of Markdown as a site --------------------------------------------------------------------------------


class Unsupported(Exception):
    """Markdown that the small renderer below does not read."""


def inline(text, refs):
    """Links, emphasis and code; everything else as it stands."""
    out = []
    for i, part in enumerate(re.split(r"(`[^`]+`)", text)):
        if i % 2:
            out.append(f"<code>{html.escape(part[1:-1])}</code>")
            continue
        if re.search(r"<|\\|!\[|\[\^|~~|\$|&\w+;|\||___|\*\*\*|https?://\S*_", re.sub(r"\]\(\S+?\)", "]()", part)):
            raise Unsupported(part)
        part = html.escape(part, quote=False)
        links = []

        def link(m, links=links):
            to = m[2] or refs.get((m[3] or m[1]).lower().replace("\n", " "))
            if not to:
                raise Unsupported(m[0])
            links.append(f'<a href="{to}">{m[1]}</a>')
            return f"\0{len(links) - 1}\0"

        part = re.sub(r"\[([^\]]*)\](?:\((\S+?)\)|\[([^\]]*)\])", link, part)
        part = re.sub(r"\*\*(\S(?:[^*]*\S)?)\*\*", r"<strong>\1</strong>", part)
        part = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"<em>\1</em>", part)
        part = re.sub(r"(?<!\w)_(\S(?:[^_]*\S)?)_(?!\w)", r"<em>\1</em>", part)
        if re.search(r"[*\]\[]|(?<!\w)_|_(?!\w)", part):
            raise Unsupported(part)
        part = re.sub("\0(\\d+)\0", lambda m, links=links: links[int(m[1])], part)
        out.append(part)
    return "".join(out)


def block(text, refs):
    lines = text.split("\n")
    if m := re.fullmatch(r"(#{1,6}) +(.+?) *#*", text):
        return f"<h{len(m[1])}>{inline(m[2], refs)}</h{len(m[1])}>"
    if re.fullmatch(r"(---+|\*\*\*+)", text):
        return "<hr>"
    if all(re.match(">( |$)", line) for line in lines):
        return f"<blockquote>{to_html(chr(10).join(line[2:] for line in lines), refs)}</blockquote>"
    for tag, mark in (("ul", r"[-*] +"), ("ol", r"\d+\. +")):
        if re.match(mark, text) and all(re.match(mark + "|   ?\\w", line) for line in lines):
            items = re.split("^" + mark, text, flags=re.M)[1:]
            return f"<{tag}>" + "".join(f"<li>{inline(item.strip(), refs)}</li>" for item in items) + f"</{tag}>"
    if any(re.match(r"\s{2,}|[-*+] |[>#|=:]|---|\d+[.)] |import |export ", line) or line.endswith("  ") for line in lines):
        raise Unsupported(text)
    return f"<p>{inline(text, refs)}</p>"


def to_html(markdown, refs=None):
    """HTML of the Markdown that people write most; Unsupported for the rest."""
    out, definition = [], r"^\[([^\]^]+)\]: *(\S+) *$"
    refs = {**(refs or {}), **{name.lower(): to for name, to in re.findall(definition, markdown, re.M)}}
    for i, part in enumerate(re.split(r"^```(\w*\n.*?)^```$", markdown, flags=re.M | re.S)):
        if i % 2:
            language, code = part.split("\n", 1)
            out.append(f'<pre><code class="language-{language}">{html.escape(code)}</code></pre>')
            continue
        part = re.sub(definition, "", part, flags=re.M)
        out += [block(b.strip("\n"), refs) for b in re.split(r"\n[ \t]*\n", part) if b.strip()]
    return "\n".join(out)


def front_matter(text):
    """({key: value}, body)"""
    m = re.match(r"---\n(.*?)\n---\n(.*)", text, re.S)
    pairs = re.findall(r"^(\w+): *(.*)$", m[1], re.M) if m else []
    return {k: v.strip().strip("\"'") for k, v in pairs}, m[2] if m else text


def rss_date(day):
    """"2021-03-14" as feeds write it."""
    at = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.timezone.utc)
    return email.utils.format_datetime(at, usegmt=True)


def render(folder, author):
    """{path: Page} of a site made from the folder's *.md, with a front page, a feed, a sitemap and robots.txt, and the names
    of the files that are in it. Pages look like a blog's: header, navigation, article, footer."""
    pages, posts = {}, []
    for path in sorted(folder.rglob("*.md")):
        meta, body = front_matter(path.read_text())
        try:
            if "title" not in meta or "date" not in meta or not re.match(r"\d{4}-\d\d-\d\d$", meta["date"]):
                continue
            content = to_html(body)
        except Unsupported:
            continue
        posts.append((meta["date"], f"/posts/{path.stem}", meta["title"], path, content))
    posts.sort(reverse=True)
    nav = '<nav><a href="/">Home</a> <a href="/about-nothing">About</a> <a href="/feed.xml">Feed</a></nav>'
    for i, (date, url, title, _, content) in enumerate(posts):
        near = "".join(f'<a href="{p[1]}">{html.escape(p[2])}</a> ' for p in posts[max(0, i - 1) : i + 2] if p[1] != url)
        pages[url] = Page(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)} - A blog</title>'
            f'<meta property="og:type" content="article"><meta property="og:title" content="{html.escape(title)}">'
            f'<meta property="og:site_name" content="A blog"><meta name="author" content="{author}">'
            f'<meta property="article:published_time" content="{date}"><link rel="canonical" href="{url}"></head>'
            f"<body><header>{nav}</header><main><article><h1>{html.escape(title)}</h1>{content}</article></main>"
            f"<footer><p>More: {near}</p></footer></body></html>"
        )
    items = "".join(
        f"<item><title>{html.escape(title)}</title><link>{url}</link><guid isPermaLink='false'>{url}</guid>"
        f"<pubDate>{rss_date(date)}</pubDate><description>{html.escape(title)}…</description></item>"
        for date, url, title, _, _ in posts
    )
    pages["/"] = listing(*[p[1] for p in posts[:10]])
    pages["/feed.xml"] = Page(
        f"<rss version='2.0'><channel><title>A blog</title><link>/</link>{items}</channel></rss>", type="application/rss+xml"
    )
    pages["/robots.txt"] = Page("User-agent: *\nDisallow: /private\nSitemap: /sitemap.xml\n", type="text/plain")
    pages["/sitemap.xml"] = sitemap(*[p[1] for p in posts])
    return pages, [p[3] for p in posts]
