/*
 * View "checks": expectations about the other views, one row each, of the whole
 * view (document ""). A row that is not ok stops `twin run`: tw_checks_passed().
 * Thresholds are options, set so that an ordinary blog passes. A share whose
 * threshold is not zero tolerates one document: three posts are no statistics.
 */
#include <string.h>

#include "base/map.h"
#include "feature/checks_int.h"
#include "feature/feature.h"
#include "feature/materialize.h"

#define SHARE(name) TW_OPT_REAL, offsetof(struct checks, name)

static const struct tw_opt opts[] = {
	{"max_empty", SHARE(max_empty), .def = "0.2", .max = 1, .help = "documents without text"},
	{"max_short", SHARE(max_short), .def = "0.8", .max = 1,
	 .help = "documents with fewer words than min_words"},
	{"min_words", TW_OPT_INT, offsetof(struct checks, min_words), .def = "10", .min = 1,
	 .max = 10000, .help = "words from which a document is not short"},
	{"max_other_language", SHARE(max_other_language), .def = "0.6", .max = 1,
	 .help = "documents in another language than most"},
	{"max_removed", SHARE(max_removed), .def = "0.7", .max = 1,
	 .help = "characters that cleaning took away, on average"},
	{"max_duplicates", SHARE(max_duplicates), .def = "0.6", .max = 1,
	 .help = "documents that repeat another"},
	{"max_over_budget", SHARE(max_over_budget), .def = "0.01", .max = 1,
	 .help = "chunks longer than their budget"},
	{"max_not_verbatim", SHARE(max_not_verbatim), .def = "0", .max = 1,
	 .help = "answers that are not the author's own text"},
	{"max_leaks", SHARE(max_leaks), .def = "0", .max = 1,
	 .help = "pairs whose question holds the answer, or of a duplicate"},
	{"max_without_chunks", SHARE(max_without_chunks), .def = "0.1", .max = 1,
	 .help = "documents with text, but no chunk"},
	{"max_secrets", SHARE(max_secrets), .def = "0.5", .max = 1,
	 .help = "documents in which keys, passwords or cards were replaced"},
	{"max_filtered_questions", SHARE(max_filtered_questions), .def = "1", .max = 1,
	 .help = "questions of the LLM that are no use"},
	{0},
};

static const struct tw_field schema[] = {
	{"name", TW_FIELD_TEXT, 0, "of the expectation; its option is max_NAME"},
	{"value", TW_FIELD_REAL, 0, "as measured"},
	{"threshold", TW_FIELD_REAL, 0, "the most that it may be"},
	{"ok", TW_FIELD_INT, 0, "1 when it holds"},
	{"detail", TW_FIELD_TEXT, 0, "what was counted, and the first documents"},
	{0},
};

static const char *const inputs[] = {"clean",  "scrub",	    "duplicates", "chunks",
				     "labels", "questions", NULL};

/* How much of what is wrong there is in each document; NULL data where none is. */
typedef int64_t (*count_fn)(const struct check_doc *x, const void *ctx);

struct finding {
	const char *name, *what;
	int64_t bad, all;
	double threshold;
	struct tw_str docs; /* ids of the first */
	int64_t n_docs;
};

static void count(struct finding *f, const struct check_data *d, count_fn fn, const void *ctx)
{
	for (size_t i = 0; i < d->docs.n; i++) {
		int64_t n = fn(d->docs.at[i], ctx);
		if (!n)
			continue;
		f->bad += n;
		if (f->n_docs++ < CHECK_EXAMPLES)
			tw_str_addf(&f->docs, "%s%s", f->docs.len ? ", " : "", d->docs.at[i]->id);
	}
}

static void add_row(struct tw_rows *out, const char *name, double value, double threshold, bool ok,
		    const char *detail)
{
	struct tw_row *r = tw_rows_add(out, "");
	tw_row_set_str(out, r, "name", name);
	tw_row_set_real(out, r, "value", value);
	tw_row_set_real(out, r, "threshold", threshold);
	tw_row_set_int(out, r, "ok", ok);
	tw_row_set_str(out, r, "detail", detail);
}

/* A share of things of documents; releases f. */
static void add_share(struct tw_rows *out, struct finding *f)
{
	double share = f->all ? (double)f->bad / (double)f->all : 0;
	bool ok = share <= f->threshold || (f->threshold > 0 && f->bad <= 1);
	const char *more = f->n_docs > CHECK_EXAMPLES ? ", …" : "";
	const char *detail = tw_sprintf(out->arena, "%lld of %lld %s%s%s%s", (long long)f->bad,
					(long long)f->all, f->what, f->docs.len ? ": " : "",
					tw_str_c(&f->docs), more);
	add_row(out, f->name, share, f->threshold, ok, detail);
	tw_str_release(&f->docs);
}

static int64_t is_empty(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return !x->has_text;
}

static int64_t is_short(const struct check_doc *x, const void *ctx)
{
	return x->has_text && x->words < *(const int64_t *)ctx;
}

static int64_t is_other_language(const struct check_doc *x, const void *ctx)
{
	return x->lang[0] && strncmp(x->lang, ctx, 2) != 0;
}

static int64_t is_duplicate(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return !x->canonical;
}

static int64_t over_budget(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return x->over_budget;
}

static int64_t not_verbatim(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return x->not_verbatim;
}

static int64_t leaks(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return x->leaks;
}

static int64_t without_chunks(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return x->canonical && x->has_text && !x->chunks;
}

static int64_t has_secrets(const struct check_doc *x, const void *ctx)
{
	(void)ctx;
	return x->secrets > 0;
}

/* Of most documents; the smallest tag when two are as frequent. */
static const char *main_language(const struct check_data *d)
{
	struct tw_map seen = TW_MAP_INIT;
	const char *best = "";
	int64_t most = 0;
	for (size_t i = 0; i < d->docs.n; i++) {
		const char *lang = d->docs.at[i]->lang;
		if (lang[0])
			tw_map_at(&seen, lang, strnlen(lang, 2))->v.i++;
	}
	for (size_t i = 0; i < d->docs.n; i++) {
		const char *lang = d->docs.at[i]->lang;
		struct tw_map_slot *slot = tw_map_find(&seen, lang, strnlen(lang, 2));
		if (!slot || slot->v.i < most ||
		    (slot->v.i == most && best[0] && strncmp(lang, best, 2) >= 0))
			continue;
		most = slot->v.i;
		best = lang;
	}
	tw_map_release(&seen);
	return best;
}

static double mean_removed(const struct check_data *d)
{
	double sum = 0;
	for (size_t i = 0; i < d->docs.n; i++)
		sum += d->docs.at[i]->removed;
	return d->docs.n ? sum / (double)d->docs.n : 0;
}

static int64_t all_pairs(const struct check_data *d)
{
	int64_t n = 0;
	for (size_t i = 0; i < d->docs.n; i++)
		n += d->docs.at[i]->pairs;
	return n;
}

static void add_checks(struct tw_rows *out, const struct checks *o, const struct check_data *d)
{
	const char *lang = main_language(d);
	int64_t docs = (int64_t)d->docs.n, pairs = all_pairs(d);
	const struct {
		const char *name, *what;
		double threshold;
		int64_t all;
		count_fn fn;
		const void *ctx;
	} shares[] = {
		{"empty", "documents have no text", o->max_empty, docs, is_empty, NULL},
		{"short", "documents are short", o->max_short, docs, is_short, &o->min_words},
		{"other_language", "documents are in another language than most",
		 o->max_other_language, docs, is_other_language, lang},
		{"duplicates", "documents repeat another", o->max_duplicates, docs, is_duplicate,
		 NULL},
		{"over_budget", "chunks are longer than their budget", o->max_over_budget,
		 d->chunks, over_budget, NULL},
		{"not_verbatim", "answers are not the author's text", o->max_not_verbatim, pairs,
		 not_verbatim, NULL},
		{"leaks", "pairs hold the answer in the question, or are of a duplicate",
		 o->max_leaks, pairs, leaks, NULL},
		{"without_chunks", "documents have text, but no chunk", o->max_without_chunks, docs,
		 without_chunks, NULL},
		{"secrets", "documents had secrets, which were replaced", o->max_secrets, docs,
		 has_secrets, NULL},
	};
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct finding f = {.name = shares[i].name,
				    .what = shares[i].what,
				    .all = shares[i].all,
				    .threshold = shares[i].threshold};
		count(&f, d, shares[i].fn, shares[i].ctx);
		add_share(out, &f);
	}
	double removed = mean_removed(d);
	add_row(out, "removed", removed, o->max_removed, removed <= o->max_removed,
		"share of the characters that cleaning took away, on average");
	struct finding f = {.name = "filtered_questions",
			    .what = "questions of the LLM are no use",
			    .bad = d->filtered,
			    .all = d->questions,
			    .threshold = o->max_filtered_questions};
	add_share(out, &f);
}

static enum tw_status apply_all(struct tw_rows *out, void *ctx, struct tw_row_reader *const *in,
				struct tw_arena *a, struct tw_err *err)
{
	struct check_data d = {.a = a};
	enum tw_status st = tw_checks_read(&d, in, err);
	if (st == TW_OK)
		add_checks(out, ctx, &d);
	tw_checks_release(&d);
	return st;
}

enum tw_status tw_checks_passed(struct tw_feature_store *fs, const char *view_digest,
				struct tw_err *err)
{
	struct tw_arena a;
	struct tw_rows rows;
	struct tw_str failed = TW_STR_INIT;
	tw_arena_init(&a);
	enum tw_status st = tw_fs_rows(&rows, fs, view_digest, "", &a, err);
	for (size_t i = 0; st == TW_OK && i < rows.n; i++) {
		const struct tw_row *r = &rows.at[i];
		if (tw_row_int(&rows, r, "ok"))
			continue;
		const char *name = tw_row_cstr(&rows, r, "name");
		tw_str_addf(&failed,
			    "\n  %s: %.3g, at most %.3g allowed (%s); to allow more, set "
			    "features.checks.max_%s",
			    name, tw_row_real(&rows, r, "value"),
			    tw_row_real(&rows, r, "threshold"), tw_row_cstr(&rows, r, "detail"),
			    name);
	}
	if (st == TW_OK && failed.len)
		st = tw_fail(err, TW_BLOCKED, "the data is not what it should be:%s",
			     tw_str_c(&failed));
	tw_str_release(&failed);
	tw_arena_release(&a);
	return st;
}

const struct tw_transform_type tw_transform_checks = {
	.name = "checks",
	.help = "expectations about the other views; one that fails stops the run",
	.code_version = 1,
	.inputs = inputs,
	.schema = schema,
	.opts = opts,
	.ctx_size = sizeof(struct checks),
	.apply_all = apply_all,
};
