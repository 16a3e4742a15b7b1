/* Runs of letters: formatting, links, fields, marks of notes. */
#include <string.h>

#include "collect/office/docx_text_int.h"

const struct dom_node *docx_choice(const struct dom_node *alternates)
{
	const struct dom_node *choice = dom_child(alternates, NULL, "Choice");
	return choice ? choice : dom_child(alternates, NULL, "Fallback");
}

/* --- fields --- */

static bool is_hidden(const struct docx *x)
{
	for (int i = 0; i < x->n_fields && i < DOCX_MAX_FIELDS; i++)
		if (!x->fields[i].result || (x->fields[i].unshown && x->balanced))
			return true;
	return false;
}

/* The address of HYPERLINK "https://…" \o "tip". */
static const char *link_of(const char *program, struct tw_arena *a)
{
	const char *p = strstr(program, "HYPERLINK");
	p = p ? p + 9 + strspn(p + 9, " ") : "";
	return *p == '"' ? tw_strndup(a, p + 1, strcspn(p + 1, "\"")) : NULL;
}

static void judge_field(struct docx_field *f, struct tw_arena *a)
{
	const char *p = f->program + strspn(f->program, " ");
	f->result = true;
	f->unshown = strncmp(p, "TOC", 3) == 0 || strncmp(p, "INDEX", 5) == 0 ||
		     strncmp(p, "TOA", 3) == 0;
	f->link = link_of(f->program, a);
}

static void field_char(struct docx *x, const char *type)
{
	struct docx_field *top =
		x->n_fields && x->n_fields <= DOCX_MAX_FIELDS ? &x->fields[x->n_fields - 1] : NULL;
	if (tw_streq(type, "begin")) {
		if (x->n_fields++ < DOCX_MAX_FIELDS)
			x->fields[x->n_fields - 1] = (struct docx_field){0};
	} else if (tw_streq(type, "separate") && top) {
		judge_field(top, x->a);
	} else if (tw_streq(type, "end") && x->n_fields) {
		x->n_fields--;
	}
}

static void program_text(struct docx *x, const struct dom_node *n)
{
	struct docx_field *f =
		x->n_fields && x->n_fields <= DOCX_MAX_FIELDS ? &x->fields[x->n_fields - 1] : NULL;
	for (const struct dom_node *t = n->first; f && t; t = t->next) {
		size_t room = sizeof(f->program) - 1 - f->n, len = t->text ? t->len : 0;
		len = len < room ? len : room;
		memcpy(f->program + f->n, t->text ? t->text : "", len);
		f->n += len;
	}
}

void docx_end_programs(struct docx *x)
{
	while (x->n_fields && (x->n_fields > DOCX_MAX_FIELDS || !x->fields[x->n_fields - 1].result))
		x->n_fields--;
}

static const char *link_now(const struct docx *x)
{
	const char *link = x->link;
	for (int i = 0; i < x->n_fields && i < DOCX_MAX_FIELDS; i++)
		link = x->fields[i].link ? x->fields[i].link : link;
	return link;
}

/* --- runs --- */

static struct rich_format format_of(const struct docx *x, const struct office_style *s)
{
	struct rich_format f = office_format(s, &x->paragraph, &x->styles, x->typed);
	f.link = link_now(x);
	return f;
}

static void add_note(struct docx *x, const char *kind, const struct dom_node *n)
{
	const char *id = dom_attr(n, "id");
	if (!id || strlen(id) > 20)
		return;
	const char *key = tw_sprintf(x->a, "%s:%s", kind, id);
	int64_t number = tw_map_get_int(&x->note_numbers, key, 0);
	if (!number) {
		struct docx_note note = {kind, id};
		tw_vec_push(&x->notes, note);
		number = (int64_t)x->notes.n;
		tw_map_set_int(&x->note_numbers, key, number);
	}
	rich_note(&x->rich, (int)number);
}

static void add_text(struct docx *x, const struct dom_node *n, const struct rich_format *f)
{
	for (const struct dom_node *t = n->first; t; t = t->next)
		if (t->text)
			rich_text(&x->rich, t->text, t->len, f);
}

/* Pictures and shapes are no text, but boxes of it are; they stand behind the paragraph. */
static void find_boxes(struct docx *x, const struct dom_node *top)
{
	for (const struct dom_node *n = top; n;) {
		bool box = strcmp(n->name, "txbxContent") == 0;
		bool either = strcmp(n->name, "AlternateContent") == 0;
		if (box)
			tw_vec_push(&x->boxes, n);
		else if (either && docx_choice(n))
			find_boxes(x, docx_choice(n));
		n = box || either ? dom_skip(n, top) : dom_next(n, top);
	}
}

static void run_children(struct docx *x, const struct dom_node *run, const struct rich_format *f);

static void run_child(struct docx *x, const struct dom_node *c, const struct rich_format *f)
{
	const char *type;
	if (strcmp(c->name, "t") == 0) {
		add_text(x, c, f);
	} else if (strcmp(c->name, "tab") == 0 || strcmp(c->name, "ptab") == 0) {
		rich_text(&x->rich, "\t", 1, f);
	} else if (strcmp(c->name, "br") == 0 || strcmp(c->name, "cr") == 0) {
		type = dom_attr(c, "type");
		if (!type || strcmp(type, "textWrapping") == 0)
			rich_break(&x->rich);
	} else if (strcmp(c->name, "noBreakHyphen") == 0) {
		rich_text(&x->rich, "-", 1, f);
	} else if (strcmp(c->name, "footnoteReference") == 0) {
		add_note(x, "footnote", c);
	} else if (strcmp(c->name, "endnoteReference") == 0) {
		add_note(x, "endnote", c);
	} else if (strcmp(c->name, "ruby") == 0) {
		const struct dom_node *base = dom_child(c, NULL, "rubyBase");
		if (base)
			docx_runs(x, base);
	}
}

static void run_children(struct docx *x, const struct dom_node *run, const struct rich_format *f)
{
	for (const struct dom_node *c = run->first; c; c = c->next) {
		if (strcmp(c->name, "fldChar") == 0)
			field_char(x, dom_attr(c, "fldCharType"));
		else if (strcmp(c->name, "instrText") == 0)
			program_text(x, c);
		else if (strcmp(c->name, "drawing") == 0 || strcmp(c->name, "pict") == 0 ||
			 strcmp(c->name, "object") == 0)
			find_boxes(x, c);
		else if (strcmp(c->name, "AlternateContent") == 0 && docx_choice(c))
			run_children(x, docx_choice(c), f);
		else if (!is_hidden(x))
			run_child(x, c, f);
	}
}

static void run(struct docx *x, const struct dom_node *n)
{
	struct office_style s = office_style_unsaid;
	docx_run_properties(&s, dom_child(n, NULL, "rPr"), &x->styles);
	if (s.hidden == 1 || (s.hidden < 0 && x->paragraph.hidden == 1))
		return;
	struct rich_format f = format_of(x, &s);
	run_children(x, n, &f);
}

static void hyperlink(struct docx *x, const struct dom_node *n)
{
	const char *before = x->link, *id = dom_attr(n, "id");
	if (id)
		x->link = tw_map_get(&x->links.by_id, id);
	docx_runs(x, n);
	x->link = before;
}

/* A formula as the letters in it. */
static void formula(struct docx *x, const struct dom_node *n)
{
	const struct rich_format plain = {0};
	for (const struct dom_node *t = n; t; t = dom_next(t, n))
		if (strcmp(t->name, "t") == 0)
			add_text(x, t, &plain);
}

static bool is_around_runs(const char *name)
{
	static const char *const names[] = {"ins",	  "moveTo",   "smartTag", "customXml",
					    "sdtContent", "dir",      "bdo",	  "fldSimple",
					    "Choice",	  "Fallback", NULL};
	for (const char *const *p = names; *p; p++)
		if (strcmp(name, *p) == 0)
			return true;
	return false;
}

/* What is not named here is no text, or is deleted: del, moveFrom. */
void docx_runs(struct docx *x, const struct dom_node *n)
{
	for (const struct dom_node *c = n->first; c; c = c->next) {
		const struct dom_node *inner = NULL;
		if (strcmp(c->name, "r") == 0)
			run(x, c);
		else if (strcmp(c->name, "hyperlink") == 0)
			hyperlink(x, c);
		else if (strcmp(c->name, "oMath") == 0 || strcmp(c->name, "oMathPara") == 0)
			formula(x, c);
		else if (strcmp(c->name, "sdt") == 0)
			inner = dom_child(c, NULL, "sdtContent");
		else if (strcmp(c->name, "AlternateContent") == 0)
			inner = docx_choice(c);
		else if (is_around_runs(c->name))
			inner = c;
		if (inner)
			docx_runs(x, inner);
	}
}
