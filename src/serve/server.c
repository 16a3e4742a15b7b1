#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/time.h"
#include "serve/front.h"
#include "serve/server_int.h"

#define SERVE(member) offsetof(struct tw_serve_options, member)
/* Search, embeddings and the like take milliseconds: so many may wait. */
#define LIGHT_QUEUE   256
/* Seconds for a cancelled answer to end, and for the last bytes to leave. */
#define CANCEL_S      10
#define LET_OUT_S     2

const struct tw_opt tw_serve_opts[] = {
	{"address", TW_OPT_STRING, SERVE(address), .def = "127.0.0.1",
	 .help = "IP address to listen on; any other than loopback needs a token"},
	{"port", TW_OPT_INT, SERVE(port), .def = "8117", .min = 0, .max = 65535,
	 .help = "0: any free one"},
	{"token_file", TW_OPT_PATH, SERVE(token_file),
	 .help = "file with the token that clients must send; TWIN_TOKEN beats it"},
	{"hosts", TW_OPT_LIST, SERVE(hosts),
	 .help = "names, beside localhost, that requests may ask for (Host)"},
	{"queue", TW_OPT_INT, SERVE(queue), .def = "16", .min = 0, .max = 10000,
	 .help = "questions that may wait for their answer; beyond it 429"},
	{"max_body", TW_OPT_INT, SERVE(max_body), .def = "1048576", .min = 1024, .max = 67108864,
	 .help = "of a request, in bytes"},
	{"max_connections", TW_OPT_INT, SERVE(max_connections), .def = "256", .min = 1,
	 .max = 10000, .help = "open at a time"},
	{"header_timeout", TW_OPT_INT, SERVE(header_timeout), .def = "10", .min = 1, .max = 600,
	 .help = "seconds until the head of a request must be there"},
	{"body_timeout", TW_OPT_INT, SERVE(body_timeout), .def = "30", .min = 1, .max = 600,
	 .help = "seconds until its body must be there"},
	{"drain_timeout", TW_OPT_INT, SERVE(drain_timeout), .def = "30", .min = 0, .max = 3600,
	 .help = "seconds that answers may take to end when the server stops"},
	{0},
};

/* --- requests --- */

static struct tw_access_request headers_of(const struct tw_exchange *x)
{
	return (struct tw_access_request){
		.method = tw_exchange_method(x),
		.path = tw_exchange_path(x),
		.host = tw_exchange_header(x, "Host"),
		.origin = tw_exchange_header(x, "Origin"),
		.fetch_site = tw_exchange_header(x, "Sec-Fetch-Site"),
		.content_type = tw_exchange_header(x, "Content-Type"),
		.authorization = tw_exchange_header(x, "Authorization"),
	};
}

static bool admit(void *ctx, struct tw_exchange *x)
{
	struct tw_server *s = ctx;
	const char *why;
	struct tw_access_request r = headers_of(x);
	return tw_access_check(&s->access, &r, &why) == 0;
}

static bool path_matches(const struct tw_route *r, const char *path, const char **rest)
{
	size_t n = strlen(r->path);
	if (n > 1 && r->path[n - 1] == '/') {
		*rest = path + n;
		return strncmp(path, r->path, n) == 0 && path[n];
	}
	*rest = "";
	return strcmp(path, r->path) == 0;
}

static bool method_matches(const struct tw_route *r, const char *method)
{
	return strcmp(r->method, method) == 0 ||
	       (strcmp(r->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void route(struct tw_call *c)
{
	const char *path = tw_exchange_path(c->x), *allowed = NULL;
	for (const struct tw_route *r = tw_routes; r->path; r++) {
		if (!path_matches(r, path, &c->rest))
			continue;
		if (!method_matches(r, tw_exchange_method(c->x))) {
			allowed = r->method;
			continue;
		}
		c->route = r;
		r->fn(c);
		return;
	}
	if (allowed) {
		tw_exchange_set_header(c->x, "Allow", allowed);
		tw_call_error(c, 405, NULL, NULL, "use %s", allowed);
		return;
	}
	tw_call_error(c, 404, NULL, NULL, "there is nothing at %.200s", path);
}

static void handle(void *ctx, struct tw_exchange *x)
{
	struct tw_server *s = ctx;
	struct tw_call *c = TW_NEW(tw_exchange_arena(x), struct tw_call);
	struct tw_access_request r = headers_of(x);
	const char *why;
	c->server = s;
	c->x = x;
	int status = tw_access_check(&s->access, &r, &why);
	if (status) {
		tw_call_error(c, status, NULL, status == 401 ? "invalid_api_key" : NULL, "%s", why);
	} else if (atomic_load(&s->draining) && strcmp(r.path, "/healthz") != 0) {
		tw_exchange_set_header(x, "Retry-After", "5");
		tw_call_error(c, 503, NULL, NULL, "the server is shutting down");
	} else {
		route(c);
	}
}

static void refused(void *ctx, int status)
{
	struct tw_server *s = ctx;
	tw_metrics_request(s->metrics, "refused", status, 0);
}

/* --- start --- */

static enum tw_status read_token(struct tw_server *s, struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	const char *env = getenv("TWIN_TOKEN");
	enum tw_status st = TW_OK;
	if (env && env[0])
		tw_str_adds(&text, env);
	else if (s->options.token_file)
		st = tw_read_file(&text, s->options.token_file, 4096, err);
	tw_str_trim(&text);
	if (st != TW_OK)
		tw_wrap(err, st, "serve.token_file");
	else if (text.len > 0)
		tw_access_set_token(&s->access, tw_str_c(&text));
	else if (s->options.token_file)
		st = tw_fail(err, TW_BAD_USE, "serve.token_file: %s is empty",
			     s->options.token_file);
	if (text.data)
		explicit_bzero(text.data, text.len);
	tw_str_release(&text);
	return st;
}

static enum tw_status check_address(const struct tw_server *s, struct tw_err *err)
{
	if (!tw_address_is_known(s->options.address))
		return tw_fail(err, TW_BAD_USE,
			       "serve.address must be an IP address or localhost, not \"%s\"",
			       s->options.address);
	if (tw_address_is_loopback(s->options.address) || s->access.has_token)
		return TW_OK;
	return tw_fail(
		err, TW_BAD_USE,
		"others could reach %s: set a token first, in TWIN_TOKEN or serve.token_file, or "
		"listen on 127.0.0.1",
		s->options.address);
}

/* "Mara Lindqvist" is model "mara-lindqvist". */
static const char *slug(struct tw_arena *a, const char *name, const char *absent)
{
	struct tw_str s = TW_STR_INIT;
	for (const char *p = name ? name : ""; *p; p++) {
		unsigned char c = (unsigned char)*p;
		if (isalnum(c) || c == '.' || c == '_')
			tw_str_addc(&s, (char)tolower(c));
		else if (s.len > 0 && s.data[s.len - 1] != '-')
			tw_str_addc(&s, '-');
	}
	while (s.len > 0 && s.data[s.len - 1] == '-')
		s.data[--s.len] = '\0';
	const char *out = s.len ? tw_str_dup(&s, a) : absent;
	tw_str_release(&s);
	return out;
}

static void name_models(struct tw_server *s)
{
	struct tw_serving *now = tw_current_take(s->current);
	s->model_id = slug(&s->arena, s->env->conf->twin, "twin");
	s->embedder_id = slug(&s->arena, tw_serving_embedder_info(now)->name, "embedder");
	if (strcmp(s->embedder_id, s->model_id) == 0)
		s->embedder_id = tw_sprintf(&s->arena, "%s-embedder", s->embedder_id);
	tw_current_give_back(s->current, now);
}

static enum tw_status start_http(struct tw_server *s, struct tw_err *err)
{
	const struct tw_serve_options *o = &s->options;
	const struct tw_http_server_config c = {
		.address = o->address,
		.port = (int)o->port,
		.max_connections = (int)o->max_connections,
		.header_timeout_s = (int)o->header_timeout,
		.body_timeout_s = (int)o->body_timeout,
		.max_body = o->max_body,
		.admit = admit,
		.handle = handle,
		.refused = refused,
		.ctx = s,
	};
	enum tw_status st = tw_http_server_start(&s->http, &c, err);
	if (st != TW_OK)
		return st;
	bool v6 = strchr(o->address, ':') != NULL;
	s->url = tw_sprintf(&s->arena, "http://%s%s%s:%d/", v6 ? "[" : "", o->address,
			    v6 ? "]" : "", tw_http_server_port(s->http));
	return TW_OK;
}

enum tw_status tw_server_start(struct tw_server **out, const struct tw_inference_env *env,
			       const struct tw_serve_options *o, const char *ref,
			       struct tw_err *err)
{
	struct tw_server *s = tw_xcalloc(1, sizeof(*s));
	s->env = env;
	s->options = *o;
	tw_arena_init(&s->arena);
	s->access.address = o->address;
	s->access.hosts = o->hosts;
	s->started_ms = tw_now_ms();
	s->started_s = tw_monotonic_s();
	s->metrics = tw_metrics_new();
	enum tw_status st = read_token(s, err);
	if (st == TW_OK)
		st = check_address(s, err);
	if (st == TW_OK)
		st = tw_current_open(&s->current, env, ref, err);
	if (st == TW_OK)
		st = tw_lane_new(&s->chat, (size_t)o->queue, err);
	if (st == TW_OK)
		st = tw_lane_new(&s->light, LIGHT_QUEUE, err);
	if (st == TW_OK) {
		name_models(s);
		st = start_http(s, err);
	}
	if (st == TW_OK)
		*out = s;
	else
		tw_server_stop(s);
	return st;
}

const char *tw_server_url(const struct tw_server *s)
{
	return s->url;
}

/* --- stop --- */

static bool no_hurry(void *ctx)
{
	(void)ctx;
	return false;
}

static void drain(struct tw_server *s, bool (*hurry)(void *ctx), void *ctx)
{
	double limit = (double)s->options.drain_timeout;
	atomic_store(&s->draining, true);
	if (s->http)
		tw_http_server_stop_listening(s->http);
	if (s->chat && !tw_lane_drain(s->chat, limit, hurry, ctx)) {
		/* The running answer ends with its next token, and says so to its client. */
		atomic_store(&s->cancel, true);
		tw_lane_drain(s->chat, CANCEL_S, no_hurry, NULL);
	}
	if (s->light)
		tw_lane_drain(s->light, CANCEL_S, no_hurry, NULL);
}

static void stop(struct tw_server *s, bool (*hurry)(void *ctx), void *ctx)
{
	if (!s)
		return;
	drain(s, hurry, ctx);
	if (s->http)
		tw_http_server_wait_idle(s->http, LET_OUT_S);
	tw_http_server_free(s->http);
	tw_lane_free(s->chat);
	tw_lane_free(s->light);
	tw_current_close(s->current);
	tw_metrics_free(s->metrics);
	tw_arena_release(&s->arena);
	free(s);
}

void tw_server_stop(struct tw_server *s)
{
	stop(s, no_hurry, NULL);
}

/* --- until a signal --- */

static bool signalled(void *ctx)
{
	struct signalfd_siginfo info;
	return read(*(int *)ctx, &info, sizeof(info)) == (ssize_t)sizeof(info) || tw_stopping();
}

static void wait_for_signal(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (!tw_stopping() && poll(&p, 1, 500) <= 0)
		;
	struct signalfd_siginfo info;
	if (read(fd, &info, sizeof(info)) < 0 && errno != EAGAIN)
		tw_debug("serve: signalfd: %s", strerror(errno));
}

enum tw_status tw_serve(const struct tw_inference_env *env, const struct tw_serve_options *o,
			const char *ref, struct tw_err *err)
{
	struct tw_server *s;
	sigset_t signals, before;
	/* Taken from tw_stopping(), which would end the answers that are to be finished first. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	int fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	enum tw_status st = fd < 0 ? tw_fail_errno(err, TW_IO, "signalfd")
				   : tw_server_start(&s, env, o, ref, err);
	if (st == TW_OK) {
		tw_info("serving %s at %s (API: %sv1); Ctrl-C stops", s->model_id, s->url, s->url);
		wait_for_signal(fd);
		if (tw_lane_busy(s->chat))
			tw_info("finishing the answers that have begun; Ctrl-C again ends them");
		stop(s, signalled, &fd);
	}
	if (fd >= 0)
		close(fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return st;
}
