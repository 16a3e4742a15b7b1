/* What a crawler meets, in any bytes: a sitemap, links of a page, robots' words, an address and a Retry-After. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "collect/site/crawl_int.h"
#include "collect/site/polite_int.h"
#include "collect/site/sitemap_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_url(const char *text, struct tw_arena *a)
{
	const char *url = url_normal(text, a);
	if (url && !tw_streq(url_normal(url, a), url))
		abort();
}

static void check_page(const char *text, size_t len, struct tw_arena *a)
{
	struct crawl_links links = {0};
	struct crawl_scope scope = {0};
	struct dom d;
	crawl_scope_of(&scope, "https://example.org/a/", a);
	if (dom_parse_html(&d, text, len, a, NULL) == TW_OK)
		crawl_links_read(&links, &d, "https://example.org/a/b", &scope, a);
	for (size_t i = 0; i < links.urls.n; i++)
		if (strncmp(links.urls.at[i], "https://example.org/a/", 22) != 0)
			abort();
	tw_vec_release(&links.urls);
	struct page page = {.body = text};
	(void)crawl_is_writing(&page, false, "https://example.org/a/b");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sitemap map;
	struct robots_words words = {0};
	struct tw_arena a;
	tw_arena_init(&a);
	const char *text = tw_strndup(&a, (const char *)data, len);
	if (sitemap_read(&map, text, len, &a, NULL) == TW_OK && map.n > SITEMAP_MAX_ENTRIES)
		abort();
	robots_words_add(&words, text, POLITE_AGENT);
	if (!isfinite(retry_after_s(text)))
		abort();
	check_url(text, &a);
	check_page(text, strlen(text), &a);
	tw_arena_release(&a);
	return 0;
}
