/* A page in any bytes: a tree, metadata and Markdown, and the Markdown is UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/html/html_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Numbers in document order, and each subtree is a range of them. */
static void check_tree(const struct dom *d)
{
	size_t id = 0;
	for (const struct dom_node *n = d->root; n; n = dom_next(n, d->root), id++) {
		if (n->id != id || n->end <= n->id || n->end > d->n)
			abort();
		if (n->parent && (n->end > n->parent->end || (n->next && n->next->id != n->end)))
			abort();
		if (n->text && !tw_utf8_valid(n->text, n->len))
			abort();
	}
	if (id != d->n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *md = NULL;
	struct page page;
	struct tw_arena a;
	tw_arena_init(&a);
	if (extract_page(&page, (const char *)data, len, "http://example.org/a", NULL, &a, NULL) ==
		    TW_OK &&
	    !(tw_utf8_valid(page.body, strlen(page.body)) &&
	      tw_utf8_valid(page.text, strlen(page.text))))
		abort();
	struct dom d;
	if (tw_utf8_valid((const char *)data, len) &&
	    dom_parse_html(&d, (const char *)data, len, &a, NULL) == TW_OK)
		check_tree(&d);
	if (tw_utf8_valid((const char *)data, len) &&
	    fragment_markdown(&md, tw_strndup(&a, (const char *)data, len), len, NULL, &a, NULL) ==
		    TW_OK &&
	    !tw_utf8_valid(md, strlen(md)))
		abort();
	tw_arena_release(&a);
	return 0;
}
