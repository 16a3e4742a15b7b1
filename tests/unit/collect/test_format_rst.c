/* reStructuredText files as Markdown. */
#include "format_test.h"

static void levels_are_in_order_of_appearance(void **state)
{
	(void)state;
	struct tw_document d =
		parse("x.rst", "=====\nTitle\n=====\n\nA a\n~~~\n\nB\n---\n\nC\n\"\"\"\n\nD\n"
			       "---\n\nE\n====\n\n====\nF ff\n====\n\ntext\n\n----\n\nend\n");
	assert_string_equal(d.title, "Title");
	assert_string_equal(body(&d),
			    "# Title\n\n## A a\n\n### B\n\n#### C\n\n### D\n\n##### E\n\n# F ff\n\n"
			    "text\n\n---\n\nend\n");
}

static void fields_below_the_title_are_metadata(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.rst",
		"Title\n=====\n\n:Author: Tess Ter <tess@example.org>\n:Date: $Date: 2021-03-14 10:00 $\n"
		":tags: rope, boat\n:lang: en\n:status: draft\n:Version: 1\n\nText.\n\n:field: is text\n");
	assert_string_equal(d.title, "Title");
	assert_string_equal(d.author, "Tess Ter");
	assert_string_equal(d.lang, "en");
	assert_string_equal(day(d.created_ms), "2021-03-14");
	assert_string_equal(d.extra, "{\"tags\":[\"rope\",\"boat\"],\"draft\":true}");
	assert_string_equal(body(&d), "# Title\n\nText.\n\n- **field**\n  is text\n");
}

static void comments_of_nikola_and_front_matter_are_metadata(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"x.rst", ".. title: About ropes\n.. date: 2020-02-03 10:00:00 UTC\n.. tags: a, b\n"
			 ".. slug: x\n\nText.\n\n.. title: a comment\n");
	assert_string_equal(d.title, "About ropes");
	assert_string_equal(day(d.created_ms), "2020-02-03");
	assert_string_equal(d.extra, "{\"tags\":[\"a\",\"b\"]}");
	assert_string_equal(body(&d), "Text.\n");
	d = parse("x.rst", "---\ntitle: Hugo's\n---\nText.\n");
	assert_string_equal(d.title, "Hugo's");
	assert_string_equal(body(&d), "Text.\n");
	d = parse("x.rst",
		  ".. post:: Apr 15, 2013\n   :tags: tips\n   :author: Ann\n\nT\n=\n\nText.\n");
	assert_string_equal(day(d.created_ms), "2013-04-15");
	assert_string_equal(d.author, "Ann");
}

static void inline_markup(void **state)
{
	static const struct {
		const char *rst, *md;
	} cases[] = {
		{"*a* **b** ``c*d``", "*a* **b** `c*d`\n"},
		{"__init__ and __x_, a_ref_.", "\\_\\_init\\_\\_ and \\_\\_x\\_, a_ref.\n"},
		{"2 * 3 * 4, a*b*c, \"*\"", "2 * 3 * 4, a\\*b\\*c, \"\\*\"\n"},
		{"\\*a\\* and re\\ *struct*\\ ed", "\\*a\\* and re*struct*ed\n"},
		{"`text <https://x.org/a_b>`_ `b <https://y.org>`__",
		 "[text](https://x.org/a_b) [b](https://y.org)\n"},
		{"site_, `My Site`_.\n\n.. _site: https://x.org\n.. _my site: https://y.org/long/\n   path\n",
		 "[site](https://x.org), [My Site](https://y.org/long/path).\n"},
		{"see this__ and `that`__\n\n__ https://x.org\n.. __: https://y.org\n",
		 "see [this](https://x.org) and [that](https://y.org)\n"},
		{"https://x.org/a_b and snake_case_name",
		 "https://x.org/a_b and snake_case_name\n"},
		{":func:`~os.path.join`, :ref:`the text <label>`, :doc:`other`",
		 "`join`, the text, other\n"},
		{":math:`a_1 * b` :PEP:`8` `x`:strong: `title`", "$a_1 * b$ PEP 8 **x** *title*\n"},
		{"|me| and |gone|\n\n.. |me| replace:: *Tess* T.\n.. |gone| image:: x.png\n",
		 "*Tess* T. and\n"},
		{"an _`inline target` here", "an inline target here\n"},
		{"a * b ** c ` d | e", "a * b \\*\\* c \\` d | e\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_body("x.rst", cases[i].rst, cases[i].md);
}

static void footnotes_and_citations(void **state)
{
	(void)state;
	assert_body("x.rst",
		    "One [1]_, two [#]_, three [#a]_, four [Knu84]_, five [#]_.\n\n"
		    ".. [1] First\n   note.\n\n   Second paragraph.\n"
		    ".. [#] Auto.\n.. [#a] Named.\n.. [Knu84] A *book*.\n.. [#] Last.\n",
		    "One[^1], two[^2], three[^3], four[^4], five[^5].\n\n"
		    "[^1]: First note.\n\n    Second paragraph.\n\n"
		    "[^2]: Auto.\n\n[^3]: Named.\n\n[^4]: A *book*.\n\n[^5]: Last.\n");
}

static void lists(void **state)
{
	(void)state;
	assert_body("x.rst",
		    "- one\n  goes on\n\n  para\n\n  - nested\n- two\n\n"
		    "1. a\n2. b\n\n#. c\n\n(a) d\n\nterm : classifier\n    What\n"
		    "    it is.\n\n"
		    "-a, --all   Everything.\n\nA. Lincoln was\npresident.\n",
		    "- one goes on\n\n  para\n  - nested\n- two\n\n1. a\n"
		    "2. b\n\n3. c\n\n4. d\n\n- **term : classifier**\n  What it is.\n\n"
		    "- **`-a, --all`**\n  Everything.\n\nA. Lincoln was president.\n");
}

static void literal_text(void **state)
{
	(void)state;
	assert_body(
		"x.rst",
		"Text::\n\n    code\n      more\n\nAgain ::\n\n> quoted\n"
		"> lines\n\n::\n\n  alone\n\n>>> 1 + 1\n2\n\n| line\n"
		"| break\n\n    A quote.\n\n    -- Ann\n",
		"Text:\n\n```\ncode\n  more\n```\n\nAgain\n\n```\n> quoted\n> lines\n```\n\n```\nalone\n```\n\n"
		"```python\n>>> 1 + 1\n2\n```\n\nline  \nbreak\n\n> A quote.\n>\n> — Ann\n");
}

static void directives(void **state)
{
	(void)state;
	assert_body("x.rst",
		    ".. highlight:: ruby\n\n.. code-block:: python\n   :linenos:\n\n"
		    "   def f():\n       return 1\n\n.. code::\n\n   puts 1\n\n"
		    ".. note:: Take\n   care.\n\n   Second.\n\n.. warning::\n\n"
		    "   Hot.\n\n.. admonition:: By the way\n\n   Text.\n\n"
		    ".. figure:: x.png\n   :width: 3\n\n   The caption.\n\n"
		    ".. image:: y.png\n   :alt: nothing\n\n.. contents::\n\n"
		    ".. math::\n\n   a = b\n\n.. versionadded:: 2.1 Now with ropes.\n\n"
		    ".. py:function:: coil(rope)\n\n   Coils it.\n\n"
		    ".. epigraph::\n\n   Wise.\n\n.. unknown:: arg\n   :opt: 1\n\n"
		    "   Content.\n\n.. raw:: html\n\n   <b>\n",
		    "```python\ndef f():\n    return 1\n```\n\n```ruby\n"
		    "puts 1\n```\n\n**Note:** Take care.\n\nSecond.\n\n**Warning:** Hot.\n\n"
		    "**By the way**\n\nText.\n\nThe caption.\n\n$$\na = b\n"
		    "$$\n\n**New in version 2.1:** Now with ropes.\n\n`coil(rope)`\n\n"
		    "Coils it.\n\n> Wise.\n\nContent.\n");
}

static void comments_are_left_out(void **state)
{
	(void)state;
	assert_body("x.rst",
		    "One.\n\n.. a comment\n   goes on\n\n   and on\n\nTwo.\n\n"
		    "..\n\n    A quote after an empty one.\n\n..\n   hidden\n",
		    "One.\n\nTwo.\n\n> A quote after an empty one.\n");
}

static void tables(void **state)
{
	static const char expected[] = "| é | b |\n| --- | --- |\n| 1 | two more |\n| 3 |  |\n";
	(void)state;
	assert_body("x.rst",
		    "===== =====\né     b\n===== =====\n1     two\n      more\n3\n===== =====\n",
		    expected);
	assert_body("x.rst",
		    "+---+------+\n| é | b    |\n+===+======+\n| 1 | two  |\n"
		    "|   | more |\n+---+------+\n| 3 |      |\n+---+------+\n",
		    expected);
	assert_body("x.rst",
		    ".. list-table::\n   :header-rows: 1\n\n   * - é\n     - b\n"
		    "   * - 1\n     - two\n       more\n   * - 3\n     -\n",
		    expected);
	assert_body("x.rst", ".. csv-table:: Cap\n\n   é,b\n   1,\"two more\"\n",
		    "Cap\n\n| é | b |\n| --- | --- |\n| 1 | two more |\n");
	assert_body("x.rst",
		    ".. csv-table::\n   :widths: 1, 2\n   :header: é, \"b,\n     c\"\n\n   1,2\n",
		    "| é | b, c |\n| --- | --- |\n| 1 | 2 |\n");
	assert_body("x.rst", "+---+---+\n| spans |\n+---+---+\n| a | b |\n+---+---+\n",
		    "| spans |  |\n| --- | --- |\n| a | b |\n");
}

static void a_substitution_that_stands_for_itself_ends(void **state)
{
	(void)state;
	assert_body("x.rst", "a |a| b\n\n.. |a| replace:: |a|\n", "a |a| b\n");
}

static void hostile_input_is_borne(void **state)
{
	static const char *const pieces[] = {"*a ",	     "**a ",
					     "``a ",	     "`a ",
					     "|a| ",	     "_`a ",
					     "a_ ",	     "[#]_ ",
					     ":a:`",	     ".. a::\n",
					     "- ",	     "- a\n  ",
					     "1. a\n",	     "=== ===\na\n",
					     "+-+-+\n",	     "| a\n",
					     "::\n\n a\n\n", "a\n a\n  a\n",
					     "a\n====\n",    ":a: b\n",
					     ".. [#] a\n",   ".. |a| replace:: |a||a|\n",
					     "`a <",	     "\\",
					     "\xff",	     "====\n",
					     ">>> a\n",	     NULL};
	(void)state;
	assert_bears("x.rst", pieces);
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < 600; i++)
		tw_str_addf(&s, "%*s.. note::\n\n%*s- \n", i, "", i + 1, "");
	struct tw_document d = parse("x.rst", s.data);
	assert_true(d.body.len > 0);
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(levels_are_in_order_of_appearance),
		T(fields_below_the_title_are_metadata),
		T(comments_of_nikola_and_front_matter_are_metadata),
		T(inline_markup),
		T(footnotes_and_citations),
		T(lists),
		T(literal_text),
		T(directives),
		T(comments_are_left_out),
		T(tables),
		T(a_substitution_that_stands_for_itself_ends),
		T(hostile_input_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
