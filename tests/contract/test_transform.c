/*
 * What core/transform.h promises, asked of every transform in app/plugins.c.
 * To add one: a line in app/plugins.c is enough; its inputs are computed by the
 * transforms before it, from documents that are ordinary, odd and hostile.
 */
#include <ctype.h>

#include "test.h"

#include "app/plugins.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/str.h"
#include "base/text.h"
#include "core/embedder.h"
#include "core/llm.h"
#include "core/transform.h"
#include "llm/llm_backends.h"
#include "llm/model_import.h"
#include "support/echo_models.h"
#include "support/tiny_gguf.h"

struct world {
	struct tw_arena a;
	struct tw_llm *llm;
	struct tw_embedder *embedder;
	struct tw_transform_env env;
	struct tw_err err;
};
static struct world world;

static int set_up(void **state)
{
	static const struct tw_llm_options none;
	(void)state;
	tw_arena_init(&world.a);
	if (tw_llm_open(&world.llm, echo_llms, "echo:", &none, &world.err) != TW_OK ||
	    tw_embedder_open(&world.embedder, echo_embedders, "echo:1", &none, &world.err) != TW_OK)
		return -1;
	world.env = (struct tw_transform_env){world.llm, world.embedder};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tw_llm_close(world.llm);
	tw_embedder_close(world.embedder);
	tw_arena_release(&world.a);
	return 0;
}

/* --- a chain of all views, in memory --- */

#define MAX_VIEWS 32

struct chain {
	struct tw_rows documents, views[MAX_VIEWS]; /* in the order of tw_transforms */
};

/* Rows of one document. */
static struct tw_rows part(const struct tw_rows *all, const char *doc)
{
	struct tw_rows rows = *all;
	size_t from = 0, n = 0;
	while (from < all->n && strcmp(all->at[from].doc, doc) != 0)
		from++;
	while (from + n < all->n && strcmp(all->at[from + n].doc, doc) == 0)
		n++;
	rows.at = all->at + (n ? from : 0);
	rows.n = rows.cap = n;
	return rows;
}

struct list_reader {
	struct tw_row_reader r;
	const struct tw_rows *rows;
	size_t at;
};

static enum tw_status next_document(struct tw_row_reader *r, struct tw_rows *out,
				    struct tw_arena *a, struct tw_err *err)
{
	struct list_reader *l = (struct list_reader *)r;
	(void)a;
	(void)err;
	if (l->at == l->rows->n)
		return TW_DONE;
	*out = part(l->rows, l->rows->at[l->at].doc);
	l->at += out->n;
	return TW_OK;
}

static const struct tw_rows *view_named(const struct chain *c, const char *name)
{
	if (strcmp(name, TW_DOCUMENTS_VIEW) == 0)
		return &c->documents;
	for (size_t i = 0; tw_transforms[i]; i++)
		if (strcmp(tw_transforms[i]->name, name) == 0)
			return &c->views[i];
	fail_msg("no transform makes the input %s", name);
	return NULL;
}

/* Every optional view is computed for all documents. */
static struct tw_transform *new_transform(const struct tw_transform_type *type)
{
	struct tw_transform *t;
	struct tw_json *params = NULL;
	if (type->flags & TW_OPTIONAL)
		assert_ok(tw_json_parse(&params, "{\"share\": 1}", 12, &world.a, &world.err),
			  &world.err);
	assert_ok(tw_transform_new(&t, type, params, "test", ".", &world.env, &world.err),
		  &world.err);
	return t;
}

static struct tw_rows apply_one(struct tw_transform *t, const struct chain *c, const char *doc,
				struct tw_arena *a)
{
	const struct tw_transform_type *type = tw_transform_type(t);
	struct tw_rows in[TW_TRANSFORM_MAX_INPUTS], out;
	struct tw_err err = TW_ERR_INIT;
	for (size_t i = 0; type->inputs[i]; i++)
		in[i] = part(view_named(c, type->inputs[i]), doc);
	assert_ok(tw_transform_apply(&out, t, doc, in, a, &err), &err);
	return out;
}

static struct tw_rows apply_whole(struct tw_transform *t, const struct chain *c, struct tw_arena *a)
{
	const struct tw_transform_type *type = tw_transform_type(t);
	struct list_reader readers[TW_TRANSFORM_MAX_INPUTS];
	struct tw_row_reader *in[TW_TRANSFORM_MAX_INPUTS];
	struct tw_err err = TW_ERR_INIT;
	struct tw_rows out;
	for (size_t i = 0; type->inputs[i]; i++) {
		readers[i] =
			(struct list_reader){{next_document}, view_named(c, type->inputs[i]), 0};
		in[i] = &readers[i].r;
	}
	assert_ok(tw_transform_apply_all(&out, t, in, a, &err), &err);
	return out;
}

static void append(struct tw_rows *to, const struct tw_rows *from)
{
	size_t fields = (size_t)tw_schema_count(from->schema);
	for (size_t i = 0; i < from->n; i++) {
		struct tw_row *r = tw_rows_add(to, from->at[i].doc);
		memcpy(r->cells, from->at[i].cells, fields * sizeof(*r->cells));
	}
}

static void check_rows(const struct tw_transform_type *type, const struct tw_rows *rows,
		       const char *doc)
{
	int ord = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct tw_row *r = &rows->at[i];
		if (doc)
			assert_string_equal(r->doc, doc);
		ord = i && strcmp(r->doc, r[-1].doc) == 0 ? ord + 1 : 0;
		assert_int_equal(r->ord, ord);
		for (int f = 0; type->schema[f].name; f++) {
			const struct tw_cell *cell = &r->cells[f];
			if (type->schema[f].type == TW_FIELD_TEXT && cell->text.len)
				assert_true(tw_utf8_valid(cell->text.data, cell->text.len));
			if (type->schema[f].type == TW_FIELD_VECTOR)
				assert_int_equal(cell->dim, tw_embedder_info(world.embedder)->dim);
		}
	}
}

static struct tw_rows compute(const struct tw_transform_type *type, const struct chain *c,
			      struct tw_arena *a)
{
	struct tw_transform *t = new_transform(type);
	struct tw_rows all;
	tw_rows_init(&all, type->schema, a);
	if (type->apply_all) {
		all = apply_whole(t, c, a);
		check_rows(type, &all, NULL);
	}
	for (size_t i = 0; type->apply && i < c->documents.n; i++) {
		const char *doc = c->documents.at[i].doc;
		const struct tw_rows one = apply_one(t, c, doc, a);
		check_rows(type, &one, doc);
		append(&all, &one);
	}
	tw_transform_free(t);
	return all;
}

static void compute_all(struct chain *c, struct tw_arena *a)
{
	for (size_t i = 0; tw_transforms[i]; i++) {
		assert_true(i < MAX_VIEWS);
		c->views[i] = compute(tw_transforms[i], c, a);
	}
}

/* --- documents --- */

static void add_document(struct chain *c, const char *title, const char *media, const char *body,
			 size_t len)
{
	struct tw_rows *rows = &c->documents;
	struct tw_row *r = tw_rows_add(rows, tw_sprintf(rows->arena, "doc%04zu", rows->n));
	tw_row_set_str(rows, r, "title", title);
	tw_row_set_str(rows, r, "media", media);
	tw_row_set_int(rows, r, "created_ms", (int64_t)rows->n);
	tw_row_set_text(rows, r, "body", body, len);
}

static const char post[] =
	"I true a wheel with my ears before I do it with my eyes, since a spoke that is loose sounds "
	"flat, and anybody can hear that.\n\n## Tools\n\nA *spoke key*, chalk, and mail to "
	"wheels@ropewalk.scot; call +49 30 1234567.\n\n```sh\nmake wheel\n```\n\n- one\n- two\n\nIt's "
	"well-known that patience helps more than money does, and I've never had much of either of them.\n";

static void start(struct chain *c, struct tw_arena *a)
{
	*c = (struct chain){0};
	tw_rows_init(&c->documents, tw_documents_schema, a);
}

static void add_ordinary(struct chain *c)
{
	add_document(c, "Truing a wheel by ear", "text/markdown", post, strlen(post));
	add_document(c, "Truing a wheel by ear", "text/markdown", post, strlen(post));
	add_document(c, "", "text/plain", post, strlen(post));
	add_document(c, "In parts", "text/mdx", post, strlen(post) / 2);
	add_document(c, "Kurz", "text/markdown", "Das ist nicht auf Englisch, und sehr kurz.", 42);
}

static void repeat(struct tw_str *s, const char *piece, size_t len)
{
	tw_str_clear(s);
	while (s->len < len)
		tw_str_adds(s, piece);
}

/* Text that is valid UTF-8 and nothing else. */
static void garbage(struct tw_str *s, uint64_t seed, size_t len)
{
	tw_str_clear(s);
	while (s->len < len) {
		uint64_t x = tw_random_u64(&seed);
		if (x % 4 == 0)
			tw_str_addf(s, "%c%c", (char)(0xC3 + x / 8 % 20),
				    (char)(0x80 + x / 256 % 64));
		else if (x % 4 == 1)
			tw_str_addf(s, "\xF0\x9F%c%c", (char)(0x80 + x / 8 % 64),
				    (char)(0x80 + x / 512 % 64));
		else
			tw_str_addc(s, (char)(1 + x / 8 % 126));
	}
}

static const char *const nested[] = {
	"> ",
	">",
	"- ",
	"1. ",
	"[",
	"![",
	"(",
	"*a ",
	"**",
	"_a",
	"`",
	"# a\n",
	"###### a\n> ",
	"<div>",
	"<blockquote>\n",
	"<a><b>",
	"{",
	"|",
	"    ",
	"\t",
	"* - + ",
	"```\n",
	"~~~~ x\n",
	"[a]: b\n",
	"[^1]: ",
	"&lt;",
	"\\",
	"a\n===\n",
	"a\n\n\n",
	"- a\n  - b\n    - c\n",
	"a@",
	"key=",
	"1 ",
	"http://",
	"\xF0\x9F\x91\xA9\xE2\x80\x8D",
	"\"'",
	"Dr. A. ",
	"a.b.c. ",
	"?!",
	"-----BEGIN PRIVATE KEY-----",
};

static void add_hostile(struct chain *c)
{
	static const char *const medias[] = {"text/markdown", "text/mdx", "text/plain"};
	struct tw_str s = TW_STR_INIT;
	for (size_t m = 0; m < 3; m++) {
		add_document(c, "", medias[m], "", 0);
		add_document(c, " ", medias[m], " \n\t\n  \n", 7);
		for (uint64_t seed = 0; seed < 4; seed++) {
			garbage(&s, seed, 5000);
			add_document(c, m ? "Some garbage" : s.data, medias[m], s.data, s.len);
		}
	}
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
		repeat(&s, nested[i], 20000);
		add_document(c, "Deeply nested", medias[i % 2], s.data, s.len);
	}
	tw_str_release(&s);
}

/* A megabyte of each; those that take longest when something is not linear. */
static void add_large(struct chain *c)
{
	static const char *const pieces[] = {post, "x",	      "word ", "# Heading words here\n",
					     "\n", "> - `a` "};
	struct tw_str s = TW_STR_INIT;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		repeat(&s, pieces[i], 1 << 20);
		add_document(c, i ? "A title" : "", "text/markdown", s.data, s.len);
	}
	/* A heading that never ends stands in the path of all the headings below it. */
	repeat(&s, "word ", 1 << 19);
	add_document(c, s.data, "text/plain", post, strlen(post));
	const char *heading = tw_strdup(c->documents.arena, s.data);
	tw_str_clear(&s);
	tw_str_addf(&s, "# %s\n", heading);
	while (s.len < 1 << 20)
		tw_str_adds(&s, "## Two\n\nwords\n");
	add_document(c, "", "text/markdown", s.data, s.len);
	tw_str_release(&s);
}

/* --- promises --- */

static void each_says_what_it_is(void **state)
{
	struct tw_map names = TW_MAP_INIT;
	(void)state;
	assert_non_null(tw_transforms[0]);
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		assert_false(tw_map_has(&names, t->name));
		tw_map_set_int(&names, t->name, 1);
		for (const char *p = t->name; *p; p++)
			assert_true(islower((unsigned char)*p) || *p == '_');
		assert_true(t->help && t->help[0] && !tw_ends_with(t->help, "."));
		assert_true(t->code_version >= 1);
		assert_true(!t->apply != !t->apply_all);
		assert_non_null(t->inputs[0]);
		size_t inputs = 0;
		for (; t->inputs[inputs]; inputs++)
			assert_true(strcmp(t->inputs[inputs], TW_DOCUMENTS_VIEW) == 0 ||
				    tw_map_has(&names, t->inputs[inputs]));
		assert_true(inputs <= TW_TRANSFORM_MAX_INPUTS);
		assert_true(tw_schema_count(t->schema) >= 1);
		for (const struct tw_field *f = t->schema; f->name; f++) {
			assert_true(f->help && f->help[0]);
			assert_int_equal(tw_schema_index(t->schema, f->name), (int)(f - t->schema));
			assert_true(f->search_weight == 0 || f->type == TW_FIELD_TEXT);
		}
		const struct tw_transform_type *found;
		assert_ok(tw_transform_find(&found, tw_transforms, t->name, &world.err),
			  &world.err);
		assert_ptr_equal(found, t);
	}
	tw_map_release(&names);
}

static void options_have_help_and_defaults_in_range(void **state)
{
	(void)state;
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		for (const struct tw_opt *o = t->opts; o && o->name; o++) {
			assert_true(o->help && o->help[0] && !tw_ends_with(o->help, "."));
			assert_true(o->offset < t->ctx_size);
			assert_non_null(o->def);
			if (o->type != TW_OPT_INT && o->type != TW_OPT_REAL)
				continue;
			double def = strtod(o->def, NULL);
			assert_true(o->max <= o->min || (def >= o->min && def <= o->max));
		}
		tw_transform_free(new_transform(t));
	}
}

/* Another value than the default, as JSON; NULL when there is none. */
static const char *other_value(const struct tw_opt *o)
{
	double def = o->def ? strtod(o->def, NULL) : 0;
	switch (o->type) {
	case TW_OPT_BOOL:
		return strcmp(o->def, "true") == 0 ? "false" : "true";
	case TW_OPT_INT:
		return tw_sprintf(&world.a, "%.0f",
				  o->max <= o->min || def + 1 <= o->max ? def + 1 : def - 1);
	case TW_OPT_REAL:
		return tw_sprintf(&world.a, "%g",
				  (def + (def < (o->min + o->max) / 2 ? o->max : o->min)) / 2);
	case TW_OPT_STRING:
		return o->choices ? NULL : "\"other\"";
	case TW_OPT_SIZE:
	case TW_OPT_PATH:
	case TW_OPT_LIST:
		break;
	}
	return NULL;
}

/* Digest of the view with one option set; "" none. */
static const char *digest_with(const struct tw_transform_type *t, const char *params)
{
	struct tw_json *v;
	struct tw_transform *x;
	const char *inputs[TW_TRANSFORM_MAX_INPUTS];
	for (size_t i = 0; t->inputs[i]; i++)
		inputs[i] = t->inputs[i];
	assert_ok(tw_json_parse(&v, params, strlen(params), &world.a, &world.err), &world.err);
	assert_ok(tw_transform_new(&x, t, v, "test", ".", &world.env, &world.err), &world.err);
	const char *digest = tw_strdup(
		&world.a, tw_view_digest(t, tw_transform_params(x), inputs, "m", "t").hex);
	tw_transform_free(x);
	return digest;
}

static void every_option_is_part_of_the_identity(void **state)
{
	(void)state;
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		const char *plain = digest_with(t, "{}");
		assert_string_equal(digest_with(t, "{}"), plain);
		for (const struct tw_opt *o = t->opts; o && o->name; o++) {
			const char *value = other_value(o);
			const char *quote = o->type == TW_OPT_STRING ? "\"" : "";
			const char *same = tw_sprintf(&world.a, "{\"%s\": %s%s%s}", o->name, quote,
						      o->def, quote);
			assert_string_equal(digest_with(t, same), plain);
			if (!value || (o->flags & TW_OPT_NOT_IDENTITY))
				continue;
			const char *params = tw_sprintf(&world.a, "{\"%s\": %s}", o->name, value);
			assert_string_not_equal(digest_with(t, params), plain);
			assert_string_equal(digest_with(t, params), digest_with(t, params));
		}
	}
}

/* What a view is made of is what its digest says: code, inputs, models. */
static void everything_else_is_part_of_the_identity(void **state)
{
	(void)state;
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		struct tw_transform_type newer = *t;
		const char *in[TW_TRANSFORM_MAX_INPUTS], *other[TW_TRANSFORM_MAX_INPUTS];
		for (size_t k = 0; t->inputs[k]; k++)
			in[k] = other[k] = t->inputs[k];
		other[0] = "another";
		newer.code_version++;
		const struct tw_digest d = tw_view_digest(t, "{}", in, "m", "t");
		assert_string_not_equal(tw_view_digest(&newer, "{}", in, "m", "t").hex, d.hex);
		assert_string_not_equal(tw_view_digest(t, "{}", other, "m", "t").hex, d.hex);
		assert_string_not_equal(tw_view_digest(t, "{}", in, "n", "t").hex, d.hex);
		assert_string_not_equal(tw_view_digest(t, "{}", in, "m", "u").hex, d.hex);
		assert_string_not_equal(tw_view_digest(t, "{}", in, "mt", "").hex, d.hex);
	}
}

static void unknown_options_are_errors(void **state)
{
	(void)state;
	for (size_t i = 0; tw_transforms[i]; i++) {
		struct tw_json *v;
		struct tw_transform *t;
		struct tw_err err = TW_ERR_INIT;
		assert_ok(tw_json_parse(&v, "{\"no_such\": 1}", 14, &world.a, &err), &err);
		assert_int_equal(tw_transform_new(&t, tw_transforms[i], v, "twin.yaml", ".",
						  &world.env, &err),
				 TW_BAD_USE);
		assert_contains(err.msg, "no_such");
	}
}

static const char *digest_of(const struct tw_rows *rows, struct tw_arena *a)
{
	return tw_strdup(a, tw_rows_digest(rows, 0, rows->n).hex);
}

static void the_same_input_gives_the_same_rows(void **state)
{
	struct chain c;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	add_ordinary(&c);
	add_hostile(&c);
	compute_all(&c, &a);
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		const char *inputs[TW_TRANSFORM_MAX_INPUTS];
		for (size_t k = 0; t->inputs[k]; k++)
			inputs[k] = digest_of(view_named(&c, t->inputs[k]), &a);
		const struct tw_rows again = compute(t, &c, &a);
		if (strcmp(digest_of(&again, &a), digest_of(&c.views[i], &a)) != 0)
			fail_msg("%s made other rows of the same input", t->name);
		for (size_t k = 0; t->inputs[k]; k++) /* which it has only read */
			assert_string_equal(digest_of(view_named(&c, t->inputs[k]), &a), inputs[k]);
		assert_true(c.views[i].n > 0);
	}
	tw_arena_release(&a);
}

/* One instance, documents in another order: what came before must not matter. */
static void the_order_of_documents_does_not_matter(void **state)
{
	struct chain c;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	add_hostile(&c);
	add_ordinary(&c);
	compute_all(&c, &a);
	for (size_t i = 0; tw_transforms[i]; i++) {
		if (!tw_transforms[i]->apply)
			continue;
		struct tw_transform *t = new_transform(tw_transforms[i]);
		for (size_t d = c.documents.n; d-- > 0;) {
			const char *doc = c.documents.at[d].doc;
			const struct tw_rows one = apply_one(t, &c, doc, &a);
			const struct tw_rows want = part(&c.views[i], doc);
			assert_string_equal(digest_of(&one, &a), digest_of(&want, &a));
		}
		tw_transform_free(t);
	}
	tw_arena_release(&a);
}

struct parallel {
	struct tw_transform *t;
	const struct chain *c;
	struct tw_arena arenas[4]; /* a worker's own */
	struct tw_digest digests[512];
};

static void apply_in_parallel(void *ctx, size_t i, int worker)
{
	struct parallel *p = ctx;
	const struct tw_rows one =
		apply_one(p->t, p->c, p->c->documents.at[i].doc, &p->arenas[worker]);
	p->digests[i] = tw_rows_digest(&one, 0, one.n);
}

static void several_threads_may_use_one_that_is_not_serial(void **state)
{
	struct chain c;
	struct tw_arena a;
	struct tw_pool *pool = tw_pool_new(4);
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	add_ordinary(&c);
	add_hostile(&c);
	compute_all(&c, &a);
	assert_true(c.documents.n <= 512);
	for (size_t i = 0; tw_transforms[i]; i++) {
		struct parallel *p = tw_xcalloc(1, sizeof(*p));
		p->c = &c;
		for (int k = 0; k < 4; k++)
			tw_arena_init(&p->arenas[k]);
		if (tw_transforms[i]->apply && !(tw_transforms[i]->flags & TW_SERIAL)) {
			p->t = new_transform(tw_transforms[i]);
			tw_pool_run(pool, c.documents.n, apply_in_parallel, p);
			for (size_t d = 0; d < c.documents.n; d++) {
				const struct tw_rows want =
					part(&c.views[i], c.documents.at[d].doc);
				assert_string_equal(p->digests[d].hex, digest_of(&want, &a));
			}
			tw_transform_free(p->t);
		}
		for (int k = 0; k < 4; k++)
			tw_arena_release(&p->arenas[k]);
		free(p);
	}
	tw_pool_free(pool);
	tw_arena_release(&a);
}

static void a_megabyte_is_no_trouble(void **state)
{
	struct chain c;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	add_large(&c);
	compute_all(&c, &a);
	tw_arena_release(&a);
}

static void no_documents_are_no_trouble(void **state)
{
	struct chain c;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	compute_all(&c, &a);
	for (size_t i = 0; tw_transforms[i]; i++)
		for (size_t k = 0; k < c.views[i].n; k++)
			assert_string_equal(c.views[i].at[k].doc, ""); /* of the whole view alone */
	tw_arena_release(&a);
}

/* A document that is gone from one input may still be in another. */
static void rows_may_be_missing_from_any_input(void **state)
{
	struct chain c;
	struct tw_arena a;
	(void)state;
	tw_arena_init(&a);
	start(&c, &a);
	add_ordinary(&c);
	compute_all(&c, &a);
	for (size_t i = 0; tw_transforms[i]; i++) {
		const struct tw_transform_type *t = tw_transforms[i];
		for (size_t k = 0; t->inputs[k]; k++) {
			struct tw_rows *in = (struct tw_rows *)view_named(&c, t->inputs[k]);
			size_t n = in->n;
			in->n = 0;
			struct chain without = c;
			in->n = n;
			if (strcmp(t->inputs[k], TW_DOCUMENTS_VIEW) != 0)
				compute(t, &without, &a);
		}
	}
	tw_arena_release(&a);
}

/* --- with the tokenizers of real embedders --- */

static enum tw_status add_sample(void *ctx, const char *rel, const struct tw_stat *st,
				 const char *problem, struct tw_err *err)
{
	struct chain *c = ctx;
	struct tw_str s = TW_STR_INIT;
	(void)st;
	(void)problem;
	assert_ok(tw_read_file(&s, tw_path_join(c->documents.arena, "samples/mara", rel), 0, err),
		  err);
	add_document(c, rel, "text/markdown", tw_str_c(&s), s.len);
	tw_str_release(&s);
	return TW_OK;
}

static void assert_within_budget(const struct chain *c, struct tw_embedder *e, struct tw_arena *a)
{
	const struct tw_rows *chunks = view_named(c, "chunks");
	assert_true(chunks->n > c->documents.n / 2);
	for (size_t i = 0; i < chunks->n; i++) {
		const struct tw_row *r = &chunks->at[i];
		const char *all = tw_sprintf(a, "%s\n\n%s", tw_row_cstr(chunks, r, "heading"),
					     tw_row_cstr(chunks, r, "text"));
		int tokens = tw_embedder_count(e, all, strlen(all));
		if (tokens > tw_row_int(chunks, r, "budget"))
			fail_msg("a chunk of %s has %d tokens", r->doc, tokens);
	}
}

static void chunks_keep_to_the_budget_of(const char *spec)
{
	static const struct tw_llm_options none;
	struct tw_embedder *echo = world.env.embedder;
	struct chain c;
	struct tw_arena a;
	tw_arena_init(&a);
	start(&c, &a);
	assert_ok(tw_walk("samples/mara", NULL, add_sample, &c, &world.err), &world.err);
	add_ordinary(&c);
	add_hostile(&c);
	assert_ok(tw_embedder_open(&world.env.embedder, tw_embedders, spec, &none, &world.err),
		  &world.err);
	for (size_t i = 0; tw_transforms[i]; i++)
		if (!(tw_transforms[i]->flags & (TW_NEEDS_EMBEDDER | TW_NEEDS_LLM)))
			c.views[i] = compute(tw_transforms[i], &c, &a);
		else
			tw_rows_init(&c.views[i], tw_transforms[i]->schema, &a);
	assert_within_budget(&c, world.env.embedder, &a);
	tw_embedder_close(world.env.embedder);
	world.env.embedder = echo;
	tw_arena_release(&a);
}

static void no_chunk_passes_the_budget_of_a_real_tokenizer(void **state)
{
	char folder[600], gguf[600], spec[640];
	struct tw_import_info info;
	(void)state;
	snprintf(folder, sizeof(folder), "%s/bert", tmp_dir());
	snprintf(gguf, sizeof(gguf), "%s/bert.gguf", tmp_dir());
	snprintf(spec, sizeof(spec), "llama:%s", gguf);
	assert_ok(tw_mkdirs(folder, &world.err), &world.err);
	assert_true(tiny_bert_write(folder, 5, NULL));
	tw_log_set_level(TW_LOG_WARN);
	assert_ok(tw_model_import(&info, folder, gguf, NULL, &world.err), &world.err);
	chunks_keep_to_the_budget_of(spec);
	const char *file = strchr(tw_embedder_default_spec, ':') + 1;
	if (tw_exists(tw_path_join(&world.a, tw_models_dir(&world.a), file)))
		chunks_keep_to_the_budget_of(tw_embedder_default_spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_says_what_it_is),
		cmocka_unit_test(options_have_help_and_defaults_in_range),
		cmocka_unit_test(every_option_is_part_of_the_identity),
		cmocka_unit_test(everything_else_is_part_of_the_identity),
		cmocka_unit_test(unknown_options_are_errors),
		cmocka_unit_test(the_same_input_gives_the_same_rows),
		cmocka_unit_test(the_order_of_documents_does_not_matter),
		cmocka_unit_test(several_threads_may_use_one_that_is_not_serial),
		cmocka_unit_test(a_megabyte_is_no_trouble),
		cmocka_unit_test(no_documents_are_no_trouble),
		cmocka_unit_test(rows_may_be_missing_from_any_input),
		cmocka_unit_test(no_chunk_passes_the_budget_of_a_real_tokenizer),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
