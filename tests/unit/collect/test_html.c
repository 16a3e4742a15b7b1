/* From HTML to what its author wrote, as Markdown. */
#include "collect_test.h"
#include "arena_test.h"

#include "base/time.h"
#include "collect/html/html_int.h"

static const char *markdown(const char *html)
{
	const char *md = NULL;
	assert_ok(fragment_markdown(&md, html, strlen(html), "https://example.org/dir/page", &arena,
				    &err),
		  &err);
	return md;
}

static void every_tag_is_found_by_its_name(void **state)
{
	(void)state;
#define CHECK(id, name) assert_int_equal(dom_tag_of(name), TAG_##id);
	DOM_TAGS(CHECK)
#undef CHECK
	assert_int_equal(dom_tag_of("blink"), TAG_OTHER);
	assert_int_equal(dom_tag_of(""), TAG_OTHER);
}

static void html_is_written_as_markdown(void **state)
{
	static const struct {
		const char *html, *md;
	} cases[] = {
		{"<p>one\n two</p><p>three</p>", "one two\n\nthree\n"},
		{"<h2>A <em>title</em></h2>text", "## A *title*\n\ntext\n"},
		{"a <b>bold </b>word, <i> italic</i>", "a **bold** word, *italic*\n"},
		{"<p><b>a</b><b>b</b></p>", "**a**b\n"},
		{"<a href='x y?a=(1)'>link <b>b</b></a>",
		 "[link **b**](https://example.org/dir/x%20y?a=%281%29)\n"},
		{"<a href='javascript:alert(1)'>no</a> <a href='#top'>top</a>", "no top\n"},
		{"<a href='data:text/html,x'>no</a>", "no\n"},
		{"<a href=/x><img src=y alt=z></a>text", "text\n"},
		{"<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", "- a\n- b\n  - c\n- d\n"},
		{"<ol start=3><li>a</li><li><p>b</p><p>c</p></li></ol>", "3. a\n\n4. b\n\n   c\n"},
		{"<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc\n"},
		{"<ul><li><p>a</p><pre>x\n y</pre></li></ul>", "- a\n\n  ```\n  x\n   y\n  ```\n"},
		{"<pre><code class='hljs language-rust'>fn main() {\n    1;\n}\n</code></pre>",
		 "```rust\nfn main() {\n    1;\n}\n```\n"},
		{"<pre>a ``` b</pre>", "````\na ``` b\n````\n"},
		{"<div class='highlight-source-shell'><pre>ls</pre></div>", "```shell\nls\n```\n"},
		{"use <code>a`b</code> and <kbd>x</kbd>", "use ``a`b`` and `x`\n"},
		{"a<br>b<br><br>c", "a  \nb\n\nc\n"},
		{"<p>1. not a list</p><p># no heading</p><p>- no</p><p>+1 stays</p>",
		 "1\\. not a list\n\n\\# no heading\n\n\\- no\n\n+1 stays\n"},
		{"a*b_c snake_case [x] `y` &lt;b&gt; 5 < 6 \\ &amp;lt;",
		 "a\\*b_c snake_case \\[x\\] \\`y\\` \\<b> 5 < 6 \\ \\&lt;\n"},
		{"<table><tr><th>a<th>b<tr><td>1|2<td><b>x</b></table>",
		 "| a | b |\n| --- | --- |\n| 1\\|2 | **x** |\n"},
		{"<table><tr><td><p>layout</p><p>text</p></table>", "layout\n\ntext\n"},
		{"a<hr>b", "a\n\n---\n\nb\n"},
		{"x<script>alert(1)</script><style>p{}</style><svg><text>no</text></svg>y", "xy\n"},
		{"&nbsp;&nbsp;x&nbsp;y\xc2\xad\xe2\x80\x8bz", "x yz\n"},
		{"text<sup><a href='#fn1'>1</a></sup> and x<sup>2</sup>", "text and x2\n"},
		{"<a href=/x><div>block</div></a>", "block\n"},
		{"<b><p>block</p></b>", "block\n"},
		{"<dl><dt>t</dt><dd>d</dd></dl>", "t\n\nd\n"},
		{"", ""},
		{"  \n ", ""},
		{"<", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(markdown(cases[i].html), cases[i].md);
}

static const char sentence[] =
	"On the third day the wind turned, and the boats, which had waited in the harbour since "
	"Sunday, went out one after another. ";

static struct page extract(const char *html, const char *url)
{
	struct page page;
	assert_ok(extract_page(&page, html, strlen(html), url, NULL, &arena, &err), &err);
	return page;
}

static void what_stands_around_an_article_is_left_out(void **state)
{
	(void)state;
	const char *p = tw_sprintf(&arena, "<p>%s</p>", sentence);
	struct page page = extract(
		tw_sprintf(
			&arena,
			"<html><head><title>Boats - The Paper</title></head><body>"
			"<header><a href=/>Home</a><a href=/a>News</a><a href=/b>Sport</a></header>"
			"<div class='content-with-sidebar'><div id=story><h1>Boats</h1>"
			"<div class='byline'>By Ann</div>%s<div class='share-buttons'>"
			"<a href=/f>Face</a><a href=/t>Twit</a></div>%s<h3>At sea</h3>%s"
			"<div class='newsletter-signup'><p>%s</p></div>"
			"<p style='display: none'>%s</p><h3>Related</h3>"
			"<ul><li><a href=/1>Another story of boats</a><li><a href=/2>And more</a></ul>"
			"</div><aside>%s</aside></div>"
			"<div id=comments>%s%s</div><footer>All rights reserved.</footer>"
			"</body></html>",
			p, p, p, "Sign up for the letter, which we send each week.", "hidden", p, p,
			p),
		NULL);
	char *want = tw_strndup(&arena, sentence, strlen(sentence) - 1);
	assert_string_equal(page.body,
			    tw_sprintf(&arena, "%s\n\n%s\n\n### At sea\n\n%s\n", want, want, want));
	assert_string_equal(page.title, "Boats");
	assert_string_equal(page.author, "Ann");
}

static void a_page_says_who_wrote_it_and_when(void **state)
{
	(void)state;
	struct page page = extract(
		"<html lang=en-GB><head><base href='https://example.org/base/'>"
		"<meta property=og:title content='A title | Site'>"
		"<meta property=og:site_name content=Site>"
		"<link rel=canonical href='/canonical'><meta name=description content='About it'>"
		"<script type='application/ld+json'>{\"@context\":\"https://schema.org\",\"@graph\":["
		"{\"@type\":\"WebSite\",\"name\":\"x\"},{\"@type\":\"BlogPosting\","
		"\"datePublished\":\"2021-02-03T04:05:06Z\",\"dateModified\":\"2021-03-01\","
		"\"author\":[{\"@type\":\"Person\",\"name\":\"Ann\"},{\"name\":\"Bo\"}]}]}</script>"
		"<script type='application/ld+json'>{broken</script></head><body>"
		"<p><a href=rel>x</a> is a word, and this is a sentence that is long enough to be "
		"taken for writing.</p></body></html>",
		"https://example.org/p");
	assert_string_equal(page.title, "A title");
	assert_string_equal(page.author, "Ann, Bo");
	assert_string_equal(page.lang, "en-GB");
	assert_string_equal(page.canonical, "https://example.org/canonical");
	assert_string_equal(page.description, "About it");
	assert_string_equal(tw_format_date(&arena, page.created_ms), "2021-02-03");
	assert_string_equal(tw_format_date(&arena, page.modified_ms), "2021-03-01");
	assert_contains(page.body, "[x](https://example.org/base/rel)");
}

static void encodings_are_found(void **state)
{
	static const struct {
		const char *bytes, *charset, *utf8;
		size_t len;
	} cases[] = {
		{"caf\xc3\xa9", "iso-8859-1", "café", 5}, /* the header lies: it is valid UTF-8 */
		{"caf\xe9", "iso-8859-1", "café", 4},
		{"\x93quoted\x94", "latin1", "“quoted”", 8},
		{"<meta charset='windows-1251'>\xcf\xf0", NULL, "<meta charset='windows-1251'>Пр",
		 31},
		{"\xfe\xff\0h\0i", "utf-8", "hi", 6},
		{"bad \xff byte", "utf-8", "bad \xef\xbf\xbd byte", 10},
		{"caf\xe9", "no-such-charset", "café", 4},
		{"\x1b$B$3\x1b(B", "iso-2022-jp", "こ", 8},
		{"", NULL, "", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_str s = TW_STR_INIT;
		assert_ok(html_to_utf8(&s, cases[i].bytes, cases[i].len, cases[i].charset, &arena,
				       &err),
			  &err);
		assert_string_equal(tw_str_c(&s), cases[i].utf8);
		tw_str_release(&s);
	}
	assert_string_equal(charset_of_content_type("text/html; charset=\"UTF-8\"; x", &arena),
			    "UTF-8");
	assert_null(charset_of_content_type("text/html; charset=", &arena));
	assert_null(charset_of_content_type("text/html", &arena));
}

/* Scripts without an end, in an encoding that must be guessed: each is looked at once. */
static void scripts_without_end_are_no_words(void **state)
{
	struct tw_str page = TW_STR_INIT, s = TW_STR_INIT;
	(void)state;
	tw_str_adds(&page, "caf\xe9 ");
	for (int i = 0; i < 500000; i++)
		tw_str_adds(&page, i % 2 ? "<script " : "<style>");
	assert_ok(html_to_utf8(&s, page.data, page.len, NULL, &arena, &err), &err);
	assert_true(tw_starts_with(tw_str_c(&s), "café <style>"));
	tw_str_release(&page);
	tw_str_release(&s);
}

/* Pages made to exhaust a parser end soon, with whatever text there is. */
static void bombs_are_harmless(void **state)
{
	static const char *const units[] = {"<div>",	 "<table><tr><td>", "<b><i>",
					    "<ul><li>",	 "<a href=x>",	    "<blockquote>",
					    "<p><font>", "&amp;",	    "<![CDATA["};
	(void)state;
	double start = tw_monotonic_s();
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct tw_str s = TW_STR_INIT;
		struct page page;
		while (s.len < 200000)
			tw_str_adds(&s, units[i]);
		tw_str_adds(&s, "end");
		assert_int_not_equal(extract_page(&page, s.data, s.len, NULL, NULL, &arena, &err),
				     TW_NO_MEMORY);
		tw_str_release(&s);
	}
	assert_true(tw_monotonic_s() - start < 20);
}

static void nuls_do_not_end_a_page(void **state)
{
	static const char html[] = "<p>before\0after</p>";
	const char *md = NULL;
	(void)state;
	assert_ok(fragment_markdown(&md, html, sizeof(html) - 1, NULL, &arena, &err), &err);
	assert_string_equal(md, "before after\n");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_tag_is_found_by_its_name),
		T(html_is_written_as_markdown),
		T(what_stands_around_an_article_is_left_out),
		T(a_page_says_who_wrote_it_and_when),
		T(encodings_are_found),
		T(scripts_without_end_are_no_words),
		T(bombs_are_harmless),
		T(nuls_do_not_end_a_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
