/* How a file becomes a document: globs, front matter, titles, dates, encodings. */
#include "collect_test.h"

#include "base/time.h"
#include "collect/file/files_int.h"

static struct tw_arena a;
static struct tw_err err;
static struct reports reports;

static int setup(void **state)
{
	(void)state;
	tw_arena_init(&a);
	tw_err_clear(&err);
	reports = (struct reports){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tw_arena_release(&a);
	return 0;
}

static struct tw_document parse_n(const char *rel, const char *text, size_t len)
{
	struct tw_document doc = {0};
	struct file_input in = {.rel = rel,
				.label = rel,
				.data = {text, len},
				.author = "Fallback",
				.report = &reports};
	assert_ok(parse_file(&doc, &in, &a, &err), &err);
	return doc;
}

static struct tw_document parse(const char *rel, const char *text)
{
	return parse_n(rel, text, strlen(text));
}

static const char *body(const struct tw_document *d)
{
	return tw_strndup(&a, d->body.data, d->body.len);
}

static const char *day(int64_t ms)
{
	return tw_format_date(&a, ms);
}

static void globs_choose_as_people_expect(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool folder, hit;
	} cases[] = {
		{"*.md", "a.md", false, true},
		{"*.md", "x/y/a.MD", false, true},
		{"*.md", "a.mdx", false, false},
		{"notes/*.md", "notes/a.md", false, true},
		{"notes/*.md", "notes/x/a.md", false, false},
		{"notes/**", "notes/x/a.md", false, true},
		{"notes/**/a.md", "notes/a.md", false, true},
		{"notes/**/a.md", "notes/x/y/a.md", false, true},
		{"notes/**/a.md", "notes/ba.md", false, false},
		{"**/drafts/*", "a/drafts/b.md", false, true},
		{"**/drafts/*", "a/mydrafts/b.md", false, false},
		{"/a.md", "a.md", false, true},
		{"/a.md", "x/a.md", false, false},
		{"drafts/", "drafts/", true, true},
		{"drafts/", "drafts", false, false},
		{"drafts", "x/drafts/", true, true},
		{"[a-c]?.md", "b1.md", false, true},
		{"[!a-c]?.md", "b1.md", false, false},
		{"[x", "[x", false, true},
		{"a\\*b", "a*b", false, true},
		{"a\\*b", "axb", false, false},
		{"", "a", false, false},
		{"*", "", false, true},
		{"a*b*c*d*e*f*g*h*i*j*k*l*m*z", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (glob_match(cases[i].pattern, cases[i].path, cases[i].folder) != cases[i].hit)
			fail_msg("%s on %s", cases[i].pattern, cases[i].path);
}

static void hidden_things_are_left_out(void **state)
{
	static const char *const all[] = {"*.md", NULL}, *const none[] = {"old/", "x-*", NULL};
	const struct file_rules r = {{all, 1}, {none, 2}, 100};
	(void)state;
	assert_true(rules_take_file(&r, "a/b.md"));
	assert_false(rules_take_file(&r, "a/.b.md"));
	assert_false(rules_take_file(&r, "a/~$b.md"));
	assert_false(rules_take_file(&r, "a/b.txt"));
	assert_false(rules_take_file(&r, "a/x-b.md"));
	assert_true(rules_enter_folder(&r, "a/b/"));
	assert_false(rules_enter_folder(&r, ".git/"));
	assert_false(rules_enter_folder(&r, "a/.twin/"));
	assert_false(rules_enter_folder(&r, "a/node_modules/"));
	assert_false(rules_enter_folder(&r, "a/old/"));
}

static void front_matter_gives_the_metadata(void **state)
{
	(void)state;
	struct tw_document d = parse("x.md", "---\n"
					     "title: \"On: colons\"\n"
					     "date: 2021-03-14\n"
					     "updated: 2022-01-02T10:00:00Z\n"
					     "authors: [Mara, {name: Cadey}]\n"
					     "lang: en\n"
					     "canonical_url: https://example.org/x\n"
					     "tags:\n  - go\n  - nix\n"
					     "description: what it is\n"
					     "draft: true\n"
					     "---\n\n# Heading\n\ntext\n");
	assert_string_equal(d.title, "On: colons");
	assert_string_equal(d.author, "Mara, Cadey");
	assert_string_equal(d.lang, "en");
	assert_string_equal(d.url, "https://example.org/x");
	assert_string_equal(d.media, "text/markdown");
	assert_string_equal(day(d.created_ms), "2021-03-14");
	assert_string_equal(day(d.modified_ms), "2022-01-02");
	assert_string_equal(d.extra, "{\"tags\":[\"go\",\"nix\"],\"description\":\"what it is\","
				     "\"draft\":true}");
	assert_string_equal(body(&d), "\n# Heading\n\ntext\n");
}

static void front_matter_may_end_lines_as_windows_does(void **state)
{
	(void)state;
	struct tw_document d = parse("x.mdx", "\xef\xbb\xbf---\r\ntitle: T\r\n---\r\nbody\r\n");
	assert_string_equal(d.title, "T");
	assert_string_equal(d.media, "text/mdx");
	assert_string_equal(body(&d), "body\r\n");
}

static void toml_front_matter_is_read_too(void **state)
{
	(void)state;
	struct tw_document d = parse("x.md", "+++\n# a comment\ntitle = \"A \\\"quoted\\\" one\"\n"
					     "date = 2020-02-03T04:05:06Z\ndraft = false\n"
					     "[taxonomies]\ntags = ['a', \"b\",\n  \"c\" ]\n"
					     "[extra]\nx = {a = 1}\n+++\ntext");
	assert_string_equal(d.title, "A \"quoted\" one");
	assert_string_equal(day(d.created_ms), "2020-02-03");
	assert_string_equal(d.extra, "{\"tags\":[\"a\",\"b\",\"c\"]}");
	assert_string_equal(body(&d), "text");
	assert_int_equal(reports.n, 0);
}

static void bad_front_matter_costs_the_metadata_not_the_text(void **state)
{
	(void)state;
	struct tw_document d = parse("posts/x.md", "---\ntitle: [unclosed\n---\n# Kept\n");
	assert_int_equal(reports.n, 1);
	assert_string_equal(d.title, "Kept");
	assert_string_equal(body(&d), "# Kept\n");
	d = parse("y.md", "+++\ntitle \"x\"\n+++\nkept");
	assert_int_equal(reports.n, 2);
	assert_string_equal(body(&d), "kept");
}

static void rules_around_a_text_are_no_front_matter(void **state)
{
	(void)state;
	struct tw_document d = parse("x.md", "---\nJust a text.\n---\nmore\n");
	assert_string_equal(body(&d), "---\nJust a text.\n---\nmore\n");
	d = parse("x.md", "---\ntitle: never closed\n");
	assert_string_equal(body(&d), "---\ntitle: never closed\n");
	d = parse("x.txt", "---\ntitle: plain text has none\n---\n");
	assert_string_equal(body(&d), "---\ntitle: plain text has none\n---\n");
}

static void titles_come_from_the_first_heading(void **state)
{
	static const struct {
		const char *text, *title;
	} cases[] = {
		{"# Plain\n", "Plain"},
		{"intro\n\n# Later `code` and *marks* ##\n", "Later code and marks"},
		{"# [A link](http://x.org) in it\n", "A link in it"},
		{"Under\n=====\n\ntext\n", "Under"},
		{"```sh\n# no heading\n```\n\n# Real\n", "Real"},
		{"~~~\n# no\n```\n# no\n~~~\n# Real\n", "Real"},
		{"## Second level first\n\ntext\n", "Second level first"},
		{"## Second\n\n# First\n", "First"},
		{"text\n\n## Not at the top\n", "The file"},
		{"#hashtag\n", "The file"},
		{"# snake_case stays\n", "snake_case stays"},
		{"# C# and F#\n", "C# and F#"},
		{"#\n\n# After an empty one\n", "After an empty one"},
		{"    # code\n", "The file"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(parse("the-file.md", cases[i].text).title, cases[i].title);
}

static void file_names_give_titles_and_dates(void **state)
{
	static const struct {
		const char *rel, *title, *date;
	} cases[] = {
		{"2021-03-14-on_writing-well.md", "On writing well", "2021-03-14"},
		{"a/plan-2019-06-18.md", "Plan", "2019-06-18"},
		{"2021-03-14.md", "2021 03 14", "2021-03-14"},
		{"notes/index.md", "Notes", ""},
		{"README.md", "README", ""},
		{"x/v2021-13-40.md", "V2021 13 40", ""},
		{"1234-5678-90.md", "1234 5678 90", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(title_from_path(cases[i].rel, &a), cases[i].title);
		assert_string_equal(day(date_from_path(cases[i].rel)), cases[i].date);
	}
	struct tw_document d = parse("2021-03-14-x.md", "---\ndate: 2020-01-01\n---\ntext");
	assert_string_equal(day(d.created_ms), "2020-01-01");
	assert_string_equal(d.author, "Fallback");
}

static void other_encodings_become_utf8(void **state)
{
	static const char latin[] =
		"Les \xe9l\xe8ves de la classe sont all\xe9s \xe0 la biblioth\xe8que pour lire un livre, et le "
		"ma\xeetre leur a racont\xe9 l'histoire de la for\xeat o\xf9 les b\xeates parlaient entre elles. "
		"C'\xe9tait une tr\xe8s belle journ\xe9"
		"e.\n";
	static const char utf16[] = "\xff\xfe"
				    "H\0i\0 \0\xe9\0\n";
	(void)state;
	struct tw_document d = parse("x.txt", latin);
	assert_contains(body(&d), "Les élèves de la classe sont allés à la bibliothèque");
	d = parse_n("x.txt", utf16, sizeof(utf16));
	assert_contains(body(&d), "Hi é");
}

static void what_is_no_text_is_skipped(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *why;
	} cases[] = {{"", 0, "empty"},
		     {" \n\t\n", 4, "empty"},
		     {"---\ntitle: x\n---\n\n", 18, "empty"},
		     {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "not a text"},
		     {"\1\2\3\4\5\6\7\x0e\x0f", 9, "not a text"}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tw_document doc = {0};
		struct file_input in = {.rel = "x.md",
					.label = "folder/x.md",
					.data = {cases[i].text, cases[i].len},
					.report = &reports};
		tw_err_clear(&err);
		assert_int_equal(parse_file(&doc, &in, &a, &err), TW_SKIPPED);
		assert_contains(err.msg, cases[i].why);
		assert_contains(err.msg, "folder/x.md");
	}
}

static void html_files_give_their_main_content(void **state)
{
	(void)state;
	struct tw_document d = parse(
		"page.html",
		"<html lang=de><head><title>Die Reise | Blog</title><meta name=author content='Ina'>"
		"<meta property='article:published_time' content='2020-05-06'></head><body>"
		"<nav><a href=/>Start</a> <a href=/b>Blog</a></nav><article><h1>Die Reise</h1>"
		"<p>Am Morgen, als der Zug in Lindau stand, war noch nichts entschieden, und wir "
		"warteten.</p><p>Am Abend, als er in Wien ankam, war alles vorbei, und wir "
		"lachten.</p></article><footer>Impressum</footer></body></html>");
	assert_string_equal(d.title, "Die Reise");
	assert_string_equal(d.author, "Ina");
	assert_string_equal(d.lang, "de");
	assert_string_equal(d.media, "text/markdown");
	assert_string_equal(day(d.created_ms), "2020-05-06");
	assert_string_equal(body(&d),
			    "Am Morgen, als der Zug in Lindau stand, war noch nichts entschieden, "
			    "und wir warteten.\n\nAm Abend, als er in Wien ankam, war alles "
			    "vorbei, und wir lachten.\n");
}

static void keys_are_utf8_whatever_the_name(void **state)
{
	(void)state;
	assert_string_equal(key_from_path("a/é.md", &a), "a/é.md");
	assert_string_equal(key_from_path("a/\xe9\xc3\xa9.md", &a), "a/%E9é.md");
	assert_string_equal(key_from_path("\xff", &a), "%FF");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(globs_choose_as_people_expect),
		T(hidden_things_are_left_out),
		T(front_matter_gives_the_metadata),
		T(front_matter_may_end_lines_as_windows_does),
		T(toml_front_matter_is_read_too),
		T(bad_front_matter_costs_the_metadata_not_the_text),
		T(rules_around_a_text_are_no_front_matter),
		T(titles_come_from_the_first_heading),
		T(file_names_give_titles_and_dates),
		T(other_encodings_become_utf8),
		T(what_is_no_text_is_skipped),
		T(html_files_give_their_main_content),
		T(keys_are_utf8_whatever_the_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
