/* Walking a parsed page, and what its tags mean. */
#include "collect/html/dom_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DOM_TAG_NAME(id, name) name,
static const char *const names[] = {DOM_TAGS(DOM_TAG_NAME)};

static int by_name(const void *key, const void *name)
{
	return strcmp(key, *(const char *const *)name);
}

enum dom_tag dom_tag_of(const char *name)
{
	const char *const *hit =
		bsearch(name, names, sizeof(names) / sizeof(names[0]), sizeof(names[0]), by_name);
	return hit ? (enum dom_tag)(TAG_OTHER + 1 + (hit - names)) : TAG_OTHER;
}

struct dom_node *dom_add(struct dom *d, struct dom_node *parent, struct tw_arena *a)
{
	struct dom_node *n = TW_NEW(a, struct dom_node);
	n->name = n->ns = "";
	n->id = d->n++;
	n->end = n->id + 1;
	n->parent = parent;
	if (!parent) {
		d->root = n;
		return n;
	}
	n->prev = parent->last;
	*(parent->last ? &parent->last->next : &parent->first) = n;
	parent->last = n;
	return n;
}

const char *dom_attr(const struct dom_node *n, const char *name)
{
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		if (*at->name == *name && strcmp(at->name, name) == 0)
			return at->value;
	return NULL;
}

bool dom_attr_has(const struct dom_node *n, const char *name, const char *word)
{
	static const char spaces[] = " \t\r\n\f";
	size_t len = strlen(word);
	for (const char *p = dom_attr(n, name); p && *p; p += strcspn(p, spaces)) {
		p += strspn(p, spaces);
		if ((*p | 0x20) == (*word | 0x20) && strncasecmp(p, word, len) == 0 &&
		    strchr(spaces, p[len]))
			return true;
	}
	return false;
}

struct dom_node *dom_skip(const struct dom_node *n, const struct dom_node *top)
{
	for (; n != top; n = n->parent)
		if (n->next)
			return n->next;
	return NULL;
}

struct dom_node *dom_next(const struct dom_node *n, const struct dom_node *top)
{
	return n->first ? n->first : dom_skip(n, top);
}

struct dom_node *dom_find(const struct dom_node *n, enum dom_tag tag)
{
	for (const struct dom_node *x = n; x; x = dom_next(x, n))
		if (x->tag == tag)
			return (struct dom_node *)(uintptr_t)x;
	return NULL;
}

struct dom_node *dom_find_class(const struct dom_node *n, const char *class)
{
	for (const struct dom_node *x = n; x; x = dom_next(x, n))
		if (dom_attr_has(x, "class", class))
			return (struct dom_node *)(uintptr_t)x;
	return NULL;
}

struct dom_node *dom_child(const struct dom_node *n, const char *ns, const char *name)
{
	for (struct dom_node *c = n ? n->first : NULL; c; c = c->next)
		if (strcmp(c->name, name) == 0 && (!ns || strcmp(c->ns, ns) == 0))
			return c;
	return NULL;
}

void dom_text(struct tw_str *out, const struct dom_node *n)
{
	for (const struct dom_node *x = n; x; x = dom_next(x, n))
		if (x->text)
			tw_str_add(out, x->text, x->len);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

char *dom_text_folded(const struct dom_node *n, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	dom_text(&s, n);
	size_t to = 0;
	for (size_t i = 0; i < s.len; i++) {
		bool hard = i + 1 < s.len && memcmp(s.data + i, "\xc2\xa0", 2) == 0; /* U+00A0 */
		bool space = hard || is_space(s.data[i]);
		i += hard;
		if (space && (to == 0 || s.data[to - 1] == ' '))
			continue;
		s.data[to++] = space ? ' ' : s.data[i];
	}
	if (to && s.data[to - 1] == ' ')
		to--;
	char *copy = tw_strndup(a, tw_str_c(&s), to);
	tw_str_release(&s);
	return copy;
}

bool dom_is_heading(enum dom_tag tag)
{
	return tag >= TAG_H1 && tag <= TAG_H6;
}

bool dom_is_block(enum dom_tag tag)
{
	switch (tag) {
	case TAG_ADDRESS:
	case TAG_ARTICLE:
	case TAG_ASIDE:
	case TAG_BLOCKQUOTE:
	case TAG_BODY:
	case TAG_CAPTION:
	case TAG_CENTER:
	case TAG_DD:
	case TAG_DETAILS:
	case TAG_DIALOG:
	case TAG_DIV:
	case TAG_DL:
	case TAG_DT:
	case TAG_FIELDSET:
	case TAG_FIGCAPTION:
	case TAG_FIGURE:
	case TAG_FOOTER:
	case TAG_FORM:
	case TAG_HEADER:
	case TAG_HR:
	case TAG_HTML:
	case TAG_LI:
	case TAG_MAIN:
	case TAG_MENU:
	case TAG_NAV:
	case TAG_OL:
	case TAG_P:
	case TAG_PRE:
	case TAG_SECTION:
	case TAG_SUMMARY:
	case TAG_TABLE:
	case TAG_TBODY:
	case TAG_TD:
	case TAG_TFOOT:
	case TAG_TH:
	case TAG_THEAD:
	case TAG_TR:
	case TAG_UL:
		return true;
	default:
		return dom_is_heading(tag);
	}
}
