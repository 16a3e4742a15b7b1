/* An ODT as a document: its text, then its notes; what it says of itself. */
#include <string.h>

#include "collect/office/odt_int.h"

static void take_meta(struct tw_document *doc, const struct dom_node *root, const char *lang,
		      struct tw_arena *a)
{
	const struct dom_node *meta = root ? dom_child(root, NULL, "meta") : NULL;
	struct tw_str words = TW_STR_INIT;
	for (const struct dom_node *n = meta ? meta->first : NULL; n; n = n->next)
		if (strcmp(n->name, "keyword") == 0)
			tw_str_addf(&words, "%s%s", words.len ? ";" : "", dom_text_folded(n, a));
	const char *author = office_child_text(meta, "initial-creator", a);
	struct office_meta m = {.title = office_child_text(meta, "title", a),
				.author = author ? author : office_child_text(meta, "creator", a),
				.description = office_child_text(meta, "description", a),
				.keywords = words.len ? tw_str_dup(&words, a) : NULL,
				.lang = office_child_text(meta, "language", a),
				.created = office_child_text(meta, "creation-date", a),
				.modified = office_child_text(meta, "date", a)};
	tw_str_release(&words);
	m.lang = m.lang ? m.lang : lang;
	office_take_meta(doc, &m, a);
}

static void write_text(struct odt *x, const struct dom_node *text)
{
	rich_begin(&x->rich, x->a);
	odt_lists_restart(x);
	odt_blocks(x, text);
	for (size_t i = 0; i < x->notes.n; i++) {
		bool begun = rich_note_begin(&x->rich, (int)i + 1);
		odt_blocks(x, x->notes.at[i]);
		rich_note_end(&x->rich, begun);
	}
	rich_close(&x->rich);
}

static void write_document(struct tw_document *doc, struct odt *x, const struct dom_node *text,
			   const struct dom_node *meta)
{
	write_text(x, text);
	if (rich_is_typed(&x->rich)) {
		rich_end(&x->rich);
		x->typed = true;
		x->title = NULL;
		x->notes.n = 0;
		write_text(x, text);
	}
	const char *lang = rich_lang(&x->rich);
	doc->body = rich_end(&x->rich);
	doc->title = x->title;
	take_meta(doc, meta, lang, x->a);
}

static enum tw_status read_parts(struct tw_document *doc, const struct dom_node *content,
				 const struct dom_node *styles, const struct dom_node *meta,
				 struct tw_arena *a, struct tw_err *err)
{
	struct odt x = {.a = a};
	const struct dom_node *body = dom_child(content, NULL, "body");
	const struct dom_node *text = body ? dom_child(body, NULL, "text") : NULL;
	if (!text)
		return tw_fail(err, TW_BAD_DATA, "no text document in it");
	x.styles.defaults = office_style_unsaid;
	odt_styles_read(&x, styles, "styles");
	odt_styles_read(&x, content, "automatic-styles");
	office_styles_settle(&x.styles);
	write_document(doc, &x, text, meta);
	office_styles_release(&x.styles);
	tw_map_release(&x.lists);
	tw_vec_release(&x.boxes);
	tw_vec_release(&x.notes);
	return TW_OK;
}

static bool is_encrypted(const struct package *p, struct tw_arena *a)
{
	struct dom d;
	if (package_xml(&d, p, "META-INF/manifest.xml", a, NULL) != TW_OK)
		return false;
	for (const struct dom_node *n = d.root; n; n = dom_next(n, d.root))
		if (strcmp(n->name, "encryption-data") == 0)
			return true;
	return false;
}

enum tw_status odt_read(struct tw_document *doc, const struct package *p, struct tw_arena *a,
			struct tw_err *err)
{
	struct dom content, styles = {0}, meta = {0};
	if (is_encrypted(p, a))
		return tw_fail(err, TW_UNSUPPORTED, "it has a password; save it without one");
	enum tw_status st = package_xml(&content, p, "content.xml", a, err);
	if (st != TW_OK)
		return st;
	if (package_xml(&styles, p, "styles.xml", a, NULL) != TW_OK)
		styles.root = NULL;
	if (package_xml(&meta, p, "meta.xml", a, NULL) != TW_OK)
		meta.root = NULL;
	return read_parts(doc, content.root, styles.root, meta.root, a, err);
}

enum tw_status odt_read_flat(struct tw_document *doc, const struct tw_bytes *xml,
			     struct tw_arena *a, struct tw_err *err)
{
	struct dom d;
	enum tw_status st = dom_parse_xml(&d, xml->data, xml->len, NULL, a, err);
	return st == TW_OK ? read_parts(doc, d.root, d.root, d.root, a, err) : st;
}
