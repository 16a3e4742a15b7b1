/* Documents of word processors and books: how their text is written, what they are packed in. */
#include "office_test.h"

#include "collect/office/rich_int.h"

/* --- the writer --- */

static struct rich r;

static void say(const char *s, struct rich_format f)
{
	rich_text(&r, s, strlen(s), &f);
}

static const char *written(void)
{
	struct tw_bytes b = rich_end(&r);
	return tw_strndup(&arena, b.data, b.len);
}

static void runs_become_words_with_marks_that_touch_them(void **state)
{
	const struct rich_format plain = {0}, bold = {.bold = true}, italic = {.italic = true};
	const struct rich_format both = {.bold = true, .italic = true}, code = {.code = true};
	const struct rich_format link = {.link = "https://example.org/a b"};
	(void)state;
	rich_begin(&r, &arena);
	rich_open(&r, RICH_PARAGRAPH, 0);
	say("A ", plain);
	say("bo", bold);
	say("ld ", bold);
	say("and both", both);
	say(", then ", plain);
	say(" slanted", italic);
	say(" ", bold);
	say("f(*x)", code);
	say(" see ", plain);
	say("here", link);
	say(" *5", plain);
	rich_note(&r, 2);
	assert_string_equal(written(), "A **bold *and both***, then *slanted* `f(*x)` see "
				       "[here](https://example.org/a%20b) \\*5[^2]\n");
}

static void lists_tables_quotes_and_code_stand_apart(void **state)
{
	const struct rich_format plain = {0};
	(void)state;
	rich_begin(&r, &arena);
	for (int i = 1; i <= 3; i++) {
		rich_item(&r, i == 2, i == 2, 7);
		rich_open(&r, RICH_PARAGRAPH, 0);
		say("item", plain);
	}
	rich_list_end(&r, 0);
	for (int i = 0; i < 2; i++) {
		rich_open(&r, RICH_QUOTE, 0);
		say("said", plain);
	}
	rich_table(&r, 2);
	for (int i = 0; i < 3; i++) {
		rich_cell(&r);
		rich_open(&r, RICH_PARAGRAPH, 0);
		say("a|b", plain);
		if (i != 0)
			rich_row_end(&r);
	}
	rich_table_end(&r);
	for (int i = 0; i < 2; i++) {
		rich_open(&r, RICH_CODE, 0);
		say("  x *= 2", plain);
	}
	bool begun = rich_note_begin(&r, 1);
	rich_open(&r, RICH_PARAGRAPH, 0);
	say("note", plain);
	rich_note_end(&r, begun);
	assert_string_equal(written(), "- item\n  7. item\n- item\n\n> said\n>\n> said\n\n"
				       "| a\\|b | a\\|b |\n| --- | --- |\n| a\\|b |  |\n\n"
				       "```\n  x *= 2\n  x *= 2\n```\n\n[^1]: note\n");
}

/* --- packages --- */

static void links_in_packages_stay_in_them(void **state)
{
	static const char *const cases[][3] = {
		{"word/document.xml", "styles.xml", "word/styles.xml"},
		{"word/document.xml", "../docProps/core.xml", "docProps/core.xml"},
		{"word/document.xml", "/word/./notes.xml", "word/notes.xml"},
		{"", "word/document.xml", "word/document.xml"},
		{"OEBPS/x.opf", "text/ch%201.xhtml#top", "OEBPS/text/ch 1.xhtml"},
		{"OEBPS/x.opf", "100%.xhtml", "OEBPS/100%.xhtml"},
		{"a.opf", "../../etc/passwd", NULL},
		{"a.opf", "", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *got = package_resolve(cases[i][0], cases[i][1], &arena);
		if (!tw_streq(got, cases[i][2]))
			fail_msg("%s from %s: %s", cases[i][1], cases[i][0], got ? got : "NULL");
	}
}

static void parts_are_found_in_either_case(void **state)
{
	const struct named parts[] = {
		{"Word/Document.xml", "<a/>"}, {"b.xml", "x"}, {"META-INF/container.xml", ""}, {0}};
	struct package p = package(parts);
	struct dom d;
	(void)state;
	assert_non_null(package_find(&p, "word/document.xml"));
	assert_null(package_find(&p, "word/document"));
	assert_ok(package_xml(&d, &p, "word/document.xml", &arena, &err), &err);
	assert_int_equal(package_xml(&d, &p, "none.xml", &arena, &err), TW_BAD_DATA);
}

static void xml_that_would_cost_too_much_is_refused(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct dom d;
	(void)state;
	tw_str_adds(&s, "<a");
	for (int i = 0; i < 600; i++)
		tw_str_addf(&s, " x%d='1'", i);
	tw_str_adds(&s, "/>");
	assert_int_equal(dom_parse_xml(&d, s.data, s.len, NULL, &arena, &err), TW_BAD_DATA);
	tw_str_clear(&s);
	tw_str_adds(&s, "<a>= = = =");
	for (int i = 0; i < 3000; i++)
		tw_str_adds(&s, "==== ");
	tw_str_adds(&s, "</a>");
	tw_err_clear(&err);
	assert_ok(dom_parse_xml(&d, s.data, s.len, NULL, &arena, &err), &err);
	assert_true(d.well_formed);
	assert_ok(dom_parse_xml(&d, "<a><b></a>", 10, NULL, &arena, &err), &err);
	assert_false(d.well_formed);
	static const char broken[] = "<a>x<b \x8c\x9a:c='1'>y</b></a>";
	assert_ok(dom_parse_xml(&d, broken, sizeof(broken) - 1, NULL, &arena, &err), &err);
	const char *text = dom_text_folded(d.root, &arena);
	assert_true(tw_utf8_valid(text, strlen(text)));
	tw_str_release(&s);
}

static void parts_are_parsed_once_and_cost_too_much_together(void **state)
{
	struct tw_str s = TW_STR_INIT;
	struct dom d, again;
	(void)state;
	tw_str_adds(&s, "<a>");
	for (int i = 0; i < 600000; i++)
		tw_str_adds(&s, "<b/>");
	tw_str_adds(&s, "</a>");
	struct package_part all[] = {{.name = "1.xml", .data = {s.data, s.len}},
				     {.name = "2.xml", .data = {s.data, s.len}},
				     {.name = "3.xml", .data = {s.data, s.len}}};
	const struct package p = package_of(all, 3);
	assert_ok(package_xml(&d, &p, "1.xml", &arena, &err), &err);
	assert_ok(package_xml(&again, &p, "1.xml", &arena, &err), &err);
	assert_ptr_equal(d.root, again.root);
	assert_ok(package_xml(&d, &p, "2.xml", &arena, &err), &err);
	assert_int_equal(package_xml(&d, &p, "3.xml", &arena, &err), TW_BAD_DATA);
	assert_non_null(strstr(err.msg, "too many elements"));
	tw_str_release(&s);
}

static void what_xml_declares_for_itself_multiplies_nothing(void **state)
{
	static const char xml[] =
		"<!DOCTYPE r [<!ENTITY e \"eeee\"><!ATTLIST r more CDATA 'much'>]>"
		"<r some='1&amp;2&e;&lt;'>x&e;&amp;<![CDATA[<y>]]>&#233;<s/>z</r>";
	struct dom d;
	(void)state;
	assert_ok(dom_parse_xml(&d, xml, sizeof(xml) - 1, NULL, &arena, &err), &err);
	assert_string_equal(dom_attr(d.root, "some"), "1&2 <");
	assert_null(dom_attr(d.root, "more"));
	assert_string_equal(d.root->first->text, "x &<y>é");
	assert_ptr_equal(d.root->first->next->next, d.root->last);
	assert_string_equal(d.root->last->text, "z");
	assert_int_equal(d.root->end, 4);
	struct tw_str s = TW_STR_INIT;
	tw_str_adds(&s, "<!DOCTYPE r [");
	for (int i = 0; i < 20; i++)
		tw_str_addf(&s, "<!ATTLIST r a%d (x|y) 'x'>", i);
	tw_str_adds(&s, "]><r/>");
	assert_int_equal(dom_parse_xml(&d, s.data, s.len, NULL, &arena, &err), TW_BAD_DATA);
	tw_str_release(&s);
}

/* --- what they say of themselves --- */

static void what_programs_write_by_themselves_is_nothing(void **state)
{
	struct tw_document d = {0};
	const struct office_meta m = {
		.title = "Microsoft Word - a.doc", .author = "User", .lang = "C"};
	(void)state;
	office_take_meta(&d, &m, &arena);
	assert_null(d.title);
	assert_null(d.author);
	assert_null(d.lang);
	assert_null(d.extra);
	assert_int_equal(d.created_ms, 0);
}

/* --- files --- */

static const char *why_not(const char *name, const char *data, size_t len)
{
	struct tw_document doc;
	assert_int_equal(try_parse(&doc, name, data, len), TW_SKIPPED);
	return err.msg;
}

static void what_is_not_what_its_name_says_is_skipped(void **state)
{
	(void)state;
	assert_contains(why_not("a.docx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", 12), "password");
	assert_contains(why_not("a.docx", "<html>", 6), "no ZIP");
	assert_contains(why_not("a.odt", "PK\3\4 and no more", 15), "cut or broken");
	assert_contains(why_not("a.epub", "", 0), "empty");
	assert_contains(why_not("a.fodt", "<office:document xmlns:office='o'/>", 35),
			"no text document");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(runs_become_words_with_marks_that_touch_them),
		T(lists_tables_quotes_and_code_stand_apart),
		T(links_in_packages_stay_in_them),
		T(parts_are_found_in_either_case),
		T(xml_that_would_cost_too_much_is_refused),
		T(parts_are_parsed_once_and_cost_too_much_together),
		T(what_xml_declares_for_itself_multiplies_nothing),
		T(what_programs_write_by_themselves_is_nothing),
		T(what_is_not_what_its_name_says_is_skipped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
