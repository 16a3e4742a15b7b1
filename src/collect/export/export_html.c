/* Exports that are HTML, and text in encodings that nobody named. */
#include <string.h>

#include "base/text.h"
#include "collect/html/dom_int.h"
#include "collect/export/export_int.h"
#include "collect/html/html_int.h"

unsigned char *export_with_class(const struct dom *d, const char *const *classes,
				 struct tw_arena *a)
{
	unsigned char *has = classes ? tw_alloc(a, d->n) : NULL;
	for (const struct dom_node *n = d->root; has && n; n = dom_next(n, d->root))
		for (const char *const *class = classes; *class; class ++)
			has[n->id] |= dom_attr_has(n, "class", *class);
	return has;
}

const char *export_markdown(const char *html, const char *const *without, const char *url,
			    struct tw_arena *a)
{
	struct dom d;
	struct tw_str md = TW_STR_INIT;
	if (!html || dom_parse_html(&d, html, strlen(html), a, NULL) != TW_OK)
		return "";
	html_markdown(&md, d.root, export_with_class(&d, without, a), url, a);
	const char *text = tw_str_dup(&md, a);
	tw_str_release(&md);
	return text;
}

static void add_mixed(struct tw_str *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		while (n <= 4 && i + n <= len && !tw_utf8_valid(s + i, n))
			n++;
		if (n <= 4 && i + n <= len)
			tw_str_add(out, s + i, n);
		else if (tw_text_decode(out, s + i, n = 1, "windows-1252", NULL) != TW_OK)
			tw_str_adds(out, "\xef\xbf\xbd");
		i += n;
	}
}

void export_mend(struct tw_str *s)
{
	struct tw_str whole = TW_STR_INIT;
	if (tw_utf8_valid(tw_str_c(s), s->len))
		return;
	add_mixed(&whole, s->data, s->len);
	tw_str_release(s);
	*s = whole;
}
