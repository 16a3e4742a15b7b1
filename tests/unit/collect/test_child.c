/*
 * A source in its child: what it says arrives, what it asks is answered, and whatever it does, this process, the other
 * documents and everything else of the user's stay as they are. The source here does what each test wants it to.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect_test.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/stop.h"
#include "base/json.h"
#include "collect/child/child_int.h"
#include "support/said.h"
#include "support/web_server.h"

/* --- the source --- */

struct acting {
	const char *path, *url;
	bool allow_private;
	const struct tw_source_host *host;
	size_t at;
};

/* One document; `act` may fill it, or do anything else. */
typedef enum tw_status (*act_fn)(struct tw_document *doc, struct acting *s, struct tw_arena *a,
				 struct tw_err *err);
struct step {
	const char *key;
	act_fn act;
};

static struct step script[8];
static void (*on_open)(struct acting *s);

static enum tw_status acting_open(void *ctx, const struct tw_source_host *host,
				  struct tw_err *err TW_UNUSED)
{
	struct acting *s = ctx;
	s->host = host;
	if (on_open)
		on_open(s);
	return TW_OK;
}

static enum tw_status acting_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
				  struct tw_err *err)
{
	struct acting *s = ctx;
	const struct step *step = &script[s->at];
	if (!step->key)
		return TW_DONE;
	s->at++;
	doc->key = step->key;
	enum tw_status st = tw_source_enter(s->host, doc->key, err);
	return st == TW_OK ? step->act(doc, s, a, err) : st;
}

static void acting_places(const void *ctx, struct tw_str *out)
{
	const struct acting *s = ctx;
	if (s->path)
		tw_str_addf(out, "%s\n", s->path);
}

static void acting_hosts(const void *ctx, struct tw_str *out)
{
	const struct acting *s = ctx;
	if (s->url)
		tw_str_addf(out, "%s\n", s->url);
}

static const struct tw_opt acting_opts[] = {
	{"path", TW_OPT_PATH, offsetof(struct acting, path), .help = "what may be read"},
	{"url", TW_OPT_STRING, offsetof(struct acting, url), .help = "a host"},
	{"allow_private", TW_OPT_BOOL, offsetof(struct acting, allow_private), .def = "false",
	 .help = "private hosts"},
	{0},
};

static const struct tw_source_type acting = {
	.name = "acting",
	.opts = acting_opts,
	.ctx_size = sizeof(struct acting),
	.complete = true,
	.open = acting_open,
	.next = acting_next,
	.hosts = acting_hosts,
	.places = acting_places,
};

static enum tw_status plain(struct tw_document *doc, struct acting *s TW_UNUSED, struct tw_arena *a,
			    struct tw_err *err TW_UNUSED)
{
	doc->body = (struct tw_bytes){tw_sprintf(a, "text of %s", doc->key), 0};
	doc->body.len = strlen(doc->body.data);
	return TW_OK;
}

/* What a test finds out inside it says as the text of a document. */
static enum tw_status say(struct tw_document *doc, struct tw_arena *a, const char *text)
{
	doc->body = (struct tw_bytes){tw_strdup(a, text), strlen(text)};
	return TW_OK;
}

/* --- the pass --- */

static struct memory_host h;
static struct tw_http *http;
static bool whole;
static int opened_times;
static double stall_s;
static char top[200];

static void opened(void *ctx TW_UNUSED)
{
	opened_times++;
}

static void note(const struct tw_document *doc, enum tw_status st, const char *why)
{
	struct seen one = {.doc = *doc, .status = st, .why = tw_strdup(&h.arena, why)};
	one.doc.key = tw_strdup(&h.arena, doc->key);
	one.doc.fingerprint = tw_strdup(&h.arena, doc->fingerprint);
	one.doc.title = tw_strdup(&h.arena, doc->title);
	one.doc.author = tw_strdup(&h.arena, doc->author);
	one.doc.url = tw_strdup(&h.arena, doc->url);
	one.doc.lang = tw_strdup(&h.arena, doc->lang);
	one.doc.media = tw_strdup(&h.arena, doc->media);
	one.doc.extra = tw_strdup(&h.arena, doc->extra);
	if (doc->body.data)
		one.doc.body.data = tw_strndup(&h.arena, doc->body.data, doc->body.len);
	tw_vec_push(&h.seen, one);
}

static enum tw_status put_refuses = TW_OK;

static enum tw_status put(void *ctx TW_UNUSED, const struct tw_document *doc, struct tw_err *err)
{
	if (put_refuses != TW_OK)
		return tw_fail(err, put_refuses, "the disk is full");
	if (!find_seen(&h, doc->key))
		note(doc, TW_OK, NULL);
	return TW_OK;
}

static void leave_out(void *ctx TW_UNUSED, const struct tw_document *doc, const struct tw_err *why)
{
	note(doc, TW_SKIPPED, why->msg);
}

static enum tw_status read_it(const char *yaml)
{
	struct tw_json *node;
	tw_err_clear(&h.err);
	h.seen.n = 0;
	opened_times = 0;
	assert_ok(tw_yaml_parse(&node, yaml, strlen(yaml), "test", &h.arena, &h.err), &h.err);
	h.host.http = http;
	const struct child_pass pass = {.name = "the source",
					.type = &acting,
					.node = node,
					.where = "test",
					.dir = top,
					.host = &h.host,
					.stall_s = stall_s,
					.opened = opened,
					.put = put,
					.skip = leave_out};
	return child_read(&whole, &pass, &h.err);
}

static void play(const struct step *steps, size_t n)
{
	memset(script, 0, sizeof(script));
	memcpy(script, steps, n * sizeof(*steps));
	on_open = NULL;
}
#define PLAY(...)                                               \
	do {                                                    \
		const struct step steps_[] = {__VA_ARGS__};     \
		play(steps_, sizeof(steps_) / sizeof(*steps_)); \
	} while (0)

static const char *text_of(const char *key)
{
	const struct seen *s = find_seen(&h, key);
	if (!s || s->status != TW_OK)
		fail_msg("%s did not come: %s", key, s ? s->why : h.err.msg);
	return s->doc.body.data;
}

static int setup(void **state TW_UNUSED)
{
	const char *tmp = getenv("TWIN_TEST_TMP");
	char own[] = "/tmp/twin-child.XXXXXX";
	snprintf(top, sizeof(top), "%s", tmp ? tmp : mkdtemp(own));
	const struct tw_http_policy policy = {.allow_private = true};
	assert_ok(tw_http_new(&http, &policy, NULL), &h.err);
	memory_host_init(&h, http);
	stall_s = 0;
	put_refuses = TW_OK;
	return 0;
}

static int teardown(void **state TW_UNUSED)
{
	memory_host_release(&h);
	tw_http_free(http);
	return 0;
}

/* --- what it says arrives --- */

static enum tw_status all_fields(struct tw_document *doc, struct acting *s TW_UNUSED,
				 struct tw_arena *a, struct tw_err *err TW_UNUSED)
{
	doc->fingerprint = "f:1";
	doc->title = "T";
	doc->author = "Ann";
	doc->url = "https://example.org/";
	doc->lang = "de";
	doc->media = "text/plain";
	doc->extra = "{\"tags\":[\"x\"]}";
	doc->created_ms = -5;
	doc->modified_ms = INT64_MAX;
	doc->body = (struct tw_bytes){tw_strndup(a, "a\0b", 3), 3};
	return TW_OK;
}

static enum tw_status large(struct tw_document *doc, struct acting *s TW_UNUSED, struct tw_arena *a,
			    struct tw_err *err TW_UNUSED)
{
	char *text = tw_alloc(a, (20 << 20) + 1);
	memset(text, 'x', 20 << 20);
	doc->body = (struct tw_bytes){text, 20 << 20};
	return TW_OK;
}

static enum tw_status unchanged(struct tw_document *doc, struct acting *s,
				struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	doc->fingerprint = s->host->known(s->host->host, doc->key);
	doc->unchanged = true;
	return TW_OK;
}

static enum tw_status skipped(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
			      struct tw_arena *a TW_UNUSED, struct tw_err *err)
{
	return tw_fail(err, TW_SKIPPED, "no text");
}

static void documents_arrive_as_they_were_said(void **state)
{
	(void)state;
	tw_map_set(&h.known, "old", (void *)(uintptr_t) "print");
	PLAY({"all", all_fields}, {"large", large}, {"old", unchanged}, {"no", skipped});
	assert_ok(read_it("{}"), &h.err);
	assert_true(whole);
	assert_int_equal(h.seen.n, 4);
	const struct tw_document *d = &find_seen(&h, "all")->doc;
	assert_string_equal(d->fingerprint, "f:1");
	assert_string_equal(d->title, "T");
	assert_string_equal(d->author, "Ann");
	assert_string_equal(d->url, "https://example.org/");
	assert_string_equal(d->lang, "de");
	assert_string_equal(d->media, "text/plain");
	assert_string_equal(d->extra, "{\"tags\":[\"x\"]}");
	assert_true(d->created_ms == -5 && d->modified_ms == INT64_MAX && !d->unchanged);
	assert_int_equal(d->body.len, 3);
	assert_memory_equal(d->body.data, "a\0b", 3);
	d = &find_seen(&h, "large")->doc;
	assert_null(d->title);
	assert_int_equal(d->body.len, 20 << 20);
	d = &find_seen(&h, "old")->doc;
	assert_true(d->unchanged && !d->body.data);
	assert_string_equal(d->fingerprint, "print");
	assert_string_equal(find_seen(&h, "no")->why, "no text");
}

static enum tw_status use_state(struct tw_document *doc, struct acting *s, struct tw_arena *a,
				struct tw_err *err)
{
	const struct tw_source_host *host = s->host;
	const char *before = host->get_state(host->host, "mark");
	host->set_state(host->host, "mark", "now");
	enum tw_status st = host->commit(host->host, err);
	return st == TW_OK ? say(doc, a, before ? before : "none") : st;
}

static void state_is_kept_and_committed(void **state)
{
	(void)state;
	PLAY({"a", use_state});
	assert_ok(read_it("{}"), &h.err);
	assert_string_equal(text_of("a"), "none");
	assert_string_equal(tw_map_get(&h.next_state, "mark"), "now");
	assert_int_equal(h.commits, 1);
}

static enum tw_status talk(struct tw_document *doc, struct acting *s TW_UNUSED, struct tw_arena *a,
			   struct tw_err *err TW_UNUSED)
{
	struct tw_progress *bar = tw_progress_new("history", "commits", 0);
	tw_warn("a warning of %s", doc->key);
	tw_progress_set(bar, 7);
	tw_progress_free(bar);
	return say(doc, a, "done");
}

static void what_it_logs_is_logged_here(void **state)
{
	(void)state;
	struct tw_str said = TW_STR_INIT;
	PLAY({"a", talk});
	said_begin(false);
	enum tw_status st = read_it("{}");
	said_end(&said);
	assert_ok(st, &h.err);
	assert_contains(said.data, "warning: a warning of a\n");
	assert_contains(said.data, "history: 7 commits");
	tw_str_release(&said);
}

static void a_store_that_refuses_ends_it(void **state)
{
	(void)state;
	put_refuses = TW_IO;
	PLAY({"a", plain}, {"b", plain});
	assert_int_equal(read_it("{}"), TW_IO);
	assert_string_equal(h.err.msg, "the disk is full");
}

/* --- one that dies --- */

static enum tw_status die(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
			  struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return TW_OK;
}

static enum tw_status leave(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
			    struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	_exit(3);
}

static enum tw_status spin(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
			   struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	volatile uint64_t n = 1;
	while (n)
		n += 2;
	return TW_OK;
}

static enum tw_status get_on(struct tw_document *doc, struct acting *s, struct tw_arena *a,
			     struct tw_err *err TW_UNUSED)
{
	struct timespec t = {0};
	while (t.tv_sec < 1) {
		tw_source_alive(s->host);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	}
	return say(doc, a, "slow");
}

static void what_kills_its_parser_is_left_out_and_named(void **state)
{
	(void)state;
	PLAY({"a", plain}, {"bad", die}, {"c", plain}, {"worse", leave}, {"e", plain});
	assert_ok(read_it("{}"), &h.err);
	assert_true(whole);
	assert_int_equal(opened_times, 3);
	assert_int_equal(h.seen.n, 5);
	assert_string_equal(text_of("a"), "text of a");
	assert_string_equal(text_of("c"), "text of c");
	assert_string_equal(text_of("e"), "text of e");
	assert_int_equal(find_seen(&h, "bad")->status, TW_SKIPPED);
	assert_contains(find_seen(&h, "bad")->why, "bad: its parser was ended by signal 11");
	assert_contains(find_seen(&h, "worse")->why, "ended with exit status 3");
}

static void what_does_not_end_is_left_out(void **state)
{
	(void)state;
	stall_s = 0.3;
	PLAY({"a", plain}, {"long", get_on}, {"endless", spin}, {"d", plain});
	assert_ok(read_it("{}"), &h.err);
	assert_string_equal(text_of("long"), "slow");
	assert_string_equal(text_of("d"), "text of d");
	assert_contains(find_seen(&h, "endless")->why, "did not get on in 0.3 s");
}

static enum tw_status take_all_memory(struct tw_document *doc, struct acting *s TW_UNUSED,
				      struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	for (int i = 0; i < 64; i++) /* never touched: it is the addresses that have a limit */
		doc->extra = tw_xmalloc((size_t)256 << 20);
	return TW_OK;
}

static void memory_has_a_bound(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return; /* their own memory has none */
#endif
	struct tw_str said = TW_STR_INIT;
	PLAY({"a", plain}, {"bomb", take_all_memory});
	said_begin(false);
	enum tw_status st = read_it("{}");
	said_end(&said);
	assert_ok(st, &h.err);
	assert_string_equal(text_of("a"), "text of a");
	assert_contains(find_seen(&h, "bomb")->why, "signal 6");
	assert_contains(said.data, "memory"); /* its last words */
	tw_str_release(&said);
}

static void die_at_once(struct acting *s)
{
	die(NULL, s, NULL, NULL);
}

static void where_nothing_can_be_named_the_pass_fails(void **state)
{
	(void)state;
	PLAY({"a", plain});
	on_open = die_at_once;
	assert_int_equal(read_it("{}"), TW_BAD_DATA);
	assert_contains(h.err.msg, "signal 11");
	assert_false(whole);
	assert_int_equal(h.seen.n, 0);
}

static void after_too_many_the_pass_fails(void **state)
{
	(void)state;
	PLAY({"1", die}, {"2", die}, {"3", die}, {"4", die}, {"5", die}, {"6", die}, {"7", plain});
	assert_int_equal(read_it("{}"), TW_BAD_DATA);
	assert_contains(h.err.msg, "the last one 6");
	assert_false(whole);
}

/* --- one that lies --- */

static enum tw_status speak_nonsense(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
				     struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	static const uint32_t frames[][3] = {
		{4, 99, 1}, {0xffffffff, 3, 1}, {4, WIRE_DOCUMENT, 1}, {4, WIRE_FETCH, 9}};
	static const int which[] = {0, 1, 2, 3};
	const int i = which[doc->key[0] - '0'];
	ssize_t n = write(3, frames[i], sizeof(frames[i]));
	pause();
	return n > 0 ? TW_OK : TW_SKIPPED;
}

static void nonsense_ends_the_conversation(void **state)
{
	(void)state;
	PLAY({"0", speak_nonsense}, {"1", speak_nonsense}, {"2", speak_nonsense},
	     {"3", speak_nonsense}, {"z", plain});
	assert_ok(read_it("{}"), &h.err);
	for (const char *key[] = {"0", "1", "2", "3"}, **k = key; k < key + 4; k++)
		assert_contains(find_seen(&h, *k)->why, "spoke nonsense");
	assert_string_equal(text_of("z"), "text of z");
}

static enum tw_status hang_up(struct tw_document *doc TW_UNUSED, struct acting *s TW_UNUSED,
			      struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	close(3);
	pause();
	return TW_OK;
}

static void one_that_hangs_up_is_ended(void **state)
{
	(void)state;
	PLAY({"a", hang_up}, {"z", plain});
	assert_ok(read_it("{}"), &h.err);
	assert_contains(find_seen(&h, "a")->why, "signal 9");
	assert_string_equal(text_of("z"), "text of z");
}

/* --- what it can't reach --- */

static char inside[300], outside[300];
static int left_open;

static const char *tried(int rc)
{
	return rc >= 0 ? "yes" : errno == EACCES || errno == EPERM ? "denied" : strerror(errno);
}

static enum tw_status try_all(struct tw_document *doc, struct acting *s TW_UNUSED,
			      struct tw_arena *a, struct tw_err *err TW_UNUSED)
{
	char byte;
	const char *in = tried(open(inside, O_RDONLY));
	const char *out = tried(open(outside, O_RDONLY));
	const char *write_in = tried(open(inside, O_WRONLY));
	const char *net = tried(socket(AF_INET, SOCK_STREAM, 0));
	const char *process = tried(fork());
	const char *fd = read(left_open, &byte, 1) < 0 && errno == EBADF ? "closed" : "open";
	return say(
		doc, a,
		tw_sprintf(a, "in %s, out %s, write %s, net %s, fork %s, fd %s, token %s, home %s",
			   in, out, write_in, net, process, fd,
			   getenv("MY_TOKEN") ? "seen" : "none", getenv("HOME") ? "kept" : "none"));
}

static void it_sees_its_own_places_alone(void **state)
{
	(void)state;
	struct tw_err err = TW_ERR_INIT;
	const char *dir = fresh_dir("places", &h.arena);
	snprintf(inside, sizeof(inside), "%s/a.md", dir);
	snprintf(outside, sizeof(outside), "%s/secret.md", top);
	assert_ok(tw_write_file(inside, "x", 1, &err), &err);
	assert_ok(tw_write_file(outside, "x", 1, &err), &err);
	int fd = open(outside, O_RDONLY);
	left_open = dup2(fd, 50); /* 3 is the child's own */
	close(fd);
	setenv("MY_TOKEN", "hush", 1);
	setenv("HOME", "/", 0);
	PLAY({"a", try_all});
	assert_ok(read_it(tw_sprintf(&h.arena, "{path: \"%s\"}", dir)), &h.err);
	close(left_open);
	unsetenv("MY_TOKEN");
	assert_string_equal(text_of("a"),
			    "in yes, out denied, write denied, net denied, fork denied, "
			    "fd closed, token none, home kept");
}

static int *shared;

static enum tw_status write_shared(struct tw_document *doc, struct acting *s TW_UNUSED,
				   struct tw_arena *a TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the next test */
	*(volatile int *)shared = 1;
	return say(doc, a, "written");
}

static void memory_that_is_shared_with_files_is_not_its_own(void **state)
{
	(void)state;
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	PLAY({"a", write_shared}, {"b", plain});
	assert_ok(read_it("{}"), &h.err);
	assert_int_equal(*shared, 0);
	assert_contains(find_seen(&h, "a")->why, "signal");
	munmap(shared, 4096);
}

/* --- the network, by this process --- */

static int requests;
static char last_headers[2000];

static void answer(struct web_answer *out, const struct web_request *req, void *ctx TW_UNUSED)
{
	requests++;
	snprintf(last_headers, sizeof(last_headers), "%s", req->headers);
	if (strcmp(req->path, "/large") == 0)
		for (int i = 0; i < 3 << 10; i++)
			tw_str_addf(&out->body, "%01023d\n", i);
	else
		tw_str_addf(&out->body, "%s of %.*s", req->method, (int)req->body_len,
			    req->body ? req->body : "");
	snprintf(out->headers, sizeof(out->headers), "ETag: \"7\"\r\nX-Robots-Tag: noindex\r\n");
}

static enum tw_status fetch_small(struct tw_document *doc, struct acting *s, struct tw_arena *a,
				  struct tw_err *err)
{
	static const char *const headers[] = {"X-Test: 1", NULL};
	const struct tw_http_request req = {
		.url = s->url, .headers = headers, .body = "me", .body_len = 2};
	struct tw_http_response res = {0};
	enum tw_status st = tw_http_fetch(&res, s->host->http, &req, err);
	if (st == TW_OK)
		say(doc, a,
		    tw_sprintf(a, "%d %s %s %s %s", res.status, tw_str_c(&res.body),
			       tw_str_c(&res.etag), tw_str_c(&res.robots_tag), tw_str_c(&res.url)));
	else
		say(doc, a, err->msg);
	tw_http_response_release(&res);
	tw_err_clear(err);
	return TW_OK;
}

struct taken {
	size_t bytes, enough;
	const struct tw_http_response *res;
	bool head;
};

static bool take_piece(void *ctx, const char *data, size_t len)
{
	struct taken *t = ctx;
	(void)data;
	t->bytes += len;
	t->head = strcmp(tw_str_c(&t->res->etag), "\"7\"") == 0;
	return t->bytes < t->enough;
}

static enum tw_status fetch_in_pieces(struct tw_document *doc, struct acting *s, struct tw_arena *a,
				      struct tw_err *err)
{
	struct tw_http_response res = {0};
	struct taken t = {.enough = doc->key[0] == 'a' ? SIZE_MAX : 5000, .res = &res};
	const struct tw_http_request req = {
		.url = tw_sprintf(a, "%slarge", s->url), .on_data = take_piece, .ctx = &t};
	enum tw_status st = tw_http_fetch(&res, s->host->http, &req, err);
	say(doc, a,
	    tw_sprintf(a, "%s, %s, head %d, body %zu", tw_status_name(st),
		       t.bytes == (size_t)3 << 20  ? "all"
		       : t.bytes < (size_t)3 << 20 ? "part"
						   : "more",
		       t.head, res.body.len));
	tw_http_response_release(&res);
	tw_err_clear(err);
	return TW_OK;
}

static void fetches_are_made_for_it(void **state)
{
	(void)state;
	struct web_server *web = web_server_start(answer, NULL);
	const char *url = tw_sprintf(&h.arena, "http://127.0.0.1:%d/", web_server_port(web));
	PLAY({"a", fetch_small}, {"ap", fetch_in_pieces}, {"part", fetch_in_pieces},
	     {"z", fetch_small});
	requests = 0;
	assert_ok(read_it(tw_sprintf(&h.arena, "{url: \"%s\", allow_private: true}", url)), &h.err);
	assert_int_equal(requests, 4);
	const char *small = tw_sprintf(&h.arena, "200 POST of me \"7\" noindex\n %s", url);
	assert_string_equal(text_of("a"), small);
	assert_string_equal(text_of("ap"),
			    tw_sprintf(&h.arena, "%s, all, head 1, body 0", tw_status_name(TW_OK)));
	assert_string_equal(text_of("part"), tw_sprintf(&h.arena, "%s, part, head 1, body 0",
							tw_status_name(TW_CANCELLED)));
	assert_string_equal(text_of("z"), small);
	assert_contains(last_headers, "X-Test: 1");

	/* The client of this process may reach private hosts; the source may not, unless it is told so. */
	PLAY({"a", fetch_small});
	requests = 0;
	assert_ok(read_it(tw_sprintf(&h.arena, "{url: \"%s\"}", url)), &h.err);
	assert_contains(text_of("a"), "loopback");
	/* One that names no host has no network at all. */
	script[0] = (struct step){"a", fetch_small};
	assert_ok(read_it("{allow_private: true}"), &h.err);
	assert_int_equal(requests, 0);
	web_server_stop(web);
}

/* --- the user's wish --- */

static enum tw_status stop_all(struct tw_document *doc, struct acting *s, struct tw_arena *a,
			       struct tw_err *err)
{
	if (s->host->commit(s->host->host, err) != TW_OK)
		return TW_IO;
	while (!tw_stopping())
		usleep(1000);
	return say(doc, a, "saved");
}

static enum tw_status stop_this_process(void *host TW_UNUSED, struct tw_err *err TW_UNUSED)
{
	raise(SIGTERM);
	return TW_OK;
}

static void a_stop_reaches_it_and_it_may_save(void **state)
{
	(void)state;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) { /* a stop lasts as long as the process */
		struct tw_json *node;
		tw_stop_install();
		h.host.commit = stop_this_process;
		PLAY({"a", stop_all}, {"b", plain});
		if (tw_yaml_parse(&node, "{}", 2, "test", &h.arena, &h.err) != TW_OK)
			_exit(9);
		const struct child_pass pass = {.name = "x",
						.type = &acting,
						.node = node,
						.where = "test",
						.dir = top,
						.host = &h.host,
						.opened = opened,
						.put = put,
						.skip = leave_out};
		enum tw_status st = child_read(&whole, &pass, &h.err);
		_exit(st == TW_CANCELLED && h.seen.n == 1 && !whole ? 0 : 1);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* --- single texts --- */

static enum tw_status parse_well(struct wire *w, void *ctx, struct tw_err *err)
{
	const char *how = ctx;
	if (strcmp(how, "fail") == 0)
		return tw_fail(err, TW_BAD_DATA, "no text");
	if (strcmp(how, "die") == 0)
		die(NULL, NULL, NULL, NULL);
	if (strcmp(how, "sleep") == 0)
		pause();
	wire_str(w, tried(open("/etc/passwd", O_RDONLY)));
	return TW_OK;
}

static char answered[100];

static void take_answer(struct wire_frame *f, void *ctx TW_UNUSED)
{
	const char *s = wire_get_str(f);
	snprintf(answered, sizeof(answered), "%s", s ? s : "");
}

static enum tw_status ask(const char *how)
{
	const struct child_question q = {.what = "it",
					 .parse = parse_well,
					 .take = take_answer,
					 .ctx = (void *)(uintptr_t)how,
					 .clock_s = how[0] == 's' ? 0.5 : 60};
	tw_err_clear(&h.err);
	return child_ask(&q, &h.err);
}

static void a_single_text_is_parsed_apart(void **state)
{
	(void)state;
	assert_ok(ask("well"), &h.err);
	assert_string_equal(answered, "denied");
	assert_int_equal(ask("fail"), TW_BAD_DATA);
	assert_string_equal(h.err.msg, "no text");
	assert_int_equal(ask("die"), TW_BAD_DATA);
	assert_contains(h.err.msg, "signal 11");
	assert_int_equal(ask("sleep"), TW_BAD_DATA);
	assert_contains(h.err.msg, "was not done in 0.5 s");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(documents_arrive_as_they_were_said),
		TEST(state_is_kept_and_committed),
		TEST(what_it_logs_is_logged_here),
		TEST(a_store_that_refuses_ends_it),
		TEST(what_kills_its_parser_is_left_out_and_named),
		TEST(what_does_not_end_is_left_out),
		TEST(memory_has_a_bound),
		TEST(where_nothing_can_be_named_the_pass_fails),
		TEST(after_too_many_the_pass_fails),
		TEST(nonsense_ends_the_conversation),
		TEST(one_that_hangs_up_is_ended),
		TEST(it_sees_its_own_places_alone),
		TEST(memory_that_is_shared_with_files_is_not_its_own),
		TEST(fetches_are_made_for_it),
		TEST(a_stop_reaches_it_and_it_may_save),
		TEST(a_single_text_is_parsed_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
