/* EPUB: what of it is text. */
#include "office_test.h"

#define CONTAINER                                                                                           \
	{                                                                                                   \
		"META-INF/container.xml",                                                                   \
			"<container><rootfiles><rootfile full-path='OEBPS/a.opf'/></rootfiles></container>" \
	}
#define XHTML(attrs, x)                                                                               \
	"<html xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='e'><head><title/></head><body " attrs \
	">" x "</body></html>"

static void the_spine_of_a_book_is_its_text(void **state)
{
	const struct named parts[] = {
		CONTAINER,
		{"OEBPS/a.opf",
		 "<package xmlns:dc='d'><metadata><dc:title>"
		 "Ropes</dc:title><dc:creator id='c1'>Tess T.</dc:creator>"
		 "<dc:creator id='c2'>Ed</dc:creator><meta refines='#c2' property='role'>edt</meta>"
		 "<dc:language>en</dc:language><dc:date>2019-05-06</dc:date><dc:subject>Knots</dc:subject>"
		 "<dc:description>&lt;p&gt;About &lt;b&gt;ropes&lt;/b&gt;.&lt;/p&gt;</dc:description>"
		 "<meta property='dcterms:modified'>2020-01-01T00:00:00Z</meta></metadata><manifest>"
		 "<item id='nav' href='nav.xhtml' properties='nav' media-type='application/xhtml+xml'/>"
		 "<item id='cover' href='cover.xhtml' media-type='application/xhtml+xml'/>"
		 "<item id='two' href='text/two.xhtml' media-type='application/xhtml+xml'/>"
		 "<item id='one' href='text/on%65.xhtml' media-type='application/xhtml+xml'/>"
		 "<item id='copy' href='copy.xhtml' media-type='application/xhtml+xml'/>"
		 "<item id='ad' href='ad.xhtml' media-type='application/xhtml+xml'/>"
		 "<item id='out' href='../../../etc/passwd' media-type='application/xhtml+xml'/>"
		 "</manifest><spine><itemref idref='cover'/><itemref idref='nav'/>"
		 "<itemref idref='copy'/><itemref idref='one'/>"
		 "<itemref idref='two'/><itemref idref='ad' linear='no'/>"
		 "<itemref idref='out'/><itemref idref='none'/><itemref idref='two'/></spine>"
		 "<guide><reference type='cover' href='cover.xhtml'/></guide></package>"},
		{"OEBPS/cover.xhtml", XHTML("", "<p>The cover</p>")},
		{"OEBPS/nav.xhtml", XHTML("", "<nav><ol><li>One</li></ol></nav>")},
		{"OEBPS/copy.xhtml",
		 XHTML("epub:type='copyright-page'", "<p>All rights reserved</p>")},
		{"OEBPS/ad.xhtml", XHTML("", "<p>Buy more</p>")},
		{"OEBPS/text/one.xhtml",
		 XHTML("",
		       "<h1><a id='x'/>One</h1><p>Coil&nbsp;it <em>"
		       "well</em><a epub:type='noteref' href='#n'>1</a>. "
		       "See <a href='two.xhtml#y'>two</a> or <a href='https://example.org/'>the web</a>.</p>")},
		{"OEBPS/text/two.xhtml",
		 "<html><body><h1>Two</h1><p>Not well <b>formed.</p></body>"},
		{0}};
	struct tw_document d = {0};
	struct package p = package(parts);
	(void)state;
	assert_ok(epub_read(&d, &p, &arena, &err), &err);
	assert_string_equal(
		body(&d), "# One\n\nCoil it *well*. See two or [the web](https://example.org/).\n\n"
			  "# Two\n\nNot well **formed.**\n");
	assert_string_equal(d.title, "Ropes");
	assert_string_equal(d.author, "Tess T.");
	assert_string_equal(d.lang, "en");
	assert_string_equal(d.extra, "{\"tags\":[\"Knots\"],\"description\":\"About ropes.\"}");
	assert_string_equal(day(d.created_ms), "2019-05-06");
	assert_string_equal(day(d.modified_ms), "2020-01-01");
}

static void a_locked_book_says_so_and_garbled_fonts_do_not_lock(void **state)
{
	static const char lock[] =
		"<encryption xmlns:enc='e'><enc:EncryptedData><enc:EncryptionMethod Algorithm='%s'/>"
		"<enc:CipherData/></enc:EncryptedData></encryption>";
	struct named parts[] = {CONTAINER,
				{"OEBPS/a.opf",
				 "<package><metadata/><manifest><item id='a' href='a.xhtml'/>"
				 "</manifest><spine><itemref idref='a'/></spine></package>"},
				{"OEBPS/a.xhtml", XHTML("", "<p>Text.</p>")},
				{"META-INF/encryption.xml",
				 tw_sprintf(&arena, lock, "http://www.idpf.org/2008/embedding")},
				{0}};
	struct tw_document d = {0};
	struct package p = package(parts);
	(void)state;
	assert_ok(epub_read(&d, &p, &arena, &err), &err);
	assert_string_equal(body(&d), "Text.\n");
	parts[3].text = tw_sprintf(&arena, lock, "http://www.w3.org/2001/04/xmlenc#aes128-cbc");
	p = package(parts);
	assert_int_equal(epub_read(&d, &p, &arena, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "DRM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_spine_of_a_book_is_its_text),
		T(a_locked_book_says_so_and_garbled_fonts_do_not_lock),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
