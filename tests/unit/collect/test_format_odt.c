/* ODT: what of it is text. */
#include "office_test.h"

#define ODT(styles, text)                                                                                \
	"<office:document xmlns:office='o' xmlns:text='t' xmlns:style='s' xmlns:fo='f' xmlns:table='b' " \
	"xmlns:xlink='x' xmlns:draw='d' xmlns:meta='m' xmlns:dc='c'>"                                    \
	"<office:meta><dc:title>Deckel</dc:title><meta:initial-creator>Ann</meta:initial-creator>"       \
	"<dc:creator>Bob</dc:creator><meta:creation-date>2020-02-03T10:00:00</meta:creation-date>"       \
	"<meta:keyword>one</meta:keyword><meta:keyword>two</meta:keyword></office:meta>"                 \
	"<office:automatic-styles>" styles                                                               \
	"</office:automatic-styles><office:body><office:text>" text                                      \
	"</office:text></office:body></office:document>"

static struct tw_document odt(const char *xml)
{
	const struct tw_bytes b = {xml, strlen(xml)};
	struct tw_document doc = {0};
	assert_ok(odt_read_flat(&doc, &b, &arena, &err), &err);
	return doc;
}

static void text_of_an_odt(void **state)
{
	(void)state;
	struct tw_document d = odt(ODT(
		"<style:style style:name='T1' style:family='text'>"
		"<style:text-properties fo:font-weight='bold'/></style:style>"
		"<style:style style:name='P1' style:family='paragraph' style:parent-style-name='Quotations'/>"
		"<text:list-style style:name='L1'>"
		"<text:list-level-style-number text:level='1' style:num-format='1'/>"
		"<text:list-level-style-bullet text:level='2'/></text:list-style>",
		"<text:tracked-changes><text:changed-region>"
		"<text:deletion><text:p>deleted</text:p></text:deletion>"
		"</text:changed-region></text:tracked-changes>"
		"<text:h text:outline-level='2'>Zwei</text:h>"
		"<text:p>A <text:span text:style-name='T1'>bo</text:span>"
		"<text:span text:style-name='T1'>ld</text:span>"
		"<text:s text:c='3'/>word<office:annotation><text:p>a comment</text:p></office:annotation>, "
		"<text:a xlink:href='https://example.org/'>link</text:a><text:note text:note-class='footnote'>"
		"<text:note-citation>1</text:note-citation><text:note-body>"
		"<text:p>The note.</text:p></text:note-body></text:note>"
		"<text:line-break/>next</text:p>"
		"<text:p text:style-name='P1'>Said by others.</text:p>"
		"<text:list text:style-name='L1'><text:list-item><text:p>"
		"one</text:p><text:list><text:list-item><text:p>in</text:p>"
		"</text:list-item></text:list></text:list-item><text:list-item>"
		"<text:p>two</text:p></text:list-item></text:list>"
		"<text:table-of-content><text:index-body><text:p>"
		"Zwei 1</text:p></text:index-body></text:table-of-content>"
		"<table:table><table:table-row><table:table-cell>"
		"<text:p>a</text:p></table:table-cell><table:table-cell>"
		"<text:p>b</text:p></table:table-cell></table:table-row>"
		"<table:table-row><table:table-cell><text:p>1</text:p>"
		"</table:table-cell><table:covered-table-cell><text:p>no</text:p>"
		"</table:covered-table-cell></table:table-row></table:table>"
		"<text:section text:display='none'><text:p>hidden</text:p></text:section>"
		"<text:p>Frame<draw:frame><draw:text-box><text:p>"
		"boxed</text:p></draw:text-box></draw:frame></text:p>"));
	assert_string_equal(
		body(&d),
		"## Zwei\n\nA **bold** word, [link](https://example.org/)[^1]  \nnext\n\n> Said by others.\n\n"
		"1. one\n   - in\n2. two\n\n| a | b |\n| --- | --- "
		"|\n| 1 |  |\n\nFrame\n\nboxed\n\n[^1]: The note.\n");
	assert_string_equal(d.title, "Deckel");
	assert_string_equal(d.author, "Ann");
	assert_string_equal(d.extra, "{\"tags\":[\"one\",\"two\"]}");
	assert_string_equal(day(d.created_ms), "2020-02-03");
}

static void lists_of_an_odt_are_numbered_on_where_they_say_so(void **state)
{
#define LIST(attr, x)                                                         \
	"<text:list text:style-name='L1' " attr "><text:list-item><text:p>" x \
	"</text:p></text:list-item></text:list>"
	(void)state;
	struct tw_document d = odt(ODT(
		"<text:list-style style:name='L1'><text:list-level-style-number text:level='1' "
		"style:num-format='1' text:start-value='4'/></text:list-style>",
		LIST("", "a") "<text:p>x</text:p>" LIST("text:continue-numbering='true'",
							"b") "<text:p>y</text:p>" LIST("", "c")));
	assert_string_equal(body(&d), "4. a\n\nx\n\n5. b\n\ny\n\n4. c\n");
}

static void a_locked_odt_says_so(void **state)
{
	const struct named parts[] = {
		{"META-INF/manifest.xml",
		 "<manifest><file-entry full-path='content.xml'><encryption-data/></file-entry></manifest>"},
		{"content.xml", "garbled"},
		{0}};
	struct tw_document doc = {0};
	struct package p = package(parts);
	(void)state;
	assert_int_equal(odt_read(&doc, &p, &arena, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "password");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(text_of_an_odt),
		T(lists_of_an_odt_are_numbered_on_where_they_say_so),
		T(a_locked_odt_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
