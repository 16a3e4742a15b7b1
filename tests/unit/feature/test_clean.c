#include "feature_test.h"

#include "base/text.h"
#include "base/time.h"

struct cleaning {
	const char *what, *media, *in, *out;
};

#define MD  "text/markdown"
#define MDX "text/mdx"

static const struct cleaning cleanings[] = {
	{"emphasis goes, its words stay", MD, "This is *very* **important** and _so_ __on__.",
	 "This is very important and so on."},
	{"marks within words stay", MD, "snake_case_name, 2 * 3 * 4, a*b",
	 "snake_case_name, 2 * 3 * 4, a*b"},
	{"strikethrough says something", MD, "~~Yes~~ No.", "~~Yes~~ No."},
	{"links become their text", MD,
	 "See [the *docs*](https://a.example/x_y_(z) \"A title\"), ok?", "See the docs, ok?"},
	{"references too, definitions go", MD,
	 "Read [this][ref], [Ref][], and [ref].\n\n[ref]: https://a.example 'x'\n",
	 "Read this, Ref, and ref."},
	{"brackets without a definition stay", MD, "[ ] todo and [x] done, a[1] = [2]",
	 "[ ] todo and [x] done, a[1] = [2]"},
	{"images go with their words", MD, "Look: ![a *cat*](cat.png \"t\") nice. [![b](b.png)](u)",
	 "Look:  nice."},
	{"autolinks stay as text", MD, "<https://a.example/_x_> and https://b.example/_y_z*",
	 "https://a.example/_x_ and https://b.example/_y_z*"},
	{"code spans keep every byte", MD, "Use `a  *b*  <c> \\d` and ``x ` y``.",
	 "Use `a  *b*  <c> \\d` and ``x ` y``."},
	{"fences keep every byte", MD,
	 "Text\n\n```js\nlet a = \"<b>\"; // *x*  \n\n\n\n  [y](z)\n```\n\nMore",
	 "Text\n\n```js\nlet a = \"<b>\"; // *x*  \n\n\n\n  [y](z)\n```\n\nMore"},
	{"a fence that never ends is code to the end", MD, "```\n*a*\n\n[b](c)",
	 "```\n*a*\n\n[b](c)"},
	{"indented code keeps every byte", MD, "Text\n\n    *a* <b>\n\n    c_d_\n\nMore",
	 "Text\n\n    *a* <b>\n\n    c_d_\n\nMore"},
	{"fences in lists and quotes", MD, "- a\n  ```\n  *x*\n  ```\n\n> ```\n> _y_\n> ```\n",
	 "- a\n  ```\n  *x*\n  ```\n\n> ```\n> _y_\n> ```"},
	{"headings", MD, "# One *a*\n\n## Two ##\n\nThree\n=====\n\nFour\n----\n\n### Five {#five}",
	 "# One a\n\n## Two\n\n# Three\n\n## Four\n\n### Five"},
	{"lists keep their marks", MD, "* a *b*\n* c\n  + d\n    e\n1. f\n2) g",
	 "* a b\n* c\n  + d\n    e\n1. f\n2) g"},
	{"quotes keep their marks", MD, "> a *b*\n> c\n>\n> d", "> a b\n> c\n>\n> d"},
	{"rules stay", MD, "a\n\n* * *\n\nb", "a\n\n* * *\n\nb"},
	{"tables stay", MD, "| a | *b* |\n|---|:-:|\n| [c](d) | `e|f` |",
	 "| a | b |\n|---|:-:|\n| c | `e|f` |"},
	{"comments go", MD, "a <!-- b --> c\n\n<!-- d\n\ne -->\n\nf", "a  c\n\nf"},
	{"footnotes become text", MD, "A claim.[^1]\n\n[^1]: The *note*.", "A claim.\n\nThe note."},
	{"raw HTML", MD,
	 "<div class=\"x\">\n<p>One <b>two</b><br>three</p>\n<img src=\"a.png\" alt=\"b\">\n</div>",
	 "One two\nthree"},
	{"lists in HTML", MD, "<ul><li>a</li><li>b</li></ul>", "- a\n- b"},
	{"headings in HTML", MD, "<h2>A</h2>\ntext", "## A\n\ntext"},
	{"code in HTML", MD, "<pre><code>a &lt; b\n  *c*</code></pre> and <code>d</code>",
	 "```\na < b\n  *c*\n```\n\nand `d`"},
	{"quotes in HTML", MD, "<blockquote>\n\nsaid\n\n</blockquote>\n\nback", "> said\n\nback"},
	{"scripts go with what is in them", MD,
	 "a <script async\n src=\"x\">if (1 < 2) {}\n\n</script> b\n\n<style>\n\n.c {}\n</style>",
	 "a  b"},
	{"character references", MD, "&lt;a&gt; &amp; &#39;b&#x27; &mdash; &nope; &#0;",
	 "<a> & 'b' \xE2\x80\x94 &nope; \xEF\xBF\xBD"},
	{"escapes", MD, "\\*a\\* \\[b\\](c) 1\\. \\`d", "*a* [b](c) 1. \\`d"},
	{"an escape at the start of a line stays markup-free", MD, "\\# no heading",
	 "\\# no heading"},
	{"hard breaks", MD, "a  \nb\\\nc", "a\nb\nc"},
	{"less and greater than in prose", MD, "1 < 2 and 3 > 2, a <- b, x <3 y",
	 "1 < 2 and 3 > 2, a <- b, x <3 y"},
	{"imports and exports go", MDX,
	 "import A from \"./a\";\nexport const B = () => (\n  <p>{\"don't\"}</p>\n);\n\nText",
	 "Text"},
	{"prose that begins with import stays", MDX, "import taxes are high",
	 "import taxes are high"},
	{"components: tags go, words stay", MDX,
	 "<Conv name=\"Mara\" mood={`it's`}>\n  I don't *know*.\n</Conv>\n<Conv\n  name=\"Cadey\"\n>\n  Ok.\n</Conv>",
	 "I don't know.\n\nOk."},
	{"expressions", MDX, "a{\" \"}b {/* c */}{x.map(y => <b>{y}</b>)} \\{d}", "a b  {d}"},
	{"a brace without an end is a brace", MDX, "f({ a", "f({ a"},
	{"tags broken over lines by a formatter", MDX, "<a\n  href=\"x\"\n>one</a\n> two",
	 "one two"},
	{"a list item in a tag keeps its mark", MD, "- <span style=\"x\">\n    a-b\n  </span>\n- c",
	 "- a-b\n- c"},
	{"Jekyll and Hugo tags go", MD, "a {% raw %}b{% endraw %} {{< figure src=\"x\" >}}c",
	 "a b c"},
	{"wiki links", MD, "[[Page one]] and [[Page two|two]]", "Page one and two"},
	{"page machinery goes", MD,
	 "Text.\n\nShare this post!\n\n**Subscribe**\n\nShare this with care.",
	 "Text.\n\nShare this with care."},
	{"style survives", MD,
	 "It\xE2\x80\x99s \xE2\x80\x98so\xE2\x80\x99 \xE2\x80\x94 don't\xE2\x80\xA6 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x9A\xA0\xEF\xB8\x8F well-known--yes",
	 "It\xE2\x80\x99s \xE2\x80\x98so\xE2\x80\x99 \xE2\x80\x94 don't\xE2\x80\xA6 \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x9A\xA0\xEF\xB8\x8F well-known--yes"},
	{"text in composed form", MD, "cafe\xCC\x81", "caf\xC3\xA9"},
	{"plain text is left alone", "text/plain", "*a* <b>\n\n\n  [c](d)  \n",
	 "*a* <b>\n\n\n  [c](d)"},
	{"other line ends", MD, "a\r\nb\r\n\r\n```\r\nc\r\n```", "a\nb\n\n```\nc\n```"},
	{"a byte order mark", MD,
	 "\xEF\xBB\xBF"
	 "a",
	 "a"},
	{"bytes that are no UTF-8", MD, "a\xFFz \xC3", "a\xEF\xBF\xBDz \xEF\xBF\xBD"},
	{"nothing", MD, "", ""},
	{"nothing but markup", MD, "<div>\n\n![a](b)\n\n</div>\n\n[x]: y\n", ""},
};

static void markup_goes_and_words_stay(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	int bad = 0;
	for (size_t i = 0; i < sizeof(cleanings) / sizeof(cleanings[0]); i++) {
		const struct cleaning *c = &cleanings[i];
		const char *out = cleaned(&a, c->media, c->in);
		if (strcmp(out, c->out) == 0)
			continue;
		bad++;
		print_error("%s:\n  in   \"%s\"\n  want \"%s\"\n  got  \"%s\"\n", c->what, c->in,
			    c->out, out);
	}
	tw_arena_release(&a);
	assert_int_equal(bad, 0);
}

static const char *title_of(struct tw_arena *a, const char *title, const char *body,
			    const char **text)
{
	const struct tw_rows in = raw(a, "d", title, MD, body);
	const struct tw_rows out = apply(a, &tw_transform_clean, NULL, NULL, "d", &in);
	*text = tw_row_cstr(&out, &out.at[0], "text");
	return tw_row_cstr(&out, &out.at[0], "title");
}

static void the_first_heading_is_the_title_when_there_is_no_other(void **state)
{
	struct tw_arena a;
	const char *text;
	(void)state;
	tw_arena_init(&a);
	assert_string_equal(title_of(&a, "", "# Don't `panic`\n\nText", &text), "Don't `panic`");
	assert_string_equal(text, "Text");
	assert_string_equal(title_of(&a, "Same", "# *Same*\n\nText", &text), "Same");
	assert_string_equal(text, "Text");
	assert_string_equal(title_of(&a, "Given", "# Other\n\nText", &text), "Given");
	assert_string_equal(text, "# Other\n\nText");
	assert_string_equal(title_of(&a, "", "Just text", &text), "");
	assert_string_equal(title_of(&a, "Two\nlines ", "x", &text), "Two lines");
	const char *endless = tw_sprintf(&a, "# %0600d", 1);
	assert_string_equal(title_of(&a, "", endless, &text), "");
	assert_string_equal(text, endless);
	assert_int_equal(strlen(title_of(&a, endless, "x", &text)), 500);
	tw_arena_release(&a);
}

static void languages_are_told_apart(void **state)
{
	static const char *const texts[][2] = {
		{"en",
		 "I have been thinking about this for a while, and it is not what you expect."},
		{"de",
		 "Ich habe lange darüber nachgedacht, und es ist nicht das, was man erwartet."},
		{"fr",
		 "J'y ai pensé pendant un moment, et ce n'est pas ce que vous attendez de moi."},
		{"es",
		 "Lo he pensado durante un tiempo y no es lo que esperas de una cosa como esta."},
		{"ja", "これは日本語の文章です。とても短いです。"},
		{"zh", "这是一个中文句子，很短。"},
		{"ru", "Это предложение на русском языке."},
		{"", "12345 67890"},
	};
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct tw_rows in = raw(&a, "d", "", MD, texts[i][1]);
		const struct tw_rows out = apply(&a, &tw_transform_clean, NULL, NULL, "d", &in);
		assert_string_equal(tw_row_cstr(&out, &out.at[0], "lang"), texts[i][0]);
	}
	tw_arena_release(&a);
}

static void words_and_removed_are_counted(void **state)
{
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	const struct tw_rows in = raw(&a, "d", "t", MD, "one two <b>three</b>");
	const struct tw_rows out = apply(&a, &tw_transform_clean, NULL, NULL, "d", &in);
	assert_int_equal(tw_row_int(&out, &out.at[0], "words"), 3);
	assert_true(tw_row_real(&out, &out.at[0], "removed") == 7.0 / 20);
	assert_int_equal(tw_row_int(&out, &out.at[0], "created_ms"), 1000);
	tw_arena_release(&a);
}

/* Each would take minutes in a cleaner that looks for an end again and again. */
static void hostile_input_takes_linear_time(void **state)
{
	static const char *const seeds[] = {
		"[",
		"![",
		"[a](",
		"*a ",
		"*a_ ",
		"<a ",
		"<a b=\"",
		"`a``",
		"<!--",
		"{",
		"{'",
		"]",
		"> ",
		"- ",
		"[a][",
		"&#x",
		"<pre>",
		"<script>",
		"export const a = (",
		"**a*b",
		"a*b_",
		"{%",
		"[[",
		"<a\n",
		"\\",
		"<blockquote>",
		"<?",
		"(",
		"\"",
		"\n```\n",
		"_a*",
		"<a {",
	};
	struct tw_arena a;
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_arena_init(&a);
	double start = tw_monotonic_s();
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		for (int mdx = 0; mdx < 2; mdx++) {
			double from = tw_monotonic_s();
			tw_str_clear(&s);
			while (s.len < 200000)
				tw_str_adds(&s, seeds[i]);
			cleaned(&a, mdx ? MDX : MD, s.data);
			tw_arena_reset(&a);
			if (tw_monotonic_s() - from > 4)
				fail_msg("\"%s\" x n took %.1f s", seeds[i],
					 tw_monotonic_s() - from);
		}
	}
	assert_true(tw_monotonic_s() - start < 60);
	tw_str_release(&s);
	tw_arena_release(&a);
}

/* What is cleaned has nothing left to clean, apart from what the cleaner keeps on purpose. */
static void random_bytes_give_valid_text(void **state)
{
	static const char bits[] = "[]()!*_`<>{}\\&#;\n \"'=-+~|a1:/.^\xE2\x80\x99\xF0\x9F";
	struct tw_arena a;
	uint64_t seed = 42;
	(void)state;
	tw_arena_init(&a);
	for (int round = 0; round < 3000; round++) {
		char body[200];
		size_t n = tw_random_u64(&seed) % (sizeof(body) - 1);
		for (size_t i = 0; i < n; i++)
			body[i] = bits[tw_random_u64(&seed) % (sizeof(bits) - 1)];
		body[n] = '\0';
		const char *out = cleaned(&a, round % 2 ? MDX : MD, body);
		assert_true(tw_utf8_valid(out, strlen(out)));
		tw_arena_reset(&a);
	}
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_goes_and_words_stay),
		cmocka_unit_test(the_first_heading_is_the_title_when_there_is_no_other),
		cmocka_unit_test(languages_are_told_apart),
		cmocka_unit_test(words_and_removed_are_counted),
		cmocka_unit_test(hostile_input_takes_linear_time),
		cmocka_unit_test(random_bytes_give_valid_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
