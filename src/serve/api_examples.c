/* GET /api/examples: a few questions that can be answered, for a page that is still empty. */
#include <string.h>

#include "base/json.h"
#include "base/vec.h"
#include "serve/server_int.h"

#define EXAMPLES 4
#define DOCS_MAX 400 /* as many are looked at */
#define LEN_MAX	 64

struct candidates TW_VEC_BODY(const char *);

/* Made from a title, short, and without a quoted title in it. */
static bool fits(const struct tw_rows *rows, const struct tw_row *r)
{
	const char *q = tw_row_cstr(rows, r, "instruction");
	return strcmp(tw_row_cstr(rows, r, "kind"), "title") == 0 && strlen(q) <= LEN_MAX &&
	       !strchr(q, '"');
}

static bool has_fields(const struct tw_view *v)
{
	return tw_schema_index(v->schema, "instruction") >= 0 &&
	       tw_schema_index(v->schema, "kind") >= 0;
}

/* The label view of the deployment; before the first one, the newest. */
static enum tw_status find_labels(struct tw_view *out, struct tw_call *c, const char *service)
{
	static const char name[] = "labels";
	struct tw_feature_store *fs = c->server->env->fs;
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_service s;
	if (!service[0])
		return tw_fs_view(out, fs, name, a, NULL);
	enum tw_status st = tw_fs_service(&s, fs, service, a, NULL);
	for (size_t i = 0; st == TW_OK && i < s.n_views; i++) {
		st = tw_fs_view(out, fs, s.views[i], a, NULL);
		if (st == TW_OK && strcmp(out->name, name) == 0)
			return TW_OK;
	}
	return TW_NOT_FOUND;
}

static void collect(struct candidates *all, struct tw_call *c, const char *service)
{
	struct tw_arena *a = tw_exchange_arena(c->x);
	struct tw_view v;
	struct tw_row_reader *r;
	struct tw_rows rows;
	if (find_labels(&v, c, service) != TW_OK || v.watermark < 0 || !has_fields(&v) ||
	    tw_fs_reader(&r, c->server->env->fs, v.digest, NULL) != TW_OK)
		return;
	for (int n = 0; n < DOCS_MAX && r->next(r, &rows, a, NULL) == TW_OK; n++)
		for (size_t i = 0; i < rows.n; i++)
			if (fits(&rows, &rows.at[i]))
				tw_vec_push(all, tw_row_cstr(&rows, &rows.at[i], "instruction"));
	tw_fs_reader_close(r);
}

/* On the light lane. What is missing gives no example, and no error. */
static void run(void *ctx)
{
	struct tw_call *c = ctx;
	struct candidates all = {0};
	struct tw_serving *s = tw_current_take(c->server->current);
	collect(&all, c, tw_serving_info(s)->service);
	tw_current_give_back(c->server->current, s);
	size_t n = all.n < EXAMPLES ? all.n : EXAMPLES;
	struct tw_str json = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &json);
	tw_jw_object(&w, NULL);
	tw_jw_array(&w, "questions");
	for (size_t i = 0; i < n; i++)
		tw_jw_str(&w, NULL, all.at[i * all.n / n]);
	tw_jw_end(&w);
	tw_jw_end(&w);
	tw_vec_release(&all);
	tw_call_json(c, 200, &json);
}

void tw_api_examples(struct tw_call *c)
{
	tw_call_enqueue(c, c->server->light, run);
}
