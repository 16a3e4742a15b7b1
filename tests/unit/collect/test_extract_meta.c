/* What a page says of itself, in the ways in which pages do. */
#include "collect_test.h"
#include "arena_test.h"

#include "base/time.h"
#include "collect/extract.h"

static struct tw_page read_page(const char *html, const char *url)
{
	struct tw_page page;
	const char *whole =
		tw_sprintf(&arena, "%s<p>A sentence, so that there is a text to read.</p>", html);
	assert_ok(tw_extract_page(&page, whole, strlen(whole), url, NULL, &arena, &err), &err);
	return page;
}

static void dates_are_found_where_pages_put_them(void **state)
{
	static const struct {
		const char *html, *url, *date;
	} cases[] = {
		{"<meta property='article:published_time' content='2020-03-05T08:00:00+01:00'>",
		 NULL, "2020-03-05"},
		{"<meta name=dc.date content=2020-03-05>", NULL, "2020-03-05"},
		{"<script type='application/ld+json'>{\"@type\":[\"NewsArticle\"],\"datePublished\":\"2020-03-05\"}"
		 "</script>",
		 NULL, "2020-03-05"},
		{"<time class='dt-published' datetime=2020-03-05>today</time>", NULL, "2020-03-05"},
		{"<p>On <time datetime=2020-03-05>that day</time></p>", NULL, "2020-03-05"},
		{"<div class='entry-date'>Published: March 5, 2020</div>", NULL, "2020-03-05"},
		{"<span class='posted-on date'>Posted on 2020-03-05</span>", NULL, "2020-03-05"},
		{"<p>x</p>", "https://example.org/2020/03/05/post", "2020-03-05"},
		{"<link rel=canonical href=https://example.org/blog/2020/03/05/post>", NULL,
		 "2020-03-05"},
		{"<time datetime=2020-03-05></time><time datetime=2021-01-01></time>", NULL, ""},
		{"<div class=update>March 5, 2020</div>", NULL, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_page p = read_page(cases[i].html, cases[i].url);
		assert_string_equal(tw_format_date(&arena, p.created_ms), cases[i].date);
	}
}

static void authors_are_names(void **state)
{
	static const struct {
		const char *html, *author;
	} cases[] = {
		{"<meta name=author content='Ann Bo'>", "Ann Bo"},
		{"<meta property='article:author' content='https://example.org/ann'><a rel=author>Ann Bo</a>",
		 "Ann Bo"},
		{"<div class=byline>By Ann Bo</div>", "Ann Bo"},
		{"<span itemprop=author><span itemprop=name>Ann Bo</span> <button>Follow</button></span>",
		 "Ann Bo"},
		{"<script type='application/ld+json'>{\"@type\":\"Article\",\"author\":{\"name\":\"Ann Bo\"}}</script>",
		 "Ann Bo"},
		{"<p>by nobody</p>", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *author = read_page(cases[i].html, NULL).author;
		assert_true(author ? cases[i].author && strcmp(author, cases[i].author) == 0
				   : !cases[i].author);
	}
}

/* Boxes that are named for the author and hold the whole page, one in another. */
static void a_whole_page_is_no_byline_or_date(void **state)
{
	struct tw_str html = TW_STR_INIT;
	(void)state;
	for (int i = 0; i < 100; i++)
		tw_str_adds(&html, "<div class=author><time class=published>");
	for (int i = 0; i < 20000; i++)
		tw_str_adds(&html, "Not a name. ");
	tw_str_adds(&html, "<span class=author>\n   Ann \n  Bo </span>");
	tw_str_adds(&html, "<time class=published>5 March 2020</time>");
	struct tw_page page = read_page(tw_str_c(&html), NULL);
	assert_string_equal(page.author, "Ann Bo");
	assert_true(page.created_ms > 0);
	tw_str_release(&html);
}

static void languages_are_tags(void **state)
{
	static const struct {
		const char *html, *lang;
	} cases[] = {
		{"<html lang=de>", "de"},
		{"<html lang='pt-BR'>", "pt-BR"},
		{"<html xml:lang=fr>", "fr"},
		{"<meta property='og:locale' content=en_GB>", "en-GB"},
		{"<meta http-equiv=Content-Language content=es>", "es"},
		{"<html lang=de><meta property='og:locale' content=en_GB>", "de"},
		{"<html lang='x-default'>", NULL},
		{"<html lang='<b>'>", NULL},
		{"<p>no</p>", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *lang = read_page(cases[i].html, NULL).lang;
		assert_true(lang ? cases[i].lang && strcmp(lang, cases[i].lang) == 0
				 : !cases[i].lang);
	}
}

static void titles_are_the_page_s_own(void **state)
{
	static const struct {
		const char *html, *title;
	} cases[] = {
		{"<title>Ropes | The Locker</title><meta property=og:site_name content='The Locker'>",
		 "Ropes"},
		{"<title>Ropes | The Locker</title><h1>Ropes</h1>", "Ropes"},
		{"<title>Ropes - and how to coil them</title>", "Ropes - and how to coil them"},
		{"<title>Ropes - Week 1</title><h1>Ropes - Week 1</h1>", "Ropes - Week 1"},
		{"<h1>Ropes <button>Copy</button></h1>", "Ropes"},
		{"<meta name='twitter:title' content=Ropes><title>The Locker</title>", "Ropes"},
		{"<script type='application/ld+json'>{\"@type\":\"BlogPosting\",\"headline\":\"Ropes\"}</script>"
		 "<title>Other</title>",
		 "Ropes"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(read_page(cases[i].html, NULL).title, cases[i].title);
}

static void the_canonical_address_is_absolute(void **state)
{
	(void)state;
	const char *link = "<link rel=canonical href=/a>";
	assert_string_equal(read_page(link, "https://example.org/b?c=1").canonical,
			    "https://example.org/a");
	assert_null(read_page(link, NULL).canonical);
	assert_string_equal(
		read_page("<meta property=og:url content=https://example.org/a>", NULL).canonical,
		"https://example.org/a");
}

static void what_is_no_page_is_an_error(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {{"", 0},
		     {" ", 1},
		     {"<script>x</script>", 18},
		     {"%PDF-1.4 x", 10},
		     {"PK\x03\x04zzzz", 8}};
	struct tw_page page;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tw_err_clear(&err);
		assert_int_equal(tw_extract_page(&page, cases[i].bytes, cases[i].len, NULL, NULL,
						 &arena, &err),
				 TW_BAD_DATA);
		assert_true(*err.msg);
		assert_string_equal(page.text, "");
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(dates_are_found_where_pages_put_them),
		T(authors_are_names),
		T(a_whole_page_is_no_byline_or_date),
		T(languages_are_tags),
		T(titles_are_the_page_s_own),
		T(the_canonical_address_is_absolute),
		T(what_is_no_page_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
