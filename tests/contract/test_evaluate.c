/* What training/evaluate.h promises, on a real store and a real, tiny model. */
#include "support/store_fixture.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/stop.h"
#include "core/dataset.h"
#include "llm/llm_backends.h"
#include "support/echo_models.h"
#include "support/tiny_gguf.h"
#include "training/dataset.h"
#include "training/evaluate.h"

static const struct tw_llm_type *const types[] = {&tw_llm_llama, &echo_llm, NULL};

/* A model whose weights depend on the seed. */
static struct tw_llm *tiny_llm(uint64_t seed)
{
	const struct tiny_gguf t = {.n_ctx = 512, .seed = seed};
	const struct tw_llm_options o = {.threads = 1};
	struct tw_err err = TW_ERR_INIT;
	struct tw_llm *llm = NULL;
	char spec[600];
	snprintf(spec, sizeof(spec), "llama:%s", fresh_path(".gguf"));
	assert_true(tiny_gguf_write(spec + strlen("llama:"), &t));
	assert_ok(tw_llm_open(&llm, types, spec, &o, &err), &err);
	return llm;
}

static struct tw_llm *echo(const char *mode)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_llm *llm = NULL;
	char spec[64];
	snprintf(spec, sizeof(spec), "echo:%s", mode);
	assert_ok(tw_llm_open(&llm, types, spec, NULL, &err), &err);
	return llm;
}

/* --- a dataset --- */

static const char *chat_json(struct tw_arena *a, const char *ask, const char *answer)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	const char *const parts[][2] = {
		{"system", "You are Mara."}, {"user", ask}, {"assistant", answer}};
	tw_jw_init(&w, &s);
	tw_jw_array(&w, NULL);
	for (int i = 0; i < 3; i++) {
		tw_jw_object(&w, NULL);
		tw_jw_str(&w, "role", parts[i][0]);
		tw_jw_str(&w, "content", parts[i][1]);
		tw_jw_end(&w);
	}
	tw_jw_end(&w);
	const char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

/* Prose of n words that nothing else holds, with the words of grammar that style is told by. */
static const char *prose(struct tw_arena *a, size_t seed, size_t n)
{
	static const char *const words[] = {"the", "wheel",  "and", "a",  "spoke", "is",
					    "in",  "bread",  "of",  "it", "I",	   "was",
					    "to",  "kettle", "on",  "my"};
	struct tw_str s = TW_STR_INIT;
	uint64_t state = seed;
	for (size_t i = 0; i < n; i++)
		tw_str_addf(&s, "%s%s", i ? " " : "", words[tw_random_u64(&state) % 16]);
	const char *out = tw_str_dup(&s, a);
	tw_str_release(&s);
	return out;
}

#define QUESTION "Question %02zu, if you please?"

enum { N_TRAIN = 12, N_VALID = 2, N_TEST = 6 };

struct evaluated {
	struct store_world *w;
	struct tw_evaluation_options o;
	struct tw_evaluation_job job;
	struct tw_metric_list list;
};

/* Every second example is of the kind `other`. */
static void evaluated_with(struct evaluated *e, struct store_world *w, const char *other)
{
	struct tw_example at[N_TRAIN + N_VALID + N_TEST];
	struct tw_arena *a = &w->a;
	struct tw_dataset d = {.service = "s", .params = "{}", .stats = "{}"};
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		at[i] = (struct tw_example){
			.split = i < N_TRAIN		 ? TW_TRAIN
				 : i < N_TRAIN + N_VALID ? TW_VALID
							 : TW_TEST,
			.row_id = tw_sprintf(a, "row%02zu", i),
			.view = "labels",
			.doc = tw_sprintf(a, "doc%02zu", i),
			.group = tw_sprintf(a, "doc%02zu", i),
			.kind = i % 2 ? other : "title",
			.messages = chat_json(a, tw_sprintf(a, QUESTION, i),
					      prose(a, i, i < N_TRAIN ? 120 : 40)),
		};
	const struct tw_examples all = {at, sizeof(at) / sizeof(*at)};
	*e = (struct evaluated){.w = w};
	assert_ok(tw_fs_dataset_put(&d, w->fs, &all, a, &w->err), &w->err);
	assert_ok(tw_opt_parse(&e->o, tw_evaluation_opts, NULL, "twin.yaml", ".", a, &w->err),
		  &w->err);
	e->o.max_tokens = 24;
	e->job = (struct tw_evaluation_job){.fs = w->fs, .dataset = d.id};
}

static void evaluated_init(struct evaluated *e, struct store_world *w)
{
	evaluated_with(e, w, "heading");
}

static void evaluate(struct evaluated *e)
{
	assert_ok(tw_evaluate(&e->list, &e->job, &e->o, &e->w->a, &e->w->err), &e->w->err);
}

static bool has(const struct evaluated *e, const char *name)
{
	for (size_t i = 0; i < e->list.n; i++)
		if (strcmp(e->list.at[i].name, name) == 0)
			return true;
	return false;
}

static double value(const struct evaluated *e, const char *name)
{
	for (size_t i = 0; i < e->list.n; i++)
		if (strcmp(e->list.at[i].name, name) == 0)
			return e->list.at[i].value;
	fail_msg("no metric %s", name);
	return NAN;
}

#define assert_near(a, b)                                       \
	do {                                                    \
		const double a_ = (a), b_ = (b);                \
		if (!(fabs(a_ - b_) < 1e-9))                    \
			fail_msg("%.12g is not %.12g", a_, b_); \
	} while (0)

/* --- loss --- */

/* Of all test examples, through the contract. */
static double loss_by_hand(struct evaluated *e, struct tw_llm *llm)
{
	struct tw_examples test;
	struct tw_arena *a = &e->w->a;
	double sum = 0;
	size_t tokens = 0;
	assert_ok(tw_fs_examples(&test, e->w->fs, e->job.dataset, TW_TEST, a, &e->w->err),
		  &e->w->err);
	for (size_t i = 0; i < test.n; i++) {
		const size_t k = (size_t)atoi(test.at[i].row_id + 3);
		const struct tw_message m[] = {
			{"system", "You are Mara."},
			{"user", tw_sprintf(a, QUESTION, k)},
			{"assistant", prose(a, k, 40)},
		};
		struct tw_tokens t;
		double nll = 0;
		size_t n = 0;
		assert_ok(tw_llm_chat_tokens(&t, llm, m, 3, false, a, &e->w->err), &e->w->err);
		assert_ok(tw_llm_score(&nll, &n, llm, &t, &e->w->err), &e->w->err);
		sum += nll;
		tokens += n;
	}
	assert_true(tokens > 100);
	return sum / (double)tokens;
}

static void a_model_against_itself_has_loss_ratio_one(void **state)
{
	struct evaluated e;
	evaluated_init(&e, *state);
	e.o.n_generate = 0;
	e.job.base = tiny_llm(5);
	e.job.adapted = tiny_llm(5); /* another handle: measured for itself */
	evaluate(&e);
	assert_near(value(&e, "test_loss_ratio"), 1);
	assert_near(value(&e, "test_loss"), value(&e, "test_loss_base"));
	assert_near(value(&e, "test_loss"), loss_by_hand(&e, e.job.base));
	assert_near(value(&e, "perplexity"), exp(value(&e, "test_loss")));
	tw_llm_close(e.job.adapted);
	e.job.adapted = e.job.base;
	evaluate(&e);
	assert_true(value(&e, "test_loss_ratio") == 1);
	tw_llm_close(e.job.base);
}

static void another_model_is_measured_by_its_own_loss(void **state)
{
	struct evaluated e;
	evaluated_init(&e, *state);
	e.o.n_generate = 0;
	e.job.base = tiny_llm(5);
	e.job.adapted = tiny_llm(6);
	evaluate(&e);
	const double base = loss_by_hand(&e, e.job.base), own = loss_by_hand(&e, e.job.adapted);
	assert_true(fabs(base - own) > 1e-6);
	assert_near(value(&e, "test_loss_base"), base);
	assert_near(value(&e, "test_loss"), own);
	assert_near(value(&e, "test_loss_ratio"), own / base);
	assert_near(value(&e, "perplexity_base"), exp(base));
	tw_llm_close(e.job.base);
	tw_llm_close(e.job.adapted);
}

static void a_sample_is_the_same_each_time(void **state)
{
	struct evaluated e;
	evaluated_init(&e, *state);
	e.o.n_generate = 0;
	e.o.n_score = 2;
	e.job.base = e.job.adapted = tiny_llm(5);
	evaluate(&e);
	const double two = value(&e, "test_loss");
	evaluate(&e);
	assert_true(value(&e, "test_loss") == two);
	e.o.n_score = 100;
	evaluate(&e);
	assert_near(value(&e, "test_loss"), loss_by_hand(&e, e.job.base));
	assert_true(value(&e, "test_loss") != two);
	tw_llm_close(e.job.base);
}

static void a_model_without_probabilities_is_as_good_as_itself(void **state)
{
	struct evaluated e;
	evaluated_init(&e, *state);
	e.job.base = e.job.adapted = echo("long");
	evaluate(&e);
	assert_true(value(&e, "test_loss_ratio") == 1);
	assert_false(has(&e, "test_loss"));
	e.job.adapted = echo("cite");
	evaluate(&e);
	assert_false(has(&e, "test_loss_ratio"));
	assert_int_equal(tw_gate_check(&e.list, &e.o, &e.w->err), TW_BLOCKED);
	assert_contains(e.w->err.msg, "test_loss_ratio was not measured");
	tw_llm_close(e.job.base);
	tw_llm_close(e.job.adapted);
}

/* --- style --- */

static void style_is_measured_on_what_each_model_writes(void **state)
{
	struct evaluated e;
	evaluated_init(&e, *state);
	e.o.n_score = 0;
	e.job.base = tiny_llm(5);
	e.job.adapted = tiny_llm(6);
	evaluate(&e);
	const double base = value(&e, "style_delta_base"), own = value(&e, "style_delta");
	assert_true(base > 0 && own > 0);
	assert_near(value(&e, "style_delta_ratio"), own / base);
	static const char *const with_interval[] = {"style_delta_base", "style_delta",
						    "style_delta_ratio"};
	for (size_t i = 0; i < 3; i++) {
		const double v = value(&e, with_interval[i]);
		const double low = value(&e, tw_sprintf(&e.w->a, "%s_low", with_interval[i]));
		const double high = value(&e, tw_sprintf(&e.w->a, "%s_high", with_interval[i]));
		assert_true(low <= v + 1e-9 && v <= high + 1e-9);
	}
	const double low = value(&e, "style_delta_low");
	assert_in_range((int)(value(&e, "style_ngrams") * 1000), 0, 1000);
	assert_false(has(&e, "test_loss"));
	assert_false(has(&e, "hit5"));
	evaluate(&e);
	assert_true(value(&e, "style_delta") == own);
	assert_true(value(&e, "style_delta_low") == low);
	e.job.base = (tw_llm_close(e.job.base), e.job.adapted);
	evaluate(&e);
	assert_true(value(&e, "style_delta_ratio") == 1);
	assert_near(value(&e, "style_delta_ratio_low"), 1);
	assert_near(value(&e, "style_delta_ratio_high"), 1);
	assert_near(value(&e, "style_ngrams"), value(&e, "style_ngrams_base"));
	tw_llm_close(e.job.base);
}

/* --- retrieval --- */

/* Finds for "Question NN…" the document NN at a place that the last digit says: 0 never, else behind that many others,
 * each of which comes with two passages. */
struct listed {
	struct tw_retriever iface;
	size_t asked;
	bool fails;
};

static enum tw_status listed_search(struct tw_passages *out, struct tw_retriever *r,
				    const char *query, size_t k, struct tw_arena *a,
				    struct tw_err *err)
{
	struct listed *l = (struct listed *)r;
	const int n = atoi(query + strlen("Question "));
	struct tw_passage *at = TW_NEW_ARRAY(a, k, struct tw_passage);
	size_t i = 0;
	l->asked++;
	if (l->fails)
		return tw_fail(err, TW_IO, "the index is gone");
	for (int other = 1; other < n % 10 && i + 1 < k; other++) {
		at[i++].doc = tw_sprintf(a, "other%d", other);
		at[i++].doc = tw_sprintf(a, "other%d", other);
	}
	if (n % 10 && i < k)
		at[i++].doc = tw_sprintf(a, "doc%02d", n);
	*out = (struct tw_passages){at, i};
	return TW_OK;
}

static void hits_and_ranks_are_what_one_counts_by_hand(void **state)
{
	struct evaluated e;
	struct listed l = {.iface.search = listed_search};
	evaluated_init(&e, *state);
	e.o.n_score = e.o.n_generate = 0;
	e.job.base = e.job.adapted = echo("long");
	e.job.retriever = &l.iface;
	evaluate(&e);
	/* 20 questions, two of each last digit. Digit d > 0 is at rank d among the documents, when 2 (d - 1)
	 * passages leave a place among the ten that are asked for: up to rank 5. */
	assert_int_equal(l.asked, 20);
	assert_near(value(&e, "hit1"), 2 / 20.0);
	assert_near(value(&e, "hit5"), 10 / 20.0);
	assert_near(value(&e, "mrr"), 2 * (1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0 + 1 / 5.0) / 20);
	tw_llm_close(e.job.base);
}

static void as_many_questions_are_asked_as_the_options_say(void **state)
{
	struct evaluated e;
	struct listed l = {.iface.search = listed_search};
	evaluated_init(&e, *state);
	e.o.n_score = e.o.n_generate = 0;
	e.o.n_questions = 7;
	e.job.base = e.job.adapted = echo("long");
	e.job.retriever = &l.iface;
	evaluate(&e);
	assert_int_equal(l.asked, 7);
	const double mrr = value(&e, "mrr");
	evaluate(&e);
	assert_true(value(&e, "mrr") == mrr);
	e.o.n_questions = 0;
	evaluate(&e);
	assert_int_equal(l.asked, 14);
	assert_false(has(&e, "mrr"));
	tw_llm_close(e.job.base);
}

static void a_reply_is_no_question_for_retrieval(void **state)
{
	struct evaluated e;
	struct listed l = {.iface.search = listed_search};
	evaluated_with(&e, *state, TW_REPLY);
	e.o.n_score = e.o.n_generate = 0;
	e.job.base = e.job.adapted = echo("long");
	e.job.retriever = &l.iface;
	evaluate(&e);
	assert_int_equal(l.asked, 10); /* those with an even number */
	assert_near(value(&e, "hit1"), 0);
	assert_near(value(&e, "hit5"), 4 / 10.0);
	tw_llm_close(e.job.base);
}

/* Counts the questions of each document: "Of d3: …". */
struct noting {
	struct tw_retriever iface;
	int of[10];
};

static enum tw_status noting_search(struct tw_passages *out, struct tw_retriever *r,
				    const char *query, size_t k, struct tw_arena *a,
				    struct tw_err *err)
{
	(void)k;
	(void)a;
	(void)err;
	((struct noting *)r)->of[atoi(query + strlen("Of d"))]++;
	*out = (struct tw_passages){0};
	return TW_OK;
}

static void documents_take_turns_in_a_sample(void **state)
{
	struct evaluated e;
	struct noting l = {.iface.search = noting_search};
	struct tw_example at[40];
	const struct tw_examples all = {at, 40};
	struct tw_dataset d = {.service = "s", .params = "{}", .stats = "{}"};
	evaluated_init(&e, *state);
	struct tw_arena *a = &e.w->a;
	/* Document 0 has 32 rows, the others 2 each. */
	for (int i = 0; i < 40; i++) {
		const int doc = i < 32 ? 0 : i / 2 - 15;
		at[i] = (struct tw_example){
			.split = i % 2 ? TW_TRAIN : TW_TEST,
			.row_id = tw_sprintf(a, "row%d", i),
			.doc = tw_sprintf(a, "d%d", doc),
			.messages = chat_json(a, tw_sprintf(a, "Of d%d: %d?", doc, i), "Yes."),
		};
	}
	assert_ok(tw_fs_dataset_put(&d, e.w->fs, &all, a, &e.w->err), &e.w->err);
	e.job.dataset = d.id;
	e.job.base = e.job.adapted = echo("long");
	e.job.retriever = &l.iface;
	e.o.n_score = e.o.n_generate = 0;
	e.o.n_questions = 10;
	evaluate(&e);
	for (int doc = 0; doc < 5; doc++)
		assert_int_equal(l.of[doc], 2);
	tw_llm_close(e.job.base);
}

/* --- the whole --- */

static void every_metric_says_what_it_is(void **state)
{
	struct evaluated e;
	struct listed l = {.iface.search = listed_search};
	evaluated_init(&e, *state);
	e.job.base = e.job.adapted = tiny_llm(5);
	e.job.retriever = &l.iface;
	evaluate(&e);
	assert_int_equal(e.list.n, tw_evaluation_metrics().n);
	for (size_t i = 0; i < e.list.n; i++) {
		const struct tw_metric *m = &e.list.at[i];
		const bool higher = strncmp(m->name, "hit", 3) == 0 || strcmp(m->name, "mrr") == 0;
		assert_string_equal(m->name, tw_evaluation_metrics().at[i].name);
		assert_true(m->help && m->help[0]);
		assert_int_equal(m->lower_is_better, !higher);
		assert_true(isfinite(m->value));
	}
	tw_llm_close(e.job.base);
}

static void failures_of_a_part_fail_the_whole(void **state)
{
	struct evaluated e;
	struct listed l = {.iface.search = listed_search, .fails = true};
	struct tw_err *err;
	evaluated_init(&e, *state);
	err = &e.w->err;
	e.job.base = e.job.adapted = echo("fail");
	e.job.retriever = &l.iface;
	assert_int_equal(tw_evaluate(&e.list, &e.job, &e.o, &e.w->a, err), TW_IO);
	assert_contains(err->msg, "the index is gone");
	tw_err_clear(err);
	e.job.retriever = NULL;
	assert_int_equal(tw_evaluate(&e.list, &e.job, &e.o, &e.w->a, err), TW_BAD_DATA);
	assert_contains(err->msg, "echo:fail fails");
	tw_llm_close(e.job.base);
}

static void without_a_test_split_it_says_what_to_do(void **state)
{
	struct evaluated e;
	const struct tw_example one = {TW_TRAIN, "r1", "v", "d1", "g1", "title", "[]", NULL};
	const struct tw_examples all = {&one, 1};
	struct tw_dataset d = {.service = "s", .params = "{}", .stats = "{}"};
	evaluated_init(&e, *state);
	struct tw_err *err = &e.w->err;
	assert_ok(tw_fs_dataset_put(&d, e.w->fs, &all, &e.w->a, err), err);
	e.job.dataset = d.id;
	assert_int_equal(tw_evaluate(&e.list, &e.job, &e.o, &e.w->a, err), TW_BLOCKED);
	assert_contains(err->msg, "training.dataset.test");
}

/* In a child process: a polite stop cannot be taken back. */
static void a_stop_is_obeyed(void **state)
{
	struct store_world *w = *state;
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct evaluated e;
		store_reopen(w);
		evaluated_init(&e, w);
		e.job.base = e.job.adapted = echo("long");
		tw_stop_install();
		raise(SIGTERM);
		const enum tw_status st = tw_evaluate(&e.list, &e.job, &e.o, &w->a, &w->err);
		_exit(st == TW_CANCELLED ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
	const struct CMUnitTest tests[] = {
		T(a_stop_is_obeyed),
		T(a_model_against_itself_has_loss_ratio_one),
		T(another_model_is_measured_by_its_own_loss),
		T(a_sample_is_the_same_each_time),
		T(a_model_without_probabilities_is_as_good_as_itself),
		T(style_is_measured_on_what_each_model_writes),
		T(hits_and_ranks_are_what_one_counts_by_hand),
		T(as_many_questions_are_asked_as_the_options_say),
		T(a_reply_is_no_question_for_retrieval),
		T(documents_take_turns_in_a_sample),
		T(every_metric_says_what_it_is),
		T(failures_of_a_part_fail_the_whole),
		T(without_a_test_split_it_says_what_to_do),
	};
	tw_log_set_level(TW_LOG_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
