/*
 * The one file that knows libxml2. Never XML_PARSE_NOENT (it reads local
 * files), always NONET, never HUGE: depth stays at 256, a text below 10 MB.
 */
#include "collect/html/dom_int.h"

#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#define MAX_NODES 2000000

static void init_libxml2(void)
{
	xmlInitParser();
}

static void init_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_libxml2);
}

struct builder {
	struct tw_arena *a;
	struct dom *d;
};

static const char *copy(struct builder *b, const xmlChar *s)
{
	return s ? tw_strdup(b->a, (const char *)s) : "";
}

static void add_attrs(struct dom_node *n, const xmlNode *x, struct builder *b)
{
	struct dom_attr **last = &n->attrs;
	for (const xmlAttr *p = x->properties; p; p = p->next) {
		struct dom_attr *at = TW_NEW(b->a, struct dom_attr);
		xmlChar *value = xmlNodeListGetString(x->doc, p->children, 1);
		at->name = copy(b, p->name);
		at->value = copy(b, value);
		xmlFree(value);
		*last = at;
		last = &at->next;
	}
}

static struct dom_node *add_element(struct dom_node *parent, const xmlNode *x, struct builder *b)
{
	struct dom_node *n = dom_add(b->d, parent, b->a);
	n->name = copy(b, x->name);
	if (x->ns && x->ns->href)
		n->ns = copy(b, x->ns->href);
	bool html = strcmp(n->ns, "http://www.w3.org/1999/xhtml") == 0;
	n->tag = html ? dom_tag_of(n->name) : TAG_OTHER;
	add_attrs(n, x, b);
	return n;
}

static void add_text(struct dom_node *parent, const xmlChar *s, struct builder *b)
{
	if (!s || !*s)
		return;
	struct dom_node *n = dom_add(b->d, parent, b->a);
	n->tag = TAG_TEXT;
	n->len = strlen((const char *)s);
	n->text = tw_strndup(b->a, (const char *)s, n->len);
}

static const xmlNode *visit(struct dom_node **at, const xmlNode *x, struct builder *b)
{
	switch (x->type) {
	case XML_ELEMENT_NODE:
		*at = add_element(*at, x, b);
		if (x->children)
			return x->children;
		*at = (*at)->parent;
		return NULL;
	case XML_TEXT_NODE:
	case XML_CDATA_SECTION_NODE:
		add_text(*at, x->content, b);
		return NULL;
	default: /* references to the document's own entities too: never followed */
		return NULL;
	}
}

/* Preorder without recursion: the input chooses the depth. */
static void build(const xmlNode *root, struct builder *b)
{
	struct dom_node *at = add_element(NULL, root, b);
	const xmlNode *x = root->children;
	while (x && b->d->n < MAX_NODES) {
		const xmlNode *down = visit(&at, x, b);
		if (down) {
			x = down;
			continue;
		}
		while (x && x != root && !x->next) {
			x = x->parent;
			at->end = b->d->n;
			if (x != root)
				at = at->parent;
		}
		x = x == root ? NULL : x->next;
	}
	for (; at; at = at->parent)
		at->end = b->d->n;
}

static enum tw_status convert(struct dom *out, xmlDoc *doc, struct tw_arena *a, struct tw_err *err)
{
	struct builder b = {a, out};
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (!root)
		return tw_fail(err, TW_BAD_DATA, "no XML in it");
	*out = (struct dom){0};
	build(root, &b);
	return TW_OK;
}

int dom_entity(const char *name, size_t len)
{
	char copy[16];
	if (!len || len >= sizeof(copy))
		return 0;
	memcpy(copy, name, len);
	copy[len] = '\0';
	const htmlEntityDesc *e = htmlEntityLookup((const xmlChar *)copy);
	return e ? (int)e->value : 0;
}

/* Feeds use HTML's names ("&nbsp;") though XML does not know them: these become numbers. */
static void add_numbered(struct tw_str *out, const char *xml, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t n = 0;
		if (xml[i] == '&')
			while (i + 1 + n < len && n < 16 && isalnum((unsigned char)xml[i + 1 + n]))
				n++;
		int c = n && i + 1 + n < len && xml[i + 1 + n] == ';' ? dom_entity(xml + i + 1, n)
								      : 0;
		if (c > '>') { /* what XML knows itself (&amp; &lt; &gt; &quot;) lies below */
			tw_str_addf(out, "&#%d;", c);
			i += n + 1;
		} else {
			tw_str_addc(out, xml[i]);
		}
	}
}

enum tw_status dom_parse_xml(struct dom *out, const char *xml, size_t len, const char *charset,
			     struct tw_arena *a, struct tw_err *err)
{
	init_once();
	if (len > INT_MAX / 2)
		return tw_fail(err, TW_BAD_DATA, "%zu bytes of XML are too many", len);
	const int options = XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT;
	struct tw_str numbered = TW_STR_INIT;
	if (!memmem(xml, len, "<!ENTITY", 8))
		add_numbered(&numbered, xml, len);
	else
		tw_str_add(&numbered, xml, len);
	xmlDoc *doc = xmlReadMemory(tw_str_c(&numbered), (int)numbered.len, NULL, charset, options);
	enum tw_status st = convert(out, doc, a, err);
	xmlFreeDoc(doc);
	tw_str_release(&numbered);
	return st;
}
