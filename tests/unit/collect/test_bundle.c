/* Archives, folders and files as the entries of an export, and XML in pieces. */
#include "collect_test.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "collect/archive/unpack_int.h"
#include "collect/export/csv_int.h"
#include "collect/export/export_posts_int.h"
#include "collect/export/export_xml_int.h"

struct trial {
	const char *dir;
	struct bundle *b;
	struct reports reports;
	struct tw_arena a;
	struct tw_err err;
};

static void begin(struct trial *t, const char *name)
{
	*t = (struct trial){0};
	tw_arena_init(&t->a);
	t->dir = fresh_dir(name, &t->a);
}

static void end(struct trial *t)
{
	bundle_close(t->b);
	tw_arena_release(&t->a);
}

struct made {
	const char *name, *text;
	mode_t kind; /* 0: a regular file */
};

/* "zip" or "tar.gz" of the entries, the last of which has no name. */
static const char *make_archive(struct trial *t, const char *kind, const struct made *m)
{
	const char *path = tw_sprintf(&t->a, "%s/x.%s", t->dir, kind);
	struct archive *w = archive_write_new();
	if (strcmp(kind, "zip") == 0) {
		archive_write_set_format_zip(w);
	} else {
		archive_write_set_format_pax_restricted(w);
		archive_write_add_filter_gzip(w);
	}
	assert_int_equal(archive_write_open_filename(w, path), ARCHIVE_OK);
	for (; m->name; m++) {
		struct archive_entry *e = archive_entry_new();
		archive_entry_set_pathname(e, m->name);
		archive_entry_set_filetype(e, m->kind ? m->kind : AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_mtime(e, 1600000000, 0);
		if (m->kind == AE_IFLNK)
			archive_entry_set_symlink(e, m->text);
		else
			archive_entry_set_size(e, (la_int64_t)strlen(m->text));
		assert_true(archive_write_header(w, e) >= ARCHIVE_WARN);
		if (!m->kind)
			archive_write_data(w, m->text, strlen(m->text));
		archive_entry_free(e);
	}
	archive_write_close(w);
	archive_write_free(w);
	return path;
}

static const char *whole(struct trial *t)
{
	struct tw_str s = TW_STR_INIT;
	assert_ok(bundle_read_all(&s, t->b, 1000, &t->err), &t->err);
	const char *text = tw_str_dup(&s, &t->a);
	tw_str_release(&s);
	return text;
}

static void expect_entry(struct trial *t, const char *name, const char *text)
{
	struct bundle_entry e;
	struct tw_bytes head;
	assert_ok(bundle_next(&e, t->b, &t->err), &t->err);
	assert_string_equal(e.name, name);
	assert_ok(bundle_peek(&head, t->b, &t->err), &t->err);
	assert_int_equal(head.len, strlen(text));
	assert_memory_equal(head.data, text, head.len);
	assert_string_equal(whole(t), text);
}

static void expect_end(struct trial *t)
{
	struct bundle_entry e;
	assert_int_equal(bundle_next(&e, t->b, &t->err), TW_DONE);
}

static void entries_of_an_archive_come_in_order_and_again(void **state)
{
	(void)state;
	static const struct made made[] = {{"./b.txt", "second letter", 0},
					   {"folder/", "", AE_IFDIR},
					   {"folder/a.txt", "first", 0},
					   {"caf\xc3\xa9.txt", "", 0},
					   {0}};
	static const char *const kinds[] = {"zip", "tar.gz"};
	for (int k = 0; k < 2; k++) {
		struct trial t;
		struct bundle_entry e;
		begin(&t, "order");
		const char *path = make_archive(&t, kinds[k], made);
		assert_ok(bundle_open(&t.b, path, &t.reports, &t.err), &t.err);
		for (int round = 0; round < 2; round++) {
			expect_entry(&t, "b.txt", "second letter");
			expect_entry(&t, "folder/a.txt", "first");
			assert_ok(bundle_next(&e, t.b, &t.err), &t.err);
			assert_string_equal(e.name, "caf\xc3\xa9.txt");
			assert_true(e.modified_ms == 1600000000000);
			expect_end(&t);
			assert_ok(bundle_rewind(t.b, &t.err), &t.err);
		}
		assert_int_equal(t.reports.n, 0);
		end(&t);
	}
}

static void names_that_lead_out_and_links_are_said_and_left_out(void **state)
{
	(void)state;
	static const struct made made[] = {{"../out", "x", 0},
					   {"/abs", "x", 0},
					   {"a/../../b", "x", 0},
					   {"C:\\x", "x", 0},
					   {"l", "/etc/passwd", AE_IFLNK},
					   {"a..b/ok", "fine", 0},
					   {0}};
	static const char *const kinds[] = {"zip", "tar.gz"};
	for (int k = 0; k < 2; k++) {
		struct trial t;
		begin(&t, "names");
		const char *path = make_archive(&t, kinds[k], made);
		assert_ok(bundle_open(&t.b, path, &t.reports, &t.err), &t.err);
		expect_entry(&t, "a..b/ok", "fine");
		expect_end(&t);
		assert_int_equal(t.reports.n, 5);
		assert_ok(bundle_rewind(t.b, &t.err), &t.err);
		expect_entry(&t, "a..b/ok", "fine");
		expect_end(&t);
		assert_int_equal(t.reports.n, 5); /* said once */
		end(&t);
	}
}

static void names_are_cleaned_or_refused(void **state)
{
	(void)state;
	struct tw_arena a;
	tw_arena_init(&a);
	static const char *const cases[][2] = {
		{"a/b.txt", "a/b.txt"}, {"./a", "a"},	 {"a\\b", "a/b"}, {"..a/b..", "..a/b.."},
		{"\xe9", "%E9"},	{"", NULL},	 {".", "."},	  {"..", NULL},
		{"a/..", NULL},		{"..\\a", NULL}, {"c:/a", NULL},  {"/", NULL}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *clean = unpack_clean_name(cases[i][0], &a);
		if (!clean || !cases[i][1])
			assert_true(!clean && !cases[i][1]);
		else
			assert_string_equal(clean, cases[i][1]);
	}
	tw_arena_release(&a);
}

static void a_folder_is_read_in_the_order_of_its_names(void **state)
{
	(void)state;
	struct trial t;
	begin(&t, "folder");
	write_file(t.dir, "b.txt", "bee");
	write_file(t.dir, "a/z.txt", "zed");
	assert_int_equal(symlink("b.txt", tw_path_join(&t.a, t.dir, "link.txt")), 0);
	assert_ok(bundle_open(&t.b, t.dir, &t.reports, &t.err), &t.err);
	expect_entry(&t, "a/z.txt", "zed");
	expect_entry(&t, "b.txt", "bee");
	expect_end(&t);
	bundle_close(t.b);
	t.b = NULL;
	assert_ok(bundle_open(&t.b, tw_path_join(&t.a, t.dir, "b.txt"), &t.reports, &t.err),
		  &t.err);
	expect_entry(&t, "b.txt", "bee");
	expect_end(&t);
	end(&t);
}

static void a_long_entry_is_read_in_pieces_and_not_whole(void **state)
{
	(void)state;
	struct trial t;
	struct bundle_entry e;
	struct tw_bytes head;
	begin(&t, "long");
	size_t n = 3 * BUNDLE_HEAD + 5, got = 1, sum = 0;
	char *text = tw_alloc(&t.a, n + 1), buf[777];
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	const struct made made[] = {{"long", text, 0}, {0}};
	assert_ok(bundle_open(&t.b, make_archive(&t, "zip", made), &t.reports, &t.err), &t.err);
	assert_ok(bundle_next(&e, t.b, &t.err), &t.err);
	assert_ok(bundle_peek(&head, t.b, &t.err), &t.err);
	assert_int_equal(head.len, BUNDLE_HEAD);
	while (got) {
		assert_ok(bundle_read(t.b, buf, sizeof(buf), &got, &t.err), &t.err);
		assert_memory_equal(buf, text + sum, got);
		sum += got;
	}
	assert_int_equal(sum, n);
	assert_ok(bundle_rewind(t.b, &t.err), &t.err);
	assert_ok(bundle_next(&e, t.b, &t.err), &t.err);
	struct tw_str s = TW_STR_INIT;
	assert_int_equal(bundle_read_all(&s, t.b, 1000, &t.err), TW_SKIPPED);
	tw_str_release(&s);
	end(&t);
}

static void an_archive_that_is_cut_is_an_error(void **state)
{
	(void)state;
	struct trial t;
	static const struct made made[] = {
		{"a", "some text that is here", 0}, {"b", "more", 0}, {0}};
	begin(&t, "cut");
	const char *path = make_archive(&t, "zip", made);
	struct tw_str s = TW_STR_INIT;
	assert_ok(tw_read_file(&s, path, 0, &t.err), &t.err);
	for (size_t n = 4; n < s.len; n++) {
		struct bundle_entry e;
		struct tw_err why = TW_ERR_INIT;
		assert_ok(tw_write_file(path, s.data, n, &t.err), &t.err);
		enum tw_status st = bundle_open(&t.b, path, &t.reports, &why);
		while (st == TW_OK)
			st = bundle_next(&e, t.b, &why);
		assert_int_equal(st, TW_BAD_DATA);
		bundle_close(t.b);
		t.b = NULL;
	}
	tw_str_release(&s);
	end(&t);
}

/* --- pieces of XML --- */

static bool is_xml(const char *name, const char *head, size_t n)
{
	return tw_ends_with(name, ".xml") && n && head[0] == '<';
}

static void expect(struct slices *s, struct trial *t, const char *text, bool is_head)
{
	struct tw_bytes piece;
	bool was_head;
	assert_ok(slices_next(&piece, &was_head, s, &t->a, &t->err), &t->err);
	assert_string_equal(piece.data, text);
	assert_int_equal(was_head, is_head);
}

static void expect_head(struct slices *s, struct trial *t, const char *text)
{
	expect(s, t, text, true);
}

static void expect_piece(struct slices *s, struct trial *t, const char *text)
{
	expect(s, t, text, false);
}

static enum tw_status next_piece(struct slices *s, struct trial *t)
{
	struct tw_bytes piece;
	bool is_head;
	return slices_next(&piece, &is_head, s, &t->a, &t->err);
}

static void open_file(struct trial *t, const char *name, const char *text)
{
	write_file(t->dir, name, text);
	bundle_close(t->b);
	t->b = NULL;
	assert_ok(bundle_open(&t->b, tw_path_join(&t->a, t->dir, name), &t->reports, &t->err),
		  &t->err);
}

static struct slices *open_slices(struct trial *t, struct export_in *x, const char *text)
{
	open_file(t, "x.xml", text);
	*x = (struct export_in){.files = t->b};
	return slices_new(x, is_xml, "item");
}

static void elements_of_xml_come_one_by_one(void **state)
{
	(void)state;
	struct trial t;
	struct export_in x;
	begin(&t, "xml");
	struct slices *s = open_slices(
		&t, &x,
		"<rss><items/><!-- <item>no</item> --> <item>a<![CDATA[ </item> ]]></item>\n"
		"between <item x='1'><!-- </item> -->b caf\xe9</item></rss>");
	expect_head(s, &t, "<rss><items/><!-- <item>no</item> --> ");
	expect_piece(s, &t, "<item>a<![CDATA[ </item> ]]></item>");
	expect_piece(s, &t, "<item x='1'><!-- </item> -->b caf\xc3\xa9</item>");
	assert_int_equal(next_piece(s, &t), TW_DONE);
	slices_free(s);
	s = open_slices(&t, &x, "<?xml encoding='iso-8859-2'?><r><item>\xb1</item></r>");
	expect_head(s, &t, "<?xml encoding='iso-8859-2'?><r>");
	expect_piece(s, &t, "<item>\xc4\x85</item>");
	slices_free(s);
	s = open_slices(&t, &x, "<r>nothing</r>");
	expect_head(s, &t, "<r>nothing</r>");
	assert_int_equal(next_piece(s, &t), TW_DONE);
	slices_free(s);
	end(&t);
}

static void elements_of_each_file_follow_its_head(void **state)
{
	(void)state;
	struct trial t;
	begin(&t, "files");
	write_file(t.dir, "a.xml", "<?xml encoding='iso-8859-2'?><a><item>\xb1</item> rest</a>");
	write_file(t.dir, "b.txt", "<b><item>not asked for</item></b>");
	write_file(t.dir, "c.xml", "<c>none</c>");
	write_file(t.dir, "d.xml", "<d><item>\xc3\xa9</item></d>");
	assert_ok(bundle_open(&t.b, t.dir, &t.reports, &t.err), &t.err);
	struct export_in x = {.files = t.b};
	struct slices *s = slices_new(&x, is_xml, "item");
	expect_head(s, &t, "<?xml encoding='iso-8859-2'?><a>");
	expect_piece(s, &t, "<item>\xc4\x85</item>");
	expect_head(s, &t, "<c>none</c>");
	expect_head(s, &t, "<d>");
	expect_piece(s, &t, "<item>\xc3\xa9</item>");
	assert_int_equal(next_piece(s, &t), TW_DONE);
	slices_free(s);
	end(&t);
}

static void xml_that_is_cut_is_an_error(void **state)
{
	(void)state;
	static const char *const cut[] = {"<rss><item>a", "<rss><item>a</item>",
					  "<rss><item><![CDATA[ </item></rss>"};
	for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++) {
		struct trial t;
		struct export_in x;
		enum tw_status st = TW_OK;
		begin(&t, "cutxml");
		struct slices *s = open_slices(&t, &x, cut[i]);
		while (st == TW_OK)
			st = next_piece(s, &t);
		assert_int_equal(st, TW_BAD_DATA);
		slices_free(s);
		end(&t);
	}
}

/* --- threads --- */

static bool is_json(const char *name, const char *head, size_t n)
{
	return tw_ends_with(name, ".json") && n && head[0] == '[';
}

static enum tw_status take(const char **key, void *posts, const struct export_in *x TW_UNUSED,
			   const struct tw_json *item, struct tw_arena *a TW_UNUSED,
			   struct tw_err *err)
{
	struct post post = {.id = export_text(item, "id"), .parent = export_text(item, "to")};
	*key = posts_entry(posts);
	if (!post.id)
		return tw_fail(err, TW_SKIPPED, "no id");
	post.text = post.id;
	post.media = "text/plain";
	post.created_ms = tw_json_int(tw_json_get(item, "at"), 0);
	posts_add(posts, &post);
	return TW_OK;
}

static struct posts *open_posts(struct trial *t, struct export_in *x, const char *text)
{
	open_file(t, "x.json", text);
	*x = (struct export_in){.files = t->b};
	return posts_new(is_json, NULL);
}

static void expect_thread(struct posts *p, struct export_in *x, const char *key, const char *text)
{
	struct tw_document doc = {0};
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	tw_arena_init(&a);
	assert_ok(posts_next(&doc, p, take, p, x, &a, &err), &err);
	assert_string_equal(doc.key, key);
	assert_string_equal(doc.body.data, text);
	tw_arena_release(&a);
}

static enum tw_status next_thread(struct tw_document *doc, struct posts *p, struct export_in *x)
{
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = posts_next(doc, p, take, p, x, &a, NULL);
	tw_arena_release(&a);
	return st;
}

static void posts_that_answer_each_other_are_one_document(void **state)
{
	(void)state;
	struct trial t;
	struct export_in x;
	struct tw_document doc;
	begin(&t, "threads");
	struct posts *p = open_posts(
		&t, &x,
		"[{\"id\": \"c\", \"to\": \"b\", \"at\": 3}," /* newest first, as some exports are */
		"{\"id\": \"x\", \"to\": \"elsewhere\", \"at\": 9},"
		"{\"id\": \"b\", \"to\": \"a\", \"at\": 2},"
		"{\"id\": \"a\", \"at\": 1},"
		"{\"id\": \"a\", \"at\": 5}," /* once more */
		"{\"at\": 7},"
		"{\"id\": \"d\", \"to\": \"a\", \"at\": 4}]");
	assert_int_equal(next_thread(&doc, p, &x), TW_SKIPPED);
	assert_string_equal(doc.key, "x.json");
	expect_thread(p, &x, "x", "x");
	expect_thread(p, &x, "a", "a\n\nb\n\nc\n\nd");
	assert_int_equal(next_thread(&doc, p, &x), TW_DONE);
	posts_free(p);
	p = open_posts(&t, &x,
		       "[{\"id\": \"a\", \"to\": \"b\", \"at\": 1},"
		       "{\"id\": \"b\", \"to\": \"a\", \"at\": 2},"
		       "{\"id\": \"self\", \"to\": \"self\", \"at\": 3}]");
	expect_thread(p, &x, "a", "a\n\nb");
	expect_thread(p, &x, "self", "self");
	posts_free(p);
	end(&t);
}

static void fields_of_csv_may_be_quoted(void **state)
{
	(void)state;
	static const char text[] = "a,\"b, \"\"c\"\"\nd\",\r\n\n\"open";
	struct csv c = {.at = text, .end = text + sizeof(text) - 1};
	struct tw_strings f;
	struct tw_arena a;
	tw_arena_init(&a);
	assert_true(csv_next(&f, &c, &a));
	assert_int_equal(f.n, 3);
	assert_string_equal(f.at[1], "b, \"c\"\nd");
	assert_string_equal(f.at[2], "");
	assert_true(csv_next(&f, &c, &a));
	assert_int_equal(f.n, 1);
	assert_false(c.cut);
	assert_true(csv_next(&f, &c, &a));
	assert_string_equal(f.at[0], "open");
	assert_true(c.cut);
	assert_false(csv_next(&f, &c, &a));
	tw_arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_an_archive_come_in_order_and_again),
		cmocka_unit_test(names_that_lead_out_and_links_are_said_and_left_out),
		cmocka_unit_test(names_are_cleaned_or_refused),
		cmocka_unit_test(a_folder_is_read_in_the_order_of_its_names),
		cmocka_unit_test(a_long_entry_is_read_in_pieces_and_not_whole),
		cmocka_unit_test(an_archive_that_is_cut_is_an_error),
		cmocka_unit_test(elements_of_xml_come_one_by_one),
		cmocka_unit_test(elements_of_each_file_follow_its_head),
		cmocka_unit_test(xml_that_is_cut_is_an_error),
		cmocka_unit_test(posts_that_answer_each_other_are_one_document),
		cmocka_unit_test(fields_of_csv_may_be_quoted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
