#include "support/train_fixture.h"

#include "base/fs.h"
#include "core/config.h"
#include "llm/llm_backends.h"
#include "support/echo_models.h"
#include "trainer/options_int.h"
#include "trainer/trainers.h"

static const struct tw_llm_type *const llms[] = {&tw_llm_llama, &echo_llm, NULL};
static const struct tw_trainer_type *const trainers[] = {&tw_trainer_native, &tw_trainer_command,
							 &tw_trainer_none, NULL};

const char *train_folder(void)
{
	static char paths[8][600];
	static int n;
	struct tw_err err = TW_ERR_INIT;
	char *path = paths[n % 8];
	snprintf(path, 600, "%s/train-%d", tmp_dir(), n++);
	assert_ok(tw_remove_all(path, &err), &err);
	assert_ok(tw_mkdirs(path, &err), &err);
	return path;
}

const char *train_peer(const char *arguments)
{
	static char options[4][1200];
	static int n;
	char *to = options[n++ % 4];
	char *path = realpath("tests/support/trainer_peer.py", NULL);
	assert_non_null(path);
	snprintf(to, 1200, "trainer: command, command: \"python3 '%s'\", args: [%s]", path,
		 arguments);
	free(path);
	return to;
}

const char *train_base(const struct tiny_gguf *base)
{
	static char path[600];
	snprintf(path, sizeof(path), "%s/base-%s-%s-%d-%llu.gguf", tmp_dir(),
		 base->arch ? base->arch : "llama", base->type ? base->type : "F32", base->n_ctx,
		 (unsigned long long)base->seed);
	if (!tw_exists(path))
		assert_true(tiny_gguf_write(path, base));
	return path;
}

struct tw_str train_bytes(const char *path)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_read_file(&s, path, 0, &err), &err);
	return s;
}

bool same_files(const char *a, const char *b)
{
	struct tw_str x = train_bytes(a), y = train_bytes(b);
	bool same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	tw_str_release(&x);
	tw_str_release(&y);
	return same;
}

void assert_same_files(const char *a, const char *b)
{
	struct tw_str x = train_bytes(a), y = train_bytes(b);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	tw_str_release(&x);
	tw_str_release(&y);
}

static const char *const things[] = {"bread", "rope",	      "the sea", "a wall",
				     "rain",  "an old clock", "tea"};
static const char *const answers[] = {"It is made of flour and salt.",
				      "It is long, and it holds.",
				      "It is on the other side of the hill and never rests.",
				      "It stands.",
				      "It comes in the end.",
				      "It is late again, and nobody minds.",
				      "It is hot."};

static const char *const worse[] = {"No.", "I would rather not say anything about that now.",
				    "Ask me later, when I am less busy than today."};

/* Questions with answers of several lengths; the same for the same numbers. */
static struct tw_examples examples_of(const struct train_setup *s, enum tw_split split,
				      struct tw_arena *a)
{
	size_t n = split == TW_TRAIN ? s->n_train : s->n_valid;
	const size_t n_pairs = split == TW_VALID && s->valid_singles ? 0 : s->n_pairs;
	const char *answer = s->answer;
	struct tw_example *e = TW_NEW_ARRAY(a, n, struct tw_example);
	for (size_t i = 0; i < n; i++) {
		size_t k = i * 3 + (split == TW_VALID);
		const char *text = answer ? answer : answers[k % 7];
		e[i] = (struct tw_example){
			.split = split,
			.row_id = tw_sprintf(a, "row-%d-%zu", (int)split, i),
			.kind = "question",
			.rejected = i < n_pairs ? worse[i % 3] : NULL,
			.messages = tw_sprintf(
				a,
				"[{\"role\":\"system\",\"content\":\"You are brief.\"},"
				"{\"role\":\"user\",\"content\":\"What about %s, %zu?\"}%s%s%s]",
				things[k % 7], i,
				*text ? ",{\"role\":\"assistant\",\"content\":\"" : "", text,
				*text ? "\"}" : ""),
		};
	}
	return (struct tw_examples){e, n};
}

static enum tw_status open_trainer(struct tw_trainer **out, const struct train_setup *s,
				   struct tw_err *err)
{
	struct tw_config *conf;
	struct tw_str yaml = TW_STR_INIT;
	char path[700];
	tw_str_addf(&yaml, "twin: T\nsources: [{type: dir, path: .}]\ntraining: {%s}\n",
		    s->options);
	snprintf(path, sizeof(path), "%s/twin.yaml", s->work);
	enum tw_status st = tw_write_file(path, yaml.data, yaml.len, err);
	if (st == TW_OK)
		st = tw_config_load(&conf, s->work, err);
	if (st == TW_OK) {
		st = tw_trainer_new(out, trainers, conf, err);
		/* The options are the trainer's own by now, but for paths' folder names in messages. */
		tw_config_free(conf);
	}
	tw_str_release(&yaml);
	return st;
}

enum tw_status train_open(struct train_world *w, const struct train_setup *s, struct tw_err *err)
{
	char spec[700];
	const struct tw_llm_options o = {.threads = 1};
	*w = (struct train_world){0};
	tw_arena_init(&w->arena);
	snprintf(spec, sizeof(spec), "llama:%s", s->llm ? "" : train_base(&s->base));
	enum tw_status st = open_trainer(&w->trainer, s, err);
	if (st == TW_OK)
		st = tw_llm_open(&w->llm, llms, s->llm ? s->llm : spec, &o, err);
	w->job = (struct tw_train_job){
		.llm = w->llm,
		.train = examples_of(s, TW_TRAIN, &w->arena),
		.valid = examples_of(s, TW_VALID, &w->arena),
		.work_dir = s->work,
		.job_digest = s->digest ? s->digest : "job",
		.seed = 11,
		.threads = s->threads,
		.init_adapter = s->init_adapter,
		.on_metric = s->on_metric,
		.on_best = s->on_best,
		.on_adapter = s->on_adapter,
		.ctx = s->ctx,
	};
	return st;
}

void train_close(struct train_world *w)
{
	tw_llm_close(w->llm);
	tw_trainer_free(w->trainer);
	tw_arena_release(&w->arena);
}

enum tw_status train_run(struct tw_train_result *out, const struct train_setup *s,
			 struct tw_err *err)
{
	struct train_world w;
	enum tw_status st = train_open(&w, s, err);
	if (st == TW_OK)
		st = tw_train(out, w.trainer, &w.job, err);
	train_close(&w);
	return st;
}

struct train_setup train_setup_of(const char *options)
{
	return (struct train_setup){.options = options,
				    .base = {.seed = 8},
				    .n_train = 20,
				    .n_valid = 4,
				    .work = train_folder(),
				    .threads = 1};
}

struct tw_train_result train_ok(const struct train_setup *s)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(train_run(&r, s, &err), &err);
	return r;
}

void train_fails(const struct train_setup *s, enum tw_status want, const char *words)
{
	struct tw_train_result r;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(train_run(&r, s, &err), want);
	assert_contains(err.msg, words);
}

double train_score(const struct train_setup *s, const char *trained)
{
	const struct tw_message m[] = {{"system", "You are brief."},
				       {"user", "What about rope, 0?"},
				       {"assistant", s->answer}};
	const struct tw_llm_options o = {.adapter = trained, .threads = 1};
	struct tw_llm *llm;
	struct tw_tokens t;
	struct tw_arena a;
	struct tw_err err = TW_ERR_INIT;
	char spec[700];
	double nll;
	size_t n;
	tw_arena_init(&a);
	snprintf(spec, sizeof(spec), "llama:%s", train_base(&s->base));
	assert_ok(tw_llm_open(&llm, llms, spec, &o, &err), &err);
	assert_string_equal(tw_llm_info(llm)->path, train_base(&s->base));
	assert_ok(tw_llm_chat_tokens(&t, llm, m, 3, false, &a, &err), &err);
	assert_ok(tw_llm_score(&nll, &n, llm, &t, &err), &err);
	tw_llm_close(llm);
	tw_arena_release(&a);
	return nll / (double)n;
}

void train_options(struct tw_train_options *o, const char *const (*set)[2], size_t n,
		   struct tw_arena *a)
{
	const struct tw_opt *table = tw_trainer_native.opts;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_opt_parse(o, table, NULL, "test", ".", a, &err), &err);
	for (size_t i = 0; i < n; i++)
		assert_ok(tw_opt_set(o, table, set[i][0], set[i][1], a, &err), &err);
}
