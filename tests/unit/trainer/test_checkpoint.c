/* What a run saves of itself. */
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "trainer/checkpoint_int.h"

static char path[600];

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/x.checkpoint", tmp_dir());
	tw_log_set_level(TW_LOG_ERROR);
	return 0;
}

static struct tw_state state_of(const char *job, size_t n, float value)
{
	struct tw_state s;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_state_init(&s, n, 8 * n, 10, job, &err), &err);
	fill(s.p, 4 * n, value, 1);
	for (int i = 0; i < 10; i++)
		s.loss[i] = (double)value * i;
	s.head->step = 7;
	return s;
}

static void save(struct tw_state *s)
{
	struct tw_err err = TW_ERR_INIT;
	assert_ok(tw_state_save(s, path, &err), &err);
}

static void what_was_saved_comes_back(void **state)
{
	struct tw_state s = state_of("job", 1001, 1), back = state_of("job", 1001, 0);
	(void)state;
	back.head->step = 0;
	save(&s);
	assert_true(tw_state_load(&back, path));
	assert_int_equal(back.head->step, 7);
	assert_memory_equal(back.head, s.head, s.bytes);
	assert_memory_equal(back.best, s.best, 1001 * sizeof(float));
	assert_memory_equal(back.loss, s.loss, 10 * sizeof(double));
	tw_state_release(&s);
	tw_state_release(&back);
}

static void expect_left_alone(const char *job, size_t n)
{
	struct tw_state back = state_of(job, n, 5), same = state_of(job, n, 5);
	assert_false(tw_state_load(&back, path));
	assert_memory_equal(back.head, same.head, same.bytes);
	tw_state_release(&back);
	tw_state_release(&same);
}

static void another_job_does_not_take_it_up(void **state)
{
	struct tw_state s = state_of("job", 100, 1);
	(void)state;
	save(&s);
	expect_left_alone("another job", 100);
	expect_left_alone("job", 101);
	tw_state_release(&s);
	remove(path);
	expect_left_alone("job", 100);
}

static void a_damaged_one_is_not_taken_up(void **state)
{
	struct tw_state s = state_of("job", 100, 1);
	(void)state;
	static const long places[] = {3, 20, 100, 600, -1};
	for (size_t i = 0; i < 5; i++) {
		save(&s);
		FILE *f = fopen(path, "r+b");
		fseek(f, places[i] < 0 ? -1 : places[i], places[i] < 0 ? SEEK_END : SEEK_SET);
		int byte = fgetc(f);
		fseek(f, -1, SEEK_CUR);
		fputc(byte ^ 0x40, f);
		fclose(f);
		expect_left_alone("job", 100);
	}
	assert_int_equal(truncate(path, 50), 0);
	expect_left_alone("job", 100);
	assert_int_equal(truncate(path, 0), 0);
	expect_left_alone("job", 100);
	tw_state_release(&s);
}

/* The kernel refuses to let files grow, as a full disk would. */
static void a_full_disk_leaves_the_old_one(void **state)
{
	struct tw_state s = state_of("job", 100000, 1), back = state_of("job", 100000, 0);
	struct rlimit old, small;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	save(&s);
	s.head->step = 8;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &small);
	enum tw_status st = tw_state_save(&s, path, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(st, TW_IO);
	assert_contains(err.msg, "saving a checkpoint");
	assert_contains(err.msg, path);
	assert_true(tw_state_load(&back, path));
	assert_int_equal(back.head->step, 7);
	tw_state_release(&s);
	tw_state_release(&back);
}

/* --- a folder of them --- */

static char folder[600];

static void empty_folder(void)
{
	struct tw_err err = TW_ERR_INIT;
	snprintf(folder, sizeof(folder), "%s/checkpoints", tmp_dir());
	assert_ok(tw_remove_all(folder, &err), &err);
	assert_ok(tw_mkdirs(folder, &err), &err);
}

static void save_step(struct tw_state *s, int64_t step, int keep)
{
	struct tw_err err = TW_ERR_INIT;
	s->head->step = step;
	s->p[0] = (float)step;
	assert_ok(tw_checkpoints_save(s, folder, keep, &err), &err);
}

static const char *of_step(const struct tw_state *s, int64_t step)
{
	static char file[700];
	snprintf(file, sizeof(file), "%s/%.16s.%lld.checkpoint", folder, s->head->job,
		 (long long)step);
	return file;
}

static void the_newest_is_taken_up_and_the_last_few_stay(void **state)
{
	struct tw_state s = state_of("job", 100, 1), back = state_of("job", 100, 0),
			other = state_of("another", 100, 2);
	(void)state;
	empty_folder();
	assert_false(tw_checkpoints_load(&back, folder));
	save_step(&other, 900, 1);
	for (int64_t step = 7; step < 13; step++) /* "9" and "10": by number, not by name */
		save_step(&s, step, 3);
	for (int64_t step = 7; step < 13; step++)
		assert_int_equal(tw_exists(of_step(&s, step)), step >= 10);
	assert_true(tw_exists(of_step(&other, 900)));
	assert_true(tw_checkpoints_load(&back, folder));
	assert_int_equal(back.head->step, 12);
	assert_true(back.p[0] == 12);
	tw_state_release(&s);
	tw_state_release(&back);
	tw_state_release(&other);
}

static void behind_a_damaged_one_the_one_before_is_taken_up(void **state)
{
	struct tw_state s = state_of("job", 100, 1), back = state_of("job", 100, 0);
	(void)state;
	empty_folder();
	for (int64_t step = 20; step < 23; step++)
		save_step(&s, step, 3);
	assert_int_equal(truncate(of_step(&s, 22), 300), 0);
	assert_true(tw_checkpoints_load(&back, folder));
	assert_int_equal(back.head->step, 21);
	assert_int_equal(truncate(of_step(&s, 21), 0), 0);
	assert_true(tw_checkpoints_load(&back, folder));
	assert_int_equal(back.head->step, 20);
	assert_int_equal(truncate(of_step(&s, 20), 0), 0);
	back.head->step = 3;
	assert_false(tw_checkpoints_load(&back, folder));
	assert_int_equal(back.head->step, 3);
	tw_state_release(&s);
	tw_state_release(&back);
}

/* Goes on from the newest that is intact, as a resumed training does, and saves `step`. */
static void go_on_and_save(int64_t from, int64_t step, int keep)
{
	struct tw_state back = state_of("job", 100, 0);
	assert_true(tw_checkpoints_load(&back, folder));
	assert_int_equal(back.head->step, from);
	save_step(&back, step, keep);
	tw_state_release(&back);
}

static void expect_steps(const struct tw_state *s, const int64_t *steps, size_t n)
{
	for (int64_t step = 1; step < 40; step++) {
		bool wanted = false;
		for (size_t i = 0; i < n; i++)
			wanted |= steps[i] == step;
		assert_int_equal(tw_exists(of_step(s, step)), wanted);
	}
}

static void damaged_ones_do_not_push_out_good_ones(void **state)
{
	struct tw_state s = state_of("job", 100, 1);
	(void)state;
	empty_folder();
	save_step(&s, 20, 2);
	save_step(&s, 30, 2);
	assert_int_equal(truncate(of_step(&s, 30), 300), 0);
	go_on_and_save(20, 22, 1); /* before the damaged one's step */
	expect_steps(&s, (int64_t[]){22}, 1);
	save_step(&s, 24, 2);
	assert_int_equal(truncate(of_step(&s, 24), 300), 0);
	go_on_and_save(22, 25, 2); /* behind it */
	expect_steps(&s, (int64_t[]){22, 25}, 2);
	save_step(&s, 26, 3);
	assert_int_equal(truncate(of_step(&s, 25), 0), 0); /* while the training runs */
	save_step(&s, 27, 3);
	expect_steps(&s, (int64_t[]){22, 26, 27}, 3);
	tw_state_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_saved_comes_back),
		cmocka_unit_test(another_job_does_not_take_it_up),
		cmocka_unit_test(a_damaged_one_is_not_taken_up),
		cmocka_unit_test(a_full_disk_leaves_the_old_one),
		cmocka_unit_test(the_newest_is_taken_up_and_the_last_few_stay),
		cmocka_unit_test(behind_a_damaged_one_the_one_before_is_taken_up),
		cmocka_unit_test(damaged_ones_do_not_push_out_good_ones),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
