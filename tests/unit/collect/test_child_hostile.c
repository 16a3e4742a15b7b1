/* A child that a stranger has taken over: whatever frames it writes, this process stays as it is and goes on. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect_test.h"

#include "base/json.h"
#include "base/stop.h"
#include "collect/child/child_int.h"
#include "support/said.h"

#define WIRE_FD 3 /* where a child has its end */

/* --- a source that does `act` instead of being opened --- */

static enum tw_status (*act)(struct tw_err *err);
static struct memory_host h;

static enum tw_status taken_over_open(void *ctx TW_UNUSED, const struct tw_source_host *host,
				      struct tw_err *err)
{
	const char *key = "page";
	enum tw_status st = tw_source_enter(host, key, err);
	return st == TW_OK ? act(err) : TW_OK;
}

static enum tw_status taken_over_next(struct tw_document *doc TW_UNUSED, void *ctx TW_UNUSED,
				      struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	return TW_DONE;
}

static const struct tw_opt no_opts[] = {{0}};

static const struct tw_source_type taken_over = {
	.name = "taken over",
	.opts = no_opts,
	.ctx_size = 1,
	.complete = true,
	.open = taken_over_open,
	.next = taken_over_next,
};

static void opened(void *ctx TW_UNUSED)
{
}

static enum tw_status put(void *ctx TW_UNUSED, const struct tw_document *doc TW_UNUSED,
			  struct tw_err *err TW_UNUSED)
{
	return TW_OK;
}

static void leave_out(void *ctx TW_UNUSED, const struct tw_document *doc TW_UNUSED,
		      const struct tw_err *why)
{
	snprintf(h.err.msg, sizeof(h.err.msg), "%s", why->msg);
}

static enum tw_status read_it(enum tw_status (*what)(struct tw_err *err), struct tw_err *err)
{
	struct tw_json *node;
	bool whole;
	act = what;
	if (tw_yaml_parse(&node, "{}", 2, "test", &h.arena, err) != TW_OK)
		return TW_BAD_USE;
	const struct child_pass pass = {.name = "the source",
					.type = &taken_over,
					.node = node,
					.where = "test",
					.dir = "/",
					.host = &h.host,
					.opened = opened,
					.put = put,
					.skip = leave_out};
	enum tw_status st = child_read(&whole, &pass, err);
	return st == TW_OK && !whole ? TW_SKIPPED : st;
}

static int setup(void **state TW_UNUSED)
{
	memory_host_init(&h, NULL);
	tw_err_clear(&h.err);
	return 0;
}

static int teardown(void **state TW_UNUSED)
{
	memory_host_release(&h);
	return 0;
}

/* A frame that is whole, and then nothing. */
static enum tw_status utter(struct wire *w)
{
	bool said = wire_end(w) && wire_flush(w);
	pause();
	return said ? TW_OK : TW_IO;
}

/* --- the end --- */

static enum tw_status end_with(enum tw_status st)
{
	struct wire w = {.fd = WIRE_FD};
	wire_begin(&w, WIRE_END);
	wire_i64(&w, st);
	wire_str(&w, "as one document would end");
	wire_i64(&w, 1);
	return utter(&w);
}

static enum tw_status end_as_skipped(struct tw_err *err TW_UNUSED)
{
	return end_with(TW_SKIPPED);
}

static enum tw_status end_as_done(struct tw_err *err TW_UNUSED)
{
	return end_with(TW_DONE);
}

static enum tw_status fail_as_skipped(struct tw_err *err)
{
	return tw_fail(err, TW_SKIPPED, "more than a MiB");
}

/* What ends a document, or a list of them, is no end of a pass. */
static void a_pass_ends_well_or_fails(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(read_it(end_as_skipped, &err), TW_BAD_DATA);
	assert_string_equal(err.msg, "as one document would end");
	tw_err_clear(&err);
	assert_int_equal(read_it(end_as_done, &err), TW_BAD_DATA);
	tw_err_clear(&err);
	assert_int_equal(read_it(fail_as_skipped, &err), TW_BAD_DATA);
	assert_string_equal(err.msg, "more than a MiB");
}

/* --- without end --- */

static enum tw_status repeat_that_it_is_ready(struct tw_err *err TW_UNUSED)
{
	struct wire w = {.fd = WIRE_FD};
	do {
		wire_begin(&w, WIRE_READY);
		wire_i64(&w, TW_SANDBOX_ALL);
	} while (wire_end(&w));
	pause();
	return TW_OK;
}

static void it_is_ready_once(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(read_it(repeat_that_it_is_ready, &err), TW_OK);
	assert_contains(h.err.msg, "page: its parser spoke nonsense");
}

static enum tw_status talk_without_end(struct wire *w TW_UNUSED, void *ctx TW_UNUSED,
				       struct tw_err *err TW_UNUSED)
{
	struct wire own = {.fd = WIRE_FD};
	do {
		wire_begin(&own, WIRE_LINE);
		wire_i64(&own, TW_LOG_DEBUG);
		wire_str(&own, "on and on");
	} while (wire_end(&own));
	return TW_OK;
}

static void take_nothing(struct wire_frame *f TW_UNUSED, void *ctx TW_UNUSED)
{
}

static void talk_does_not_stop_the_clock(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	const struct child_question q = {
		.what = "it", .parse = talk_without_end, .take = take_nothing, .clock_s = 0.3};
	assert_int_equal(child_ask(&q, &err), TW_BAD_DATA);
	assert_contains(err.msg, "was not done in 0.3 s");
}

/* --- what people see --- */

static enum tw_status draw_a_bar(struct tw_err *err TW_UNUSED)
{
	struct wire w = {.fd = WIRE_FD};
	wire_begin(&w, WIRE_BAR_BEGIN);
	wire_str(&w, "\033[2Jtitle\r");
	wire_str(&w, "\033]0;unit\a");
	wire_i64(&w, INT64_MAX);
	if (!wire_end(&w))
		return TW_IO;
	wire_begin(&w, WIRE_BAR_AT);
	wire_i64(&w, INT64_MIN);
	if (!wire_end(&w))
		return TW_IO;
	wire_begin(&w, WIRE_BAR_END);
	return wire_end(&w) && wire_flush(&w) ? TW_OK : TW_IO;
}

static void no_escape_sequence_of_its_bars_reaches_a_terminal(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	struct tw_str said = TW_STR_INIT;
	said_begin(false);
	enum tw_status st = read_it(draw_a_bar, &err);
	said_end(&said);
	assert_ok(st, &err);
	assert_contains(said.data, "title");
	if (strpbrk(said.data, "\033\a\r"))
		fail_msg("%s", said.data);
	tw_str_release(&said);
}

/* --- fetches --- */

/* A request that no stop ends is for what this program itself has to finish. */
static void its_fetches_end_when_the_user_wishes(void **state)
{
	(void)state;
	const struct tw_http_request req = {.url = "https://example.org/", .to_the_end = true};
	struct wire w = {.fd = -1};
	struct wire_frame f;
	struct tw_http_request got;
	wire_begin(&w, WIRE_FETCH);
	wire_put_request(&w, &req);
	f = (struct wire_frame){
		.word = WIRE_FETCH, .at = w.out.data + 8, .end = w.out.data + w.out.len};
	wire_get_request(&got, &f, &h.arena);
	assert_false(f.bad);
	assert_string_equal(got.url, req.url);
	assert_false(got.to_the_end);
	wire_release(&w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_pass_ends_well_or_fails),
		TEST(it_is_ready_once),
		TEST(talk_does_not_stop_the_clock),
		TEST(no_escape_sequence_of_its_bars_reaches_a_terminal),
		TEST(its_fetches_end_when_the_user_wishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
