/* AsciiDoc files as Markdown. */
#include "format_test.h"

static void the_header_gives_the_metadata(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.adoc",
		"// a comment\n:toc:\n= On _ropes_\nAnn B. Lee <ann@example.org>; Bob_C Stone\n"
		"v1.2, 2021-03-14: more ropes\n:lang: de\n:keywords: rope, boat\n:description: how to\n"
		":page-draft: true\n\nText.\n");
	assert_string_equal(d.title, "On ropes");
	assert_string_equal(d.author, "Ann B. Lee, Bob C Stone");
	assert_string_equal(d.lang, "de");
	assert_string_equal(day(d.created_ms), "2021-03-14");
	assert_string_equal(
		d.extra,
		"{\"tags\":[\"rope\",\"boat\"],\"description\":\"how to\",\"draft\":true}");
	assert_string_equal(body(&d), "Text.\n");
}

static void headers_may_be_short_or_missing(void **state)
{
	(void)state;
	struct tw_document d =
		parse("x.adoc", "= Title\n:author: Ann\n:revdate: 2020-02-03\n\nText.\n");
	assert_string_equal(d.author, "Ann");
	assert_string_equal(day(d.created_ms), "2020-02-03");
	d = parse("x.adoc", "= Title\n\nNot An Author <a@b.org>\n");
	assert_null(d.author);
	d = parse("my-notes.asciidoc", "== First\n\nText.\n");
	assert_string_equal(d.title, "First");
	assert_string_equal(body(&d), "## First\n\nText.\n");
	d = parse("x.adoc", "---\ntitle: Hugo's\ntags: [a]\n---\nText.\n");
	assert_string_equal(d.title, "Hugo's");
	assert_string_equal(body(&d), "Text.\n");
	assert_string_equal(parse("a-file.adoc", "Text.\n").title, "A file");
}

static void inline_markup(void **state)
{
	static const struct {
		const char *adoc, *md;
	} cases[] = {
		{"*a* _b_ `c*d` #e# [.line-through]#f#", "**a** *b* `c*d` e f\n"},
		{"**a**b __c__d ``e``f", "**a**b *c*d `e`f\n"},
		{"2 * 3 * 4 a*b*c snake_case_name C++ and C++",
		 "2 * 3 * 4 a\\*b\\*c snake_case_name C++ and C++\n"},
		{"\\*a* `+{x}+` +*b*+ +++*c*+++", "\\*a\\* `{x}` \\*b\\* \\*c\\*\n"},
		{"x^2^ H~2~O \"`quoted`\" '`it`'", "x2 H2O “quoted” ‘it’\n"},
		{"https://x.org/a_b[a _link_^] https://y.org/c_d, <https://z.org>",
		 "[a *link*](https://x.org/a_b) https://y.org/c_d, https://z.org\n"},
		{"link:https://x.org[text,window=_blank] link:notes.adoc[notes] mailto:a@b.org[mail]",
		 "[text](https://x.org) notes [mail](mailto:a@b.org)\n"},
		{"<<id,the _part_>> <<id>> xref:a.adoc#b[there]", "the *part* id there\n"},
		{"a image:x.png[Alt] b icon:heart[]", "a b\n"},
		{"kbd:[Ctrl+C] menu:File[Save As] btn:[OK]", "Ctrl+C File > Save As OK\n"},
		{"((index)) (((hidden, term)))text [[anchor]]here", "index text here\n"},
		{"stem:[a_1 * b] pass:[<u>x</u>]", "$a_1 * b$ \\<u>x\\</u>\n"},
		{"line +\nbreak", "line  \nbreak\n"},
		{":url: https://x.org\n\n{url}/a[A] {url}[B] {missing} \\{url} {nbsp}x",
		 "[A](https://x.org/a) [B](https://x.org) {missing} {url} x\n"},
		{"a ** b __ c ` d # e", "a \\*\\* b \\_\\_ c \\` d # e\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_body("x.adoc", cases[i].adoc, cases[i].md);
}

static void footnotes(void **state)
{
	(void)state;
	assert_body(
		"x.adoc",
		"One footnote:[Said *here*.] two footnote:a[See https://x.org[it].] again footnote:a[].\n",
		"One[^1] two[^2] again[^2].\n\n[^1]: Said **here**.\n\n[^2]: See [it](https://x.org).\n");
}

static void lists(void **state)
{
	(void)state;
	assert_body(
		"x.adoc",
		"* one\ngoes on\n** nested\n*** deep\n* two\n+\nattached\n"
		"+\n----\ncode\n----\n* [x] done\n* [ ] open\n\n//-\n\n"
		". a\n.. b\n. c\n\n'''\n\nterm:: what\nother::\n  below\n* in it\n",
		"- one goes on\n  - nested\n    - deep\n- two\n\n  attached\n\n"
		"  ```\n  code\n  ```\n- [x] done\n- [ ] open\n\n"
		"1. a\n   1. b\n2. c\n\n---\n\n- **term**\n  what\n- **other**\n  below\n  - in it\n");
}

static void blocks(void **state)
{
	(void)state;
	assert_body("x.adoc",
		    ".A listing\n[source,ruby,linenums]\n----\nputs 1 # <1>\n"
		    "puts 2 <2>\n----\n\n[source%linenums,python]\nx = 1\n\n"
		    "```go\nvar x\n```\n\n"
		    "....\nliteral\n  more\n....\n\n indented\n\n[quote, Ann, A book]\n"
		    "____\nSaid.\n____\n\n[verse]\na\nb\n\nNOTE: Take\ncare.\n\n"
		    "[WARNING]\n====\nHot.\n\nVery.\n====\n\n****\nAside.\n"
		    "****\n\n[stem]\n++++\nx^2\n++++\n\n++++\n<b>\n++++\n\n"
		    "--\nOpen.\n--\n",
		    "**A listing**\n\n```ruby\nputs 1\nputs 2\n```\n\n```python\n"
		    "x = 1\n```\n\n```go\nvar x\n```\n\n```\nliteral\n  more\n"
		    "```\n\n"
		    "```\nindented\n```\n\n> Said.\n>\n> — Ann, A book\n\n"
		    "> a  \n> b\n\n**Note:** Take care.\n\n**Warning:** Hot.\n\n"
		    "Very.\n\n"
		    "Aside.\n\n$$\nx^2\n$$\n\nOpen.\n");
}

static void quotations_without_a_block(void **state)
{
	(void)state;
	assert_body("x.adoc",
		    "> Said *so*,\n> twice.\n>\n> * a\n>\n> > Deeper.\n\nOwn.\n\n"
		    "\"Said by\nanother.\"\n-- Ann, A book\n\n"
		    "[, Bob]\n\"\"\nIn the air.\n\"\"\n\n\"Own,\" I said.\n",
		    "> Said **so**, twice.\n> - a\n>\n> > Deeper.\n\nOwn.\n\n"
		    "> Said by another.\n>\n> — Ann, A book\n\n"
		    "> In the air.\n>\n> — Bob\n\n\"Own,\" I said.\n");
}

static void what_is_no_text_is_left_out(void **state)
{
	(void)state;
	assert_body("x.adoc",
		    "// comment\nOne\n// within\nparagraph.\n\n////\nhidden\n"
		    "////\n\ninclude::other.adoc[]\n\nimage::x.png[Alt]\n\n"
		    "toc::[]\n\n"
		    "ifdef::env-github[]\nhidden\nendif::[]\nifndef::env-github[]\n"
		    "shown\nendif::[]\nifdef::missing[inline]\n\n[[id]]\n"
		    "== Part\n\n<<<\n",
		    "One paragraph.\n\nshown\n\n## Part\n");
}

static void titles_of_both_kinds(void **state)
{
	(void)state;
	assert_body("x.adoc",
		    "= T\n\nPart one\n--------\n\nBelow\n~~~~~\n\n=== Three ===\n\n"
		    "[discrete]\n== Two\n\ntext\n--\n\n",
		    "## Part one\n\n### Below\n\n### Three\n\n## Two\n\ntext\n");
}

static void tables(void **state)
{
	(void)state;
	assert_body("x.adoc", "|===\n|a |b\n\n|1\n|two\nmore\n\n|3 \\| x\n|\n|===\n",
		    "| a | b |\n| --- | --- |\n| 1 | two more |\n| 3 \\| x |  |\n");
	assert_body("x.adoc",
		    "[cols=\"1,2a\",options=\"header\"]\n|===\n|a\n|b\n2+|both\n.2+^|c |d\n|===\n",
		    "| a | b |\n| --- | --- |\n| both |  |\n| c | d |\n");
	assert_body("x.adoc", ",===\na,\"b, c\"\n1,2\n,===\n",
		    "| a | b, c |\n| --- | --- |\n| 1 | 2 |\n");
}

/* What lies behind the last byte of a file is not the file's. */
static void a_file_ends_where_it_ends(void **state)
{
	static const char *const ends[] = {"a\n\n```",	  "a\n\n```c",	    "a\n\n|===", "a\n\n\"",
					   "a\n\n[quote", "a\n\n\"a\"\n--", "a\n\n>",	 "a\n\n{",
					   "a\n\n:a",	  "a\n\nifdef:",    NULL};
	(void)state;
	for (const char *const *e = ends; *e; e++) {
		struct tw_document d;
		size_t len = strlen(*e);
		char *exact = memcpy(tw_xmalloc(len), *e, len);
		assert_ok(try_parse(&d, "x.adoc", exact, len), &err);
		assert_int_equal(d.body.data[0], 'a');
		free(exact);
	}
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {
		"*a ",	      "**a",	     "_a ",
		"`a ",	      "++",	     "+++",
		"^a",	      "\"`",	     "link:[",
		"link:a[",    "https://a[",  "<<a",
		"((",	      "(((",	     "[[a",
		"[.a]#",      "{a}",	     ":a: {a}{a}{a}\n",
		"----\n",     "====\n",	     "====\n\n=====\n\n======\n",
		"* a\n",      "** a\n* a\n", "* a\n+\n",
		"a::\n",      "|===\n|a\n",  "ifdef::a[]\n",
		"[a]\n",      ".a\n",	     "footnote:[a] ",
		"footnote:[", "--\n",	     "____\n--\n****\n",
		"\xff",	      NULL};
	(void)state;
	assert_bears("x.adoc", pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_header_gives_the_metadata),
		T(headers_may_be_short_or_missing),
		T(inline_markup),
		T(footnotes),
		T(lists),
		T(blocks),
		T(quotations_without_a_block),
		T(what_is_no_text_is_left_out),
		T(titles_of_both_kinds),
		T(tables),
		T(a_file_ends_where_it_ends),
		T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
