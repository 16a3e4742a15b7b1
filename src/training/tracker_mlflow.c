/*
 * Tracking on an MLflow server, through its REST API (2.0). Tokens as MLflow's own client takes them: MLFLOW_TRACKING_TOKEN.
 * Limits of a call: 1000 metrics, 100 parameters, 100 tags, 6000 letters a value.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "core/tracker.h"
#include "training/trackers.h"

#define API	    "/api/2.0/mlflow"
#define TIMEOUT_S   5
#define UPLOAD_S    600
#define MOST_PARAMS 100
#define MOST_VALUE  6000
#define MOST_DIGEST 36

struct mlflow {
	const char *url, *experiment;
	bool adapter;
	/* Of the run. */
	char *experiment_id, *run_id, *artifacts;
	size_t params_sent;
	bool dataset_sent;
};

static const struct tw_opt opts[] = {
	{"url", TW_OPT_STRING, offsetof(struct mlflow, url), .flags = TW_OPT_REQUIRED,
	 .help = "of the MLflow server, as in http://127.0.0.1:5000"},
	{"experiment", TW_OPT_STRING, offsetof(struct mlflow, experiment), .def = "twin",
	 .help = "name of the experiment, made when it is not there"},
	{"adapter", TW_OPT_BOOL, offsetof(struct mlflow, adapter),
	 .help = "send the adapter, or model, too, as an artifact of the run"},
	{0},
};

/* The configured URL without slashes at its end. */
static int base_length(const struct mlflow *m)
{
	size_t n = strlen(m->url);
	while (n && m->url[n - 1] == '/')
		n--;
	return (int)n;
}

/* --- calls --- */

static enum tw_status judge(const struct tw_http_response *res, const struct tw_json *v,
			    const char *what, struct tw_err *err)
{
	if (res->status == 200)
		return TW_OK;
	return tw_fail(err, res->status >= 500 || res->status == 429 ? TW_NETWORK : TW_BAD_DATA,
		       "the MLflow server answers %d to %s: %.300s", res->status, what,
		       tw_json_str(tw_json_get(v, "message"), "no reason given"));
}

static enum tw_status fetch(struct tw_http_response *res, struct tw_http *http,
			    struct tw_http_request *req, struct tw_err *err)
{
	const char *token = getenv("MLFLOW_TRACKING_TOKEN");
	struct tw_str bearer = TW_STR_INIT;
	const char *headers[3] = {0};
	size_t n = 0;
	tw_str_addf(&bearer, "Authorization: Bearer %s", token ? token : "");
	if (req->body && !req->method)
		headers[n++] = "Content-Type: application/json";
	if (token && *token)
		headers[n++] = tw_str_c(&bearer);
	req->headers = headers;
	req->to_the_end = true; /* a training that is stopped says so */
	enum tw_status st = tw_http_fetch(res, http, req, err);
	req->headers = NULL;
	tw_str_release(&bearer);
	return st;
}

/* POST with a body, GET without. *out, in the arena, is NULL when the answer is no JSON. */
static enum tw_status call(struct tw_json **out, const struct mlflow *m, struct tw_http *http,
			   const char *path, const struct tw_str *body, struct tw_arena *a,
			   struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct tw_http_request req = {
		.url = tw_sprintf(a, "%.*s" API "/%s", base_length(m), m->url, path),
		.body = body ? tw_str_c(body) : NULL,
		.body_len = body ? body->len : 0,
		.timeout_s = TIMEOUT_S,
	};
	enum tw_status st = fetch(&res, http, &req, err);
	*out = NULL;
	if (st == TW_OK && tw_json_parse(out, tw_str_c(&res.body), res.body.len, a, NULL) != TW_OK)
		*out = NULL;
	if (st == TW_OK)
		st = judge(&res, *out, path, err);
	/* A name that is taken, or not there, is the caller's to judge. */
	if (st == TW_BAD_DATA && res.status == 404)
		st = TW_NOT_FOUND;
	tw_http_response_release(&res);
	return st;
}

/* A string member that an answer must have. */
static enum tw_status take(char **out, const struct tw_json *v, const char *name,
			   struct tw_err *err)
{
	const char *s = tw_json_str(tw_json_get(v, name), NULL);
	if (!s)
		return tw_fail(err, TW_BAD_DATA, "the MLflow server answers without %s", name);
	free(*out);
	*out = tw_xstrdup(s);
	return TW_OK;
}

static void start_body(struct tw_json_writer *w, struct tw_str *body, const struct mlflow *m)
{
	tw_jw_init(w, body);
	tw_jw_object(w, NULL);
	if (m->run_id)
		tw_jw_str(w, "run_id", m->run_id);
}

static void add_pair(struct tw_json_writer *w, const char *key, const char *value)
{
	tw_jw_object(w, NULL);
	tw_jw_str(w, "key", key);
	tw_jw_strn(w, "value", value, strnlen(value, MOST_VALUE));
	tw_jw_end(w);
}

/* --- begin --- */

static void add_encoded(struct tw_str *out, const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p; p++)
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= 'a' && *p <= 'z') || strchr("-_.~", *p))
			tw_str_addc(out, (char)*p);
		else
			tw_str_addf(out, "%%%02X", *p);
}

static enum tw_status find_experiment(struct mlflow *m, struct tw_http *http, struct tw_arena *a,
				      struct tw_err *err)
{
	struct tw_json *v;
	struct tw_str path = TW_STR_INIT;
	tw_str_adds(&path, "experiments/get-by-name?experiment_name=");
	add_encoded(&path, m->experiment);
	enum tw_status st = call(&v, m, http, tw_str_c(&path), NULL, a, err);
	tw_str_release(&path);
	const struct tw_json *e = tw_json_get(v, "experiment");
	if (st != TW_OK)
		return st;
	if (strcmp(tw_json_str(tw_json_get(e, "lifecycle_stage"), "active"), "active") != 0)
		return tw_fail(
			err, TW_BAD_DATA,
			"the experiment \"%s\" was deleted on the MLflow server; restore it, "
			"or name another in tracking.experiment",
			m->experiment);
	return take(&m->experiment_id, e, "experiment_id", err);
}

static enum tw_status need_experiment(struct mlflow *m, struct tw_http *http, struct tw_arena *a,
				      struct tw_err *err)
{
	struct tw_str body = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	struct tw_err why = TW_ERR_INIT;
	if (m->experiment_id)
		return TW_OK;
	enum tw_status st = find_experiment(m, http, a, &why);
	if (st != TW_NOT_FOUND)
		return st == TW_OK ? st : tw_fail(err, st, "%s", why.msg);
	start_body(&w, &body, m);
	tw_jw_str(&w, "name", m->experiment);
	tw_jw_end(&w);
	st = call(&v, m, http, "experiments/create", &body, a, err);
	if (st == TW_OK)
		st = take(&m->experiment_id, v, "experiment_id", err);
	tw_str_release(&body);
	return st;
}

static enum tw_status need_run(struct mlflow *m, struct tw_http *http,
			       const struct tw_tracked_run *r, struct tw_arena *a,
			       struct tw_err *err)
{
	struct tw_str body = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	if (m->run_id)
		return TW_OK;
	start_body(&w, &body, m);
	tw_jw_str(&w, "experiment_id", m->experiment_id);
	tw_jw_str(&w, "run_name", r->name);
	tw_jw_int(&w, "start_time", r->started_ms);
	tw_jw_array(&w, "tags");
	add_pair(&w, "mlflow.source.name", "twin");
	for (size_t i = 0; i < r->tags.n; i++)
		add_pair(&w, r->tags.at[i].name, r->tags.at[i].value);
	tw_jw_end(&w);
	tw_jw_end(&w);
	enum tw_status st = call(&v, m, http, "runs/create", &body, a, err);
	const struct tw_json *info = tw_json_get(tw_json_get(v, "run"), "info");
	if (st == TW_OK)
		st = take(&m->artifacts, info, "artifact_uri", err);
	if (st == TW_OK)
		st = take(&m->run_id, info, "run_id", err);
	tw_str_release(&body);
	return st;
}

static enum tw_status send_params(struct mlflow *m, struct tw_http *http, const struct tw_pairs *p,
				  struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = TW_OK;
	while (st == TW_OK && m->params_sent < p->n) {
		struct tw_str body = TW_STR_INIT;
		struct tw_json_writer w;
		struct tw_json *v;
		size_t end =
			m->params_sent + MOST_PARAMS < p->n ? m->params_sent + MOST_PARAMS : p->n;
		start_body(&w, &body, m);
		tw_jw_array(&w, "params");
		for (size_t i = m->params_sent; i < end; i++)
			add_pair(&w, p->at[i].name, p->at[i].value);
		tw_jw_end(&w);
		tw_jw_end(&w);
		st = call(&v, m, http, "runs/log-batch", &body, a, err);
		tw_str_release(&body);
		m->params_sent = st == TW_OK ? end : m->params_sent;
	}
	return st;
}

static enum tw_status send_dataset(struct mlflow *m, struct tw_http *http, const char *digest,
				   struct tw_arena *a, struct tw_err *err)
{
	struct tw_str body = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	if (!digest || m->dataset_sent)
		return TW_OK;
	start_body(&w, &body, m);
	tw_jw_array(&w, "datasets");
	tw_jw_object(&w, NULL);
	tw_jw_object(&w, "dataset");
	tw_jw_str(&w, "name", "twin");
	tw_jw_strn(&w, "digest", digest, strnlen(digest, MOST_DIGEST));
	tw_jw_str(&w, "source_type", "twin");
	tw_jw_str(&w, "source", digest);
	for (int i = 0; i < 4; i++)
		tw_jw_end(&w);
	enum tw_status st = call(&v, m, http, "runs/log-inputs", &body, a, err);
	m->dataset_sent = st == TW_OK;
	tw_str_release(&body);
	return st;
}

/* Each part once, also when a later one fails and all is tried again. */
static enum tw_status begin(void *ctx, struct tw_http *http, const struct tw_tracked_run *r,
			    struct tw_err *err)
{
	struct mlflow *m = ctx;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = need_experiment(m, http, &a, err);
	if (st == TW_OK)
		st = need_run(m, http, r, &a, err);
	if (st == TW_OK)
		st = send_params(m, http, &r->params, &a, err);
	if (st == TW_OK)
		st = send_dataset(m, http, r->dataset, &a, err);
	tw_arena_release(&a);
	return st;
}

/* --- on the way --- */

static enum tw_status log_points(void *ctx, struct tw_http *http, const struct tw_metric_point *p,
				 size_t n, struct tw_err *err)
{
	struct mlflow *m = ctx;
	struct tw_arena a;
	struct tw_str body = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	tw_arena_init(&a);
	start_body(&w, &body, m);
	tw_jw_array(&w, "metrics");
	for (size_t i = 0; i < n; i++) {
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "key", p[i].name);
		if (isfinite(p[i].value))
			tw_jw_real(&w, "value", p[i].value);
		else
			tw_jw_str(&w, "value",
				  isnan(p[i].value) ? "NaN"
				  : p[i].value > 0  ? "Infinity"
						    : "-Infinity");
		tw_jw_int(&w, "timestamp", p[i].at_ms);
		tw_jw_int(&w, "step", p[i].step);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	tw_jw_end(&w);
	enum tw_status st = call(&v, m, http, "runs/log-batch", &body, &a, err);
	tw_str_release(&body);
	tw_arena_release(&a);
	return st;
}

/* Through the server, which keeps artifacts where it was told to. */
static enum tw_status put_file(void *ctx, struct tw_http *http, const char *name, const char *path,
			       struct tw_err *err)
{
	static const char scheme[] = "mlflow-artifacts:/";
	struct mlflow *m = ctx;
	struct tw_arena a;
	struct tw_mapping map = {0};
	struct tw_http_response res = {0};
	if (!m->adapter)
		return TW_OK;
	if (!tw_starts_with(m->artifacts, scheme))
		return tw_fail(err, TW_UNSUPPORTED,
			       "the adapter was not sent: the MLflow server keeps artifacts in %s, "
			       "not behind its own address (--serve-artifacts)",
			       m->artifacts);
	enum tw_status st = tw_map_file(&map, path, err);
	if (st != TW_OK)
		return st;
	tw_arena_init(&a);
	struct tw_http_request req = {
		.url = tw_sprintf(&a, "%.*s/api/2.0/mlflow-artifacts/artifacts/%s/%s",
				  base_length(m), m->url, m->artifacts + strlen(scheme), name),
		.method = "PUT",
		.body = map.data,
		.body_len = map.len,
		.timeout_s = UPLOAD_S,
	};
	st = fetch(&res, http, &req, err);
	if (st == TW_OK)
		st = judge(&res, NULL, "the adapter", err);
	tw_http_response_release(&res);
	tw_unmap_file(&map);
	tw_arena_release(&a);
	return st;
}

static enum tw_status end(void *ctx, struct tw_http *http, const char *status, int64_t ended_ms,
			  struct tw_err *err)
{
	struct mlflow *m = ctx;
	struct tw_arena a;
	struct tw_str body = TW_STR_INIT;
	struct tw_json_writer w;
	struct tw_json *v;
	tw_arena_init(&a);
	start_body(&w, &body, m);
	tw_jw_str(&w, "status",
		  strcmp(status, "done") == 0	  ? "FINISHED"
		  : strcmp(status, "failed") == 0 ? "FAILED"
						  : "KILLED");
	tw_jw_int(&w, "end_time", ended_ms);
	tw_jw_end(&w);
	enum tw_status st = call(&v, m, http, "runs/update", &body, &a, err);
	tw_str_release(&body);
	tw_arena_release(&a);
	return st;
}

static void page(const void *ctx, struct tw_str *out)
{
	const struct mlflow *m = ctx;
	tw_str_addf(out, "%.*s/#/experiments/%s/runs/%s", base_length(m), m->url, m->experiment_id,
		    m->run_id);
}

static void hosts(const void *ctx, struct tw_str *out)
{
	const struct mlflow *m = ctx;
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = tw_url_host(&a, m->url);
	if (host)
		tw_str_addf(out, "%s\n", host);
	tw_arena_release(&a);
}

static void close_run(void *ctx)
{
	struct mlflow *m = ctx;
	free(m->experiment_id);
	free(m->run_id);
	free(m->artifacts);
}

const struct tw_tracker_type tw_tracker_mlflow = {
	.name = "mlflow",
	.help = "an MLflow server: parameters, metrics as they come, how the training ended",
	.opts = opts,
	.ctx_size = sizeof(struct mlflow),
	.begin = begin,
	.log = log_points,
	.file = put_file,
	.end = end,
	.page = page,
	.hosts = hosts,
	.close = close_run,
};

/* Switches the section off: --set tracking.tracker=none. */
const struct tw_tracker_type tw_tracker_none = {
	.name = "none",
	.help = "nothing is sent anywhere",
};
