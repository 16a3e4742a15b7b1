#include "inference/passages.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "core/document_store.h"

/* Overlaps of chunks are sentences: neither single letters nor pages. */
#define OVERLAP_MIN 8
#define OVERLAP_MAX 2048

struct doc {
	const char *id;
	struct tw_rows rows;
	struct tw_document about;
	int64_t passages;
};

/* A passage in the making: rows [first, last] of its document, by ord. */
struct draft {
	struct doc *doc;
	const struct tw_fused *hit; /* the best of them */
	int first, last;
};

struct maker {
	const struct tw_retrieve_env *env;
	struct tw_arena *a;
	struct tw_err *err;
	TW_VEC(struct doc *) docs;
	TW_VEC(struct draft) drafts;
};

size_t tw_overlap(const char *left, const char *right)
{
	size_t nl = strlen(left), nr = strlen(right);
	size_t n = nl < nr ? nl : nr;
	for (n = n > OVERLAP_MAX ? OVERLAP_MAX : n; n >= OVERLAP_MIN; n--)
		if (memcmp(left + nl - n, right, n) == 0)
			return n;
	return 0;
}

/* Other versions of the view may lack a field. */
static const char *text_of(const struct tw_rows *rows, const struct tw_row *r, const char *field)
{
	int i = tw_schema_index(rows->schema, field);
	if (i < 0 || rows->schema[i].type != TW_FIELD_TEXT)
		return "";
	return tw_row_cstr(rows, r, field);
}

static const struct tw_row *row_at(const struct doc *d, int ord)
{
	for (size_t i = 0; i < d->rows.n; i++)
		if (d->rows.at[i].ord == ord)
			return &d->rows.at[i];
	return NULL;
}

/* *out stays NULL when the document is gone. */
static enum tw_status doc_of(struct doc **out, struct maker *m, const char *id)
{
	for (size_t i = 0; i < m->docs.n; i++)
		if (strcmp(m->docs.at[i]->id, id) == 0) {
			*out = m->docs.at[i];
			return TW_OK;
		}
	struct doc *d = TW_NEW(m->a, struct doc);
	d->id = id;
	enum tw_status st = tw_fs_document(&d->about, m->env->fs, id, 0, m->a, m->err);
	if (st == TW_NOT_FOUND || (st == TW_OK && d->about.deleted)) {
		tw_err_clear(m->err);
		return TW_OK;
	}
	if (st == TW_OK)
		st = tw_fs_rows(&d->rows, m->env->fs, m->env->chunks, id, m->a, m->err);
	if (st != TW_OK)
		return st;
	tw_vec_push(&m->docs, d);
	*out = d;
	return TW_OK;
}

static char *joined_text(const struct maker *m, const struct doc *d, int first, int last)
{
	struct tw_str s = TW_STR_INIT;
	for (int ord = first; ord <= last; ord++) {
		const struct tw_row *r = row_at(d, ord);
		if (!r)
			continue;
		const char *t = text_of(&d->rows, r, "text");
		size_t skip = s.len ? tw_overlap(tw_str_c(&s), t) : 0;
		if (s.len && skip == 0)
			tw_str_adds(&s, "\n\n");
		tw_str_adds(&s, t + skip);
	}
	char *out = tw_str_dup(&s, m->a);
	tw_str_release(&s);
	return out;
}

static bool fits(const struct maker *m, const struct doc *d, int first, int last)
{
	const char *text = joined_text(m, d, first, last);
	return m->env->count(m->env->embed_ctx, text, strlen(text)) <= m->env->options->max_tokens;
}

/* True when the row went into a passage that is there already. */
static bool join(struct maker *m, struct doc *d, int ord)
{
	for (size_t i = 0; i < m->drafts.n; i++) {
		struct draft *x = &m->drafts.at[i];
		if (x->doc != d)
			continue;
		if (ord >= x->first && ord <= x->last)
			return true;
		if (ord == x->first - 1 && fits(m, d, ord, x->last)) {
			x->first = ord;
			return true;
		}
		if (ord == x->last + 1 && fits(m, d, x->first, ord)) {
			x->last = ord;
			return true;
		}
	}
	return false;
}

/* A row between two passages of its document makes one of them, in the place of the better. */
static void merge_touching(struct maker *m, struct doc *d)
{
	for (size_t i = 0; i < m->drafts.n; i++)
		for (size_t j = i + 1; j < m->drafts.n; j++) {
			struct draft *x = &m->drafts.at[i], *y = &m->drafts.at[j];
			bool touch = x->last + 1 == y->first || y->last + 1 == x->first;
			int first = x->first < y->first ? x->first : y->first;
			int last = x->last > y->last ? x->last : y->last;
			if (x->doc != d || y->doc != d || !touch || !fits(m, d, first, last))
				continue;
			x->first = first;
			x->last = last;
			d->passages--;
			m->drafts.n--;
			memmove(y, y + 1, (m->drafts.n - j) * sizeof(*y));
			return;
		}
}

static enum tw_status add(struct maker *m, const struct tw_fused *hit, size_t k)
{
	struct doc *d = NULL;
	enum tw_status st = doc_of(&d, m, hit->doc);
	if (st != TW_OK || !d || !row_at(d, hit->ord))
		return st;
	if (join(m, d, hit->ord)) {
		merge_touching(m, d);
		return TW_OK;
	}
	if (m->drafts.n == k || d->passages == m->env->options->per_document)
		return TW_OK;
	d->passages++;
	const struct draft x = {d, hit, hit->ord, hit->ord};
	tw_vec_push(&m->drafts, x);
	return TW_OK;
}

static const char *either(const char *a, const char *b)
{
	return a && a[0] ? a : b ? b : "";
}

/* The chunk's heading is "Title > Section > Sub": what stands behind the title. */
static const char *section(const char *heading, const char *title)
{
	static const char sep[] = " > ";
	size_t n = strlen(title);
	if (n == 0 || strncmp(heading, title, n) != 0)
		return heading;
	if (strncmp(heading + n, sep, strlen(sep)) == 0)
		return heading + n + strlen(sep);
	return heading[n] ? heading : "";
}

static void finish(struct tw_passage *out, const struct maker *m, const struct draft *x)
{
	const struct tw_document *about = &x->doc->about;
	const struct tw_row *r = row_at(x->doc, x->hit->ord);
	const char *title = text_of(&x->doc->rows, r, "title");
	*out = (struct tw_passage){
		.doc = x->doc->id,
		.row_id = r->id,
		.title = either(title, either(about->title, about->key)),
		.heading = section(text_of(&x->doc->rows, r, "heading"), title),
		.text = joined_text(m, x->doc, x->first, x->last),
		.url = either(text_of(&x->doc->rows, r, "url"), about->url),
		.key = about->key,
		.source = about->source,
		.created_ms = about->created_ms,
		.score = x->hit->score,
		.cosine = x->hit->cosine,
		.bm25 = x->hit->bm25,
	};
}

enum tw_status tw_passages_make(struct tw_passages *out, const struct tw_retrieve_env *env,
				const struct tw_fusion *f, size_t k, struct tw_arena *a,
				struct tw_err *err)
{
	struct maker m = {.env = env, .a = a, .err = err};
	enum tw_status st = TW_OK;
	for (size_t i = 0; st == TW_OK && i < f->n; i++)
		st = add(&m, &f->at[i], k);
	if (st == TW_OK) {
		struct tw_passage *p = TW_NEW_ARRAY(a, m.drafts.n + 1, struct tw_passage);
		for (size_t i = 0; i < m.drafts.n; i++)
			finish(&p[i], &m, &m.drafts.at[i]);
		*out = (struct tw_passages){p, m.drafts.n};
	}
	tw_vec_release(&m.docs);
	tw_vec_release(&m.drafts);
	return st;
}
