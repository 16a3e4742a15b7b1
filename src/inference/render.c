#include "inference/render.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

static void add_plain(struct tw_str *out, const char *s, size_t len)
{
	tw_text_plain(out, s, len, "");
}

void tw_render_text(struct tw_str *out, const char *text, size_t len)
{
	tw_text_plain(out, text, len, "\n\t");
}

static void add_plain_str(struct tw_str *out, const char *s)
{
	if (s)
		add_plain(out, s, strlen(s));
}

static const char *color(FILE *f, const char *name)
{
	return f ? tw_color(f, name) : "";
}

static const char *first(const char *a, const char *b)
{
	return a && a[0] ? a : b ? b : "";
}

static void add_title(struct tw_str *out, int n, const char *title, const char *heading,
		      const char *date, FILE *f)
{
	tw_str_addf(out, "%s[%d]%s ", color(f, "bold"), n, color(f, "reset"));
	add_plain_str(out, title);
	if (heading && heading[0] && !tw_streq(heading, title)) {
		tw_str_adds(out, ": ");
		add_plain_str(out, heading);
	}
	if (date && date[0])
		tw_str_addf(out, ", %s", date);
}

static void add_place(struct tw_str *out, const char *place, FILE *f)
{
	tw_str_addf(out, "    %s", color(f, "dim"));
	add_plain_str(out, place);
	tw_str_addf(out, "%s\n", color(f, "reset"));
}

void tw_render_sources(struct tw_str *out, const struct tw_answer_source *s, size_t n, FILE *f)
{
	for (size_t i = 0; i < n; i++) {
		add_title(out, s[i].n, first(s[i].title, s[i].key), s[i].heading, s[i].date, f);
		tw_str_adds(out, s[i].cited ? " *\n" : "\n");
		add_place(out, first(s[i].url, s[i].key), f);
	}
}

void tw_render_passages(struct tw_str *out, const struct tw_passages *p, size_t width, FILE *f)
{
	struct tw_arena a;
	tw_arena_init(&a);
	for (size_t i = 0; i < p->n; i++) {
		const struct tw_passage *x = &p->at[i];
		add_title(out, (int)i + 1, first(x->title, x->key), x->heading,
			  tw_format_date(&a, x->created_ms), f);
		tw_str_addf(out, "  %.4f", x->score);
		if (x->cosine > -1)
			tw_str_addf(out, "  cosine %.3f", x->cosine);
		if (x->bm25 > 0)
			tw_str_addf(out, "  bm25 %.2f", x->bm25);
		tw_str_addc(out, '\n');
		add_place(out, first(x->url, x->key), f);
		size_t len = strlen(x->text),
		       cut = len > width ? tw_utf8_floor(x->text, width) : len;
		tw_str_adds(out, "    ");
		add_plain(out, x->text, cut);
		tw_str_adds(out, cut < len ? " …\n" : "\n");
	}
	tw_arena_release(&a);
}

void tw_passages_json(struct tw_json_writer *w, const char *key, const struct tw_passages *p)
{
	struct tw_arena a;
	tw_arena_init(&a);
	tw_jw_array(w, key);
	for (size_t i = 0; i < p->n; i++) {
		const struct tw_passage *x = &p->at[i];
		tw_jw_object(w, NULL);
		tw_jw_int(w, "n", (int64_t)i + 1);
		tw_jw_str(w, "title", first(x->title, x->key));
		tw_jw_str(w, "heading", first(x->heading, ""));
		tw_jw_str(w, "date", tw_format_date(&a, x->created_ms));
		tw_jw_str(w, "url", x->url);
		tw_jw_str(w, "key", x->key);
		tw_jw_str(w, "source", x->source);
		tw_jw_str(w, "doc", x->doc);
		tw_jw_str(w, "row_id", x->row_id);
		tw_jw_real(w, "score", x->score);
		if (x->cosine > -1)
			tw_jw_real(w, "cosine", x->cosine);
		else
			tw_jw_null(w, "cosine");
		tw_jw_real(w, "bm25", x->bm25);
		tw_jw_str(w, "text", x->text);
		tw_jw_end(w);
	}
	tw_jw_end(w);
	tw_arena_release(&a);
}
