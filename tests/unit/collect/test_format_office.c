/* Documents of word processors, books and PDF: what of them is text, and how it is written. */
#include "collect_test.h"

#include "base/text.h"
#include "base/time.h"
#include "collect/file/files_int.h"
#include "collect/office/office_int.h"
#include "collect/office/pdf_int.h"
#include "collect/office/rich_int.h"

static struct tw_arena a;
static struct tw_err err;

static int setup(void **state)
{
	(void)state;
	tw_arena_init(&a);
	tw_err_clear(&err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_arena_release(&a);
	return 0;
}

struct named {
	const char *name, *text;
};

/* Parts up to one without a name. */
static struct package package(const struct named *parts)
{
	size_t n = 0;
	struct package_part *all = TW_NEW_ARRAY(&a, 32, struct package_part);
	for (; parts[n].name; n++)
		all[n] = (struct package_part){.name = parts[n].name,
					       .data = {parts[n].text, strlen(parts[n].text)}};
	return package_of(all, n);
}

static const char *body(const struct tw_document *d)
{
	return tw_strndup(&a, d->body.data, d->body.len);
}

/* --- the writer --- */

static struct rich r;

static void say(const char *s, struct rich_format f)
{
	rich_text(&r, s, strlen(s), &f);
}

static const char *written(void)
{
	struct tw_bytes b = rich_end(&r);
	return tw_strndup(&a, b.data, b.len);
}

static void runs_become_words_with_marks_that_touch_them(void **state)
{
	const struct rich_format plain = {0}, bold = {.bold = true}, italic = {.italic = true};
	const struct rich_format both = {.bold = true, .italic = true}, code = {.code = true};
	const struct rich_format link = {.link = "https://example.org/a b"};
	(void)state;
	rich_begin(&r, &a);
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
	rich_begin(&r, &a);
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
		const char *got = package_resolve(cases[i][0], cases[i][1], &a);
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
	assert_ok(package_xml(&d, &p, "word/document.xml", &a, &err), &err);
	assert_int_equal(package_xml(&d, &p, "none.xml", &a, &err), TW_BAD_DATA);
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
	assert_int_equal(dom_parse_xml(&d, s.data, s.len, NULL, &a, &err), TW_BAD_DATA);
	tw_str_clear(&s);
	tw_str_adds(&s, "<a>= = = =");
	for (int i = 0; i < 3000; i++)
		tw_str_adds(&s, "==== ");
	tw_str_adds(&s, "</a>");
	tw_err_clear(&err);
	assert_ok(dom_parse_xml(&d, s.data, s.len, NULL, &a, &err), &err);
	assert_true(d.well_formed);
	assert_ok(dom_parse_xml(&d, "<a><b></a>", 10, NULL, &a, &err), &err);
	assert_false(d.well_formed);
	static const char broken[] = "<a>x<b \x8c\x9a:c='1'>y</b></a>";
	assert_ok(dom_parse_xml(&d, broken, sizeof(broken) - 1, NULL, &a, &err), &err);
	const char *text = dom_text_folded(d.root, &a);
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
	assert_ok(package_xml(&d, &p, "1.xml", &a, &err), &err);
	assert_ok(package_xml(&again, &p, "1.xml", &a, &err), &err);
	assert_ptr_equal(d.root, again.root);
	assert_ok(package_xml(&d, &p, "2.xml", &a, &err), &err);
	assert_int_equal(package_xml(&d, &p, "3.xml", &a, &err), TW_BAD_DATA);
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
	assert_ok(dom_parse_xml(&d, xml, sizeof(xml) - 1, NULL, &a, &err), &err);
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
	assert_int_equal(dom_parse_xml(&d, s.data, s.len, NULL, &a, &err), TW_BAD_DATA);
	tw_str_release(&s);
}

/* --- DOCX --- */

#define W "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' "
#define DOCX_RELS                                                                               \
	{                                                                                       \
		"_rels/.rels",                                                                  \
			"<Relationships><Relationship Id='1' Type='http://x/officeDocument' "   \
			"Target='word/document.xml'/><Relationship Id='2' "                     \
			"Type='http://x/metadata/core-properties' Target='docProps/core.xml'/>" \
			"</Relationships>"                                                      \
	}
#define PART_RELS                                                                              \
	{                                                                                      \
		"word/_rels/document.xml.rels",                                                \
			"<Relationships><Relationship Id='s' Type='http://x/styles' "          \
			"Target='styles.xml'/><Relationship Id='n' Type='http://x/numbering' " \
			"Target='numbering.xml'/><Relationship Id='f' "                        \
			"Type='http://x/footnotes' Target='footnotes.xml'/><Relationship "     \
			"Id='l' Type='http://x/hyperlink' Target='https://example.org/' "      \
			"TargetMode='External'/></Relationships>"                              \
	}
#define STYLES                                                                                  \
	{                                                                                       \
		"word/styles.xml",                                                              \
			"<w:styles " W                                                          \
			"><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val='de-AT' "           \
			"w:eastAsia='ja-JP'/></w:rPr></w:rPrDefault></w:docDefaults>"           \
			"<w:style w:type='paragraph' w:styleId='berschrift2'><w:name "          \
			"w:val='heading 2'/></w:style>"                                         \
			"<w:style w:type='paragraph' w:styleId='Kapitel'><w:name "              \
			"w:val='Kapitel'/><w:basedOn w:val='berschrift2'/></w:style>"           \
			"<w:style w:type='paragraph' w:styleId='Loop'><w:name w:val='Loop'/>"   \
			"<w:basedOn w:val='Loop'/></w:style>"                                   \
			"<w:style w:type='paragraph' w:styleId='Titel'><w:name "                \
			"w:val='Title'/></w:style>"                                             \
			"<w:style w:type='paragraph' w:styleId='Zitat'><w:name "                \
			"w:val='Quote'/></w:style>"                                             \
			"<w:style w:type='paragraph' w:styleId='V1'><w:name "                   \
			"w:val='toc 1'/></w:style>"                                             \
			"<w:style w:type='paragraph' w:styleId='Teil'><w:name w:val='Teil'/>"   \
			"<w:pPr><w:outlineLvl w:val='0'/></w:pPr></w:style>"                    \
			"<w:style w:type='character' w:styleId='Fett'><w:name w:val='Strong'/>" \
			"<w:rPr><w:b/></w:rPr></w:style></w:styles>"                            \
	}

static struct tw_document docx_parts(const struct named *parts)
{
	struct tw_document doc = {0};
	struct package p = package(parts);
	assert_ok(docx_read(&doc, &p, &a, &err), &err);
	return doc;
}

/* "{text}" stands for a run, "(Style)" at the beginning of a paragraph for its style, "[begin]" for a field's mark. */
static const char *docx_xml(const char *s)
{
	struct tw_str out = TW_STR_INIT;
	for (; *s; s++) {
		if (*s == '{')
			tw_str_adds(&out, "<w:r><w:t xml:space='preserve'>");
		else if (*s == '}')
			tw_str_adds(&out, "</w:t></w:r>");
		else if (*s == '(')
			tw_str_adds(&out, "<w:pPr><w:pStyle w:val='");
		else if (*s == ')')
			tw_str_adds(&out, "'/></w:pPr>");
		else if (*s == '[')
			tw_str_adds(&out, "<w:r><w:fldChar w:fldCharType='");
		else if (*s == ']')
			tw_str_adds(&out, "'/></w:r>");
		else
			tw_str_addc(&out, *s);
	}
	const char *xml = tw_str_dup(&out, &a);
	tw_str_release(&out);
	return xml;
}

static struct tw_document docx(const char *content)
{
	const char *main = tw_sprintf(&a, "<w:document " W "><w:body>%s</w:body></w:document>",
				      docx_xml(content));
	const struct named parts[] = {
		DOCX_RELS, PART_RELS, STYLES, {"word/document.xml", main}, {0}};
	return docx_parts(parts);
}

static void headings_are_known_whatever_their_style_is_called(void **state)
{
	(void)state;
	struct tw_document d = docx("<w:p>(Titel){Der Titel}</w:p>"
				    "<w:p>(berschrift2){Zwei}</w:p>"
				    "<w:p>(Kapitel){Drei}</w:p>"
				    "<w:p>(Teil){Vier}</w:p>"
				    "<w:p>(Loop){Text}</w:p>"
				    "<w:p>(Heading3){Fünf}</w:p>"
				    "<w:p><w:pPr><w:outlineLvl w:val='3'/></w:pPr>{Sechs}</w:p>");
	assert_string_equal(d.title, "Der Titel");
	assert_string_equal(body(&d),
			    "## Zwei\n\n## Drei\n\n# Vier\n\nText\n\n### Fünf\n\n#### Sechs\n");
	assert_string_equal(d.lang, "de-AT");
	assert_string_equal(d.media, "text/markdown");
}

static void what_was_deleted_or_is_no_text_is_left_out(void **state)
{
	(void)state;
	struct tw_document d = docx(
		"<w:p>{I }<w:del w:id='1'><w:r><w:delText>hate</w:delText></w:r></w:del>"
		"<w:ins w:id='2'>{like}</w:ins>{ it.}<w:commentRangeStart w:id='0'/>"
		"<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
		"<w:moveFrom w:id='3'>{moved}</w:moveFrom>"
		"<w:r><w:commentReference w:id='0'/></w:r></w:p>"
		"<w:p><w:pPr><w:rPr><w:del w:id='4'/></w:rPr></w:pPr>{One and }</w:p>"
		"<w:p>{the same.}</w:p>"
		"<w:p>(V1){Contents 1}</w:p>"
		"<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/>"
		"</w:docPartObj></w:sdtPr><w:sdtContent><w:p>{toc}</w:p></w:sdtContent></w:sdt>"
		"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
		"<w:p>{Click here}</w:p></w:sdtContent></w:sdt>"
		"<w:sdt><w:sdtContent><w:p>{Kept.}</w:p></w:sdtContent></w:sdt>");
	assert_string_equal(body(&d), "I like it.\n\nOne and the same.\n\nKept.\n");
}

static void boxes_of_text_come_once_and_large_letters_belong_to_their_word(void **state)
{
	(void)state;
	struct tw_document d = docx(
		"<w:p>{Before }<w:r><mc:AlternateContent xmlns:mc='m'>"
		"<mc:Choice><w:drawing><w:txbxContent><w:p>{In the box.}</w:p></w:txbxContent>"
		"</w:drawing></mc:Choice>"
		"<mc:Fallback><w:pict><w:txbxContent><w:p>{In the box.}</w:p></w:txbxContent>"
		"</w:pict></mc:Fallback></mc:AlternateContent></w:r>{after.}</w:p>"
		"<w:p><w:pPr><w:framePr w:dropCap='drop'/></w:pPr>{R}</w:p><w:p>{opes.}</w:p>");
	assert_string_equal(body(&d), "Before after.\n\nIn the box.\n\nRopes.\n");
}

static void fields_give_their_results(void **state)
{
	(void)state;
	struct tw_document d =
		docx("<w:p>[begin]<w:r><w:instrText>HYPERLINK \"https://example.org/x\" \\o \"tip\""
		     "</w:instrText></w:r>[separate]{linked}[end]{ and }"
		     "<w:hyperlink r:id='l' xmlns:r='r'>{too}</w:hyperlink></w:p>"
		     "<w:p>[begin]<w:r><w:instrText> TOC \\o \"1-3\"</w:instrText></w:r>[separate]"
		     "{Chapter 1}</w:p><w:p>{Chapter 2}[end]</w:p>"
		     "<w:p>{Text.}</w:p>");
	assert_string_equal(
		body(&d),
		"[linked](https://example.org/x) and [too](https://example.org/)\n\nText.\n");
	d = docx("<w:p>[begin]<w:r><w:instrText>TOC</w:instrText></w:r>[separate]{never ends}</w:p>"
		 "<w:p>{and hides nothing}</w:p>");
	assert_contains(body(&d), "and hides nothing");
}

static void lists_are_numbered_on_and_notes_come_at_the_end(void **state)
{
#define ITEM(level, id, text)                                                                 \
	"<w:p><w:pPr><w:numPr><w:ilvl w:val='" level "'/><w:numId w:val='" id "'/></w:numPr>" \
	"</w:pPr>{" text "}</w:p>"
	const struct named parts[] = {
		DOCX_RELS,
		PART_RELS,
		STYLES,
		{"word/numbering.xml",
		 "<w:numbering " W "><w:abstractNum w:abstractNumId='0'>"
		 "<w:lvl w:ilvl='0'><w:start w:val='3'/><w:numFmt w:val='decimal'/></w:lvl>"
		 "<w:lvl w:ilvl='1'><w:numFmt w:val='bullet'/></w:lvl></w:abstractNum>"
		 "<w:num w:numId='5'><w:abstractNumId w:val='0'/></w:num></w:numbering>"},
		{"word/footnotes.xml",
		 docx_xml("<w:footnotes " W "><w:footnote w:id='-1' w:type='separator'><w:p/>"
			  "</w:footnote><w:footnote w:id='2'><w:p><w:r><w:footnoteRef/></w:r>"
			  "{ A note.}</w:p><w:p>{More.}</w:p></w:footnote></w:footnotes>")},
		{"word/document.xml",
		 docx_xml("<w:document " W
			  "><w:body>" ITEM("0", "5", "three") ITEM("1", "5", "deep") ITEM(
				  "0", "5",
				  "four") "<w:p>{Between}<w:r>"
					  "<w:footnoteReference w:id='2'/></w:r>{.}</w:p>" ITEM(
						  "0", "5", "five")
						  ITEM("0", "0", "none") "</w:body></w:document>")},
		{0}};
	(void)state;
	struct tw_document d = docx_parts(parts);
	assert_string_equal(body(&d), "3. three\n   - deep\n4. four\n\nBetween[^1].\n\n5. five\n\n"
				      "none\n\n[^1]: A note.\n\n    More.\n");
}

static void small_tables_are_data_and_large_cells_are_text(void **state)
{
#define CELL(x) "<w:tc><w:p>{" x "}</w:p></w:tc>"
	(void)state;
	struct tw_document d = docx("<w:tbl><w:tr>" CELL("Tide") CELL(
		"m") "</w:tr>"
		     "<w:tr><w:trPr><w:del/></w:trPr>" CELL("gone") CELL(
			     "0") "</w:tr>"
				  "<w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr><w:p>{both}</w:p></w:tc>"
				  "</w:tr></w:tbl>");
	assert_string_equal(body(&d), "| Tide | m |\n| --- | --- |\n| both |  |\n");
	struct tw_str wide = TW_STR_INIT;
	for (int i = 0; i < 200; i++)
		tw_str_adds(&wide, "word ");
	d = docx(tw_sprintf(&a,
			    "<w:tbl><w:tr>" CELL("%s") CELL("x") "</w:tr><w:tr>" CELL("y")
				    CELL("z") "</w:tr></w:tbl>",
			    wide.data));
	assert_contains(body(&d), "word\n\nx\n\ny\n\nz\n");
	tw_str_release(&wide);
}

static void typewriters_letters_are_code_only_among_others(void **state)
{
#define MONO(x) "<w:r><w:rPr><w:rFonts w:ascii='Courier New'/></w:rPr><w:t>" x "</w:t></w:r>"
	static const char code[] = "<w:p>" MONO("f;") "</w:p><w:p>" MONO("g;") "</w:p>";
	static const char play[] =
		"<w:p>" MONO("INT. BOAT - NIGHT") "</w:p><w:p>" MONO("He coils.") "</w:p>";
	(void)state;
	struct tw_document d = docx(
		tw_sprintf(&a, "<w:p>{Call this function: }" MONO("f") "{ first.}</w:p>%s", code));
	assert_string_equal(body(&d), "Call this function: `f` first.\n\n```\nf;\ng;\n```\n");
	d = docx(play);
	assert_string_equal(body(&d), "INT. BOAT - NIGHT\n\nHe coils.\n");
}

static void what_a_docx_says_of_itself(void **state)
{
	const struct named parts[] = {
		DOCX_RELS,
		{"docProps/core.xml",
		 "<cp:coreProperties xmlns:cp='c' xmlns:dc='d' xmlns:dcterms='t'><dc:title>Tides</dc:title>"
		 "<dc:creator>Tess T.</dc:creator><cp:keywords>"
		 "sea; boats</cp:keywords><dc:language>en-GB</dc:language>"
		 "<dcterms:created>2021-03-04T05:06:07Z</dcterms:created>"
		 "<dcterms:modified>2022-01-02T00:00:00Z</dcterms:modified>"
		 "</cp:coreProperties>"},
		{"word/document.xml",
		 docx_xml("<w:document " W "><w:body><w:p>{Text.}</w:p></w:body></w:document>")},
		{0}};
	(void)state;
	struct tw_document d = docx_parts(parts);
	assert_string_equal(d.title, "Tides");
	assert_string_equal(d.author, "Tess T.");
	assert_string_equal(d.lang, "en-GB");
	assert_string_equal(d.extra, "{\"tags\":[\"sea\",\"boats\"]}");
	assert_string_equal(tw_format_date(&a, d.created_ms), "2021-03-04");
	assert_string_equal(tw_format_date(&a, d.modified_ms), "2022-01-02");
}

static void what_programs_write_by_themselves_is_nothing(void **state)
{
	struct tw_document d = {0};
	const struct office_meta m = {
		.title = "Microsoft Word - a.doc", .author = "User", .lang = "C"};
	(void)state;
	office_take_meta(&d, &m, &a);
	assert_null(d.title);
	assert_null(d.author);
	assert_null(d.lang);
	assert_null(d.extra);
	assert_int_equal(d.created_ms, 0);
}

/* --- ODT --- */

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
	assert_ok(odt_read_flat(&doc, &b, &a, &err), &err);
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
	assert_string_equal(tw_format_date(&a, d.created_ms), "2020-02-03");
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
	assert_int_equal(odt_read(&doc, &p, &a, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "password");
}

/* --- EPUB --- */

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
	assert_ok(epub_read(&d, &p, &a, &err), &err);
	assert_string_equal(
		body(&d), "# One\n\nCoil it *well*. See two or [the web](https://example.org/).\n\n"
			  "# Two\n\nNot well **formed.**\n");
	assert_string_equal(d.title, "Ropes");
	assert_string_equal(d.author, "Tess T.");
	assert_string_equal(d.lang, "en");
	assert_string_equal(d.extra, "{\"tags\":[\"Knots\"],\"description\":\"About ropes.\"}");
	assert_string_equal(tw_format_date(&a, d.created_ms), "2019-05-06");
	assert_string_equal(tw_format_date(&a, d.modified_ms), "2020-01-01");
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
				 tw_sprintf(&a, lock, "http://www.idpf.org/2008/embedding")},
				{0}};
	struct tw_document d = {0};
	struct package p = package(parts);
	(void)state;
	assert_ok(epub_read(&d, &p, &a, &err), &err);
	assert_string_equal(body(&d), "Text.\n");
	parts[3].text = tw_sprintf(&a, lock, "http://www.w3.org/2001/04/xmlenc#aes128-cbc");
	p = package(parts);
	assert_int_equal(epub_read(&d, &p, &a, &err), TW_UNSUPPORTED);
	assert_contains(err.msg, "DRM");
}

/* --- PDF, as pdftotext says it --- */

struct page_maker {
	struct tw_str xml;
};

static void begin_pages(struct page_maker *m)
{
	*m = (struct page_maker){0};
	tw_str_adds(
		&m->xml,
		"<!DOCTYPE html><html><head><title>untitled</title><meta name=\"Author\" content=\"Tess T.\"/>"
		"<meta name=\"CreationDate\" content=\"2018-07-06T05:04:03Z\"/></head><body><doc>\n");
}

static void begin_page(struct page_maker *m)
{
	tw_str_adds(&m->xml, "  <page width=\"600\" height=\"800\"><flow>\n");
}

/* Each line of the block has letters of 5 points' width. */
static void block(struct page_maker *m, double x, double y, double size, const char *const *lines)
{
	tw_str_adds(&m->xml, "<block>");
	for (; *lines; lines++, y += size * 1.2) {
		double at = x;
		tw_str_addf(&m->xml, "<line xMin=\"%f\" yMin=\"%f\" xMax=\"%f\" yMax=\"%f\">", x, y,
			    x + size / 2 * (double)strlen(*lines), y + size);
		for (const char *w = *lines; *w; w += strcspn(w, " "), w += *w == ' ') {
			int n = (int)strcspn(w, " ");
			tw_str_addf(
				&m->xml,
				"<word xMin=\"%f\" yMin=\"%f\" xMax=\"%f\" yMax=\"%f\">%.*s</word>\n",
				at, y, at + n * size / 2, y + size, n, w);
			at += (n + 1) * size / 2;
		}
		tw_str_adds(&m->xml, "</line>");
	}
	tw_str_adds(&m->xml, "</block>");
}

static void end_page(struct page_maker *m)
{
	tw_str_adds(&m->xml, "</flow></page>\n");
}

#define BLOCK(m, x, y, size, ...) block(m, x, y, size, (const char *const[]){__VA_ARGS__, NULL})

/* In pieces, as they come through a pipe. */
static struct tw_document read_pages(struct page_maker *m)
{
	struct tw_document doc = {0};
	struct pdf p;
	pdf_begin(&p, &a);
	tw_str_adds(&m->xml, "</doc></body></html>");
	for (size_t i = 0; i < m->xml.len; i += 701)
		assert_ok(pdf_take(&p, m->xml.data + i, m->xml.len - i < 701 ? m->xml.len - i : 701,
				   &err),
			  &err);
	pdf_write(&doc, &p);
	pdf_release(&p);
	tw_str_release(&m->xml);
	return doc;
}

static void lines_are_rejoined_into_paragraphs(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	BLOCK(&m, 50, 100, 20, "On ropes");
	BLOCK(&m, 50, 150, 10,
	      "A rope that is coiled the wrong way kinks when you need it and is a well-",
	      "known nuisance on board, which nobody who has been there ever for-",
	      "gets. It is well-known, too.");
	BLOCK(&m, 50, 200, 14, "The second part");
	BLOCK(&m, 50, 230, 10,
	      "It rots from the inside, as we say: that is how all of it goes on and on,",
	      "over the column's end and", NULL);
	BLOCK(&m, 60, 300, 10,
	      "• hang it up where air is, in a place that is dry all the year, and do not",
	      "leave it there");
	BLOCK(&m, 60, 330, 10, "• dry it");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	assert_string_equal(d.title, "On ropes");
	assert_string_equal(d.author, "Tess T.");
	assert_string_equal(tw_format_date(&a, d.created_ms), "2018-07-06");
	assert_string_equal(
		body(&d), "A rope that is coiled the wrong way kinks when "
			  "you need it and is a well-known nuisance on board, "
			  "which nobody who has been there ever forgets. It is well-known, too.\n\n"
			  "## The second part\n\n"
			  "It rots from the inside, as we say: that is how all "
			  "of it goes on and on, over the column's end and\n\n"
			  "- hang it up where air is, in a place that is dry "
			  "all the year, and do not leave it there\n- dry it\n");
}

static void what_runs_along_the_pages_is_left_out(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	for (int i = 1; i <= 7; i++) {
		begin_page(&m);
		BLOCK(&m, 50, 30, 10, i == 4 ? "Chapter two" : "Of ropes and knots");
		BLOCK(&m, 300, 770, 10, tw_sprintf(&a, "- %d -", i));
		BLOCK(&m, 50, 100, 10,
		      tw_sprintf(&a, "Page %c begins here with a sentence that goes all the way to",
				 'a' + i),
		      "its end.");
		end_page(&m);
	}
	struct tw_document d = read_pages(&m);
	assert_contains(
		body(&d),
		"Page b begins here with a sentence that goes all the way to its end.\n\nPage c begins");
	assert_null(strstr(body(&d), "knots"));
	assert_null(strstr(body(&d), "Chapter two"));
	assert_null(strstr(body(&d), "- 3 -"));
}

static void columns_are_read_one_after_the_other(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	BLOCK(&m, 50, 60, 10,
	      "A line above both columns that is as wide as the page is, from edge to edge.");
	BLOCK(&m, 50, 100, 10, "Left one goes on for a while,", "and then for another while,",
	      "and stops.");
	BLOCK(&m, 320, 100, 10, "Right one goes on for a while,", "and then for another while,",
	      "and stops.");
	BLOCK(&m, 50, 160, 10, "Left two goes on for a while,", "and then for another while, and");
	BLOCK(&m, 320, 160, 10, "right two is where it ended.");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	const char *text = body(&d), *left = strstr(text, "Left two"),
		   *right = strstr(text, "Right one");
	assert_non_null(left);
	assert_non_null(right);
	assert_true(left < right);
	assert_true(strstr(text, "A line above") < strstr(text, "Left one"));
}

static void hostile_pages_are_read_in_time(void **state)
{
	struct page_maker m;
	(void)state;
	begin_pages(&m);
	begin_page(&m);
	for (int i = 0; i < 20000; i++)
		BLOCK(&m, i % 7 * 80, i % 801, 10, i % 3 ? "•" : "1. word");
	end_page(&m);
	/* One paragraph, and marks beside one line. */
	begin_page(&m);
	static const char *full[401];
	for (int i = 0; i < 400; i++)
		full[i] =
			"a line that goes on and on and on, and on, and on and on as far as it can go-";
	for (int i = 0; i < 5; i++)
		block(&m, 50, i * 8, 10, full);
	for (int i = 0; i < 300; i++)
		BLOCK(&m, 300 - i, 700, 10, "•");
	end_page(&m);
	struct tw_document d = read_pages(&m);
	assert_true(d.body.len > 0);
}

static void pages_without_end_are_refused(void **state)
{
	struct pdf p;
	enum tw_status st = TW_OK;
	(void)state;
	pdf_begin(&p, &a);
	assert_ok(pdf_take(&p, "<head></head>", 13, &err), &err);
	for (int i = 0; i <= PDF_MOST_PAGES && st == TW_OK; i++)
		st = pdf_take(&p, "<page ></page>", 14, &err);
	assert_int_equal(st, TW_BAD_DATA);
	pdf_release(&p);
}

/* --- files --- */

static const char *why_not(const char *name, const char *data, size_t len)
{
	struct reports reports = {0};
	struct tw_document doc = {0};
	struct file_input in = {
		.rel = name, .label = name, .data = {data, len}, .report = &reports};
	tw_err_clear(&err);
	assert_int_equal(parse_file(&doc, &in, &a, &err), TW_SKIPPED);
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
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(runs_become_words_with_marks_that_touch_them),
		T(lists_tables_quotes_and_code_stand_apart),
		T(links_in_packages_stay_in_them),
		T(parts_are_found_in_either_case),
		T(xml_that_would_cost_too_much_is_refused),
		T(parts_are_parsed_once_and_cost_too_much_together),
		T(what_xml_declares_for_itself_multiplies_nothing),
		T(headings_are_known_whatever_their_style_is_called),
		T(what_was_deleted_or_is_no_text_is_left_out),
		T(boxes_of_text_come_once_and_large_letters_belong_to_their_word),
		T(fields_give_their_results),
		T(lists_are_numbered_on_and_notes_come_at_the_end),
		T(small_tables_are_data_and_large_cells_are_text),
		T(typewriters_letters_are_code_only_among_others),
		T(what_a_docx_says_of_itself),
		T(what_programs_write_by_themselves_is_nothing),
		T(text_of_an_odt),
		T(lists_of_an_odt_are_numbered_on_where_they_say_so),
		T(a_locked_odt_says_so),
		T(the_spine_of_a_book_is_its_text),
		T(a_locked_book_says_so_and_garbled_fonts_do_not_lock),
		T(lines_are_rejoined_into_paragraphs),
		T(what_runs_along_the_pages_is_left_out),
		T(columns_are_read_one_after_the_other),
		T(hostile_pages_are_read_in_time),
		T(pages_without_end_are_refused),
		T(what_is_not_what_its_name_says_is_skipped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
