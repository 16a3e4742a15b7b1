/*
 * A file of any kind as a document, for the tests of single formats: what parse_file() makes of a name and a text.
 */
#ifndef TEST_FORMAT_TEST_H
#define TEST_FORMAT_TEST_H

#include "test.h"

#include "arena_test.h"
#include "base/str.h"
#include "base/text.h"
#include "base/time.h"
#include "collect/file/files_int.h"

static inline enum tw_status try_parse(struct tw_document *doc, const char *rel, const char *text,
				       size_t len)
{
	struct reports quiet = {MAX_REPORTS};
	struct file_input in = {.rel = rel, .label = rel, .data = {text, len}, .report = &quiet};
	*doc = (struct tw_document){0};
	tw_err_clear(&err);
	return parse_file(doc, &in, &arena, &err);
}

static inline struct tw_document parse(const char *rel, const char *text)
{
	struct tw_document doc;
	assert_ok(try_parse(&doc, rel, text, strlen(text)), &err);
	assert_string_equal(doc.media, "text/markdown");
	assert_true(tw_utf8_valid(doc.body.data, doc.body.len));
	return doc;
}

static inline const char *body(const struct tw_document *d)
{
	return tw_strndup(&arena, d->body.data, d->body.len);
}

static inline const char *day(int64_t ms)
{
	return tw_format_date(&arena, ms);
}

static inline void assert_body(const char *rel, const char *text, const char *expected)
{
	struct tw_document d = parse(rel, text);
	assert_string_equal(body(&d), expected);
}

/* Each of the pieces many times over: whatever comes out is UTF-8, and comes. */
static inline void assert_bears(const char *rel, const char *const *pieces)
{
	enum { BYTES = 100000 };
	for (; *pieces; pieces++) {
		struct tw_str s = TW_STR_INIT;
		struct tw_document doc;
		while (s.len < BYTES)
			tw_str_adds(&s, *pieces);
		enum tw_status st = try_parse(&doc, rel, s.data, s.len);
		if (st == TW_OK)
			assert_true(tw_utf8_valid(doc.body.data, doc.body.len));
		else
			assert_int_equal(st, TW_SKIPPED);
		tw_str_release(&s);
		tw_arena_reset(&arena);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
