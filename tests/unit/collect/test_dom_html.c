/* How a page becomes a tree, as browsers do it. */
#include "collect_test.h"
#include "arena_test.h"

#include "base/str.h"
#include "collect/html/dom_int.h"

static void write_node(struct tw_str *out, const struct dom_node *n)
{
	if (n->text) {
		tw_str_add(out, n->text, n->len);
		return;
	}
	tw_str_addf(out, "<%s", n->name);
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		tw_str_addf(out, " %s=\"%s\"", at->name, at->value);
	tw_str_addc(out, '>');
	for (const struct dom_node *c = n->first; c; c = c->next)
		write_node(out, c);
	tw_str_addf(out, "</%s>", n->name);
}

/* What stands in the body of the page. */
static const char *body_of(const char *html)
{
	struct tw_str s = TW_STR_INIT;
	struct dom d;
	assert_ok(dom_parse_html(&d, html, strlen(html), &arena, &err), &err);
	const struct dom_node *body = dom_find(d.root, TAG_BODY);
	for (const struct dom_node *c = body ? body->first : NULL; c; c = c->next)
		write_node(&s, c);
	const char *copy = tw_str_dup(&s, &arena);
	tw_str_release(&s);
	return copy;
}

static void pages_become_trees_as_in_a_browser(void **state)
{
	static const struct {
		const char *html, *tree;
	} cases[] = {
		{"<P>one<p>two", "<p>one</p><p>two</p>"},
		{"<p>a<div>b</div>c", "<p>a</p><div>b</div>c"},
		{"<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e",
		 "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>e"},
		{"<li><div><p>a</div><li>b", "<li><div><p>a</p></div></li><li>b</li>"},
		{"<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"},
		{"<table><tr><td>a<td>b<tr><th>c</table>d",
		 "<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>d"},
		{"<table><tbody><tr><td>a<tbody><tr><td><table><tr><td>b</table></table>",
		 "<table><tbody><tr><td>a</td></tr></tbody><tbody><tr><td><table><tr><td>b</td></tr></table></td>"
		 "</tr></tbody></table>"},
		{"<table> <tr> <td> x </td> </tr> </table>",
		 "<table><tr><td> x </td></tr></table>"},
		{"<h1>a<h2>b</h1>c", "<h1>a</h1><h2>b</h2>c"},
		{"<a href=1>x<a href=2>y</a>z", "<a href=\"1\">x</a><a href=\"2\">y</a>z"},
		{"<a><div>x</a>y</div>z", "<a><div>x</div></a>yz"},
		{"<div><b>a</div>b", "<div><b>a</b></div>b"},
		{"<b><p>a</b>b</p>c", "<b><p>ab</p>c</b>"},
		{"<div>a</span></p></b>b</div>", "<div>ab</div>"},
		{"<div><td>a</div>b", "<div><td>ab</td></div>"},
		{"a<br/>b</br>c<hr>d<img src=x>e",
		 "a<br></br>b<br></br>c<hr></hr>d<img src=\"x\"></img>e"},
		{"<div/>a</div>b", "<div>a</div>b"},
		{"<svg><path d=1/><g/>t</svg>u", "<svg><path d=\"1/\"><g></g>t</path></svg>u"},
		{"<x-y/>a", "<x-y></x-y>a"},
		{"<select><option>a<option>b</select>c",
		 "<select><option>a</option><option>b</option></select>c"},
		{"x<script>if (a<b) '</p>'</script>y", "x<script>if (a<b) '</p>'</script>y"},
		{"x<SCRIPT>a</Script >y", "x<script>a</script>y"},
		{"x<textarea><b>&amp;</textarea>y", "x<textarea><b>&</textarea>y"},
		{"x<script>never ended <p>y", "x<script>never ended <p>y</script>"},
		{"a<!-- <p>b --><!-->c<!doctype x><?php d ?>e</3>f", "acef"},
		{"a < b, 3<4 & c <> d", "a < b, 3<4 & c <> d"},
		{"<p title=\"a>b\" Class='x y' hidden id=z>t",
		 "<p title=\"a>b\" class=\"x y\" hidden=\"\" id=\"z\">t</p>"},
		{"<a href='a&amp;b&copy=1&lt;'>t</a>", "<a href=\"a&b&copy=1<\">t</a>"},
		{"<p a=1 a = 2 b='x'c=y>t", "<p a=\"1\" a=\"2\" b=\"x\" c=\"y\">t</p>"},
		{"&lt;&eacute;&#233;&#xe9;&nbsp;&#8217;&amp;amp; &nosuch; &AT;&#0;&#x110000;&#150;",
		 "<\xc3\xa9\xc3\xa9\xc3\xa9\xc2\xa0\xe2\x80\x99&amp; &nosuch; &AT;\xef\xbf\xbd\xef\xbf\xbd\xe2\x80\x93"},
		{"&lt &gt, &ampx &copy", "< >, &ampx \xc2\xa9"},
		{"<title>T</title><p>x", "<p>x</p>"},
		{"<html><head><meta charset=x></head><body id=b><p>x</body></html>y", "<p>xy</p>"},
		{"<head><noscript><img src=x></noscript><title>t</title></head>y", "y"},
		{"<p>x<", "<p>x</p>"},
		{"<p>x<a href=\"never ended", "<p>x<a href=\"never ended\"></a></p>"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(body_of(cases[i].html), cases[i].tree);
}

static void nothing_is_no_page(void **state)
{
	static const char *const texts[] = {"",	   "  \n", "<", "<!-- x -->", "<!doctype html>",
					    "</p>"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct dom d;
		assert_int_equal(dom_parse_html(&d, texts[i], strlen(texts[i]), &arena, NULL),
				 TW_BAD_DATA);
	}
}

static void depth_is_bounded_and_no_text_is_lost(void **state)
{
	struct tw_str s = TW_STR_INIT, text = TW_STR_INIT;
	struct dom d;
	size_t deepest = 0;
	(void)state;
	for (int i = 0; i < 5000; i++)
		tw_str_addf(&s, "<div>%d ", i);
	for (int i = 0; i < 5000; i++)
		tw_str_adds(&s, "</div>");
	tw_str_adds(&s, "<p>after");
	assert_ok(dom_parse_html(&d, s.data, s.len, &arena, &err), &err);
	for (const struct dom_node *n = d.root; n; n = dom_next(n, d.root)) {
		size_t depth = 0;
		for (const struct dom_node *p = n; p; p = p->parent)
			depth++;
		deepest = depth > deepest ? depth : deepest;
	}
	assert_in_range(deepest, 200, 300);
	dom_text(&text, d.root);
	assert_contains(text.data, " 4999 after");
	assert_ptr_equal(dom_find(d.root, TAG_P)->parent, dom_find(d.root, TAG_BODY));
	tw_str_release(&s);
	tw_str_release(&text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pages_become_trees_as_in_a_browser),
		T(nothing_is_no_page),
		T(depth_is_bounded_and_no_text_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
