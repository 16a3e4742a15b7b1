#include "inference/answer.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "core/prediction.h"
#include "inference/citations.h"
#include "inference/followup.h"
#include "inference/prompt.h"
#include "inference/support.h"

#define MOST_REPEATS 3

/* One answer in the making. */
struct work {
	struct tw_serving *s;
	const struct tw_answer_request *r;
	struct tw_answer *out;
	struct tw_arena *a;
	struct tw_err *err;
	const char *question;
	double start;
	struct tw_answer_source *sources;
	struct tw_citations citations;
	bool loops;	     /* the model says nothing but [1] [1] [1]: it has come to its end */
	struct tw_str text;  /* as the reader gets it */
	struct tw_str piece; /* what one token adds to it */
	bool stopped;	     /* on_text said no */
};

void tw_answer_request_init(struct tw_answer_request *r, const struct tw_serving *s)
{
	const struct tw_answer_options *o = tw_serving_answer_options(s);
	*r = (struct tw_answer_request){
		.batch = "",
		.gen = {.max_tokens = (int)o->max_tokens,
			.temperature = o->temperature,
			.top_p = o->top_p,
			.top_k = (int)o->top_k,
			.min_p = o->min_p,
			.repeat_penalty = o->repeat_penalty,
			.seed = (uint64_t)o->seed},
	};
}

static enum tw_status clean_question(struct work *w)
{
	struct tw_str q = TW_STR_INIT;
	const char *raw = w->r->question ? w->r->question : "";
	tw_utf8_repair(&q, raw, strlen(raw));
	tw_str_trim(&q);
	w->question = tw_str_dup(&q, w->a);
	tw_str_release(&q);
	if (w->question[0])
		return TW_OK;
	return tw_fail(w->err, TW_BAD_USE, "the question is empty");
}

static void fill_sources(struct work *w, const struct tw_passages *p, size_t n)
{
	w->sources = TW_NEW_ARRAY(w->a, n + 1, struct tw_answer_source);
	for (size_t i = 0; i < n; i++) {
		const struct tw_passage *x = &p->at[i];
		w->sources[i] = (struct tw_answer_source){
			.n = (int)i + 1,
			.title = x->title,
			.heading = x->heading,
			.date = tw_format_date(w->a, x->created_ms),
			.url = x->url,
			.key = x->key,
			.source = x->source,
			.doc = x->doc,
			.row_id = x->row_id,
			.text = x->text,
			.score = x->score,
			.cosine = x->cosine,
		};
	}
	w->out->sources = w->sources;
	w->out->n_sources = n;
	if (w->r->on_sources)
		w->r->on_sources(w->r->ctx, w->sources, n);
}

/* Hands on what the citation filter let through; white space before the first word is dropped. */
static bool hand_on(struct work *w)
{
	const char *p = tw_str_c(&w->piece);
	size_t len = w->piece.len;
	if (w->text.len == 0)
		for (; len > 0 && strchr(" \n\r\t", *p); len--)
			p++;
	if (len > 0) {
		tw_str_add(&w->text, p, len);
		if (w->r->on_text && !w->stopped)
			w->stopped = !w->r->on_text(w->r->ctx, p, len);
	}
	tw_str_clear(&w->piece);
	return !w->stopped;
}

static bool on_token(void *ctx, const char *text, size_t len)
{
	struct work *w = ctx;
	if (w->out->first_token_s == 0)
		w->out->first_token_s = tw_monotonic_s() - w->start;
	tw_citations_feed(&w->citations, &w->piece, text, len);
	w->loops = w->citations.repeats > MOST_REPEATS;
	return hand_on(w) && !w->loops;
}

static enum tw_status generate(struct work *w, struct tw_llm *llm, const struct tw_prompt *prompt)
{
	struct tw_generation g;
	tw_citations_init(&w->citations, (int)prompt->n_passages);
	enum tw_status st =
		tw_llm_chat(&g, llm, prompt->at, prompt->n, &w->r->gen, on_token, w, w->err);
	if (st == TW_OK) {
		tw_citations_end(&w->citations, &w->piece);
		hand_on(w);
		for (size_t i = 0; i < w->out->n_sources && i < TW_CITATIONS_MAX; i++)
			w->sources[i].cited = w->citations.cited >> i & 1;
		w->out->finish = w->stopped ? "cancelled"
				 : w->loops ? "stop"
					    : tw_strdup(w->a, g.finish);
		w->out->prompt_tokens = g.prompt_tokens;
		w->out->completion_tokens = g.completion_tokens;
		tw_generation_release(&g);
	}
	tw_citations_release(&w->citations);
	return st;
}

static const char *system_prompt(const struct work *w)
{
	const char *s = tw_serving_system_prompt(w->s), *extra = w->r->extra_system;
	return extra && extra[0] ? tw_sprintf(w->a, "%s\n\n%s", s, extra) : s;
}

static enum tw_status from_passages(struct work *w, const struct tw_passages *p)
{
	struct tw_llm *llm;
	struct tw_prompt prompt;
	enum tw_status st = tw_serving_llm(&llm, w->s, w->err);
	if (st != TW_OK)
		return st;
	int64_t context = tw_llm_info(llm)->context;
	int64_t budget = tw_serving_answer_options(w->s)->prompt_tokens;
	const struct tw_prompt_request request = {
		.system = system_prompt(w),
		.history = w->r->history,
		.n_history = w->r->n_history,
		.question = w->question,
		.passages = *p,
		.context = (int)(budget > 0 && budget < context ? budget : context),
		.max_tokens = w->r->gen.max_tokens,
	};
	st = tw_prompt_build(&prompt, &request, llm, w->a, w->err);
	if (st != TW_OK)
		return st;
	fill_sources(w, p, prompt.n_passages);
	return generate(w, llm, &prompt);
}

static void refuse(struct work *w)
{
	const char *refusal = tw_serving_answer_options(w->s)->refusal;
	fill_sources(w, &(struct tw_passages){0}, 0);
	w->out->first_token_s = tw_monotonic_s() - w->start;
	tw_str_adds(&w->piece, refusal);
	w->out->finish = hand_on(w) ? "refused" : "cancelled";
}

/* What lineage needs; the passages themselves are in the store. */
static void stored_sources(struct tw_str *out, const struct tw_answer *x)
{
	struct tw_json_writer w;
	tw_jw_init(&w, out);
	tw_jw_array(&w, NULL);
	for (size_t i = 0; i < x->n_sources; i++) {
		const struct tw_answer_source *s = &x->sources[i];
		tw_jw_object(&w, NULL);
		tw_jw_int(&w, "n", s->n);
		tw_jw_str(&w, "doc", s->doc);
		tw_jw_str(&w, "row_id", s->row_id);
		tw_jw_str(&w, "title", s->title);
		tw_jw_str(&w, "url", s->url);
		tw_jw_str(&w, "date", s->date);
		tw_jw_real(&w, "score", s->score);
		tw_jw_bool(&w, "cited", s->cited);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
}

/* A line of a batch must be kept; a single answer was given already, so a failure is told and no more. */
static enum tw_status store(struct work *w)
{
	struct tw_err why = TW_ERR_INIT;
	w->out->prediction = "";
	if (w->r->no_store || strcmp(w->out->finish, "cancelled") == 0)
		return TW_OK;
	struct tw_str sources = TW_STR_INIT;
	stored_sources(&sources, w->out);
	struct tw_prediction p = {
		.batch = w->r->batch ? w->r->batch : "",
		.deployment = tw_serving_info(w->s)->revision,
		.question = w->question,
		.answer = w->out->text,
		.sources = tw_str_c(&sources),
		.created_ms = tw_now_ms(),
	};
	enum tw_status st = tw_fs_prediction_put(&p, tw_serving_env(w->s)->fs, w->a, &why);
	tw_str_release(&sources);
	if (st == TW_OK)
		w->out->prediction = tw_strdup(w->a, p.id);
	else if (w->r->batch)
		return tw_fail(w->err, st, "%s", why.msg);
	else
		tw_warn("the answer was not kept: %s", why.msg);
	return TW_OK;
}

enum tw_status tw_answer(struct tw_answer *out, struct tw_serving *s,
			 const struct tw_answer_request *r, struct tw_arena *a, struct tw_err *err)
{
	struct work w = {.s = s, .r = r, .out = out, .a = a, .err = err};
	struct tw_retriever *retriever = tw_serving_retriever(s);
	struct tw_passages p;
	*out = (struct tw_answer){.text = "", .finish = "", .prediction = "", .support = -1};
	w.start = tw_monotonic_s();
	enum tw_status st = clean_question(&w);
	if (st != TW_OK)
		return st;
	const char *query = tw_search_query(w.question, r->history, r->n_history, a);
	st = retriever->search(&p, retriever, query, (size_t)tw_serving_retrieval(s)->k, a, err);
	if (st != TW_OK)
		return st;
	out->retrieve_s = tw_monotonic_s() - w.start;
	if (p.n > 0)
		st = from_passages(&w, &p);
	else
		refuse(&w);
	if (st == TW_OK) {
		out->text = tw_str_dup(&w.text, a);
		out->support = tw_support(out->text, w.question, out->sources, out->n_sources, a);
		st = store(&w);
		out->total_s = tw_monotonic_s() - w.start;
	}
	tw_str_release(&w.text);
	tw_str_release(&w.piece);
	return st;
}

void tw_answer_sources_json(struct tw_json_writer *w, const char *key,
			    const struct tw_answer_source *s, size_t n)
{
	tw_jw_array(w, key);
	for (size_t i = 0; i < n; i++) {
		tw_jw_object(w, NULL);
		tw_jw_int(w, "n", s[i].n);
		tw_jw_str(w, "title", s[i].title);
		tw_jw_str(w, "heading", s[i].heading);
		tw_jw_str(w, "date", s[i].date);
		tw_jw_str(w, "url", s[i].url);
		tw_jw_str(w, "key", s[i].key);
		tw_jw_str(w, "doc", s[i].doc);
		tw_jw_str(w, "row_id", s[i].row_id);
		tw_jw_real(w, "score", s[i].score);
		tw_jw_bool(w, "cited", s[i].cited);
		tw_jw_str(w, "text", s[i].text);
		tw_jw_end(w);
	}
	tw_jw_end(w);
}
