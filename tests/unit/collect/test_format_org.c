/* Org files as Markdown. */
#include "format_test.h"

static void keywords_give_the_metadata(void **state)
{
	(void)state;
	struct tw_document d = parse("x.org", "#+TITLE: On *ropes*\n#+author: Tess Ter\n"
					      "#+DATE: <2021-03-14 Sun 10:05>\n#+LANGUAGE: de\n"
					      "#+FILETAGS: :boat:rope:\n#+DESCRIPTION: how to\n"
					      "#+HUGO_DRAFT: true\n#+STARTUP: overview\n\nText.\n");
	assert_string_equal(d.title, "On ropes");
	assert_string_equal(d.author, "Tess Ter");
	assert_string_equal(d.lang, "de");
	assert_string_equal(tw_format_time(&arena, d.created_ms), "2021-03-14T10:05:00Z");
	assert_string_equal(d.extra, "{\"tags\":[\"boat\",\"rope\"],\"description\":\"how to\","
				     "\"draft\":true}");
	assert_string_equal(body(&d), "Text.\n");
}

static void without_keywords_the_first_headline_is_the_title(void **state)
{
	(void)state;
	struct tw_document d =
		parse("2020-01-02-x.org", "* TODO [#A] Coil it [1/2] :work:home:\nText.\n");
	assert_string_equal(d.title, "Coil it");
	assert_string_equal(day(d.created_ms), "2020-01-02");
	assert_string_equal(body(&d), "# Coil it\n\nText.\n");
	assert_string_equal(parse("2020-01-02-my_notes.org", "Text.\n").title, "My notes");
}

static void headlines_lose_what_is_for_planning(void **state)
{
	(void)state;
	assert_body(
		"x.org",
		"#+TODO: OPEN(o) | SHUT(s!)\n* OPEN One\nSCHEDULED: <2021-01-01 Fri> DEADLINE: <2021-01-02 "
		"Sat>\n"
		":PROPERTIES:\n:ID: 12\n:END:\n:LOGBOOK:\nCLOCK: [2021-01-01 Fri 10:00]\n:END:\nText.\n"
		"** SHUT Two\n*** NASA stays\n",
		"# One\n\nText.\n\n## Two\n\n### NASA stays\n");
}

static void what_is_not_to_be_exported_is_left_out(void **state)
{
	(void)state;
	assert_body("x.org",
		    "* COMMENT Hidden\nsecret\n** Below\nsecret\n* Shown\n"
		    "# a comment\ntext\n* Private :x:noexport:\nsecret\n"
		    "* Old :ARCHIVE:\nsecret\n* End\n#+begin_comment\nsecret\n"
		    "#+end_comment\n#+begin_export html\n<b>\n"
		    "#+end_export\n@@html:<i>@@done{{{macro(x)}}}\n",
		    "# Shown\n\ntext\n\n# End\n\ndone\n");
}

static void inline_markup(void **state)
{
	static const struct {
		const char *org, *md;
	} cases[] = {
		{"a *b* /c/ _d_ +e+", "a **b** *c* *d* ~~e~~\n"},
		{"=a*b= and ~c~", "`a*b` and `c`\n"},
		{"/*both*/", "***both***\n"},
		{"2*3*4 and a_b_c and /usr/bin", "2\\*3\\*4 and a_b_c and /usr/bin\n"},
		{"*not closed", "\\*not closed\n"},
		{"(*in brackets*)", "(**in brackets**)\n"},
		{"*over\ntwo lines* /but\nnot\nthree/", "**over two lines** /but not three/\n"},
		{"[[https://x.org/a_b][a /link/]]", "[a *link*](https://x.org/a_b)\n"},
		{"[[https://x.org/a_b]] https://y.org/c_d.",
		 "https://x.org/a_b https://y.org/c_d.\n"},
		{"<https://x.org>", "https://x.org\n"},
		{"[[*A headline]] [[#id][text]] [[file:notes.org][notes]]",
		 "A headline text notes\n"},
		{"before [[file:img.png]] behind", "before behind\n"},
		{"on <2021-03-14 Sun 10:00 +1w> or [2021-03-15 Mon]",
		 "on 2021-03-14 10:00 or 2021-03-15\n"},
		{"costs $5 or $6", "costs $5 or $6\n"},
		{"$a_1 * b$ and \\(c_2\\) and \\[d\\]", "$a_1 * b$ and $c_2$ and $$d$$\n"},
		{"line\\\\\nbreak", "line  \nbreak\n"},
		{"<<target>>text [cite:@knuth84]", "text\n"},
		{"src_sh{ls -l} it", "`ls -l` it\n"},
		{"1. [ ] is [text] in brackets", "1. [ ] is \\[text\\] in brackets\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_body("x.org", cases[i].org, cases[i].md);
}

static void footnotes_stand_at_the_end(void **state)
{
	(void)state;
	assert_body("x.org",
		    "One[fn:a] two[fn:: said *here*] three[fn:b:named] again[fn:a].\n\n"
		    "[fn:a] The first\nnote.\n[fn:c] Never asked for.\n\nText.\n",
		    "One[^1] two[^2] three[^3] again[^1].\n\nText.\n\n[^1]: The first note.\n\n"
		    "[^2]: said **here**\n\n[^3]: named\n\n[^4]: Never asked for.\n");
}

static void lists_keep_their_levels(void **state)
{
	(void)state;
	assert_body(
		"x.org",
		"- one\n  goes on\n  + nested\n    1) deep\n- [X] done\n"
		"- [ ] open\n- term :: what it is\n\n  second\n\n"
		"1. a\n2. b\n\nText.\n",
		"- one goes on\n  - nested\n    1. deep\n- [x] done\n- [ ] open\n- **term**\n  what it is\n\n"
		"  second\n\n1. a\n2. b\n\nText.\n");
}

static void blocks(void **state)
{
	(void)state;
	assert_body(
		"x.org",
		"#+CAPTION: What it does\n#+NAME: code\n#+BEGIN_SRC emacs-lisp :tangle yes\n"
		"(a)\n  ,* b\n,#+c\n#+END_SRC\n\n"
		"#+RESULTS:\n: printed\n\n#+begin_example\n  two\n    four\n#+end_example\n"
		"#+begin_quote\nSaid.\n\n- and\n#+end_quote\n#+begin_verse\n"
		"a\nb\n#+end_verse\n: fixed\n:   width\n"
		"-----\n#+begin_center\nmiddle\n#+end_center\n\\begin{equation}\nx\n\\end{equation}\n",
		"What it does\n\n```elisp\n(a)\n  * b\n#+c\n```\n\n```\ntwo\n  four\n```\n\n"
		"> Said.\n> - and\n\na  \nb\n\n```\nfixed\n  width\n```\n\n---\n\nmiddle\n\n"
		"$$\n\\begin{equation}\nx\n\\end{equation}\n$$\n");
}

static void tabs_of_code_stay(void **state)
{
	(void)state;
	assert_body("x.org", "#+begin_src make\na:\n\techo\n#+end_src\n",
		    "```make\na:\n\techo\n```\n");
}

static void tables(void **state)
{
	(void)state;
	assert_body(
		"x.org",
		"| a | *b* |\n| <l> | <5> |\n|---+---|\n| 1 | |\n| 2 | x \\vert{} y |\n#+TBLFM: $1=1\n",
		"| a | **b** |\n| --- | --- |\n| 1 |  |\n| 2 | x \\vert{} y |\n");
}

static void what_never_ends_is_text(void **state)
{
	(void)state;
	assert_body("x.org", "#+begin_src c\nint x;\n* Headline\n:DRAWER:\ntext\n#+end_src\n",
		    "int x;\n\n# Headline\n\n:DRAWER: text\n");
}

static void drawers_with_text_are_text(void **state)
{
	(void)state;
	assert_body("x.org",
		    "Before.\n:NOTES:\nOf mine.\n:END:\n:LOGBOOK:\n- Note taken\n:END:\n"
		    ":properties:\n:A: b\n:end:\nBehind.\n",
		    "Before.\n\nOf mine.\n\nBehind.\n");
}

static void lists_stand_apart_from_what_is_outside_their_quote(void **state)
{
	(void)state;
	assert_body("x.org",
		    "Before.\n#+begin_quote\n- a\n- b\n#+end_quote\n1. - c\n2. d\n   - e\n",
		    "Before.\n\n> - a\n> - b\n\n1. - c\n2. d\n   - e\n");
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {"*a ",
					     "/a ",
					     "x /a\n/b ",
					     "[[",
					     "[fn:",
					     "[fn:x: ",
					     "[cite:",
					     "<<",
					     "@@",
					     "{{{",
					     "$a",
					     "\\(",
					     "- ",
					     "- a\n",
					     "#+begin_quote\n",
					     ":a:\n",
					     "#+begin_x\n",
					     "* ",
					     "|",
					     "\\begin{x}\n",
					     "- a :: ",
					     "#+begin_quote\n- a\n  ",
					     "\xff",
					     NULL};
	(void)state;
	assert_bears("x.org", pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(keywords_give_the_metadata),
		T(without_keywords_the_first_headline_is_the_title),
		T(headlines_lose_what_is_for_planning),
		T(what_is_not_to_be_exported_is_left_out),
		T(inline_markup),
		T(footnotes_stand_at_the_end),
		T(lists_keep_their_levels),
		T(blocks),
		T(tabs_of_code_stay),
		T(tables),
		T(what_never_ends_is_text),
		T(drawers_with_text_are_text),
		T(lists_stand_apart_from_what_is_outside_their_quote),
		T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
