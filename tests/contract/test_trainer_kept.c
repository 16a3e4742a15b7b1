/* Which adapter a training keeps, and what it says of it. */
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "support/said.h"
#include "support/train_curve.h"

/* Too high a rate: it gets worse. */
#define QUICK \
	"trainer: native, rank: 8, sequence: 128, eval_every: 2, schedule: constant, checkpoint_every: 2, "
#define WORSE QUICK "learning_rate: 0.1, epochs: 10"

static void the_best_by_validation_is_kept(void **state)
{
	struct train_setup s = train_setup_of(WORSE);
	struct tw_train_result r;
	(void)state;
	struct curve valid = curve_of("valid_loss", &s, &r);
	assert_true(valid.n > 5);
	assert_true(curve_least(&valid) < curve_last(&valid));
	assert_true(r.valid_loss == curve_least(&valid));
	for (size_t i = 1; i < valid.n; i++)
		if (valid.step[i] == r.kept_step)
			assert_true(valid.value[i] == r.valid_loss);
	assert_true(r.kept_step > 0 && r.kept_step < r.steps);
}

static void it_ends_when_it_gets_no_better(void **state)
{
	struct train_setup s = train_setup_of(WORSE ", early_stopping_patience: 2");
	struct tw_train_result r;
	(void)state;
	struct curve valid = curve_of("valid_loss", &s, &r);
	size_t best = 1;
	for (size_t i = 1; i < valid.n; i++)
		best = valid.value[i] < valid.value[best] ? i : best;
	assert_int_equal(valid.n - 1, best + 2); /* two that were no better */
	assert_int_equal(r.steps, valid.step[valid.n - 1]);
	assert_true(r.valid_loss == valid.value[best]);
	assert_true(isfinite(r.train_loss));
	s.on_metric = NULL;
	struct tw_train_result again = train_ok(&s); /* it has ended, and stays so */
	assert_int_equal(again.resumed_from, r.steps);
	assert_int_equal(again.steps, r.steps);
	assert_int_equal(again.kept_step, r.kept_step);
}

/* --- what it tells of the best --- */

struct told {
	struct curve curve[3]; /* ended by one without a name */
	int64_t best[100];     /* steps */
	size_t n;
};

static void on_best(void *ctx, int64_t step)
{
	struct told *t = ctx;
	const struct curve *valid = &t->curve[0];
	assert_true(!valid->n || valid->step[valid->n - 1] < step); /* before its metrics */
	t->best[t->n++] = step;
}

static struct told told_by(struct train_setup *s, struct tw_train_result *r)
{
	struct told t = {.curve = {{.name = "valid_loss"}, {.name = "valid_preference_loss"}}};
	s->on_metric = curves_add;
	s->on_best = on_best;
	s->ctx = &t;
	*r = train_ok(s);
	return t;
}

static void it_tells_each_time_that_it_has_a_better_one(void **state)
{
	struct train_setup s = train_setup_of(QUICK "method: dpo, learning_rate: 0.03, epochs: 4");
	struct tw_train_result r;
	(void)state;
	s.n_pairs = 20;
	struct told t = told_by(&s, &r);
	const struct curve *pairs = &t.curve[1];
	double least = INFINITY;
	size_t n = 0;
	for (size_t i = 1; i < pairs->n; i++)
		if (pairs->value[i] < least) {
			least = pairs->value[i];
			assert_true(n < t.n);
			assert_int_equal(t.best[n++], pairs->step[i]);
		}
	assert_int_equal(n, t.n);
	assert_true(t.n > 1 && t.n + 1 < pairs->n); /* or nothing is tried here */
	assert_int_equal(t.best[n - 1], r.kept_step);
}

static void stop_at_9(void *ctx, const char *name, int64_t step, double value)
{
	(void)ctx;
	(void)value;
	if (step == 9 && strcmp(name, "loss") == 0)
		raise(SIGKILL);
}

static void going_on_it_has_not_forgotten_its_best(void **state)
{
	struct train_setup whole = train_setup_of(WORSE), s = train_setup_of(WORSE);
	struct tw_train_result a, b;
	int status;
	(void)state;
	const struct told all = told_by(&whole, &a);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		struct tw_err err = TW_ERR_INIT;
		s.on_metric = stop_at_9;
		_exit(train_run(&b, &s, &err) == TW_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	const struct told rest = told_by(&s, &b);
	assert_int_equal(b.resumed_from, 8);
	assert_true(all.best[0] <= 8 && rest.curve[0].n > rest.n);
	size_t before = all.n - rest.n;
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(all.best[i] > 8, i >= before);
	assert_memory_equal(all.best + before, rest.best, rest.n * sizeof(*rest.best));
	assert_same_files(a.adapter_path, b.adapter_path);
}

/* --- where nothing tells which is the best --- */

/* What a run says on standard error. */
static struct tw_str said_by(const struct train_setup *s, struct tw_train_result *r)
{
	struct tw_str said = TW_STR_INIT;
	said_begin(false);
	tw_log_set_level(TW_LOG_WARN);
	*r = train_ok(s);
	tw_log_set_level(TW_LOG_ERROR);
	said_end(&said);
	return said;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

/* Validation does not change what is learnt, so a run without any has the same last adapter. */
static void without_validation_pairs_the_last_adapter_is_kept(void **state)
{
	struct train_setup
		s = train_setup_of(
			QUICK
			"method: dpo, learning_rate: 0.1, epochs: 3, early_stopping_patience: 1"),
		none;
	struct tw_train_result r, last;
	(void)state;
	s.n_pairs = 20;
	s.valid_singles = true;
	none = s;
	none.n_valid = 0;
	none.work = train_folder();
	struct curve valid = curve_of("valid_loss", &s, &r);
	s.on_metric = NULL;
	s.work = train_folder();
	struct tw_str said = said_by(&s, &r);
	assert_int_equal(count(tw_str_c(&said), "warning"), 1);
	assert_contains(tw_str_c(&said), "no example has a worse answer");
	assert_contains(tw_str_c(&said), "the last step is kept");
	assert_contains(tw_str_c(&said), "early_stopping_patience has no effect");
	assert_true(curve_least(&valid) < curve_last(&valid));
	assert_true(r.valid_loss == curve_last(&valid));
	assert_int_equal(r.kept_step, r.steps);
	last = train_ok(&none);
	assert_int_equal(last.steps, r.steps);
	assert_true(isnan(last.valid_loss));
	assert_same_files(r.adapter_path, last.adapter_path);
	const struct tw_train_result again = train_ok(&s); /* as its checkpoint knows, too */
	assert_true(again.valid_loss == r.valid_loss);
	tw_str_release(&said);
}

int main(void)
{
	tw_log_set_level(TW_LOG_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_by_validation_is_kept),
		cmocka_unit_test(it_ends_when_it_gets_no_better),
		cmocka_unit_test(it_tells_each_time_that_it_has_a_better_one),
		cmocka_unit_test(going_on_it_has_not_forgotten_its_best),
		cmocka_unit_test(without_validation_pairs_the_last_adapter_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
