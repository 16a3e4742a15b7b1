#include "serve/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"

/* Upper bounds in seconds: from a page's static file to a long answer of a large model. */
static const double bounds[] = {0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
#define N_BOUNDS (sizeof(bounds) / sizeof(*bounds))

struct histogram {
	int64_t buckets[N_BOUNDS + 1]; /* not cumulative; the last is +Inf */
	int64_t count;
	double sum;
};

struct counter {
	const char *route;
	int status;
	int64_t n;
};

struct timed {
	const char *route;
	struct histogram h;
};

struct tw_metrics {
	pthread_mutex_t lock;
	TW_VEC(struct counter) requests;
	TW_VEC(struct timed) durations;
	TW_VEC(struct counter) answers; /* route is the finish reason */
	struct histogram retrieve, first_token;
	int64_t prompt_tokens, completion_tokens;
	double mean_answer_s;
};

struct tw_metrics *tw_metrics_new(void)
{
	struct tw_metrics *m = tw_xcalloc(1, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	m->mean_answer_s = 5;
	return m;
}

void tw_metrics_free(struct tw_metrics *m)
{
	if (!m)
		return;
	tw_vec_release(&m->requests);
	tw_vec_release(&m->durations);
	tw_vec_release(&m->answers);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void observe(struct histogram *h, double x)
{
	size_t i = 0;
	while (i < N_BOUNDS && x > bounds[i])
		i++;
	h->buckets[i]++;
	h->count++;
	h->sum += x;
}

void tw_metrics_request(struct tw_metrics *m, const char *route, int status, double seconds)
{
	pthread_mutex_lock(&m->lock);
	struct counter *c = NULL;
	for (size_t i = 0; !c && i < m->requests.n; i++)
		if (m->requests.at[i].route == route && m->requests.at[i].status == status)
			c = &m->requests.at[i];
	if (!c) {
		const struct counter fresh = {route, status, 0};
		tw_vec_push(&m->requests, fresh);
		c = &m->requests.at[m->requests.n - 1];
	}
	c->n++;
	struct timed *t = NULL;
	for (size_t i = 0; !t && i < m->durations.n; i++)
		if (m->durations.at[i].route == route)
			t = &m->durations.at[i];
	if (!t) {
		const struct timed fresh = {.route = route};
		tw_vec_push(&m->durations, fresh);
		t = &m->durations.at[m->durations.n - 1];
	}
	observe(&t->h, seconds);
	pthread_mutex_unlock(&m->lock);
}

/* tw_answer() has four finish reasons; the strings may live in a request's arena. */
static const char *reason(const char *finish)
{
	static const char *const all[] = {"stop", "length", "cancelled", "refused", NULL};
	for (const char *const *p = all; *p; p++)
		if (strcmp(*p, finish) == 0)
			return *p;
	return "other";
}

void tw_metrics_answer(struct tw_metrics *m, const char *finish, int prompt_tokens,
		       int completion_tokens, double retrieve_s, double first_token_s,
		       double total_s)
{
	const char *why = reason(finish);
	pthread_mutex_lock(&m->lock);
	size_t i = 0;
	while (i < m->answers.n && m->answers.at[i].route != why)
		i++;
	if (i == m->answers.n) {
		const struct counter fresh = {why, 0, 0};
		tw_vec_push(&m->answers, fresh);
	}
	m->answers.at[i].n++;
	m->prompt_tokens += prompt_tokens;
	m->completion_tokens += completion_tokens;
	observe(&m->retrieve, retrieve_s);
	if (first_token_s > 0)
		observe(&m->first_token, first_token_s);
	m->mean_answer_s += 0.2 * (total_s - m->mean_answer_s);
	pthread_mutex_unlock(&m->lock);
}

double tw_metrics_mean_answer_s(struct tw_metrics *m)
{
	pthread_mutex_lock(&m->lock);
	double s = m->mean_answer_s;
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* --- text --- */

static void head(struct tw_str *out, const char *name, const char *type, const char *help)
{
	tw_str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct tw_str *out, const char *name, const char *help, double x)
{
	head(out, name, "gauge", help);
	tw_str_addf(out, "%s %.15g\n", name, x);
}

/* `label`: "route=\"/x\"" or "". */
static void histogram(struct tw_str *out, const char *name, const char *label,
		      const struct histogram *h)
{
	const char *comma = label[0] ? "," : "";
	int64_t sum = 0;
	for (size_t i = 0; i < N_BOUNDS; i++) {
		sum += h->buckets[i];
		tw_str_addf(out, "%s_bucket{%s%sle=\"%g\"} %lld\n", name, label, comma, bounds[i],
			    (long long)sum);
	}
	tw_str_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", name, label, comma,
		    (long long)h->count);
	const char *open = label[0] ? "{" : "", *close = label[0] ? "}" : "";
	tw_str_addf(out, "%s_sum%s%s%s %.6f\n%s_count%s%s%s %lld\n", name, open, label, close,
		    h->sum, name, open, label, close, (long long)h->count);
}

static void render_requests(struct tw_str *out, const struct tw_metrics *m)
{
	head(out, "twin_http_requests_total", "counter", "Requests by route and status.");
	for (size_t i = 0; i < m->requests.n; i++)
		tw_str_addf(out, "twin_http_requests_total{route=\"%s\",status=\"%d\"} %lld\n",
			    m->requests.at[i].route, m->requests.at[i].status,
			    (long long)m->requests.at[i].n);
	head(out, "twin_http_request_duration_seconds", "histogram",
	     "From the head of a request to the end of its answer.");
	for (size_t i = 0; i < m->durations.n; i++) {
		char label[128];
		snprintf(label, sizeof(label), "route=\"%s\"", m->durations.at[i].route);
		histogram(out, "twin_http_request_duration_seconds", label, &m->durations.at[i].h);
	}
}

static void render_answers(struct tw_str *out, const struct tw_metrics *m)
{
	head(out, "twin_answers_total", "counter", "Answers by the reason why they ended.");
	for (size_t i = 0; i < m->answers.n; i++)
		tw_str_addf(out, "twin_answers_total{finish=\"%s\"} %lld\n", m->answers.at[i].route,
			    (long long)m->answers.at[i].n);
	head(out, "twin_tokens_total", "counter", "Tokens read and written by the LLM.");
	tw_str_addf(out, "twin_tokens_total{kind=\"prompt\"} %lld\n", (long long)m->prompt_tokens);
	tw_str_addf(out, "twin_tokens_total{kind=\"completion\"} %lld\n",
		    (long long)m->completion_tokens);
	head(out, "twin_retrieval_seconds", "histogram", "Time to find the passages.");
	histogram(out, "twin_retrieval_seconds", "", &m->retrieve);
	head(out, "twin_first_token_seconds", "histogram", "Time to the first token of an answer.");
	histogram(out, "twin_first_token_seconds", "", &m->first_token);
}

void tw_metrics_render(struct tw_str *out, struct tw_metrics *m, const struct tw_metrics_now *now)
{
	pthread_mutex_lock(&m->lock);
	render_requests(out, m);
	render_answers(out, m);
	pthread_mutex_unlock(&m->lock);
	gauge(out, "twin_queue_waiting", "Answers that wait for their turn.", (double)now->waiting);
	gauge(out, "twin_queue_limit", "As many may wait.", (double)now->limit);
	gauge(out, "twin_uptime_seconds", "Since the server started.", now->uptime_s);
	head(out, "twin_deployment_revision", "gauge", "What serves; 0: no deployment.");
	tw_str_addf(out, "twin_deployment_revision{model=\"%s\"} %lld\n", now->model,
		    (long long)now->revision);
}
