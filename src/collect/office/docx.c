/* A DOCX as a document: its main part, then its notes; what it says of itself. */
#include <string.h>

#include "collect/office/docx_text_int.h"

static void take_core(struct tw_document *doc, const struct package *p, const char *lang,
		      struct tw_arena *a)
{
	struct dom d = {0};
	const char *part = docx_related(p, "", "/core-properties", a);
	if (!part || package_xml(&d, p, part, a, NULL) != TW_OK)
		d.root = NULL;
	struct office_meta m = {.title = office_child_text(d.root, "title", a),
				.author = office_child_text(d.root, "creator", a),
				.description = office_child_text(d.root, "description", a),
				.keywords = office_child_text(d.root, "keywords", a),
				.lang = office_child_text(d.root, "language", a),
				.created = office_child_text(d.root, "created", a),
				.modified = office_child_text(d.root, "modified", a)};
	m.lang = m.lang ? m.lang : lang;
	office_take_meta(doc, &m, a);
}

static bool is_deleted(const struct dom_node *n)
{
	return strcmp(n->name, "del") == 0 || strcmp(n->name, "moveFrom") == 0;
}

static bool fields_balance(const struct dom_node *root)
{
	int64_t open = 0;
	for (const struct dom_node *n = root; n;) {
		const char *type =
			strcmp(n->name, "fldChar") == 0 ? dom_attr(n, "fldCharType") : NULL;
		open += tw_streq(type, "begin") - tw_streq(type, "end");
		n = is_deleted(n) ? dom_skip(n, root) : dom_next(n, root);
	}
	return open == 0;
}

/* <w:footnote w:id="2"> of footnotes.xml. */
static void add_notes(struct docx *x, const char *main, const char *kind)
{
	struct tw_map by_id = TW_MAP_INIT;
	struct dom d;
	const char *part = docx_related(x->package, main, tw_sprintf(x->a, "/%ss", kind), x->a);
	if (!part || package_xml(&d, x->package, part, x->a, NULL) != TW_OK)
		return;
	for (const struct dom_node *n = d.root->first; n; n = n->next)
		if (strcmp(n->name, kind) == 0 && dom_attr(n, "id"))
			tw_map_set(&by_id, dom_attr(n, "id"), (void *)(uintptr_t)n);
	docx_links_release(&x->links);
	docx_links_read(&x->links, x->package, part, x->a);
	for (size_t i = 0; i < x->notes.n; i++) {
		const struct docx_note *note = &x->notes.at[i];
		const struct dom_node *n =
			strcmp(note->kind, kind) == 0 ? tw_map_get(&by_id, note->id) : NULL;
		if (!n)
			continue;
		bool begun = rich_note_begin(&x->rich, (int)i + 1);
		docx_blocks(x, n);
		rich_note_end(&x->rich, begun);
	}
	tw_map_release(&by_id);
}

static void write_text(struct docx *x, const char *main, const struct dom_node *body)
{
	docx_numbering_read(&x->numbering, x->package,
			    docx_related(x->package, main, "/numbering", x->a), &x->styles, x->a);
	docx_links_read(&x->links, x->package, main, x->a);
	rich_begin(&x->rich, x->a);
	docx_blocks(x, body);
	rich_close(&x->rich);
	x->n_fields = 0;
	if (x->notes.n) {
		add_notes(x, main, "footnote");
		add_notes(x, main, "endnote");
	}
	docx_links_release(&x->links);
	docx_numbering_release(&x->numbering);
	tw_map_release(&x->note_numbers);
	tw_vec_release(&x->notes);
	tw_vec_release(&x->boxes);
}

enum tw_status docx_read(struct tw_document *doc, const struct package *p, struct tw_arena *a,
			 struct tw_err *err)
{
	struct docx x = {.package = p, .a = a};
	struct dom d;
	const char *main = docx_related(p, "", "/officeDocument", a);
	enum tw_status st = package_xml(&d, p, main ? main : "word/document.xml", a, err);
	const struct dom_node *body = st == TW_OK ? dom_child(d.root, NULL, "body") : NULL;
	if (st != TW_OK || !body)
		return tw_fail(err, TW_BAD_DATA, "no document of Word in it");
	main = main ? main : "word/document.xml";
	docx_styles_read(&x.styles, p, docx_related(p, main, "/styles", a), a);
	x.balanced = fields_balance(body);
	write_text(&x, main, body);
	if (rich_is_typed(&x.rich)) {
		rich_end(&x.rich);
		x = (struct docx){.package = p,
				  .a = a,
				  .typed = true,
				  .styles = x.styles,
				  .balanced = x.balanced};
		write_text(&x, main, body);
	}
	const char *lang = rich_lang(&x.rich);
	doc->body = rich_end(&x.rich);
	doc->title = x.title;
	office_styles_release(&x.styles);
	take_core(doc, p, lang, a);
	return TW_OK;
}
