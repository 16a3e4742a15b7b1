/* DOCX: what of it is text. */
#include "office_test.h"

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
	assert_ok(docx_read(&doc, &p, &arena, &err), &err);
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
	const char *xml = tw_str_dup(&out, &arena);
	tw_str_release(&out);
	return xml;
}

static struct tw_document docx(const char *content)
{
	const char *main = tw_sprintf(&arena, "<w:document " W "><w:body>%s</w:body></w:document>",
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
	d = docx(tw_sprintf(&arena,
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
	struct tw_document d = docx(tw_sprintf(
		&arena, "<w:p>{Call this function: }" MONO("f") "{ first.}</w:p>%s", code));
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
	assert_string_equal(day(d.created_ms), "2021-03-04");
	assert_string_equal(day(d.modified_ms), "2022-01-02");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(headings_are_known_whatever_their_style_is_called),
		T(what_was_deleted_or_is_no_text_is_left_out),
		T(boxes_of_text_come_once_and_large_letters_belong_to_their_word),
		T(fields_give_their_results),
		T(lists_are_numbered_on_and_notes_come_at_the_end),
		T(small_tables_are_data_and_large_cells_are_text),
		T(typewriters_letters_are_code_only_among_others),
		T(what_a_docx_says_of_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
