/* Bodies of /v1/chat/completions and /v1/embeddings, and what is written back. */
#include "test.h"
#include "support/arena.h"

#include <sys/resource.h>

#include "base/json.h"
#include "serve/chat_request.h"
#include "serve/chat_response.h"
#include "serve/embed_request.h"

static struct tw_chat_request good(const char *body)
{
	struct tw_chat_request r;
	struct tw_api_error e;
	if (!tw_chat_request_parse(&r, body, strlen(body), &arena, &e))
		fail_msg("%s: %s", body, e.msg);
	return r;
}

static void refused(const char *body, const char *param)
{
	struct tw_chat_request r;
	struct tw_api_error e;
	if (tw_chat_request_parse(&r, body, strlen(body), &arena, &e))
		fail_msg("taken: %s", body);
	assert_int_equal(e.status, 400);
	assert_true(e.msg[0] != '\0');
	if (param && (!e.param || strcmp(e.param, param) != 0))
		fail_msg("%s: names %s, not %s", body, e.param ? e.param : "nothing", param);
}

#define Q "\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]"

static void what_clients_send_is_taken(void **state)
{
	(void)state;
	struct tw_chat_request r = good(
		"{\"model\":\"m\",\"messages\":["
		"{\"role\":\"system\",\"content\":\"be kind\"},"
		"{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"and brief\"}]},"
		"{\"role\":\"assistant\",\"content\":\"hello\"},"
		"{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"user\",\"content\":\"two\"},"
		"{\"role\":\"assistant\",\"content\":null},"
		"{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":\"1\"},"
		"{\"role\":\"assistant\",\"content\":\"three\"},"
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"fo\"},"
		"{\"type\":\"text\",\"text\":\"ur\"}]}],"
		"\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":1,"
		"\"max_tokens\":9,\"max_completion_tokens\":7,\"temperature\":0,\"top_p\":1,"
		"\"seed\":-3,\"stop\":[\"a\",\"b\"],\"user\":\"u\",\"tools\":[],\"logprobs\":false,"
		"\"response_format\":{\"type\":\"text\"},\"metadata\":{},\"unknown\":[1],"
		"\"frequency_penalty\":0}");
	assert_string_equal(r.model, "m");
	assert_string_equal(r.system, "be kind\n\nand brief");
	assert_int_equal(r.n_history, 2);
	assert_string_equal(r.history[0].content, "one\n\ntwo");
	assert_string_equal(r.history[1].content, "three");
	assert_string_equal(r.question, "four");
	assert_true(r.stream && r.include_usage && r.has_seed);
	assert_int_equal(r.max_tokens, 7);
	assert_true(r.temperature == 0 && r.top_p == 1);
	assert_string_equal(r.stop[1], "b");
	assert_null(r.stop[2]);
	r = good("{" Q ",\"temperature\":null,\"stop\":null,\"max_tokens\":null,\"model\":null}");
	assert_true(r.temperature < 0 && r.max_tokens == 0 && !r.stop && !r.model);
	r = good("{" Q ",\"stop\":\"end\"}");
	assert_string_equal(r.stop[0], "end");
}

static long peak_kb(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* First of all tests: the peak is the process's. Joined one by one, these took 150 times their size. */
static void many_messages_in_a_row_take_no_more_memory_than_they_are_long(void **state)
{
	(void)state;
	struct tw_str body = TW_STR_INIT;
	char text[4001];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tw_str_adds(&body, "{\"messages\":[");
	for (int i = 0; i < 250; i++)
		tw_str_addf(&body, "%s{\"role\":\"user\",\"content\":\"%s\"}", i ? "," : "", text);
	tw_str_adds(&body, "]}");
	long before = peak_kb();
	struct tw_chat_request r = good(tw_str_c(&body));
	assert_int_equal(strlen(r.question), 250 * 4000 + 249 * 2);
	assert_true(peak_kb() - before < 32 * 1024);
	tw_str_release(&body);
}

static void what_would_change_the_meaning_is_refused_by_name(void **state)
{
	(void)state;
	refused("{" Q ",\"n\":2}", "n");
	refused("{" Q ",\"tools\":[{\"type\":\"function\"}]}", "tools");
	good("{" Q ",\"tools\":[{\"type\":\"function\"}],\"tool_choice\":\"none\"}");
	refused("{" Q ",\"functions\":[{}]}", "functions");
	refused("{" Q ",\"logprobs\":true}", "logprobs");
	refused("{" Q ",\"top_logprobs\":3}", "top_logprobs");
	refused("{" Q ",\"response_format\":{\"type\":\"json_schema\"}}", "response_format");
	refused("{" Q ",\"response_format\":{\"type\":\"json_object\"}}", "response_format");
	refused("{" Q ",\"frequency_penalty\":0.5}", "frequency_penalty");
	refused("{" Q ",\"logit_bias\":{\"1\":2}}", "logit_bias");
	refused("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		"\"image_url\":{}}]}]}",
		"messages");
}

static void bad_bodies_are_refused(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{}",
		"{\"messages\":[]}",
		"{\"messages\":{}}",
		"{\"messages\":[1]}",
		"{\"messages\":[{\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":7}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}",
		"{\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
		"{\"role\":\"assistant\",\"content\":\"y\"}]}",
		"{" Q ",\"temperature\":3}",
		"{" Q ",\"temperature\":-1}",
		"{" Q ",\"temperature\":\"hot\"}",
		"{" Q ",\"top_p\":2}",
		"{" Q ",\"max_tokens\":0}",
		"{" Q ",\"max_tokens\":-5}",
		"{" Q ",\"max_tokens\":1.5}",
		"{" Q ",\"max_tokens\":99999999999}",
		"{" Q ",\"seed\":\"x\"}",
		"{" Q ",\"stop\":[\"\"]}",
		"{" Q ",\"stop\":7}",
		"{" Q ",\"stream\":\"yes\"}",
		"{" Q ",\"model\":7}",
		"{" Q ",\"stop\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}",
		"{" Q "} trailing",
		"{" Q ",\"seed\":1e400}",
		"\xff\xfe{}",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}",
	};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		refused(bodies[i], NULL);
}

static void token_arrays_are_refused_with_the_way_out(void **state)
{
	(void)state;
	struct tw_embed_request r;
	struct tw_api_error e;
	static const char *const bad[] = {"{\"input\":[1,2]}",
					  "{\"input\":[[1,2]]}",
					  "{\"input\":7}",
					  "{}",
					  "{\"input\":\"\"}",
					  "{\"input\":[]}",
					  "{\"input\":[\"a\",\"\"]}",
					  "{\"input\":\"a\",\"encoding_format\":\"int8\"}",
					  "{\"input\":\"a\",\"dimensions\":-1}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(tw_embed_request_parse(&r, bad[i], strlen(bad[i]), &arena, &e));
	assert_false(tw_embed_request_parse(&r, bad[0], strlen(bad[0]), &arena, &e));
	assert_contains(e.msg, "check_embedding_ctx_length");
	const char *ok = "{\"input\":[\"a\",\"b\"],\"model\":\"m\",\"encoding_format\":\"base64\"}";
	assert_true(tw_embed_request_parse(&r, ok, strlen(ok), &arena, &e));
	assert_int_equal(r.n, 2);
	assert_true(r.base64);
}

static void base64_is_that_of_the_rfc(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"", ""},
					       {"f", "Zg=="},
					       {"fo", "Zm8="},
					       {"foo", "Zm9v"},
					       {"foob", "Zm9vYg=="},
					       {"fooba", "Zm9vYmE="},
					       {"foobar", "Zm9vYmFy"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tw_str s = TW_STR_INIT;
		tw_base64(&s, cases[i][0], strlen(cases[i][0]));
		assert_string_equal(tw_str_c(&s), cases[i][1]);
		tw_str_release(&s);
	}
}

/* Every frame is "data: " and one line of JSON; the last is [DONE]. Returns how many there are. */
static size_t read_stream(const char *text, struct tw_json **out, size_t max)
{
	size_t n = 0;
	while (*text) {
		const char *end = strstr(text, "\n\n");
		assert_non_null(end);
		assert_memory_equal(text, "data: ", 6);
		if (strncmp(text, "data: [DONE]", 12) == 0) {
			assert_string_equal(text, "data: [DONE]\n\n");
			return n;
		}
		assert_null(memchr(text, '\n', (size_t)(end - text)));
		struct tw_err err = TW_ERR_INIT;
		assert_true(n < max);
		assert_ok(
			tw_json_parse(&out[n++], text + 6, (size_t)(end - text) - 6, &arena, &err),
			&err);
		text = end + 2;
	}
	return n;
}

static const struct tw_answer_source source = {.n = 1,
					       .title = "A title\nof \"two\" lines",
					       .heading = "",
					       .date = "2021-03-14",
					       .key = "k.md",
					       .doc = "d",
					       .row_id = "r",
					       .text = "passage",
					       .cited = true};

static void the_stream_is_what_clients_expect(void **state)
{
	(void)state;
	const struct tw_chat_head h = {"chatcmpl-1", "mara", 1700000000, "v1 (revision 1)"};
	const struct tw_answer a = {.text = "Hello\n\ndata: x",
				    .sources = &source,
				    .n_sources = 1,
				    .finish = "length",
				    .prediction = "p1",
				    .prompt_tokens = 10,
				    .completion_tokens = 3};
	struct tw_str s = TW_STR_INIT;
	struct tw_json *v[8];
	tw_chat_chunk_first(&s, &h, &source, 1);
	tw_chat_chunk_text(&s, &h, a.text, strlen(a.text));
	tw_chat_chunk_last(&s, &h, &a, true);
	assert_int_equal(read_stream(tw_str_c(&s), v, 8), 4);
	for (int i = 0; i < 4; i++) {
		assert_string_equal(tw_json_str(tw_json_get(v[i], "object"), ""),
				    "chat.completion.chunk");
		assert_string_equal(tw_json_str(tw_json_get(v[i], "id"), ""), "chatcmpl-1");
	}
	const struct tw_json *c = tw_json_get(v[0], "choices")->child;
	assert_string_equal(tw_json_str(tw_json_get(tw_json_get(c, "delta"), "role"), ""),
			    "assistant");
	assert_int_equal(tw_json_get(c, "finish_reason")->type, TW_JSON_NULL);
	c = tw_json_get(v[1], "choices")->child;
	assert_string_equal(tw_json_str(tw_json_get(tw_json_get(c, "delta"), "content"), ""),
			    a.text);
	c = tw_json_get(v[2], "choices")->child;
	assert_int_equal(tw_json_get(c, "delta")->n, 0);
	assert_string_equal(tw_json_str(tw_json_get(c, "finish_reason"), ""), "length");
	assert_int_equal(tw_json_get(v[2], "sources")->n, 1);
	assert_int_equal(tw_json_get(v[3], "choices")->n, 0);
	assert_int_equal(tw_json_int(tw_json_get(tw_json_get(v[3], "usage"), "total_tokens"), 0),
			 13);
	tw_str_release(&s);
	tw_chat_chunk_error(&s, 503, "broke");
	assert_int_equal(read_stream(tw_str_c(&s), v, 8), 1);
	assert_string_equal(tw_json_str(tw_json_get(tw_json_get(v[0], "error"), "type"), ""),
			    "server_error");
	tw_str_release(&s);
}

static void a_refusal_is_a_plain_stop_to_clients(void **state)
{
	(void)state;
	const struct tw_chat_head h = {"chatcmpl-1", "mara", 1700000000, "base"};
	const struct tw_answer a = {.text = "No.", .finish = "refused", .prediction = ""};
	struct tw_str s = TW_STR_INIT;
	struct tw_json *v;
	struct tw_err err = TW_ERR_INIT;
	tw_chat_whole(&s, &h, &a);
	assert_ok(tw_json_parse(&v, s.data, s.len, &arena, &err), &err);
	const struct tw_json *c = tw_json_get(v, "choices")->child;
	assert_string_equal(tw_json_str(tw_json_get(c, "finish_reason"), ""), "stop");
	assert_string_equal(tw_json_str(tw_json_get(tw_json_get(c, "message"), "content"), ""),
			    "No.");
	assert_int_equal(tw_json_get(v, "sources")->n, 0);
	tw_str_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_messages_in_a_row_take_no_more_memory_than_they_are_long),
		cmocka_unit_test(what_clients_send_is_taken),
		cmocka_unit_test(what_would_change_the_meaning_is_refused_by_name),
		cmocka_unit_test(bad_bodies_are_refused),
		cmocka_unit_test(token_arrays_are_refused_with_the_way_out),
		cmocka_unit_test(base64_is_that_of_the_rfc),
		cmocka_unit_test(the_stream_is_what_clients_expect),
		cmocka_unit_test(a_refusal_is_a_plain_stop_to_clients),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
