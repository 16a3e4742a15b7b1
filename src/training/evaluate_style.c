/*
 * How near to the author base and adapted model write when each answers test
 * instructions by itself, without passages to copy from.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/str.h"
#include "training/evaluate_int.h"
#include "training/style.h"

/* Enough to know the author's words by; more only takes time. */
#define AUTHOR_BYTES   (512 << 10)
#define SAME_BEGINNING 64
/* Below this, how often the author's words occur is mostly chance: on 1500 words the author's own pieces are as far away
 * as a model's text is. */
#define HELD_OUT_WORDS 5000

/* --- the author's text --- */

static int longest_first(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	const size_t nx = strlen(*x), ny = strlen(*y);
	if (nx != ny)
		return nx > ny ? -1 : 1;
	return strcmp(*x, *y);
}

struct answers {
	const char **at;
	size_t n;
};

static enum tw_status collect_answers(struct answers *out, const struct evaluation *e,
				      const struct tw_examples *from, struct tw_err *err)
{
	const struct tw_examples plain = tw_eval_plain(from, e->a);
	const struct tw_examples all = tw_eval_sample(&plain, plain.n, e->o->seed, e->a);
	size_t bytes = 0;
	*out = (struct answers){TW_NEW_ARRAY(e->a, all.n, const char *), 0};
	for (size_t i = 0; i < all.n && bytes < AUTHOR_BYTES; i++) {
		struct eval_chat chat;
		enum tw_status st = tw_eval_messages(&chat, &all.at[i], e->a, err);
		if (st != TW_OK)
			return st;
		out->at[out->n++] = chat.at[chat.n - 1].content;
		bytes += strlen(chat.at[chat.n - 1].content);
	}
	if (out->n)
		qsort(out->at, out->n, sizeof(*out->at), longest_first);
	return TW_OK;
}

/* Answers of a document overlap (its title's with its first heading's): a text counts once. */
static enum tw_status author_text(struct tw_str *out, const struct evaluation *e,
				  const struct tw_examples *from, struct tw_err *err)
{
	struct answers answers;
	enum tw_status st = collect_answers(&answers, e, from, err);
	for (size_t i = 0; st == TW_OK && i < answers.n; i++) {
		const char *s = answers.at[i];
		const size_t n = strlen(s);
		if (out->len &&
		    memmem(out->data, out->len, s, n < SAME_BEGINNING ? n : SAME_BEGINNING))
			continue;
		tw_str_add(out, s, n);
		tw_str_adds(out, "\n\n");
	}
	return st;
}

/* What the models' text is compared with: what neither has seen, and where that is too little, all of it. */
static enum tw_status reference_text(struct tw_str *out, const struct evaluation *e,
				     struct tw_err *err)
{
	enum tw_status st = author_text(out, e, &e->test, err);
	if (st == TW_OK)
		st = author_text(out, e, &e->valid, err);
	const struct tw_bytes held_out = {tw_str_c(out), out->len};
	if (st == TW_OK && tw_style_words(held_out) < HELD_OUT_WORDS)
		st = author_text(out, e, &e->train, err);
	return st;
}

/* --- the models' text --- */

struct style {
	struct evaluation *e;
	struct tw_examples questions;
	struct tw_progress *progress;
	struct tw_str train, reference;
	struct tw_str *base, *adapted; /* an answer a question */
};

/* Greedy, with a penalty against the loops that small models fall into: the same text each time. */
static enum tw_status answer_one(struct tw_str *out, struct style *s, struct tw_llm *llm,
				 const struct tw_example *x, struct tw_arena *a, struct tw_err *err)
{
	const struct tw_gen_params p = {.max_tokens = (int)s->e->o->max_tokens,
					.repeat_penalty = 1.1};
	struct eval_chat chat;
	struct tw_generation g;
	enum tw_status st = tw_eval_messages(&chat, x, a, err);
	if (st == TW_OK)
		st = tw_llm_chat(&g, llm, chat.at, chat.n - 1, &p, NULL, NULL, err);
	if (st != TW_OK)
		return st;
	if (strcmp(g.finish, "cancelled") == 0)
		st = tw_fail(err, TW_CANCELLED, "stopped");
	tw_str_add(out, tw_str_c(&g.text), g.text.len);
	tw_generation_release(&g);
	return st;
}

static enum tw_status answer_all(struct tw_str *out, struct style *s, struct tw_llm *llm,
				 struct tw_err *err)
{
	enum tw_status st = TW_OK;
	struct tw_arena one;
	tw_arena_init(&one);
	for (size_t i = 0; st == TW_OK && i < s->questions.n; i++) {
		st = tw_stopping() ? tw_fail(err, TW_CANCELLED, "stopped")
				   : answer_one(&out[i], s, llm, &s->questions.at[i], &one, err);
		tw_progress_add(s->progress, 1);
		tw_arena_reset(&one);
	}
	tw_arena_release(&one);
	return st;
}

static enum tw_status write_answers(struct style *s, struct tw_err *err)
{
	const struct tw_evaluation_job *job = s->e->job;
	const bool same = job->base == job->adapted;
	s->progress = tw_progress_new("write", "answers", (int64_t)s->questions.n * (same ? 1 : 2));
	enum tw_status st = answer_all(s->base, s, job->base, err);
	for (size_t i = 0; same && i < s->questions.n; i++)
		tw_str_add(&s->adapted[i], s->base[i].data, s->base[i].len);
	if (st == TW_OK && !same)
		st = answer_all(s->adapted, s, job->adapted, err);
	tw_progress_free(s->progress);
	return st;
}

/* --- distances --- */

static struct tw_bytes bytes_of(const struct tw_str *s)
{
	return (struct tw_bytes){tw_str_c(s), s->len};
}

/* Distances grow as texts get shorter, so both models are judged by as many words of each answer. */
static void cut_alike(struct tw_str *x, struct tw_str *y)
{
	const size_t nx = tw_style_words(bytes_of(x)), ny = tw_style_words(bytes_of(y));
	struct tw_str *longer = nx > ny ? x : y;
	if (nx != ny)
		longer->len = tw_style_prefix(bytes_of(longer), nx < ny ? nx : ny);
}

static void measure_ngrams(struct style *s)
{
	struct tw_str base = TW_STR_INIT, adapted = TW_STR_INIT;
	for (size_t i = 0; i < s->questions.n; i++) {
		tw_str_add(&base, tw_str_c(&s->base[i]), s->base[i].len);
		tw_str_adds(&base, "\n\n");
		tw_str_add(&adapted, tw_str_c(&s->adapted[i]), s->adapted[i].len);
		tw_str_adds(&adapted, "\n\n");
	}
	const struct tw_bytes author = bytes_of(&s->reference);
	tw_eval_set(s->e, STYLE_NGRAMS_BASE, tw_style_ngrams(bytes_of(&base), author));
	tw_eval_set(s->e, STYLE_NGRAMS, tw_style_ngrams(bytes_of(&adapted), author));
	tw_str_release(&base);
	tw_str_release(&adapted);
}

static void compare(struct style *s, const struct tw_style_answers *answers)
{
	static const enum metric names[TW_STYLE_FIGURES][3] = {
		[TW_STYLE_BASE] = {STYLE_DELTA_BASE, STYLE_DELTA_BASE_LOW, STYLE_DELTA_BASE_HIGH},
		[TW_STYLE_ADAPTED] = {STYLE_DELTA, STYLE_DELTA_LOW, STYLE_DELTA_HIGH},
		[TW_STYLE_RATIO] = {STYLE_DELTA_RATIO, STYLE_DELTA_RATIO_LOW,
				    STYLE_DELTA_RATIO_HIGH},
	};
	struct tw_style_figure figures[TW_STYLE_FIGURES];
	tw_style_compare(figures, answers, (uint64_t)s->e->o->seed);
	for (int f = 0; f < TW_STYLE_FIGURES; f++) {
		tw_eval_set(s->e, names[f][0], figures[f].value);
		if (isnan(figures[f].low))
			continue;
		tw_eval_set(s->e, names[f][1], figures[f].low);
		tw_eval_set(s->e, names[f][2], figures[f].high);
	}
}

static void measure(struct style *s)
{
	const struct tw_style *style = tw_style_new(bytes_of(&s->train), s->e->a);
	const size_t n = s->questions.n, size = tw_style_size(style);
	double *base = TW_NEW_ARRAY(s->e->a, n * size, double);
	double *adapted = TW_NEW_ARRAY(s->e->a, n * size, double);
	double *author = TW_NEW_ARRAY(s->e->a, size, double);
	for (size_t i = 0; i < n; i++) {
		cut_alike(&s->base[i], &s->adapted[i]);
		tw_style_count(base + i * size, style, bytes_of(&s->base[i]));
		tw_style_count(adapted + i * size, style, bytes_of(&s->adapted[i]));
	}
	tw_style_count(author, style, bytes_of(&s->reference));
	const struct tw_style_answers answers = {style, n, base, adapted, author};
	compare(s, &answers);
	measure_ngrams(s);
}

enum tw_status tw_eval_style(struct evaluation *e, struct tw_err *err)
{
	struct style s = {.e = e};
	const struct tw_examples plain = tw_eval_plain(&e->test, e->a);
	s.questions = tw_eval_sample(&plain, (size_t)e->o->n_generate, e->o->seed, e->a);
	if (!s.questions.n)
		return TW_OK;
	s.base = TW_NEW_ARRAY(e->a, s.questions.n, struct tw_str);
	s.adapted = TW_NEW_ARRAY(e->a, s.questions.n, struct tw_str);
	enum tw_status st = author_text(&s.train, e, &e->train, err);
	if (st == TW_OK)
		st = reference_text(&s.reference, e, err);
	if (st == TW_OK)
		st = write_answers(&s, err);
	if (st == TW_OK)
		measure(&s);
	tw_str_release(&s.train);
	tw_str_release(&s.reference);
	for (size_t i = 0; i < s.questions.n; i++) {
		tw_str_release(&s.base[i]);
		tw_str_release(&s.adapted[i]);
	}
	return st;
}
