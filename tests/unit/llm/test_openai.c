#include "llm_test.h"
#include "support/openai_peer.h"
#include "support/tiny_gguf.h"

#include <math.h>
#include <unistd.h>

#include "base/time.h"

static struct tw_http *http;

static int set_up(void **state)
{
	const struct tw_http_policy policy = {0};
	(void)state;
	use_own_cache();
	setenv("TWIN_OPENAI_API_KEY", "sk-very-secret", 1);
	return tw_http_new(&http, &policy, NULL) == TW_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tw_http_free(http);
	return 0;
}

/* A peer whose next answers are given as raw bytes; "|" marks where the bytes are cut into segments. */
struct script {
	const char *raw[8];
	int used;
	char last_headers[4096];
	char last_body[8192];
};

static bool play(void *ctx, int c, const struct peer_request *r)
{
	struct script *s = ctx;
	if (strcmp(r->path, "/v1/models") == 0)
		return false;
	snprintf(s->last_headers, sizeof(s->last_headers), "%s", r->headers);
	snprintf(s->last_body, sizeof(s->last_body), "%s", r->body);
	const char *raw = s->raw[s->used];
	if (!raw)
		return false;
	s->used++;
	while (*raw) {
		size_t n = strcspn(raw, "|");
		peer_send(c, raw, n);
		raw += n + (raw[n] == '|');
		if (*raw)
			usleep(3000);
	}
	return true;
}

#define OK_STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define OK_JSON	  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define STATUS(code)     \
	"HTTP/1.1 " code \
	" X\r\nContent-Type: application/json\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"
#define DELTA(text)                                                       \
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text \
	"\"},\"finish_reason\":null}]}\n\n"
#define END(reason) \
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static struct tw_llm *open_peer(const struct openai_peer *p)
{
	struct tw_llm *llm = NULL;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.http = http};
	char spec[200];
	snprintf(spec, sizeof(spec), "openai:%s#peer-1", openai_peer_url(p));
	assert_ok(tw_llm_open(&llm, llms, spec, &o, &err), &err);
	return llm;
}

/* One chat against a peer that answers with these bytes, one answer a request. */
static enum tw_status chat_with(struct script *s, const struct tw_gen_params *p,
				struct tw_generation *g, struct tw_err *err)
{
	static const struct tw_gen_params plain = {.max_tokens = 20};
	static const struct tw_message m = {"user", "hello"};
	struct openai_peer *peer = openai_peer_new(play, s);
	struct tw_llm *llm = open_peer(peer);
	enum tw_status st = tw_llm_chat(g, llm, &m, 1, p ? p : &plain, NULL, NULL, err);
	tw_llm_close(llm);
	openai_peer_free(peer);
	return st;
}

static void assert_text(const char *raw, const char *text, const char *finish)
{
	struct script s = {.raw = {raw}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	assert_ok(chat_with(&s, NULL, &g, &err), &err);
	assert_string_equal(tw_str_c(&g.text), text);
	assert_string_equal(g.finish, finish);
	tw_generation_release(&g);
}

static void assert_failure(const char *raw, enum tw_status want, const char *part)
{
	struct script s = {.raw = {raw, raw, raw, raw, raw}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	assert_int_equal(chat_with(&s, NULL, &g, &err), want);
	assert_contains(err.msg, part);
	assert_null(strstr(err.msg, "sk-very-secret"));
	assert_contains(err.msg, "127.0.0.1");
}

static void streams_are_read_however_they_are_cut(void **state)
{
	(void)state;
	assert_text(OK_STREAM DELTA("Hel") DELTA("lo") END("stop") DONE, "Hello", "stop");
	assert_text(
		OK_STREAM
		"da|ta: {\"choices\":[{\"delta\":{\"con|tent\":\"Hi\"}}]}\r|\n\r\n: ping\r\n\r\n" END(
			"length") DONE,
		"Hi", "length");
	assert_text(OK_STREAM DELTA("no end line") "data: [DONE]", "no end line", "stop");
	assert_text(
		OK_STREAM
		"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n" DELTA(
			"x") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":1}}\n\n" DONE,
		"x", "stop");
}

static void an_emoji_cut_in_two_is_put_together(void **state)
{
	(void)state;
	assert_text(OK_STREAM DELTA("a\xf0\x9f|") DELTA("\x98\x80z") END("stop") DONE,
		    "a\xf0\x9f\x98\x80z", "stop");
	assert_text(OK_STREAM DELTA("bad \xff byte") END("stop") DONE, "bad \xef\xbf\xbd byte",
		    "stop");
	assert_text(OK_STREAM DELTA("\\u00e9\\ud83d\\ude00") END("stop") DONE,
		    "\xc3\xa9\xf0\x9f\x98\x80", "stop");
}

static void a_server_that_does_not_stream_will_do(void **state)
{
	(void)state;
	assert_text(
		OK_JSON
		"{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"whole\"},"
		"\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}",
		"whole", "length");
}

static void errors_are_told_in_the_servers_words(void **state)
{
	(void)state;
	assert_failure(STATUS("400") "{\"error\":{\"message\":\"max_tokens is too large\"}}",
		       TW_NETWORK, "max_tokens is too large");
	assert_failure(STATUS("401") "{\"error\":{\"message\":\"wrong key sk-very-secret!\"}}",
		       TW_NETWORK, "TWIN_OPENAI_API_KEY");
	assert_failure(STATUS("404") "<html>\x1b[31mnot here", TW_NETWORK, "404");
	assert_failure(
		OK_STREAM DELTA("half an") "data: {\"error\":{\"message\":\"out of memory\"}}\n\n",
		TW_NETWORK, "out of memory");
	assert_failure(OK_STREAM DELTA("half an ans"), TW_NETWORK, "broke off");
	assert_failure(OK_STREAM "data: {not json}\n\n", TW_BAD_DATA, "no JSON");
}

static void a_busy_server_is_asked_again(void **state)
{
	static const char *const codes[] = {STATUS("429"), STATUS("408"), STATUS("409"),
					    STATUS("500"), STATUS("503")};
	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		struct script s = {
			.raw = {codes[i], codes[i], OK_STREAM DELTA("at last") END("stop") DONE}};
		struct tw_generation g;
		struct tw_err err = TW_ERR_INIT;
		assert_ok(chat_with(&s, NULL, &g, &err), &err);
		assert_string_equal(tw_str_c(&g.text), "at last");
		assert_int_equal(s.used, 3);
		tw_generation_release(&g);
	}
	assert_failure(STATUS("503") "{\"error\":\"still loading\"}", TW_NETWORK, "still loading");
}

static void what_has_begun_is_not_begun_again(void **state)
{
	struct script s = {.raw = {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				   "Content-Length: 5000\r\n\r\n" DELTA("half"),
				   OK_STREAM DELTA("again") END("stop") DONE}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_int_equal(chat_with(&s, NULL, &g, &err), TW_NETWORK);
	assert_int_equal(s.used, 1);
}

static void a_broken_connection_gets_one_more_try(void **state)
{
	struct script s = {.raw = {"", OK_STREAM DELTA("second") END("stop") DONE}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_ok(chat_with(&s, NULL, &g, &err), &err);
	assert_string_equal(tw_str_c(&g.text), "second");
	tw_generation_release(&g);
}

static void the_request_says_what_was_asked_for(void **state)
{
	static const char *const stop[] = {"END", NULL};
	const struct tw_gen_params p = {
		.max_tokens = 9, .temperature = 0.5, .top_p = 0.9, .seed = 42, .stop = stop};
	struct script s = {
		.raw = {OK_STREAM DELTA("one EN") DELTA("D two") DELTA("three") END("stop") DONE}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_ok(chat_with(&s, &p, &g, &err), &err);
	assert_string_equal(tw_str_c(&g.text), "one "); /* the server let it pass, we don't */
	assert_string_equal(g.finish, "stop");
	assert_contains(s.last_body, "\"max_tokens\":9");
	assert_contains(s.last_body, "\"temperature\":0.5");
	assert_contains(s.last_body, "\"top_p\":0.9");
	assert_contains(s.last_body, "\"seed\":42");
	assert_contains(s.last_body, "\"stop\":[\"END\"]");
	assert_null(strstr(s.last_body, "top_k"));
	assert_contains(s.last_headers, "Authorization: Bearer sk-very-secret");
	tw_generation_release(&g);
}

static void parameters_that_a_server_refuses_are_left_out(void **state)
{
	const struct tw_gen_params p = {.max_tokens = 9, .top_k = 40, .repeat_penalty = 1.1};
	struct script s = {
		.raw = {STATUS("400") "{\"error\":{\"message\":\"Use 'max_completion_tokens' instead.\"}}",
			STATUS("400") "{\"error\":{\"message\":\"Unrecognized argument: top_k\"}}",
			OK_STREAM DELTA("fine") END("stop") DONE}};
	struct tw_generation g;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	assert_ok(chat_with(&s, &p, &g, &err), &err);
	assert_string_equal(tw_str_c(&g.text), "fine");
	assert_contains(s.last_body, "\"max_completion_tokens\":9");
	assert_null(strstr(s.last_body, "top_k"));
	tw_generation_release(&g);
}

static void the_digest_follows_url_model_and_server(void **state)
{
	(void)state;
	struct openai_peer *p = openai_peer_new(NULL, NULL), *q = openai_peer_new(NULL, NULL);
	struct tw_llm *a = open_peer(p), *b = open_peer(p), *c = open_peer(q);
	assert_string_equal(tw_llm_info(a)->digest.hex, tw_llm_info(b)->digest.hex);
	assert_string_not_equal(tw_llm_info(a)->digest.hex, tw_llm_info(c)->digest.hex);
	assert_string_equal(tw_llm_info(a)->tokenizer.hex, tw_llm_info(a)->digest.hex);
	assert_int_equal(strspn(tw_llm_info(a)->template_digest.hex, "0"), TW_DIGEST_LEN);
	assert_int_equal(tw_llm_info(a)->context, 2048);
	assert_null(tw_llm_info(a)->path);
	struct tw_digest known = tw_llm_info(a)->digest;
	char spec[200];
	snprintf(spec, sizeof(spec), "openai:%s/#peer-1", openai_peer_url(p));
	tw_llm_close(a);
	tw_llm_close(b);
	tw_llm_close(c);
	openai_peer_free(p);
	openai_peer_free(q);

	/* The server is gone: what it said earlier still names it, and asking it fails. */
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.http = http};
	assert_ok(tw_llm_open(&a, llms, spec, &o, &err), &err);
	assert_string_equal(tw_llm_info(a)->digest.hex, known.hex);
	const struct tw_gen_params params = {.max_tokens = 3};
	struct tw_generation g;
	assert_int_equal(tw_llm_complete(&g, a, "x", &params, NULL, NULL, &err), TW_NETWORK);
	tw_llm_close(a);
}

static void a_wrong_spec_says_how_to_write_it(void **state)
{
	static const char *const bad[] = {"openai:",
					  "openai:http://127.0.0.1:1/v1",
					  "openai:http://127.0.0.1:1/v1#",
					  "openai:#m",
					  "openai:ftp://127.0.0.1/#m",
					  "openai:127.0.0.1#m",
					  "openai:http://me:pw@127.0.0.1/v1#m",
					  "openai:http:///v1#m"};
	const struct tw_llm_options o = {.http = http},
				    with_adapter = {.http = http, .adapter = "x.gguf"}, none = {0};
	struct tw_llm *llm;
	struct tw_err err;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		tw_err_clear(&err);
		assert_int_equal(tw_llm_open(&llm, llms, bad[i], &o, &err), TW_BAD_USE);
		assert_null(strstr(err.msg, "pw@"));
	}
	tw_err_clear(&err);
	assert_int_equal(
		tw_llm_open(&llm, llms, "openai:http://127.0.0.1:1/v1#m", &with_adapter, &err),
		TW_UNSUPPORTED);
	tw_err_clear(&err);
	assert_int_equal(tw_llm_open(&llm, llms, "openai:http://127.0.0.1:1/v1#m", &none, &err),
			 TW_BAD_USE);
	tw_err_clear(&err);
	assert_int_equal(tw_llm_open(&llm, llms, "openai:http://127.0.0.1:1/v1#m", &o, &err),
			 TW_NETWORK);
}

static void offline_means_offline(void **state)
{
	const struct tw_http_policy policy = {.offline = true};
	struct tw_http *off;
	struct tw_llm *llm;
	struct tw_err err = TW_ERR_INIT;
	(void)state;
	struct openai_peer *p = openai_peer_new(NULL, NULL);
	assert_ok(tw_http_new(&off, &policy, &err), &err);
	const struct tw_llm_options o = {.http = off};
	char spec[200];
	snprintf(spec, sizeof(spec), "openai:%s#peer-1", openai_peer_url(p));
	assert_int_equal(tw_llm_open(&llm, llms, spec, &o, &err), TW_NETWORK);
	assert_contains(err.msg, "offline");
	assert_int_equal(openai_peer_requests(p), 0);
	tw_http_free(off);
	openai_peer_free(p);
}

static void the_hosts_of_a_spec_are_named(void **state)
{
	struct tw_str s = TW_STR_INIT;
	(void)state;
	tw_llm_openai.hosts("https://Models.Example.org:8443/v1#big", &s);
	assert_string_equal(tw_str_c(&s), "models.example.org:8443");
	tw_str_release(&s);
}

/* --- embeddings --- */

static enum tw_status embed_with(struct script *s, float *out, const struct tw_bytes *texts,
				 size_t n, struct tw_err *err)
{
	struct openai_peer *peer = openai_peer_new(play, s);
	struct tw_embedder *e;
	const struct tw_llm_options o = {.http = http};
	char spec[200];
	snprintf(spec, sizeof(spec), "openai:%s#peer-1", openai_peer_url(peer));
	enum tw_status st = tw_embedder_open(&e, embedders, spec, &o, err);
	if (st == TW_OK) {
		st = tw_embed(out, e, texts, n, err);
		tw_embedder_close(e);
	}
	openai_peer_free(peer);
	return st;
}

static void vectors_come_as_numbers_or_base64(void **state)
{
	static const char probe[] = OK_JSON "{\"data\":[{\"index\":0,\"embedding\":[1,2.0]}]}";
	/* (3, 4) and (-1, 0) as little-endian floats */
	static const char both[] =
		OK_JSON "{\"data\":[{\"index\":1,\"embedding\":\"AACAvwAAAAA=\"},"
			"{\"index\":0,\"embedding\":\"AABAQAAAgEA=\"}]}";
	struct script s = {.raw = {probe, both}};
	const struct tw_bytes texts[] = {{"one", 3}, {"two", 3}};
	struct tw_err err = TW_ERR_INIT;
	float v[4];
	(void)state;
	assert_ok(embed_with(&s, v, texts, 2, &err), &err);
	assert_true(fabsf(v[0] - 0.6f) < 1e-6f && fabsf(v[1] - 0.8f) < 1e-6f);
	assert_true(fabsf(v[2] + 1) < 1e-6f && fabsf(v[3]) < 1e-6f);
}

static void wrong_vectors_are_refused(void **state)
{
	static const char *const bad[] = {
		OK_JSON "{\"data\":[]}",
		OK_JSON "{\"data\":[{\"index\":0,\"embedding\":[1,2,3]}]}",
		OK_JSON "{\"data\":[{\"index\":0,\"embedding\":[0,0]}]}",
		OK_JSON "{\"data\":[{\"index\":0,\"embedding\":[1,\"2\"]}]}",
		OK_JSON "{\"data\":[{\"index\":0,\"embedding\":\"AAA\"}]}",
		OK_JSON "{\"data\":[{\"index\":0,\"embedding\":\"!!!!\"}]}",
		OK_JSON "{\"data\":[{\"index\":7,\"embedding\":[1,2]}]}",
		OK_JSON "{\"data\":[{\"index\":0}]}",
		OK_JSON "{\"data\":7}",
		OK_JSON "hello",
	};
	static const char probe[] = OK_JSON "{\"data\":[{\"index\":0,\"embedding\":[1,2.0]}]}";
	const struct tw_bytes text = {"one", 3};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct script s = {.raw = {probe, bad[i]}};
		struct tw_err err = TW_ERR_INIT;
		float v[2];
		assert_int_equal(embed_with(&s, v, &text, 1, &err), TW_BAD_DATA);
	}
}

static void many_texts_go_in_batches(void **state)
{
	struct openai_peer *peer = openai_peer_new(NULL, NULL);
	struct tw_embedder *e;
	struct tw_err err = TW_ERR_INIT;
	const struct tw_llm_options o = {.http = http};
	char spec[200], word[200][16];
	struct tw_bytes texts[200];
	static float v[200 * PEER_DIM], one[PEER_DIM];
	(void)state;
	for (int i = 0; i < 200; i++)
		texts[i] =
			(struct tw_bytes){word[i], (size_t)snprintf(word[i], 16, "word %d", i % 7)};
	snprintf(spec, sizeof(spec), "openai:%s#peer-1", openai_peer_url(peer));
	assert_ok(tw_embedder_open(&e, embedders, spec, &o, &err), &err);
	assert_int_equal(tw_embedder_info(e)->dim, PEER_DIM);
	int before = openai_peer_requests(peer);
	assert_ok(tw_embed(v, e, texts, 200, &err), &err);
	assert_int_equal(openai_peer_requests(peer) - before, 4);
	assert_ok(tw_embed(one, e, texts + 150, 1, &err), &err);
	assert_memory_equal(one, v + 150 * PEER_DIM, sizeof(one));
	tw_embedder_close(e);

	/* The length is known now: opening asks for the list of models alone. */
	before = openai_peer_requests(peer);
	assert_ok(tw_embedder_open(&e, embedders, spec, &o, &err), &err);
	assert_int_equal(openai_peer_requests(peer) - before, 1);
	tw_embedder_close(e);
	openai_peer_free(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_read_however_they_are_cut),
		cmocka_unit_test(an_emoji_cut_in_two_is_put_together),
		cmocka_unit_test(a_server_that_does_not_stream_will_do),
		cmocka_unit_test(errors_are_told_in_the_servers_words),
		cmocka_unit_test(a_busy_server_is_asked_again),
		cmocka_unit_test(what_has_begun_is_not_begun_again),
		cmocka_unit_test(a_broken_connection_gets_one_more_try),
		cmocka_unit_test(the_request_says_what_was_asked_for),
		cmocka_unit_test(parameters_that_a_server_refuses_are_left_out),
		cmocka_unit_test(the_digest_follows_url_model_and_server),
		cmocka_unit_test(a_wrong_spec_says_how_to_write_it),
		cmocka_unit_test(offline_means_offline),
		cmocka_unit_test(the_hosts_of_a_spec_are_named),
		cmocka_unit_test(vectors_come_as_numbers_or_base64),
		cmocka_unit_test(wrong_vectors_are_refused),
		cmocka_unit_test(many_texts_go_in_batches),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
