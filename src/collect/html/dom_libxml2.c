/*
 * The one file that knows libxml2. Never XML_PARSE_NOENT (it reads local
 * files), always NONET, never HUGE: depth stays at 256. The tree is built as
 * the parser goes. What the document declares is passed over, so nothing can
 * multiply: an entity of its own is a space, an attribute by default none.
 */
#include "collect/html/dom_int.h"

#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "base/text.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#define MAX_ATTRS    512 /* of one element: libxml2 compares each with all others */
#define MAX_DECLARED 16	 /* attributes: they, too, are compared with each other in every element */
#define KNOWN_NAMES  256

static void init_libxml2(void)
{
	xmlInitParser();
}

static void init_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, init_libxml2);
}

struct known {
	const xmlChar *name;
	const char *copy;
};

struct builder {
	struct tw_arena *a;
	struct dom *d;
	xmlParserCtxt *parser;
	struct dom_node *at; /* the element that is open; NULL: none */
	struct tw_str text;  /* of it, since its last child */
	struct known names[KNOWN_NAMES];
	xmlEntity own; /* what stands for any entity that XML itself has not */
	int declared;
};

/* Of what is not well formed, bytes come through that are no UTF-8. */
static const char *copy(struct builder *b, const xmlChar *s, size_t len)
{
	struct tw_str mended = TW_STR_INIT;
	const char *text;
	if (!len)
		return "";
	if (b->parser->wellFormed || tw_utf8_repair(&mended, (const char *)s, len))
		text = tw_strndup(b->a, (const char *)s, len);
	else
		text = tw_str_dup(&mended, b->a);
	tw_str_release(&mended);
	return text;
}

/* The parser holds each name once, so its address tells them apart. */
static const char *copy_name(struct builder *b, const xmlChar *s)
{
	struct known *k = &b->names[((uintptr_t)s >> 3) % KNOWN_NAMES];
	if (!s)
		return "";
	if (k->name != s)
		*k = (struct known){s, copy(b, s, strlen((const char *)s))};
	return k->copy;
}

/* The parser leaves "&" as "&#38;", and nothing else. */
static const char *copy_value(struct builder *b, const xmlChar *s, size_t len)
{
	char *value = (char *)(uintptr_t)copy(b, s, len), *to = value;
	if (!strchr(value, '&'))
		return value;
	for (const char *p = value; *p; p += tw_starts_with(p, "&#38;") ? 5 : 1)
		*to++ = *p;
	*to = '\0';
	return value;
}

static void add_text(struct builder *b)
{
	if (!b->text.len)
		return;
	struct dom_node *n = dom_add(b->d, b->at, b->a);
	n->tag = TAG_TEXT;
	n->text = copy(b, (const xmlChar *)b->text.data, b->text.len);
	n->len = strlen(n->text);
	tw_str_clear(&b->text);
}

static void on_text(void *ctx, const xmlChar *s, int len)
{
	struct builder *b = ctx;
	if (b->at)
		tw_str_add(&b->text, (const char *)s, (size_t)len);
}

/* `attrs` are `n` times its name, prefix, namespace, value and the end of that; those by default are the last. */
static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *ns,
		     int n_ns, const xmlChar **declared, int n, int by_default,
		     const xmlChar **attrs)
{
	struct builder *b = ctx;
	(void)prefix, (void)n_ns, (void)declared;
	if (!b->at && b->d->root)
		return;
	add_text(b);
	b->at = dom_add(b->d, b->at, b->a);
	b->at->name = copy_name(b, name);
	b->at->ns = copy_name(b, ns);
	bool html = strcmp(b->at->ns, "http://www.w3.org/1999/xhtml") == 0;
	b->at->tag = html ? dom_tag_of(b->at->name) : TAG_OTHER;
	struct dom_attr **last = &b->at->attrs;
	for (int i = 0; i < n - by_default; i++) {
		const xmlChar **p = attrs + 5 * (ptrdiff_t)i;
		struct dom_attr *at = TW_NEW(b->a, struct dom_attr);
		at->name = copy_name(b, p[0]);
		at->value = copy_value(b, p[3], (size_t)(p[4] - p[3]));
		*last = at;
		last = &at->next;
	}
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *ns)
{
	struct builder *b = ctx;
	(void)name, (void)prefix, (void)ns;
	if (!b->at)
		return;
	add_text(b);
	b->at->end = b->d->n;
	b->at = b->at->parent;
}

static xmlEntity *on_entity(void *ctx, const xmlChar *name)
{
	struct builder *b = ctx;
	(void)name;
	return &b->own;
}

static void on_declared(void *ctx, const xmlChar *element, const xmlChar *name, int type,
			int by_default, const xmlChar *value, xmlEnumeration *values)
{
	struct builder *b = ctx;
	(void)element, (void)name, (void)type, (void)by_default, (void)value;
	xmlFreeEnumeration(values);
	if (++b->declared > MAX_DECLARED)
		xmlStopParser(b->parser);
}

static enum tw_status build(struct dom *out, const char *xml, size_t len, const char *charset,
			    struct tw_arena *a, struct tw_err *err)
{
	const int options = XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_NONET | XML_PARSE_NOCDATA;
	struct builder b = {.a = a, .d = out, .parser = xmlNewParserCtxt()};
	xmlChar space[] = " ";
	b.own = (xmlEntity){.type = XML_ENTITY_DECL,
			    .name = space,
			    .etype = XML_INTERNAL_PREDEFINED_ENTITY,
			    .content = space,
			    .orig = space, /* or the parser puts its own here, which nobody frees */
			    .length = 1};
	*out = (struct dom){0};
	if (!b.parser)
		return tw_fail(err, TW_NO_MEMORY, "no memory for reading XML");
	*b.parser->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
					 .startElementNs = on_start,
					 .endElementNs = on_end,
					 .characters = on_text,
					 .ignorableWhitespace = on_text,
					 .getEntity = on_entity,
					 .attributeDecl = on_declared};
	b.parser->userData = &b;
	xmlFreeDoc(xmlCtxtReadMemory(b.parser, xml, (int)len, NULL, charset, options));
	while (b.at)
		on_end(&b, NULL, NULL, NULL);
	out->well_formed = b.parser->wellFormed;
	xmlFreeParserCtxt(b.parser);
	tw_str_release(&b.text);
	return out->root ? TW_OK : tw_fail(err, TW_BAD_DATA, "no XML in it");
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

/* The length of the name of a character at "&": HTML's, that XML does not know itself. *c is the character. */
static size_t html_name(int *c, const char *s, size_t len)
{
	size_t n = 0;
	while (n + 1 < len && n < 16 && isalnum((unsigned char)s[n + 1]))
		n++;
	*c = n && n + 1 < len && s[n + 1] == ';' ? dom_entity(s + 1, n) : 0;
	return *c > '>' ? n : 0; /* &amp; &lt; &gt; &quot; lie below */
}

/* Feeds use HTML's names ("&nbsp;") though XML does not know them: these become numbers. False: there are none. */
static bool add_numbered(struct tw_str *out, const char *xml, size_t len)
{
	const char *from = xml, *end = xml + len;
	int c;
	for (const char *p = xml; (p = memchr(p, '&', (size_t)(end - p)));) {
		size_t n = html_name(&c, p, (size_t)(end - p));
		if (n) {
			tw_str_add(out, from, (size_t)(p - from));
			tw_str_addf(out, "&#%d;", c);
			from = p + n + 2;
		}
		p += n ? n + 2 : 1;
	}
	if (from > xml)
		tw_str_add(out, from, (size_t)(end - from));
	return from > xml;
}

size_t dom_xml_cost(const char *xml, size_t len)
{
	size_t cost = 0, attrs = 0;
	bool in_tag = false;
	for (size_t i = 0; i < len && attrs <= MAX_ATTRS; i++) {
		if (xml[i] == '<' || xml[i] == '>') {
			in_tag = xml[i] == '<';
			attrs = 0;
			cost += in_tag;
		} else if (xml[i] == '=' && in_tag) {
			attrs++;
			cost++;
		}
	}
	return attrs > MAX_ATTRS ? SIZE_MAX : cost;
}

enum tw_status dom_parse_xml(struct dom *out, const char *xml, size_t len, const char *charset,
			     struct tw_arena *a, struct tw_err *err)
{
	struct tw_str numbered = TW_STR_INIT;
	init_once();
	if (len > INT_MAX / 2)
		return tw_fail(err, TW_BAD_DATA, "%zu bytes of XML are too many", len);
	if (dom_xml_cost(xml, len) > DOM_XML_MOST)
		return tw_fail(err, TW_BAD_DATA, "XML with too many elements or attributes");
	if (add_numbered(&numbered, xml, len)) {
		xml = numbered.data;
		len = numbered.len;
	}
	enum tw_status st = build(out, xml, len, charset, a, err);
	tw_str_release(&numbered);
	return st;
}
