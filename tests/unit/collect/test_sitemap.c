/* Sitemaps, by the protocol of sitemaps.org. */
#include "collect_test.h"
#include "arena_test.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/time.h"
#include "collect/site/sitemap_int.h"

static struct sitemap parse(const char *text)
{
	struct sitemap m;
	assert_ok(sitemap_read(&m, text, strlen(text), &arena, &err), &err);
	return m;
}

static struct sitemap refused(const char *text)
{
	struct sitemap m;
	tw_err_clear(&err);
	assert_int_equal(sitemap_read(&m, text, strlen(text), &arena, &err), TW_BAD_DATA);
	return m;
}

/* What gzip makes of it. */
static struct tw_bytes packed(const char *data, size_t len)
{
	size_t used = 0, room = len + 4096;
	char *out = tw_alloc(&arena, room);
	struct archive *ar = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	archive_write_add_filter_gzip(ar);
	archive_write_set_format_raw(ar);
	archive_write_set_bytes_in_last_block(ar, 1);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "x");
	assert_int_equal(archive_write_open_memory(ar, out, room, &used), ARCHIVE_OK);
	assert_int_equal(archive_write_header(ar, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(ar, data, len), len);
	assert_int_equal(archive_write_close(ar), ARCHIVE_OK);
	archive_write_free(ar);
	archive_entry_free(entry);
	return (struct tw_bytes){out, used};
}

static const char two[] =
	"<?xml version='1.0' encoding='UTF-8'?>\n<!-- <url><loc>no</loc></url> -->\n"
	"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
	"xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>\n"
	"<url><loc>\n https://example.org/old?a=1&amp;b=2 \n</loc><lastmod>2020-01-02</lastmod>"
	"<image:image><image:loc>https://example.org/x.png</image:loc></image:image></url>"
	"<url><loc><![CDATA[https://example.org/new?a=1&b=2]]></loc>"
	"<lastmod>2024-05-06T07:08:09+00:00</lastmod><priority>0.5</priority></url>"
	"<url><lastmod>2024-01-01</lastmod></url></urlset>";

static void pages_are_read_the_newest_first(void **state)
{
	(void)state;
	struct sitemap m = parse(two);
	assert_false(m.is_index);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.entries[0].loc, "https://example.org/new?a=1&b=2");
	assert_string_equal(tw_format_date(&arena, m.entries[0].lastmod_ms), "2024-05-06");
	assert_string_equal(m.entries[1].loc, "https://example.org/old?a=1&b=2");
	assert_string_equal(tw_format_date(&arena, m.entries[1].lastmod_ms), "2020-01-02");
}

static void an_index_names_sitemaps(void **state)
{
	(void)state;
	struct sitemap m =
		parse("<s:sitemapindex xmlns:s='http://www.sitemaps.org/schemas/sitemap/0.9'>"
		      "<s:sitemap><s:loc>/a.xml.gz</s:loc></s:sitemap>"
		      "<s:sitemap><s:loc>/b.xml</s:loc></s:sitemap></s:sitemapindex>");
	assert_true(m.is_index);
	assert_int_equal(m.n, 2);
	assert_string_equal(m.entries[0].loc, "/a.xml.gz");
	assert_string_equal(m.entries[1].loc, "/b.xml");
}

static void a_text_with_an_address_a_line_is_one(void **state)
{
	(void)state;
	struct sitemap m =
		parse("\xef\xbb\xbfhttps://example.org/a\r\n\n https://example.org/b\n# no");
	assert_int_equal(m.n, 2);
	assert_string_equal(m.entries[0].loc, "https://example.org/a");
	assert_string_equal(m.entries[1].loc, "https://example.org/b");
}

static void what_is_packed_is_unpacked(void **state)
{
	(void)state;
	struct sitemap m;
	struct tw_bytes z = packed(two, strlen(two));
	assert_true(is_gzip(z.data, z.len));
	assert_ok(sitemap_read(&m, z.data, z.len, &arena, &err), &err);
	assert_int_equal(m.n, 2);
	assert_int_equal(sitemap_read(&m, z.data, z.len / 2, &arena, &err), TW_BAD_DATA);
	assert_contains(err.msg, "gzip");
}

static void a_bomb_is_refused(void **state)
{
	(void)state;
	struct sitemap m;
	size_t len = (size_t)SITEMAP_MAX_BYTES + 1000;
	char *zeros = tw_alloc(&arena, len);
	memset(zeros, ' ', len);
	struct tw_bytes z = packed(zeros, len);
	assert_true(z.len < 200000);
	assert_int_equal(sitemap_read(&m, z.data, z.len, &arena, &err), TW_BAD_DATA);
	assert_contains(err.msg, "larger than");
}

static void no_more_are_taken_than_the_protocol_allows(void **state)
{
	(void)state;
	struct tw_str s = TW_STR_INIT;
	tw_str_adds(&s, "<urlset>");
	for (int i = 0; i < SITEMAP_MAX_ENTRIES + 10; i++)
		tw_str_addf(&s, "<url><loc>https://example.org/%d</loc></url>", i);
	struct sitemap m = parse(s.data);
	assert_int_equal(m.n, SITEMAP_MAX_ENTRIES);
	assert_true(m.cut);
	tw_str_clear(&s);
	for (int i = 0; i < SITEMAP_MAX_ENTRIES; i++)
		tw_str_addf(&s, "https://example.org/%d\n", i);
	m = parse(s.data);
	assert_true(m.n == SITEMAP_MAX_ENTRIES && !m.cut);
	tw_str_adds(&s, "https://example.org/x\n");
	m = parse(s.data);
	assert_true(m.n == SITEMAP_MAX_ENTRIES && m.cut);
	tw_str_release(&s);
}

static void what_ends_in_the_middle_is_an_error(void **state)
{
	static const char *const texts[] = {
		"<urlset><url><loc>https://e.org/a</loc></url><url><loc>https://e.o",
		"<urlset><url><loc>https://e.org/a",
		"<urlset><url><loc>https://e.org/a</loc></url><!-- x",
		"<urlset><url><loc>https://e.org/a</loc></url></urls",
		"<sitemapindex>",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(refused(texts[i]).cut);
		assert_contains(err.msg, "ends in the middle");
	}
	assert_int_equal(parse("<urlset><url><loc a='>'>https://e.org/a</loc></url></urlset>").n,
			 1);
	assert_int_equal(parse("<urlset></urlset></url></url>").n, 0);
	assert_int_equal(parse("<urlset/>").n, 0);
}

static void an_ampersand_alone_is_itself(void **state)
{
	(void)state;
	struct sitemap m = parse("<urlset><url><loc>https://e.org/?a&b=0123456789;&#x000026;&amp;"
				 "&</loc></url></urlset>");
	assert_string_equal(m.entries[0].loc, "https://e.org/?a&b=0123456789;&&&");
}

static void what_is_no_sitemap_is_an_error(void **state)
{
	static const char *const texts[] = {"",
					    "Not found",
					    "<html><body>https://e.org/</body></html>",
					    "<url><loc>https://e.org/</loc></url>",
					    "<",
					    "{}"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)refused(texts[i]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pages_are_read_the_newest_first),
		T(an_index_names_sitemaps),
		T(a_text_with_an_address_a_line_is_one),
		T(what_is_packed_is_unpacked),
		T(a_bomb_is_refused),
		T(no_more_are_taken_than_the_protocol_allows),
		T(what_ends_in_the_middle_is_an_error),
		T(an_ampersand_alone_is_itself),
		T(what_is_no_sitemap_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
