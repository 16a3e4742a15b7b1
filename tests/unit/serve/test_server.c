/* The whole server over real sockets and stores, with models that echo. */
#include "serve/server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/time.h"
#include "raw_client.h"
#include "support/small_twin.h"

#define ASK \
	"{\"messages\":[{\"role\":\"user\",\"content\":\"Which spokes of the wheel are loose?\"}]"

static struct small_twin t;
static struct tw_server *server;
static int port;
static struct tw_str response;

static void nap_ms(int ms)
{
	const struct timespec nap = {ms / 1000, ms % 1000 * 1000000L};
	nanosleep(&nap, NULL);
}

static void start_server(void)
{
	struct tw_serve_options o = {0};
	assert_ok(tw_config_read(&o, tw_serve_opts, t.conf, "serve", &t.err), &t.err);
	o.port = 0;
	assert_ok(tw_server_start(&server, &t.env, &o, NULL, &t.err), &t.err);
	port = atoi(strrchr(tw_server_url(server), ':') + 1);
}

static void serve(const char *llm, const char *more)
{
	small_twin_mara(&t, llm, more);
	start_server();
}

static int teardown(void **state)
{
	(void)state;
	tw_server_stop(server);
	server = NULL;
	small_twin_close(&t);
	tw_str_release(&response);
	unsetenv("TWIN_TOKEN");
	return 0;
}

static int post(const char *path, const char *body)
{
	return raw_post(port, path, body, &response);
}

static int get(const char *path)
{
	return raw_get(port, path, &response);
}

static const struct tw_json *body(void)
{
	struct tw_json *v;
	const char *text = raw_body(&response);
	assert_ok(tw_json_parse(&v, text, strlen(text), &t.a, &t.err), &t.err);
	return v;
}

static const char *str(const struct tw_json *v, const char *key)
{
	return tw_json_str(tw_json_get(v, key), "");
}

static const struct tw_json *choice(const struct tw_json *v)
{
	return tw_json_get(v, "choices")->child;
}

/* A connection on which a question was asked. */
static int begin(const char *json)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_addf(&s,
		    "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		    strlen(json), json);
	int fd = raw_connect(port);
	raw_send(fd, s.data, s.len);
	tw_str_release(&s);
	return fd;
}

static double metric(const char *name)
{
	assert_int_equal(get("/metrics"), 200);
	const char *line = strstr(raw_body(&response), tw_sprintf(&t.a, "\n%s ", name));
	return line ? atof(line + strlen(name) + 2) : 0;
}

static void an_answer_has_what_clients_read_and_its_sources(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(post("/v1/chat/completions", ASK ",\"model\":\"twin\"}"), 200);
	const struct tw_json *v = body(), *c = choice(v), *s = tw_json_get(v, "sources")->child;
	assert_string_equal(str(v, "object"), "chat.completion");
	assert_string_equal(str(v, "model"), "mara-lindqvist");
	assert_string_equal(str(c, "finish_reason"), "stop");
	assert_string_equal(str(tw_json_get(c, "message"), "role"), "assistant");
	assert_contains(str(tw_json_get(c, "message"), "content"), "[1]");
	assert_string_equal(str(s, "title"), "Truing a wheel");
	const struct tw_json *u = tw_json_get(v, "usage");
	assert_int_equal(tw_json_int(tw_json_get(u, "total_tokens"), 0),
			 tw_json_int(tw_json_get(u, "prompt_tokens"), 0) +
				 tw_json_int(tw_json_get(u, "completion_tokens"), 0));
	assert_contains(tw_str_c(&response), "X-Request-Id: ");
	assert_null(strstr(tw_str_c(&response), "Access-Control"));
}

static void a_stream_tells_the_same_as_the_whole(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 200);
	const char *whole = str(tw_json_get(choice(body()), "message"), "content");
	assert_int_equal(post("/v1/chat/completions", ASK ",\"stream\":true,\"stream_options\":{"
							  "\"include_usage\":true}}"),
			 200);
	assert_contains(tw_str_c(&response), "text/event-stream");
	assert_contains(tw_str_c(&response), "X-Accel-Buffering: no");
	struct tw_str text = TW_STR_INIT;
	bool done = false, usage = false;
	for (char *p = strstr(tw_str_c(&response), "data: "); p; p = strstr(p, "data: ")) {
		struct tw_json *v;
		p += 6;
		if (strncmp(p, "[DONE]", 6) == 0) {
			done = true;
			break;
		}
		assert_ok(tw_json_parse(&v, p, strcspn(p, "\n"), &t.a, &t.err), &t.err);
		usage |= tw_json_get(tw_json_get(v, "usage"), "total_tokens") != NULL;
		if (choice(v))
			tw_str_adds(&text, str(tw_json_get(choice(v), "delta"), "content"));
	}
	assert_true(done && usage);
	assert_string_equal(tw_str_c(&text), whole);
	tw_str_release(&text);
}

static void a_refusal_is_an_answer_without_sources(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(post("/v1/chat/completions",
			      "{\"messages\":[{\"role\":\"user\",\"content\":\"What is the "
			      "capital of Mongolia?\"}]}"),
			 200);
	const struct tw_json *v = body();
	assert_int_equal(tw_json_get(v, "sources")->n, 0);
	assert_string_equal(str(choice(v), "finish_reason"), "stop");
	assert_string_equal(str(tw_json_get(v, "twin"), "finish"), "refused");
	assert_string_equal(str(tw_json_get(choice(v), "message"), "content"),
			    "I have not written about that.");
}

static void errors_are_in_the_shape_that_clients_know(void **state)
{
	(void)state;
	serve("", "serve: {max_body: 1024}\n");
	static const struct {
		int status;
		const char *body, *param;
	} cases[] = {
		{400, "{", NULL},
		{400, "[]", NULL},
		{400, "{\"messages\":[]}", "messages"},
		{400, ASK ",\"temperature\":9}", "temperature"},
		{400, ASK ",\"max_tokens\":0}", "max_tokens"},
		{400, ASK ",\"n\":2}", "n"},
		{400, ASK ",\"tools\":[{}]}", "tools"},
		{404, ASK ",\"model\":\"gpt-4\"}", "model"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = post("/v1/chat/completions", cases[i].body);
		if (got != cases[i].status)
			fail_msg("%d instead of %d: %s", got, cases[i].status, cases[i].body);
		const struct tw_json *e = tw_json_get(body(), "error");
		assert_true(str(e, "message")[0] && str(e, "type")[0]);
		if (cases[i].param)
			assert_string_equal(str(e, "param"), cases[i].param);
	}
	char *large = tw_sprintf(&t.a, "{\"messages\":\"%01100d\"}", 7);
	assert_int_equal(post("/v1/chat/completions", large), 413);
	assert_int_equal(get("/nothing/here"), 404);
	assert_int_equal(get("/v1/chat/completions"), 405);
	assert_contains(tw_str_c(&response), "Allow: POST");
}

static void a_model_that_fails_is_a_500_and_says_nothing_of_the_inside(void **state)
{
	(void)state;
	serve("fail", NULL);
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 500);
	assert_null(strstr(raw_body(&response), "echo"));
	assert_int_equal(post("/v1/chat/completions", ASK ",\"stream\":true}"), 200);
	assert_contains(raw_body(&response), "data: {\"error\":");
	assert_null(strstr(raw_body(&response), "[DONE]"));
}

static void a_full_queue_says_when_to_come_back(void **state)
{
	(void)state;
	serve("slow", "serve: {queue: 1}\n");
	int running = begin(ASK ",\"stream\":true}");
	tw_str_clear(&response);
	assert_true(raw_read_until(running, &response, "data: ", 10));
	int waiting = begin(ASK ",\"stream\":true}");
	for (int i = 0; i < 500 && metric("twin_queue_waiting") < 1; i++)
		nap_ms(10);
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 429);
	assert_contains(tw_str_c(&response), "Retry-After: ");
	assert_string_equal(str(tw_json_get(body(), "error"), "code"), "queue_full");
	/* What does not need the model is answered all the while. */
	assert_int_equal(get("/api/search?q=loose+spokes+wheel"), 200);
	/* One that waits and leaves makes room. */
	close(waiting);
	int status = 429;
	for (int i = 0; i < 100 && status == 429; i++) {
		int fd = begin(ASK ",\"max_tokens\":1}");
		tw_str_clear(&response);
		raw_read_until(fd, &response, "\r\n\r\n", 0.2);
		status = raw_status(&response); /* 0: it waits for its turn */
		close(fd);
	}
	assert_int_not_equal(status, 429);
	close(running);
}

static void a_client_that_leaves_frees_the_model(void **state)
{
	(void)state;
	serve("slow", "answer: {max_tokens: 1500, prompt_tokens: 0}\n");
	int fd = begin(ASK ",\"stream\":true}");
	tw_str_clear(&response);
	assert_true(raw_read_until(fd, &response, "content", 10));
	close(fd);
	/* Its 1,500 tokens would take 30 seconds. */
	double before = tw_monotonic_s();
	assert_int_equal(post("/v1/chat/completions", ASK ",\"max_tokens\":2}"), 200);
	assert_true(tw_monotonic_s() - before < 20);
	assert_true(metric("twin_answers_total{finish=\"cancelled\"}") == 1);
	/* Also one that does not stream. */
	fd = begin(ASK "}");
	nap_ms(100);
	close(fd);
	assert_int_equal(post("/v1/chat/completions", ASK ",\"max_tokens\":2}"), 200);
}

static atomic_bool stopped;

static void *stop_it(void *arg)
{
	(void)arg;
	tw_server_stop(server);
	stopped = true;
	return NULL;
}

static void a_stop_finishes_the_answers_that_have_begun(void **state)
{
	(void)state;
	pthread_t thread;
	serve("slow", "answer: {max_tokens: 40}\n");
	int fd = begin(ASK ",\"stream\":true}");
	int second = begin(ASK ",\"max_tokens\":3}");
	tw_str_clear(&response);
	assert_true(raw_read_until(fd, &response, "content", 10));
	stopped = false;
	pthread_create(&thread, NULL, stop_it, NULL);
	assert_true(raw_read_all(fd, &response, 20));
	assert_contains(tw_str_c(&response), "[DONE]");
	tw_str_clear(&response);
	assert_true(raw_read_all(second, &response, 20));
	assert_int_equal(raw_status(&response), 200);
	pthread_join(thread, NULL);
	server = NULL;
	assert_true(stopped);
	close(fd);
	close(second);
	assert_int_equal(get("/healthz"), 0);
}

static void a_stop_that_lasts_too_long_cuts_answers_off(void **state)
{
	(void)state;
	serve("slow", "serve: {drain_timeout: 0}\nanswer: {max_tokens: 1500, prompt_tokens: 0}\n");
	int fd = begin(ASK ",\"stream\":true}");
	tw_str_clear(&response);
	assert_true(raw_read_until(fd, &response, "content", 10));
	tw_server_stop(server);
	server = NULL;
	assert_true(raw_read_all(fd, &response, 5));
	assert_contains(tw_str_c(&response), "shutting down");
	assert_null(strstr(tw_str_c(&response), "[DONE]"));
	close(fd);
}

static void a_promotion_is_served_from_the_next_request_on(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(get("/v1/models"), 200);
	assert_contains(raw_body(&response), "\"deployment\":\"v1 (revision 1)\"");
	assert_contains(raw_body(&response), "chunks@v1");
	struct small_features f = small_twin_declare(&t, "2");
	small_twin_compute(&t, &f);
	small_twin_deploy(&t, small_twin_register(&t, &f), &f);
	assert_int_equal(get("/v1/models"), 200);
	assert_contains(raw_body(&response), "\"deployment\":\"v2 (revision 2)\"");
	assert_contains(raw_body(&response), "chunks@v2");
	/* One that cannot be served: what serves goes on. */
	struct small_features f3 = small_twin_declare(&t, "3");
	small_twin_deploy(&t, small_twin_register(&t, &f3), &f3);
	assert_int_equal(get("/v1/models"), 200);
	assert_contains(raw_body(&response), "\"deployment\":\"v2 (revision 2)\"");
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 200);
}

static void promotions_while_answers_run_harm_neither(void **state)
{
	(void)state;
	serve("slow", "answer: {max_tokens: 10}\n");
	int fds[4];
	for (int i = 0; i < 4; i++) {
		fds[i] = begin(ASK ",\"stream\":true}");
		struct small_features f = small_twin_declare(&t, tw_sprintf(&t.a, "%d", i + 2));
		small_twin_compute(&t, &f);
		small_twin_deploy(&t, small_twin_register(&t, &f), &f);
		assert_int_equal(get("/api/search?q=loose+spokes"), 200);
	}
	for (int i = 0; i < 4; i++) {
		tw_str_clear(&response);
		assert_true(raw_read_all(fds[i], &response, 20));
		assert_contains(tw_str_c(&response), "[DONE]");
		close(fds[i]);
	}
}

static void what_is_behind_an_answer_can_be_read(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 200);
	const struct tw_json *answer = body();
	const char *id = str(tw_json_get(answer, "twin"), "prediction");
	assert_int_equal(get(tw_sprintf(&t.a, "/api/lineage/%s", id)), 200);
	const struct tw_json *v = body(), *p = tw_json_get(v, "passages")->child;
	assert_string_equal(str(v, "question"), "Which spokes of the wheel are loose?");
	assert_string_equal(str(tw_json_get(p, "document"), "key"), "wheel.md");
	const struct tw_json *d = tw_json_get(v, "deployment");
	assert_int_equal(tw_json_int(tw_json_get(d, "revision"), 0), 1);
	assert_int_equal(tw_json_get(d, "views")->n, 2);
	assert_int_equal(tw_json_int(tw_json_get(tw_json_get(d, "model"), "version"), 0), 1);
	assert_int_equal(get("/api/lineage/0000000000000000"), 404);
	assert_int_equal(get("/api/features/chunks@v1/wheel.md"), 200);
	assert_int_equal(tw_json_get(body(), "rows")->n, 3);
	assert_contains(raw_body(&response), "\"version\":1");
	assert_int_equal(get("/api/features/chunks/wheel.md"), 400);
	assert_int_equal(get("/api/features/chunks@v9/wheel.md"), 404);
	assert_int_equal(get("/api/features/chunks@v1/none.md"), 404);
	assert_int_equal(get("/api/search?q=loose+spokes+wheel&k=1"), 200);
	assert_int_equal(tw_json_get(body(), "passages")->n, 1);
	assert_int_equal(get("/api/search"), 400);
	assert_int_equal(get("/api/search?q=x&k=0"), 400);
	assert_int_equal(get("/api/search?q=x&k=51"), 400);
	assert_int_equal(get("/api/about"), 200);
	assert_string_equal(str(body(), "name"), "Mara Lindqvist");
	/* No label view, no examples, no error. */
	assert_int_equal(get("/api/examples"), 200);
	assert_int_equal(tw_json_get(body(), "questions")->n, 0);
}

static void vectors_are_those_of_the_store_in_both_encodings(void **state)
{
	(void)state;
	serve("", NULL);
	assert_int_equal(post("/v1/embeddings",
			      "{\"model\":\"echo-embedder\",\"input\":[\"spokes\",\"milk\"]}"),
			 200);
	const struct tw_json *v = body(), *first = tw_json_get(v, "data")->child;
	assert_int_equal(tw_json_get(v, "data")->n, 2);
	assert_int_equal(tw_json_get(first, "embedding")->n, 64);
	assert_int_equal(tw_json_int(tw_json_get(first->next, "index"), -1), 1);
	assert_int_equal(
		post("/v1/embeddings", "{\"input\":\"spokes\",\"encoding_format\":\"base64\"}"),
		200);
	first = tw_json_get(body(), "data")->child;
	assert_int_equal(strlen(str(first, "embedding")), (64 * 4 + 2) / 3 * 4);
	assert_int_equal(post("/v1/embeddings", "{\"input\":\"x\",\"dimensions\":7}"), 400);
	assert_int_equal(post("/v1/embeddings", "{\"input\":\"x\",\"model\":\"other\"}"), 404);
	assert_int_equal(post("/v1/embeddings", "{\"input\":[[1,2]]}"), 400);
}

static void text_is_continued_without_passages(void **state)
{
	(void)state;
	serve("", NULL);
	assert_int_equal(post("/v1/completions", "{\"prompt\":\"one two three\"}"), 200);
	const struct tw_json *v = body(), *c = choice(v);
	assert_string_equal(str(v, "object"), "text_completion");
	assert_string_equal(str(c, "text"), "one two three");
	assert_string_equal(str(c, "finish_reason"), "stop");
	assert_int_equal(tw_json_int(tw_json_get(tw_json_get(v, "usage"), "completion_tokens"), 0),
			 3);
	assert_int_equal(post("/v1/completions", "{\"prompt\":[\"one two three\"],\"stream\":true,"
						 "\"stream_options\":{\"include_usage\":true}}"),
			 200);
	assert_contains(raw_body(&response), "\"text\":\"one\"");
	assert_contains(raw_body(&response), "\"finish_reason\":\"stop\"");
	assert_contains(raw_body(&response), "\"total_tokens\":");
	assert_contains(raw_body(&response), "data: [DONE]\n\n");
	static const char *const bad[] = {
		"{}",
		"{\"prompt\":\"\"}",
		"{\"prompt\":[1,2]}",
		"{\"prompt\":[\"a\",\"b\"]}",
		"{\"prompt\":\"x\",\"echo\":true}",
		"{\"prompt\":\"x\",\"suffix\":\"y\"}",
		"{\"prompt\":\"x\",\"best_of\":3}",
		"{\"prompt\":\"x\",\"logprobs\":5}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (post("/v1/completions", bad[i]) != 400)
			fail_msg("%s", bad[i]);
	assert_int_equal(post("/v1/completions", "{\"prompt\":\"x\",\"model\":\"other\"}"), 404);
}

static void a_completion_that_nobody_reads_ends(void **state)
{
	(void)state;
	serve("slow", "answer: {max_tokens: 1500, prompt_tokens: 0}\n");
	static const char text[] = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
				   "Content-Type: application/json\r\nContent-Length: 40\r\n\r\n"
				   "{\"prompt\":\"one two three\",\"stream\":true}";
	int fd = raw_connect(port);
	raw_sends(fd, text);
	tw_str_clear(&response);
	assert_true(raw_read_until(fd, &response, "text_completion", 10));
	close(fd);
	assert_int_equal(post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":2}"), 200);
}

static void health_and_metrics_tell_how_it_is(void **state)
{
	(void)state;
	serve("cite", NULL);
	assert_int_equal(get("/healthz"), 200);
	assert_string_equal(str(body(), "status"), "ok");
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 200);
	assert_int_equal(get("/metrics"), 200);
	const char *text = raw_body(&response);
	assert_contains(text, "twin_http_requests_total{route=\"/v1/chat/completions\","
			      "status=\"200\"} 1\n");
	assert_contains(text, "twin_answers_total{finish=\"stop\"} 1\n");
	assert_contains(text, "twin_deployment_revision{model=\"v1 (revision 1)\"} 1\n");
	assert_contains(text, "twin_first_token_seconds_count 1\n");
	assert_true(metric("twin_tokens_total{kind=\"prompt\"}") > 10);
}

static void a_token_opens_all_and_without_it_nothing(void **state)
{
	(void)state;
	setenv("TWIN_TOKEN", "open sesame", 1);
	serve("cite", NULL);
	assert_int_equal(get("/"), 200);
	assert_int_equal(get("/healthz"), 200);
	assert_int_equal(get("/metrics"), 401);
	assert_int_equal(get("/api/about"), 401);
	assert_int_equal(post("/v1/chat/completions", ASK "}"), 401);
	assert_contains(tw_str_c(&response), "WWW-Authenticate: Bearer");
	assert_string_equal(str(tw_json_get(body(), "error"), "code"), "invalid_api_key");
	static const char with[] = "GET /api/about HTTP/1.1\r\nHost: localhost\r\n"
				   "Authorization: Bearer open sesame\r\n\r\n";
	assert_int_equal(raw_exchange(port, with, sizeof(with) - 1, &response), 200);
}

static void start_with(const char *address, const char *token_file, const char *says)
{
	struct tw_serve_options o = {0};
	struct tw_err err = TW_ERR_INIT;
	struct tw_server *s;
	assert_ok(tw_config_read(&o, tw_serve_opts, t.conf, "serve", &t.err), &t.err);
	o.port = 0;
	o.address = address;
	o.token_file = token_file;
	assert_int_not_equal(tw_server_start(&s, &t.env, &o, NULL, &err), TW_OK);
	assert_contains(err.msg, says);
}

static void others_are_let_in_with_a_token_alone(void **state)
{
	(void)state;
	small_twin_mara(&t, "", NULL);
	start_with("0.0.0.0", NULL, "token");
	start_with("::", NULL, "token");
	start_with("192.0.2.7", NULL, "token");
	start_with("example.org", NULL, "must be an IP address");
	start_with("127.0.0.1", "/no/such/file", "/no/such/file");
	const char *empty = tw_path_join(&t.a, t.dir, "token");
	assert_ok(tw_write_file(empty, "\n", 1, &t.err), &t.err);
	start_with("127.0.0.1", empty, "empty");
	setenv("TWIN_TOKEN", "x", 1);
	start_with("example.org", NULL, "IP address");
}

static void a_port_that_is_taken_is_said(void **state)
{
	(void)state;
	serve("", NULL);
	struct tw_serve_options o = {0};
	struct tw_server *other;
	assert_ok(tw_config_read(&o, tw_serve_opts, t.conf, "serve", &t.err), &t.err);
	o.port = port;
	assert_int_equal(tw_server_start(&other, &t.env, &o, NULL, &t.err), TW_IO);
	assert_contains(t.err.msg, "serve.port");
}

static void the_page_is_whole_and_locked_down(void **state)
{
	(void)state;
	serve("", NULL);
	assert_int_equal(get("/"), 200);
	assert_contains(tw_str_c(&response), "default-src 'none'");
	assert_contains(raw_body(&response), "</html>");
	assert_int_equal(get("/app.js"), 200);
	assert_int_equal(get("/style.css"), 200);
	const char *tag = strstr(tw_str_c(&response), "ETag: ") + 6;
	char *again = tw_sprintf(&t.a,
				 "GET /style.css HTTP/1.1\r\nHost: localhost\r\n"
				 "If-None-Match: %.*s\r\n\r\n",
				 (int)strcspn(tag, "\r"), tag);
	assert_int_equal(raw_exchange(port, again, strlen(again), &response), 304);
	static const char head[] = "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	assert_int_equal(raw_exchange(port, head, sizeof(head) - 1, &response), 200);
	assert_string_equal(raw_body(&response), "");
}

int main(void)
{
#define T(fn) cmocka_unit_test_teardown(fn, teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_has_what_clients_read_and_its_sources),
		T(a_stream_tells_the_same_as_the_whole),
		T(a_refusal_is_an_answer_without_sources),
		T(errors_are_in_the_shape_that_clients_know),
		T(a_model_that_fails_is_a_500_and_says_nothing_of_the_inside),
		T(a_full_queue_says_when_to_come_back),
		T(a_client_that_leaves_frees_the_model),
		T(a_stop_finishes_the_answers_that_have_begun),
		T(a_stop_that_lasts_too_long_cuts_answers_off),
		T(a_promotion_is_served_from_the_next_request_on),
		T(promotions_while_answers_run_harm_neither),
		T(what_is_behind_an_answer_can_be_read),
		T(vectors_are_those_of_the_store_in_both_encodings),
		T(text_is_continued_without_passages),
		T(a_completion_that_nobody_reads_ends),
		T(health_and_metrics_tell_how_it_is),
		T(a_token_opens_all_and_without_it_nothing),
		T(others_are_let_in_with_a_token_alone),
		T(a_port_that_is_taken_is_said),
		T(the_page_is_whole_and_locked_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
