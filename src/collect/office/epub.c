/*
 * EPUB 2 and 3 (W3C EPUB 3.3; IDPF OPF 2.0.1): the documents of the spine, one
 * after the other, without covers, tables of contents and pages of the publisher.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "collect/html/html_int.h"
#include "collect/office/office_int.h"

struct item {
	const char *part, *media, *properties;
};

struct epub {
	const struct package *package;
	const char *opf; /* its part's name */
	const struct dom_node *root;
	struct tw_map items;  /* of struct item * by id */
	struct tw_map hidden; /* parts that are no text of the book, or written already */
	struct tw_arena *a;
};

/* Kinds of pages that are no writing of the author's: of EPUB 3's epub:type and of EPUB 2's guide. */
static bool is_frame(const char *type)
{
	static const char *const types[] = {"cover",
					    "toc",
					    "landmarks",
					    "loi",
					    "lot",
					    "titlepage",
					    "title-page",
					    "halftitlepage",
					    "copyright-page",
					    "index",
					    "page-list",
					    "colophon",
					    "other.ms-coverimage-standard",
					    NULL};
	return office_is_one_of(type, types);
}

/* One of the words of an attribute. */
static bool has_word(const char *words, bool (*is)(const char *))
{
	char one[64];
	for (const char *p = words ? words : ""; *p;) {
		size_t n = strcspn(p, " \t\r\n");
		if (n && n < sizeof(one)) {
			memcpy(one, p, n);
			one[n] = '\0';
			if (is(one))
				return true;
		}
		p += n + (p[n] != '\0');
	}
	return false;
}

static bool is_nav(const char *property)
{
	return strcmp(property, "nav") == 0;
}

/* --- encryption --- */

/* Fonts that are garbled by rule are no hindrance. */
static bool is_lock(const char *algorithm)
{
	static const char *const fonts[] = {"http://www.idpf.org/2008/embedding",
					    "http://ns.adobe.com/pdf/enc#RC", NULL};
	return algorithm && !office_is_one_of(algorithm, fonts);
}

static bool is_locked(const struct package *p, struct tw_arena *a)
{
	struct dom d;
	if (package_xml(&d, p, "META-INF/encryption.xml", a, NULL) != TW_OK)
		return false;
	for (const struct dom_node *n = d.root; n; n = dom_next(n, d.root)) {
		const struct dom_node *up = n->parent;
		if (strcmp(n->name, "EncryptionMethod") == 0 && up &&
		    strcmp(up->name, "EncryptedData") == 0 && is_lock(dom_attr(n, "Algorithm")))
			return true;
	}
	return false;
}

/* --- the package --- */

static const char *find_opf(const struct package *p, struct tw_arena *a)
{
	struct dom d;
	if (package_xml(&d, p, "META-INF/container.xml", a, NULL) != TW_OK)
		return NULL;
	for (const struct dom_node *n = d.root; n; n = dom_next(n, d.root)) {
		const char *path = dom_attr(n, "full-path");
		if (strcmp(n->name, "rootfile") == 0 && path)
			return package_resolve("", path, a);
	}
	return NULL;
}

static const struct dom_node *group(const struct epub *e, const char *name)
{
	const struct dom_node *n = dom_child(e->root, NULL, name);
	return n ? n->first : NULL;
}

static void read_items(struct epub *e)
{
	for (const struct dom_node *n = group(e, "manifest"); n; n = n->next) {
		const char *id = dom_attr(n, "id"), *href = dom_attr(n, "href");
		const char *part = href ? package_resolve(e->opf, href, e->a) : NULL;
		if (!id || !part)
			continue;
		struct item *i = TW_NEW(e->a, struct item);
		*i = (struct item){part, dom_attr(n, "media-type"), dom_attr(n, "properties")};
		tw_map_set(&e->items, id, i);
	}
	for (const struct dom_node *n = group(e, "guide"); n; n = n->next) {
		const char *type = dom_attr(n, "type"), *href = dom_attr(n, "href");
		const char *part = href ? package_resolve(e->opf, href, e->a) : NULL;
		if (part && has_word(type, is_frame) && !strchr(href, '#'))
			tw_map_set_int(&e->hidden, part, 1);
	}
}

/* --- documents --- */

static const char *type_of(const struct dom_node *n)
{
	const char *type = dom_attr(n, "type");
	return type ? type : dom_attr(n, "epub:type");
}

static bool is_inner_link(const struct dom_node *n)
{
	const char *href = n->tag == TAG_A ? dom_attr(n, "href") : NULL;
	return href && !strstr(href, "://") && strncasecmp(href, "mailto:", 7) != 0;
}

/* "12", "[3]", "*", "†", an arrow back: no word, and nothing longer than a few letters. */
static bool is_sign(const struct dom_node *n)
{
	size_t len = 0;
	for (const struct dom_node *t = n; t; t = dom_next(t, n)) {
		for (size_t i = 0; t->text && i < t->len; i++) {
			unsigned char c = (unsigned char)t->text[i];
			if (isalpha(c) || (c >= 0xc3 && c <= 0xe1) || (c > 0xe2 && c != 0xef))
				return false;
		}
		len += t->text ? t->len : 0;
	}
	return len <= 8;
}

/* The mark of a note, the way back from it, the number of a printed page. */
static bool is_mark(const struct dom_node *n)
{
	static const char *const marks[] = {"noteref",	   "pagebreak",	    "backlink",
					    "doc-noteref", "doc-pagebreak", "doc-backlink",
					    NULL};
	const char *type = type_of(n), *role = dom_attr(n, "role");
	if ((type && office_is_one_of(type, marks)) || (role && office_is_one_of(role, marks)))
		return true;
	return is_inner_link(n) && n->end - n->id < 8 && is_sign(n);
}

/* Links within the book lead nowhere outside it. */
static void trim(const struct dom *d, unsigned char *drop)
{
	for (struct dom_node *n = d->root; n; n = dom_next(n, d->root)) {
		if (n->text)
			continue;
		drop[n->id] = is_mark(n);
		if (is_inner_link(n))
			n->tag = TAG_SPAN;
	}
}

/* The whole document, or the one section that it has, says what it is. */
static bool is_frame_document(const struct dom_node *body)
{
	const struct dom_node *only = NULL;
	size_t elements = 0;
	for (const struct dom_node *c = body->first; c && elements < 2; c = c->next) {
		elements += !c->text;
		only = c->text ? only : c;
	}
	return has_word(type_of(body), is_frame) ||
	       (elements == 1 && has_word(type_of(only), is_frame));
}

/* XHTML by the rules of XML, in which <a/> is closed; what is not well formed by those of HTML. */
static enum tw_status parse(struct dom *d, const struct tw_bytes *data, struct tw_arena *a)
{
	const char *used;
	if (dom_parse_xml(d, data->data, data->len, NULL, a, NULL) == TW_OK && d->well_formed &&
	    d->root->tag == TAG_HTML)
		return TW_OK;
	return html_tree(d, &used, data->data, data->len, NULL, a, NULL);
}

static void write_document(struct tw_str *out, const struct tw_bytes *data, struct tw_arena *a)
{
	struct dom d;
	struct tw_str text = TW_STR_INIT;
	const struct dom_node *body =
		parse(&d, data, a) == TW_OK ? dom_find(d.root, TAG_BODY) : NULL;
	if (body && !is_frame_document(body)) {
		unsigned char *drop = tw_alloc(a, d.n);
		trim(&d, drop);
		html_markdown(&text, body, drop, NULL, a);
	}
	if (text.len && out->len)
		tw_str_addc(out, '\n');
	tw_str_add(out, tw_str_c(&text), text.len);
	tw_str_release(&text);
}

static bool is_html(const struct item *i)
{
	return !i->media || strstr(i->media, "html") || strstr(i->media, "oeb1-document");
}

static void write_spine(struct tw_str *out, struct epub *e)
{
	struct tw_arena one;
	tw_arena_init(&one);
	for (const struct dom_node *n = group(e, "spine"); n; n = n->next) {
		const char *id = dom_attr(n, "idref");
		const struct item *i = id ? tw_map_get(&e->items, id) : NULL;
		const struct package_part *part = i ? package_find(e->package, i->part) : NULL;
		if (!part || !is_html(i) || tw_streq(dom_attr(n, "linear"), "no") ||
		    has_word(i->properties, is_nav) || tw_map_has(&e->hidden, i->part))
			continue;
		write_document(out, &part->data, &one);
		tw_map_set_int(&e->hidden, i->part, 1); /* however often it is named */
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
}

/* --- metadata --- */

/* <meta refines="#id" property="role">: of EPUB 3; opf:role="aut" of EPUB 2. */
static const char *refined(const struct epub *e, const struct dom_node *of, const char *property)
{
	const char *id = dom_attr(of, "id");
	for (const struct dom_node *n = group(e, "metadata"); id && n; n = n->next) {
		const char *refines = dom_attr(n, "refines");
		if (refines && *refines == '#' && strcmp(refines + 1, id) == 0 &&
		    tw_streq(dom_attr(n, "property"), property))
			return dom_text_folded(n, e->a);
	}
	return dom_attr(of, property);
}

static void add_listed(struct tw_str *list, const char *between, const char *word)
{
	if (*word)
		tw_str_addf(list, "%s%s", list->len ? between : "", word);
}

static const char *authors(const struct epub *e)
{
	struct tw_str all = TW_STR_INIT;
	int most = 20;
	for (const struct dom_node *n = group(e, "metadata"); n && most; n = n->next) {
		if (strcmp(n->name, "creator") != 0)
			continue;
		const char *role = refined(e, n, "role");
		most--;
		if (!role || strcmp(role, "aut") == 0)
			add_listed(&all, ", ", dom_text_folded(n, e->a));
	}
	const char *s = all.len ? tw_str_dup(&all, e->a) : NULL;
	tw_str_release(&all);
	return s;
}

static const char *subjects(const struct epub *e)
{
	struct tw_str all = TW_STR_INIT;
	for (const struct dom_node *n = group(e, "metadata"); n; n = n->next)
		if (strcmp(n->name, "subject") == 0)
			add_listed(&all, ";", dom_text_folded(n, e->a));
	const char *s = all.len ? tw_str_dup(&all, e->a) : NULL;
	tw_str_release(&all);
	return s;
}

/* <dc:date> of EPUB 2 may be one of several events; the modification of EPUB 3 is a meta. */
static const char *date(const struct epub *e, bool modified)
{
	for (const struct dom_node *n = group(e, "metadata"); n; n = n->next) {
		const char *event = dom_attr(n, "event"), *property = dom_attr(n, "property");
		bool changes =
			tw_streq(event, "modification") || tw_streq(property, "dcterms:modified");
		bool is = strcmp(n->name, "date") == 0 || changes;
		if (is && changes == modified)
			return dom_text_folded(n, e->a);
	}
	return NULL;
}

/* HTML in many. */
static const char *description(const struct epub *e, const struct dom_node *meta)
{
	const char *text = office_child_text(meta, "description", e->a);
	struct dom d;
	if (text && dom_parse_html(&d, text, strlen(text), e->a, NULL) == TW_OK)
		text = dom_text_folded(d.root, e->a);
	return text && *text ? text : NULL;
}

static void take_meta(struct tw_document *doc, const struct epub *e)
{
	const struct dom_node *meta = dom_child(e->root, NULL, "metadata");
	struct office_meta m = {.title = office_child_text(meta, "title", e->a),
				.author = authors(e),
				.description = description(e, meta),
				.keywords = subjects(e),
				.lang = office_child_text(meta, "language", e->a),
				.created = date(e, false),
				.modified = date(e, true)};
	office_take_meta(doc, &m, e->a);
}

enum tw_status epub_read(struct tw_document *doc, const struct package *p, struct tw_arena *a,
			 struct tw_err *err)
{
	struct epub e = {.package = p, .opf = find_opf(p, a), .a = a};
	struct tw_str text = TW_STR_INIT;
	struct dom d;
	if (is_locked(p, a))
		return tw_fail(err, TW_UNSUPPORTED, "the book is locked (DRM), and can't be read");
	enum tw_status st = package_xml(&d, p, e.opf, a, err);
	if (st != TW_OK)
		return st;
	e.root = d.root;
	read_items(&e);
	write_spine(&text, &e);
	doc->body = (struct tw_bytes){tw_strndup(a, tw_str_c(&text), text.len), text.len};
	take_meta(doc, &e);
	tw_str_release(&text);
	tw_map_release(&e.items);
	tw_map_release(&e.hidden);
	return TW_OK;
}
