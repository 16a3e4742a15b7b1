"""Documents of word processors, books and PDF in a folder or a repository, as they are collected: each test writes its own."""

import io
import json
import os
import shutil
import subprocess
import zipfile
import zlib

import pytest

from exports import documents, write_zip
from program import CONFIG

SOURCE = "  - type: dir\n    path: posts\n"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CORE = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"


def docx(path, body, title="The tide table", author="Tess T.", **more):
    write_zip(path, {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{REL}/officeDocument" Target="word/document.xml"/>'
                       f'<Relationship Id="b" Type="{CORE}" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'<cp xmlns:dc="d" xmlns:t="t"><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>'
                             "<t:created>2021-03-04T05:06:07Z</t:created></cp>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        **more,
    })
    return path


def p(*runs, style=None):
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{''.join(runs)}</w:p>"


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def odt(path, text, manifest="<manifest/>"):
    ns = 'xmlns:office="o" xmlns:text="t" xmlns:dc="d" xmlns:meta="m"'
    return write_zip(path, {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "META-INF/manifest.xml": manifest,
        "content.xml": f"<office:document-content {ns}><office:body><office:text>{text}</office:text></office:body>"
                       "</office:document-content>",
        "meta.xml": f"<office:document-meta {ns}><office:meta><dc:title>Knots</dc:title><dc:language>en-GB</dc:language>"
                    "<meta:initial-creator>Tess T.</meta:initial-creator></office:meta></office:document-meta>",
    })


def epub(path, chapters, encryption=None):
    html = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body></html>'
    files = {f"c{i}.xhtml": html.format(c) for i, c in enumerate(chapters)}
    items = "".join(f'<item id="i{i}" href="c{i}.xhtml" media-type="application/xhtml+xml"/>' for i in range(len(chapters)))
    refs = "".join(f'<itemref idref="i{i}"/>' for i in range(len(chapters)))
    files["META-INF/container.xml"] = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    files["b.opf"] = ('<package xmlns:dc="d"><metadata><dc:title>Ropes</dc:title><dc:creator>Tess T.</dc:creator>'
                      f"<dc:language>en</dc:language></metadata><manifest>{items}</manifest><spine>{refs}</spine></package>")
    if encryption:
        files["META-INF/encryption.xml"] = encryption
    return write_zip(path, files)


def pdf(path, pages, title="", author=""):
    """Pages of (x, y from the top, size, text), in Helvetica."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", None, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
               f"<< /Title ({title}) /Author ({author}) /CreationDate (D:20190807060504Z) >>".encode()]
    kids = []
    for page in pages:
        text = "BT " + " ".join(f"/F {size} Tf 1 0 0 1 {x} {800 - y} Tm ({s}) Tj" for x, y, size, s in page) + " ET"
        stream = zlib.compress(text.encode("latin-1"))
        objects.append(b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents %d 0 R /Resources "
                       b"<< /Font << /F 3 0 R >> >> >>" % len(objects))
        kids.append(len(objects))
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{k} 0 R' for k in kids)}] >>".encode()
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for n, o in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n" % n + o + b"\nendobj\n")
    xref = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % o for o in offsets))
    out.write(b"trailer << /Size %d /Root 1 0 R /Info 4 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref))
    path.write_bytes(out.getvalue())
    return path


def collect(twin, **options):
    lines = "".join(f"    {k}: {json.dumps(v)}\n" for k, v in options.items())
    twin.config(CONFIG.replace(SOURCE, f"{SOURCE if 'type' not in options else ''}{lines}"))
    r = twin("collect", "--json")
    twin.said = r.stderr
    return documents(twin)


@pytest.fixture
def posts(twin):
    """The folder, with nothing in it yet."""
    folder = twin.dir / "posts"
    for f in folder.iterdir():
        f.unlink()
    return folder


def test_a_folder_gives_its_docx_and_odt_and_its_books_only_when_asked_for(twin, posts):
    docx(posts / "tides.docx", p(run("The tide "), run("always", "<w:b/>"), run(" turns.")))
    odt(posts / "knots.odt", '<text:h text:outline-level="1">Bends</text:h><text:p>Two ropes.</text:p>')
    epub(posts / "ropes.epub", ["<h1>One</h1><p>Coil it.</p>"])
    pdf(posts / "rules.pdf", [[(50, 100, 12, "Keep to the right.")]])
    (posts / "~$tides.docx").write_bytes(b"\x05Tess" + b" " * 157)  # what Word leaves beside a document that is open
    docs = collect(twin)
    assert set(docs) == {"tides.docx", "knots.odt"} and "warning" not in twin.said
    assert docs["tides.docx"]["body"].strip() == "The tide **always** turns."
    assert docs["tides.docx"]["title"] == "The tide table" and docs["tides.docx"]["author"] == "Tess T."
    assert docs["tides.docx"]["created"].startswith("2021-03-04T05:06:07")
    assert docs["knots.odt"]["body"].strip() == "# Bends\n\nTwo ropes." and docs["knots.odt"]["lang"] == "en-GB"
    docs = collect(twin, include=["*.docx", "*.epub"])
    assert set(docs) == {"tides.docx", "ropes.epub"}
    assert docs["ropes.epub"]["body"].strip() == "# One\n\nCoil it." and docs["ropes.epub"]["title"] == "Ropes"


def test_an_edit_is_a_revision_and_what_was_deleted_in_it_is_gone(twin, posts):
    deleted = '<w:del w:id="1"><w:r><w:delText>never </w:delText></w:r></w:del>'
    inserted = f'<w:ins w:id="2">{run("always ")}</w:ins>'
    docx(posts / "a.docx", p(run("It turns.")))
    first = collect(twin)["a.docx"]
    docx(posts / "a.docx", p(run("It "), deleted, inserted, run("turns again.")))
    second = collect(twin)["a.docx"]
    assert second["body"].strip() == "It always turns again."
    assert second["id"] == first["id"] and second["revision"] == first["revision"] + 1


def test_broken_locked_and_hostile_files_cost_only_themselves(twin, posts):
    good = docx(posts / "good.docx", p(run("Fine.")))
    (posts / "cut.docx").write_bytes(good.read_bytes()[:-80])
    (posts / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    (posts / "text.odt").write_text("Just a text.")
    odt(posts / "locked.odt", "", manifest="<manifest><file-entry><encryption-data/></file-entry></manifest>")
    entity = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "bbbbbbbb">]>'
    docx(posts / "entity.docx", "", **{"word/document.xml": f"{entity}<w:document {W}><w:body>"
                                       f"{p(run('&a;&b;Read.'))}</w:body></w:document>"})
    docx(posts / "bomb.docx", p(run("x")), **{"word/media.xml": "<a>" + " " * (70 << 20) + "</a>"})
    docx(posts / "deep.docx", "<w:tbl><w:tr><w:tc>" * 5000 + p(run("deep")) + "</w:tc></w:tr></w:tbl>" * 5000)
    docx(posts / "loop.docx", p(run("Looped."), style="A"), **{
        "word/_rels/document.xml.rels": f'<Relationships><Relationship Id="s" Type="{REL}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles {W}><w:style w:styleId="A"><w:name w:val="A"/><w:basedOn w:val="B"/></w:style>'
                           '<w:style w:styleId="B"><w:name w:val="B"/><w:basedOn w:val="A"/></w:style></w:styles>'})
    docs = collect(twin)
    assert {"good.docx", "loop.docx", "entity.docx"} <= set(docs) <= {"good.docx", "loop.docx", "entity.docx", "deep.docx"}
    assert "root:" not in docs["entity.docx"]["body"] and "Read." in docs["entity.docx"]["body"]
    for name, why in {"cut.docx": "cut or broken", "locked.docx": "password", "text.odt": "no ZIP", "locked.odt": "password",
                      "bomb.docx": "times its size"}.items():
        assert f"{name}: " in twin.said and why in twin.said.split(f"{name}: ", 1)[1].splitlines()[0]


def test_a_locked_book_says_so(twin, posts):
    epub(posts / "a.epub", ["<p>x</p>"], encryption='<encryption><EncryptedData><EncryptionMethod '
         'Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>')
    assert collect(twin, include=["*.epub"]) == {}
    assert "locked (DRM)" in twin.said


def test_a_repository_gives_them_too(twin):
    repo = twin.dir / "repo"
    repo.mkdir()
    docx(repo / "tides.docx", p(run("The tide turns.")))
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for args in (["init", "-q"], ["add", "."], ["-c", "user.name=Tess T.", "-c", "user.email=t@example.org", "commit", "-qm", "x"]):
        subprocess.run(["git", *args], cwd=repo, env=env, check=True)
    twin.config(CONFIG.replace(SOURCE, f"  - type: git\n    url: {json.dumps(str(repo))}\n"))
    twin("collect")
    assert documents(twin)["tides.docx"]["body"].strip() == "The tide turns."


def test_a_file_that_is_handed_in_is_read_as_in_a_folder(twin):
    docx(twin.dir / "tides.docx", p(run("The tide "), run("turns", "<w:b/>"), run(".")))
    odt(twin.dir / "knots.odt", "<text:p>Two ropes.</text:p>")
    epub(twin.dir / "ropes.EPUB", ["<p>Coil it.</p>"])
    (twin.dir / "masts.org").write_text("#+TITLE: Masts\n\n* Oak\nIt is /heavy/.\n")
    for name, title, body in (("tides.docx", "The tide table", "The tide **turns**."), ("knots.odt", "Knots", "Two ropes."),
                              ("ropes.EPUB", "Ropes", "Coil it."), ("masts.org", "Masts", "# Oak\n\nIt is *heavy*.")):
        made = twin.json("add", twin.dir / name)
        assert made["title"] == title
        assert (twin.dir / "inbox" / made["key"]).read_text().endswith(f"---\n\n{body}\n")
    (twin.dir / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000)
    said = twin("add", twin.dir / "locked.docx", rc=1).stderr
    assert "locked.docx" in said and "password" in said


# --- PDF ---

needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext here, and none could be installed")


def lines(first, *texts, y=120):
    return [(50, y + 14 * i, 11, t) for i, t in enumerate((first, *texts))]


@needs_pdftotext
def test_a_pdf_gives_its_paragraphs(twin, posts):
    head, foot = (50, 40, 9, "Notes on ropes"), lambda n: (300, 780, 9, f"{n}")
    pdf(posts / "a.pdf", [
        [head, foot(1), (50, 80, 22, "Why ropes rot"),
         *lines("A rope that is put away wet rots from the inside, where no-", "body sees it, and it will part when it is needed most; so",
                "dry it first.", "", "Hang it where air can reach it, and not on a nail: that cuts into")],
        [head, foot(2), *lines("the strands over the years.")],
        [head, foot(3), *lines("The end of it all.")],
    ], title="Microsoft Word - ropes.doc", author="Tess T.")
    d = collect(twin, include=["*.pdf"])["a.pdf"]
    assert d["title"] == "Why ropes rot" and d["author"] == "Tess T." and d["created"].startswith("2019-08-07")
    assert d["body"].strip() == (
        "A rope that is put away wet rots from the inside, where nobody sees it, and it will part when it is needed most; so "
        "dry it first.\n\nHang it where air can reach it, and not on a nail: that cuts into the strands over the years.\n\n"
        "The end of it all.")


@needs_pdftotext
def test_a_pdf_that_cannot_be_read_says_why(twin, posts):
    (posts / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing more")
    pdf(posts / "scan.pdf", [[]])
    pdf(posts / "good.pdf", [[(50, 100, 12, "Read me.")]])
    assert set(collect(twin, include=["*.pdf"])) == {"good.pdf"}
    assert "broken.pdf: not a PDF, or a broken one" in twin.said
    assert "scan.pdf: no text in it" in twin.said


@needs_pdftotext
def test_a_pdf_is_handed_in(twin):
    pdf(twin.dir / "a.pdf", [[(50, 100, 12, "Keep to the right.")]], title="Rules")
    made = twin.json("add", twin.dir / "a.pdf")
    assert made["title"] == "Rules" and "Keep to the right." in (twin.dir / "inbox" / made["key"]).read_text()
    assert {c["check"]: c for c in twin.json("doctor")}["pdftotext"]["ok"]


def test_without_pdftotext_a_pdf_says_what_to_install(twin, posts):
    (twin.dir / "bin").mkdir()
    twin.env["PATH"] = str(twin.dir / "bin")
    pdf(posts / "a.pdf", [[(50, 100, 12, "Read me.")]])
    docx(posts / "a.docx", p(run("Read.")))
    assert set(collect(twin, include=["*.pdf", "*.docx"])) == {"a.docx"}
    assert "apt-get install poppler-utils" in twin.said
    assert "apt-get install poppler-utils" in twin("add", posts / "a.pdf", rc=1).stderr
    check = {c["check"]: c for c in twin.json("doctor")}["pdftotext"]
    assert check["ok"] and "optional" in check["found"] and "poppler-utils" in check["found"]
