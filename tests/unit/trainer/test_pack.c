/* Tokens to rows. */
#include "base/hash.h"
#include "support/arena.h"
#include "support/tiny_gguf.h"
#include "support/train_rig.h"
#include "trainer/pack_int.h"

/* n tokens; those from `from` up to `to` belong to an answer. */
static struct tw_tokens tokens(size_t n, size_t from, size_t to)
{
	struct tw_tokens t = {TW_NEW_ARRAY(&arena, n, int32_t), TW_NEW_ARRAY(&arena, n, uint8_t),
			      n};
	for (size_t i = 0; i < n; i++) {
		t.at[i] = (int32_t)i;
		t.answer[i] = i >= from && i < to;
	}
	return t;
}

static void what_follows_the_last_answer_is_cut(void **state)
{
	struct tw_tokens t = tokens(20, 8, 17);
	struct tw_sample s = tw_sample_cut(&t, 512);
	(void)state;
	assert_int_equal(s.n, 17);
	assert_int_equal(tw_sample_loss_tokens(&s), 9);
}

static void long_examples_are_cut_at_the_end(void **state)
{
	struct tw_tokens t = tokens(600, 100, 599);
	struct tw_sample s = tw_sample_cut(&t, 512);
	(void)state;
	assert_int_equal(s.n, 512);
	assert_int_equal(tw_sample_loss_tokens(&s), 412);
}

static void without_an_answer_token_nothing_is_left(void **state)
{
	struct tw_tokens late = tokens(600, 512, 599), none = tokens(20, 20, 20);
	struct tw_tokens first = tokens(20, 0, 1), empty = {0};
	(void)state;
	assert_int_equal(tw_sample_cut(&late, 512).n, 0);
	assert_int_equal(tw_sample_cut(&none, 512).n, 0);
	assert_int_equal(tw_sample_cut(&first, 512).n, 0); /* nothing predicts the first token */
	assert_int_equal(tw_sample_cut(&empty, 512).n, 0);
}

static struct tw_pack pack_of(size_t n, uint64_t seed, int sequence)
{
	struct tw_pack p = {
		.group = 1, .sample = TW_NEW_ARRAY(&arena, n, struct tw_sample), .n_samples = n};
	uint64_t state = 5;
	for (size_t i = 0; i < n; i++) {
		size_t len = 2 + tw_random_u64(&state) % 120;
		struct tw_tokens t = tokens(len, 1, len);
		p.sample[i] = tw_sample_cut(&t, sequence);
		p.tokens += p.sample[i].n;
	}
	tw_pack_rows(&p, sequence, seed, &arena);
	return p;
}

static void every_example_is_in_one_row_and_no_row_is_too_long(void **state)
{
	struct tw_pack p = pack_of(500, 1, 128);
	int *seen = tw_xcalloc(500, sizeof(*seen));
	int64_t total = 0;
	(void)state;
	for (size_t r = 0; r < p.n_rows; r++) {
		int sum = 0;
		for (size_t i = 0; i < p.row[r].n; i++) {
			size_t k = p.order[p.row[r].first + i];
			seen[k]++;
			sum += p.sample[k].n;
		}
		assert_int_equal(sum, p.row[r].tokens);
		assert_in_range(sum, 1, 128);
		total += sum;
	}
	for (int i = 0; i < 500; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(total, p.tokens);
	print_message("%zu rows of 128 for %lld tokens: %.0f %% full\n", p.n_rows,
		      (long long)p.tokens, 100.0 * (double)total / (128.0 * (double)p.n_rows));
	assert_true((double)total > 0.9 * 128 * (double)p.n_rows);
	free(seen);
}

static void packing_follows_the_seed(void **state)
{
	struct tw_pack p = pack_of(200, 1, 128), q = pack_of(200, 1, 128), r = pack_of(200, 2, 128);
	(void)state;
	assert_int_equal(p.n_rows, q.n_rows);
	assert_memory_equal(p.order, q.order, 200 * sizeof(size_t));
	assert_memory_not_equal(p.order, r.order, 200 * sizeof(size_t));
}

static void nothing_makes_no_row(void **state)
{
	struct tw_pack p = pack_of(0, 1, 128);
	(void)state;
	assert_int_equal(p.n_rows, 0);
}

static void a_shuffle_is_a_permutation(void **state)
{
	size_t x[100], y[100];
	int seen[100] = {0}, moved = 0;
	(void)state;
	tw_shuffle(x, 100, 3);
	tw_shuffle(y, 100, 3);
	assert_memory_equal(x, y, sizeof(x));
	for (size_t i = 0; i < 100; i++) {
		seen[x[i]]++;
		moved += x[i] != i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	assert_true(moved > 80);
}

static void a_batch_restarts_positions_at_each_document(void **state)
{
	struct tw_batch b;
	struct tw_err err = TW_ERR_INIT;
	struct tw_tokens t = tokens(5, 3, 5), u = tokens(4, 0, 4);
	struct tw_sample s = tw_sample_cut(&t, 512), v = tw_sample_cut(&u, 512);
	const int32_t pos[] = {0, 1, 2, 3, 4, 0, 1, 2, 3}, doc[] = {0, 5, 9};
	const int32_t from[] = {2, 3, 5, 6, 7}, target[] = {3, 4, 1, 2, 3};
	(void)state;
	assert_ok(tw_batch_init(&b, 9, &err), &err);
	tw_batch_clear(&b);
	tw_batch_add(&b, &s);
	tw_batch_add(&b, &v);
	assert_int_equal(b.T, 9);
	assert_int_equal(b.n_docs, 2);
	assert_memory_equal(b.pos, pos, sizeof(pos));
	assert_memory_equal(b.doc, doc, sizeof(doc));
	assert_int_equal(b.n_loss, 5); /* no loss across the bound: token 5 is predicted by none */
	assert_memory_equal(b.from, from, sizeof(from));
	assert_memory_equal(b.target, target, sizeof(target));
	tw_batch_release(&b);
}

static int count(const struct tw_tokens *t)
{
	int n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->answer[i];
	return n;
}

static void loss_lies_where_the_options_say(void **state)
{
	(void)state;
	struct tw_tokens t = tokens(30, 8, 12);
	for (int i = 20; i < 27; i++) /* a second turn of the assistant */
		t.answer[i] = 1;
	tw_loss_mask(&t, TW_LOSS_ASSISTANT);
	assert_int_equal(count(&t), 4 + 7);
	tw_loss_mask(&t, TW_LOSS_LAST);
	assert_int_equal(count(&t), 7);
	assert_true(t.answer[20] && t.answer[26] && !t.answer[11]);
	tw_loss_mask(&t, TW_LOSS_ALL);
	assert_int_equal(count(&t), 30);
	struct tw_tokens none = tokens(5, 5, 5), empty = {0};
	tw_loss_mask(&none, TW_LOSS_LAST);
	assert_int_equal(count(&none), 0);
	tw_loss_mask(&empty, TW_LOSS_ALL);
	tw_loss_mask(&empty, TW_LOSS_LAST);
}

static void pairs_stay_together(void **state)
{
	struct tw_pack p = {.group = 2,
			    .sample = TW_NEW_ARRAY(&arena, 200, struct tw_sample),
			    .n_samples = 200};
	size_t pairs = 0;
	(void)state;
	for (size_t i = 0; i < 200; i++) {
		struct tw_tokens t = tokens(20 + i % 90, 1, 20 + i % 90);
		p.sample[i] = tw_sample_cut(&t, 128);
	}
	tw_pack_rows(&p, 128, 1, &arena);
	int *seen = tw_xcalloc(100, sizeof(*seen));
	for (size_t r = 0; r < p.n_rows; r++) {
		int n = 0;
		for (size_t i = 0; i < p.row[r].n; i++, pairs++) {
			size_t pair = p.order[p.row[r].first + i];
			seen[pair]++;
			n += p.sample[2 * pair].n + p.sample[2 * pair + 1].n;
		}
		assert_int_equal(n, p.row[r].tokens);
		assert_true(n <= 256);
	}
	assert_int_equal(pairs, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_follows_the_last_answer_is_cut),
		cmocka_unit_test(long_examples_are_cut_at_the_end),
		cmocka_unit_test(without_an_answer_token_nothing_is_left),
		cmocka_unit_test(every_example_is_in_one_row_and_no_row_is_too_long),
		cmocka_unit_test(packing_follows_the_seed),
		cmocka_unit_test(nothing_makes_no_row),
		cmocka_unit_test(a_shuffle_is_a_permutation),
		cmocka_unit_test(a_batch_restarts_positions_at_each_document),
		cmocka_unit_test(loss_lies_where_the_options_say),
		cmocka_unit_test(pairs_stay_together),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
