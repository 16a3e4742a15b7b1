/* Pages of every kind: what their visitors came for is found, what stands around it is not. */
#include "collect_test.h"
#include "arena_test.h"

#include "collect/html/html_int.h"

#define HEADER                                                                              \
	"<header class=site-header><div class=logo><a href=/>Acme</a></div><ul class=menu>" \
	"<li><a href=/a>Products</a><li><a href=/b>Support</a><li><a href=/c>About us</a></ul></header>"
#define FOOTER                                                                                         \
	"<div id=footer><p>Acme Ltd. is a company registered in Utopia, with offices in three towns, " \
	"which answers letters within two days.</p><ul><li><a href=/imprint>Imprint</a>"               \
	"<li><a href=/privacy>Privacy</a></ul></div>"

static const char *text_of(const char *head, const char *body)
{
	struct page page;
	const char *html = tw_sprintf(
		&arena, "<html><head>%s</head><body>" HEADER "%s" FOOTER "</body></html>", head,
		body);
	assert_ok(extract_page(&page, html, strlen(html), "https://acme.example/page", NULL, &arena,
			       &err),
		  &err);
	return page.text;
}

static const char mill[] =
	"<p>The mill stands where the river turns, and its wheel has turned since before the town had a "
	"name, or so the miller says.</p>";

/* No menu, no footer. */
static void assert_no_frame(const char *text)
{
	assert_null(strstr(text, "Support"));
	assert_null(strstr(text, "Imprint"));
	assert_null(strstr(text, "registered in Utopia"));
}

static void assert_has(const char *text, const char *const *parts)
{
	for (; *parts; parts++)
		assert_contains(text, *parts);
	assert_no_frame(text);
}

static void every_post_of_a_forum_thread_is_content(void **state)
{
	static const char *const boards[] = {
		"<h2 class=topic-title><a href=/t>Boiler goes out at night</a></h2>"
		"<div class='post bg1' id=p1><div class=postprofile><a href=/u/1>Ann</a> Posts: 12</div>"
		"<div class=postbody><div class=content>%s</div></div></div>"
		"<div class='post bg2' id=p2><div class=postprofile><a href=/u/2>Bo</a> Posts: 3</div>"
		"<div class=postbody><div class=content>%s</div></div></div>"
		"<div class='post bg1' id=p3><div class=postprofile><a href=/u/3>Cy</a> Posts: 99</div>"
		"<div class=postbody><div class=content>%s</div></div></div>",

		"<main><h1>Boiler goes out at night</h1><article class=topic-post><div class=cooked><p>%s</p>"
		"</div></article><article class=topic-post><div class=cooked><p>%s</p></div></article>"
		"<article class=topic-post><div class=cooked><p>%s</p></div></article></main>",

		"<table class=fatitem><tr><td class=title><a href=/i>Boiler goes out at night</a></td></tr>"
		"</table><table class=comment-tree><tr class=athing><td class=default><div class=comment>"
		"<span class=commtext>%s</span></div></td></tr><tr class=athing><td class=default>"
		"<div class=comment><span class=commtext>%s</span></div></td></tr><tr class=athing>"
		"<td class=default><div class=comment><span class=commtext>%s</span></div></td></tr></table>",

		"<div class=question><div class=s-prose itemprop=text><p>%s</p></div></div>"
		"<div class=answers><div class=answer><div class=s-prose itemprop=text><p>%s</p></div></div>"
		"<div class=answer><div class=s-prose itemprop=text><p>%s</p></div></div></div>",
	};
	static const char *const posts[] = {
		"My boiler goes out each night at about three, and I have to light it again in the morning.",
		"Have you looked at the pilot light? Mine did that until I cleaned the nozzle.",
		"It was the nozzle. Thank you, it has been burning for a week now.", NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(boards) / sizeof(boards[0]); i++)
		assert_has(text_of("<title>Boiler goes out at night - Acme forum</title>",
				   tw_sprintf(&arena, boards[i], posts[0], posts[1], posts[2])),
			   posts);
}

static void comments_below_a_post_are_not_its_text(void **state)
{
	const char *p =
		"<p>The nozzle of a boiler is a small thing, and yet the whole house hangs on it, as we found "
		"out in the winter of that year.</p>";
	(void)state;
	const char *text = text_of(
		"<title>Nozzles</title><meta property=og:type content=article>",
		tw_sprintf(
			&arena,
			"<div class=post><h1>Nozzles</h1>%s%s</div><ol class=comment-list>"
			"<li class=comment><p>First! I never thought about nozzles before I read this.</p>"
			"<li class=comment><p>Nor did I, but now I think of little else, to be honest.</p>"
			"<li class=comment><p>You should both see my collection of nozzles some time.</p></ol>",
			p, p));
	assert_contains(text, "the winter of that year");
	assert_null(strstr(text, "First!"));
	assert_null(strstr(text, "my collection"));
	assert_no_frame(text);
}

static void a_product_is_its_description_and_data(void **state)
{
	static const char *const parts[] = {"Keeps tea hot for nine hours", "steel from the Ruhr",
					    "0.75 l", "420 g", NULL};
	(void)state;
	const char *text = text_of(
		"<title>Thermos 750 | Acme</title><meta name=description content='Keeps tea hot for nine hours.'>"
		"<script type='application/ld+json'>{\"@type\":\"Product\",\"name\":\"Thermos 750\",\"description\":"
		"\"Keeps tea hot for nine hours.\"}</script>",
		"<div class=breadcrumb><a href=/>Home</a> <a href=/k>Kitchen</a></div><div class=product>"
		"<div class=gallery><img src=a><img src=b></div><div class=summary><h1>Thermos 750</h1>"
		"<span class=price>29 EUR</span><form><select><option>red<option>blue</select>"
		"<button>Add to cart</button></form></div><div class=description><p>Keeps tea hot for nine hours."
		"</p><ul><li>Made of steel from the Ruhr</li><li>No plastic inside</li></ul></div>"
		"<table class=specs><tr><th>Volume<td>0.75 l<tr><th>Weight<td>420 g</table></div>"
		"<div class=also-bought><h3>Customers also bought</h3><ul><li><a href=/1>Cup</a> 9 EUR"
		"<li><a href=/2>Kettle</a> 19 EUR<li><a href=/3>Spoon</a> 3 EUR</ul></div>");
	assert_has(text, parts);
	assert_null(strstr(text, "Kettle"));
	assert_null(strstr(text, "Add to cart"));
}

static void documentation_keeps_its_code_and_lists(void **state)
{
	static const char *const parts[] = {"acme install --all", "Needs Python", "--verbose",
					    "prints more",	  "Errors",	  NULL};
	(void)state;
	const char *text = text_of(
		"<title>Installing - Acme docs</title>",
		"<div class=sphinxsidebar><ul><li><a href=/1>Contents</a><li><a href=/2>Reference</a></ul></div>"
		"<div class=document><div class=body role=main><h1>Installing<a class=headerlink href=#i>\xc2\xb6</a>"
		"</h1><p>Run this:</p><pre>acme install --all</pre><ul><li>Needs Python<li>Needs a disk</ul>"
		"<dl><dt>--verbose<dd>prints more</dl><h2>Errors<a class=headerlink href=#e>\xc2\xb6</a></h2>"
		"<p>Look into the log.</p></div></div>"
		"<div class=related><ul><li><a href=/n>next</a><li><a href=/p>previous</a></ul></div>");
	assert_has(text, parts);
	assert_null(strstr(text, "\xc2\xb6"));
	assert_null(strstr(text, "Reference"));
	assert_null(strstr(text, "previous"));
}

static void a_page_that_lists_keeps_its_list(void **state)
{
	static const char *const lists[] = {
		"<main><h1>Archive</h1><ul><li><a href=/1>On the making of tea</a><li><a href=/2>Why kettles sing</a>"
		"<li><a href=/3>A visit to the mill</a><li><a href=/4>Water, hard and soft</a></ul></main>",

		"<div id=content><h1>Archive</h1><div class=item><h2><a href=/1>On the making of tea</a></h2>"
		"<p>It begins with water.</p></div><div class=item><h2><a href=/2>Why kettles sing</a></h2>"
		"<p>Steam, mostly.</p></div><div class=item><h2><a href=/3>A visit to the mill</a></h2>"
		"<p>We went on a Sunday.</p></div><div class=item><h2><a href=/4>Water, hard and soft</a></h2>"
		"<p>There are two kinds.</p></div></div>",

		"<div class=container><article class=teaser><h3><a href=/1>On the making of tea</a></h3></article>"
		"<article class=teaser><h3><a href=/2>Why kettles sing</a></h3></article>"
		"<article class=teaser><h3><a href=/3>A visit to the mill</a></h3></article>"
		"<article class=teaser><h3><a href=/4>Water, hard and soft</a></h3></article></div>",
	};
	static const char *const titles[] = {"On the making of tea", "Why kettles sing",
					     "A visit to the mill", "Water, hard and soft", NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_has(text_of("<title>Archive</title>", lists[i]), titles);
}

static void short_answers_to_a_long_question_stay(void **state)
{
	static const char *const parts[] = {"a nozzle that I have cleaned",
					    "Look at the pilot light.",
					    "It was the pilot light, thanks!", NULL};
	const char *long_one = "";
	(void)state;
	for (int i = 0; i < 12; i++)
		long_one = tw_sprintf(
			&arena,
			"%s<p>Each night at about %d the boiler goes out, in spite of a nozzle that I "
			"have cleaned with care, and of a chimney in which no bird has built.</p>",
			long_one, i);
	assert_has(
		text_of("<title>Boiler</title>",
			tw_sprintf(
				&arena,
				"<div class=thread><div class=message><div class=message-body>%s</div></div>"
				"<div class=message><div class=message-body><p>Look at the pilot light.</p>"
				"</div></div><div class=message><div class=message-body>"
				"<p>It was the pilot light, thanks!</p></div></div></div>",
				long_one)),
		parts);
}

static void questions_and_answers_that_unfold_are_read(void **state)
{
	static const char *const parts[] = {"How long does it last?", "Nine hours, if it is full.",
					    "Can I wash it?", "By hand only.", NULL};
	(void)state;
	assert_has(
		text_of("<title>Questions</title>",
			"<main><h1>Questions</h1><details><summary>How long does it last?</summary>"
			"<p>Nine hours, if it is full.</p></details><details><summary>Can I wash it?</summary>"
			"<p>By hand only.</p></details></main>"),
		parts);
}

static void a_recipe_keeps_its_ingredients(void **state)
{
	static const char *const parts[] = {"500 g flour",
					    "10 g salt",
					    "350 ml water",
					    "Mix all in the evening",
					    "Bake it in an iron pot",
					    NULL};
	(void)state;
	const char *text = text_of(
		"<title>Bread</title>",
		"<article><h1>Bread</h1><p>The easiest bread there is, and one that forgives nearly everything.</p>"
		"<h2>Ingredients</h2><ul><li>500 g flour<li>10 g salt<li>350 ml water</ul><h2>Method</h2><ol>"
		"<li>Mix all in the evening.<li>Fold it in the morning.<li>Bake it in an iron pot.</ol></article>"
		"<div class=share-buttons><a href=/f>Facebook</a> <a href=/p>Pin it</a></div>");
	assert_has(text, parts);
	assert_null(strstr(text, "Pin it"));
}

static void an_api_page_keeps_its_signatures(void **state)
{
	static const char *const parts[] = {
		"open(path, mode)", "Opens a file.",	   "close()", "Closes it.",
		"read(n)",	    "Reads up to n bytes", NULL};
	(void)state;
	assert_has(
		text_of("<title>files - Acme</title>",
			"<div class=sidebar><a href=/m>modules</a></div><main><h1>files</h1><section>"
			"<h3><code>open(path, mode)</code></h3><p>Opens a file.</p></section><section>"
			"<h3><code>close()</code></h3><p>Closes it.</p></section><section>"
			"<h3><code>read(n)</code></h3><p>Reads up to n bytes, fewer at the end of the file, and none "
			"behind it.</p></section></main>"),
		parts);
}

static void a_table_is_content(void **state)
{
	static const char *const parts[] = {"Lisbon", "21.5", "Reykjavik", "4.9", NULL};
	(void)state;
	const char *rows = "";
	static const char *const towns[] = {"Lisbon</td><td>21.5", "Oslo</td><td>7.0",
					    "Reykjavik</td><td>4.9"};
	for (size_t i = 0; i < sizeof(towns) / sizeof(towns[0]); i++)
		rows = tw_sprintf(&arena, "%s<tr><td>%s</td></tr>", rows, towns[i]);
	assert_has(
		text_of("<title>Mean temperatures</title>",
			tw_sprintf(
				&arena,
				"<div id=content><h1>Mean temperatures</h1><table>%s</table></div>",
				rows)),
		parts);
}

static void a_blog_s_front_page_is_its_posts(void **state)
{
	static const char *const parts[] = {"the first of them", "the second of them",
					    "the third of them", NULL};
	const char *posts = "";
	static const char *const names[] = {"first", "second", "third"};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		posts = tw_sprintf(
			&arena,
			"%s<article class=post><h2><a href=/%s>The %s</a></h2><p>This is the %s of them, and it "
			"goes on for a while, since whole posts stand on this page.</p><p>There is a second "
			"paragraph in each, which says little, but says it at length enough.</p></article>",
			posts, names[i], names[i], names[i]);
	assert_has(text_of("<title>A blog</title>", tw_sprintf(&arena, "<main>%s</main>", posts)),
		   parts);
}

static void sections_named_after_their_headings_stay(void **state)
{
	static const char *const parts[] = {"Put the file where others can read it",
					    "The menu of the editor", "Comments begin with a hash",
					    NULL};
	(void)state;
	assert_has(
		text_of("<title>Manual</title>",
			"<div role=main><div class=section id=sharing-files-with-a-friend><h2>Sharing files with a friend"
			"</h2><p>Put the file where others can read it, and say so.</p></div>"
			"<div class=section id=the-menu-of-the-editor><h2>The menu</h2><p>The menu of the editor has five "
			"entries, of which two do something.</p></div><div class=section id=how-to-write-comments>"
			"<h2>Comments</h2><p>Comments begin with a hash, and end with the line.</p></div></div>"),
		parts);
}

static void embedded_posts_are_part_of_an_article(void **state)
{
	(void)state;
	const char *text = text_of(
		"<title>The mill</title><meta property=og:type content=article>",
		tw_sprintf(
			&arena,
			"<article><h1>The mill</h1>%s<div class='social-widget'><blockquote class=twitter-tweet>"
			"<p>The wheel is turning again! <a href=https://t.co/x>pic.example/x</a></p>"
			"</blockquote></div>%s</article>",
			mill, mill));
	assert_contains(text, "The wheel is turning again!");
}

static void an_introduction_survives_the_links_around_it(void **state)
{
	const char *rows = "", *links = "";
	(void)state;
	for (int i = 0; i < 12; i++) {
		rows = tw_sprintf(
			&arena,
			"%s<tr><td>Mill %d</td><td>It stands on the left bank, where the road from the hills comes "
			"down, and it has not turned for %d years.</td></tr>",
			rows, i, i + 20);
		links = tw_sprintf(&arena,
				   "%s<div><a href=/r%d>Mills of the river number %d</a></div>",
				   links, i, i);
	}
	const char *text = text_of(
		"<title>List of mills</title>",
		tw_sprintf(
			&arena,
			"<div id=content><h1>List of mills</h1><p>These are the mills that are known to have stood on the "
			"river, as far as anybody has counted them, with what is left of each.</p>"
			"<div class=toc>%s</div><table>%s</table><div>%s</div></div>",
			links, rows, links));
	assert_contains(text, "as far as anybody has counted them");
	assert_contains(text, "has not turned for 31 years");
	assert_null(strstr(text, "Mills of the river"));
	assert_no_frame(text);
}

static void tags_below_a_post_go_and_those_in_its_text_stay(void **state)
{
	const char *p =
		"<p>The mill stands where the river turns, and its wheel has turned since before the town had a "
		"name, says the <a rel=tag href=/t/miller>#miller</a>.</p>";
	(void)state;
	const char *text = text_of(
		"<title>The mill</title>",
		tw_sprintf(
			&arena,
			"<article><h1>The mill</h1>%s%s<p>In: <a rel='category tag' href=/c/a>Buildings</a>, "
			"<a rel=tag href=/t/b>Waterways and the like</a></p></article>",
			p, p));
	assert_contains(text, "says the #miller.");
	assert_null(strstr(text, "Buildings"));
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

static void what_a_page_shows_twice_is_read_once(void **state)
{
	(void)state;
	const char *lead =
		"The mill stands where the river turns, and its wheel has turned since before the town had a name, or "
		"so the miller says to all who ask him, and to some who do not.";
	const char *text = text_of(
		"<title>The mill</title>",
		tw_sprintf(
			&arena,
			"<article><h1>The mill</h1><p class=summary>%s</p><div class=body><p>%s</p><p>He has a cat, "
			"which is as old as the mill, or looks it, and which nobody has ever seen awake.</p></div>"
			"</article>",
			lead, lead));
	assert_int_equal(count(text, "or so the miller says"), 1);
	assert_contains(text, "nobody has ever seen awake");
}

static void writing_that_begins_like_a_notice_stays(void **state)
{
	static const char *const parts[] = {"Subscribe to the topic",
					    "Follow the river on foot",
					    "Also on Monday",
					    "Copyright law is old",
					    "Share this loaf",
					    "Cookies are baked",
					    NULL};
	(void)state;
	assert_has(
		text_of("<title>Six beginnings</title>",
			"<main><p>Subscribe to the topic before you send the first message, or it is lost.</p>"
			"<p>Follow the river on foot until you see the mill, and then cross it.</p>"
			"<p>Also on Monday, the court heard a man who had lost his hat.</p>"
			"<p>Copyright law is old, older than most that it protects, in 20 countries.</p>"
			"<p>Share this loaf with your neighbours, for it will not keep.</p>"
			"<p>Cookies are baked at night, while the town is asleep.</p></main>"),
		parts);
}

static void subscribers_are_not_a_call_to_subscribe(void **state)
{
	static const char *const parts[] = {"only had 7 subscribers", NULL};
	(void)state;
	assert_has(
		text_of("<title>No more letters</title>",
			tw_sprintf(
				&arena,
				"<main>%s<p>I only had 7 subscribers to that newsletter, and none of "
				"them wrote.</p></main>",
				mill)),
		parts);
}

static void headings_that_a_writer_sets_as_high_as_the_title_stay(void **state)
{
	static const char *const parts[] = {"The wheel", NULL};
	(void)state;
	const char *text = text_of(
		"<title>The mill</title>",
		tw_sprintf(&arena, "<article><h1>The mill</h1>%s<h1>The wheel</h1>%s</article>",
			   mill, mill));
	assert_has(text, parts);
	assert_null(strstr(text, "The mill\n"));
}

static void a_list_of_links_that_the_text_introduces_stays(void **state)
{
	static const char *const parts[] = {"The making of tea", "Why kettles sing", NULL};
	(void)state;
	assert_has(
		text_of("<title>Found again</title>",
			tw_sprintf(
				&arena,
				"<article><h1>Found again</h1>%s%s<p>In an old box in the attic I found "
				"letters that I had thought lost, and copied them here:</p><ul>"
				"<li><a href=/1>The making of tea</a></li><li><a href=/2>Why kettles "
				"sing</a></li></ul>%s</article>",
				mill, mill, mill)),
		parts);
}

static void a_short_text_keeps_the_long_list_that_it_introduces(void **state)
{
	static const char *const parts[] = {"copied them here:", "The making of tea", "of use",
					    NULL};
	(void)state;
	assert_has(
		text_of("<title>Found again</title>",
			"<main><article><h1>Found again</h1><p>In an old box in the attic I found letters "
			"that I had thought lost, and copied them here:</p><ul>"
			"<li>1914-11-28 - <a href=/1>The making of tea</a></li>"
			"<li>1914-11-20 - <a href=/2>Why kettles sing</a></li>"
			"<li>1914-10-24 - <a href=/3>What a spoon remembers</a></li>"
			"<li>1914-10-20 - <a href=/4>On cups, and their handles</a></li></ul>"
			"<p>I hope that they are of use.</p></article></main>"),
		parts);
}

static void a_refrain_is_sung_as_often_as_it_stands(void **state)
{
	(void)state;
	const char *text =
		text_of("<title>The mill</title>",
			tw_sprintf(&arena,
				   "<article><h1>The mill</h1>%s<p>Then the water rose, and the "
				   "miller went upstairs.</p>%s</article>",
				   mill, mill));
	const char *first = strstr(text, "or so the miller says");
	assert_non_null(first);
	assert_non_null(strstr(first + 1, "or so the miller says"));
}

static void a_list_beside_an_article_goes(void **state)
{
	(void)state;
	const char *text = text_of(
		"<title>The mill</title><meta property=og:type content=article>",
		tw_sprintf(
			&arena,
			"<div class=wrap><h1>The mill</h1>%s%s<div><div>From the same pen</div><div class=row>"
			"<div><h4><a href=/1>On the making of tea</a></h4><p>It begins with water, as all things "
			"do, and with patience, of which there is less.</p></div>"
			"<div><h4><a href=/2>Why kettles sing</a></h4><p>Steam, mostly, but there is more to it, "
			"as a walk through the museum of kettles shows.</p></div></div></div></div>",
			mill, mill));
	assert_contains(text, "or so the miller says");
	assert_null(strstr(text, "kettles"));
	assert_null(strstr(text, "From the same pen"));
	assert_no_frame(text);
}

static void there_is_always_the_text_that_there_is(void **state)
{
	static const struct {
		const char *head, *body, *want;
	} cases[] = {
		{"", "<p>Closed.</p>", "Closed."},
		{"", "<noscript><p>This shop sells tea, and needs JavaScript.</p></noscript>",
		 "sells tea"},
		{"<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":\"Tea\","
		 "\"articleBody\":\"The price of tea has risen again, as it does in each year of drought, and the "
		 "merchants say that it will not fall before spring.\\n\\nSo we drink less.\"}</script>",
		 "<div id=root></div>", "So we drink less."},
		{"<meta name=description content='All about tea, in one place.'>",
		 "<div id=app></div>", "All about tea"},
		{"",
		 "<div class=sidebar><p>Only here is text, on a page whose builder named things strangely.</p>"
		 "</div>",
		 "Only here is text"},
		{"", "<div class='comments'><p>Only remarks.</p></div>", "Only remarks."},
		{"", "<center><font size=7>WELCOME</font><br>to my home page</center>", "WELCOME"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *html = tw_sprintf(&arena, "<html><head>%s</head><body>%s</body></html>",
					      cases[i].head, cases[i].body);
		struct page page;
		assert_ok(extract_page(&page, html, strlen(html), NULL, NULL, &arena, &err), &err);
		assert_contains(page.text, cases[i].want);
		assert_true(*page.body);
	}
}

static void a_page_of_chrome_alone_gives_its_words(void **state)
{
	static const char html[] = "<nav><a href=/a>Alpha</a> <a href=/b>Beta</a></nav>";
	struct page page;
	(void)state;
	assert_ok(extract_page(&page, html, strlen(html), NULL, NULL, &arena, &err), &err);
	assert_contains(page.text, "Alpha");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_post_of_a_forum_thread_is_content),
		T(comments_below_a_post_are_not_its_text),
		T(a_product_is_its_description_and_data),
		T(documentation_keeps_its_code_and_lists),
		T(a_page_that_lists_keeps_its_list),
		T(short_answers_to_a_long_question_stay),
		T(questions_and_answers_that_unfold_are_read),
		T(a_recipe_keeps_its_ingredients),
		T(an_api_page_keeps_its_signatures),
		T(a_table_is_content),
		T(a_blog_s_front_page_is_its_posts),
		T(sections_named_after_their_headings_stay),
		T(embedded_posts_are_part_of_an_article),
		T(an_introduction_survives_the_links_around_it),
		T(tags_below_a_post_go_and_those_in_its_text_stay),
		T(what_a_page_shows_twice_is_read_once),
		T(writing_that_begins_like_a_notice_stays),
		T(subscribers_are_not_a_call_to_subscribe),
		T(headings_that_a_writer_sets_as_high_as_the_title_stay),
		T(a_list_of_links_that_the_text_introduces_stays),
		T(a_short_text_keeps_the_long_list_that_it_introduces),
		T(a_refrain_is_sung_as_often_as_it_stands),
		T(a_list_beside_an_article_goes),
		T(there_is_always_the_text_that_there_is),
		T(a_page_of_chrome_alone_gives_its_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
