/*
 * Git's smart HTTP protocol through base/http.h, so that a clone obeys the
 * same rules as every fetch: offline, addresses, TLS, redirects, stopping.
 * The two requests are those of git's gitprotocol-http: GET info/refs, then
 * POST git-upload-pack. Answers go through a temporary file: packs are large.
 */
#include "collect/git/git_lib_int.h"

#include <fcntl.h>
#include <git2/sys/transport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define MAX_PACK  ((int64_t)4 << 30)
#define TIMEOUT_S 3600

static const char refs_path[] = "/info/refs?service=git-upload-pack";

struct subtransport {
	git_smart_subtransport base;
	const struct git_way *way;
	char *url; /* after the redirects of the first request; NULL before it */
};

struct stream {
	git_smart_subtransport_stream base;
	struct subtransport *t;
	char *url; /* of the request */
	bool post, sent;
	struct tw_str body;
	FILE *answer;
};

static int stream_write(git_smart_subtransport_stream *s, const char *data, size_t len)
{
	struct stream *st = (struct stream *)s;
	tw_str_add(&st->body, data, len);
	return 0;
}

static bool on_answer(void *ctx, const char *data, size_t len)
{
	struct stream *s = ctx;
	return fwrite(data, 1, len, s->answer) == len;
}

static void keep_redirect(struct subtransport *t, const struct tw_http_response *res)
{
	const char *url = tw_str_c(&res->url);
	if (t->url || !tw_ends_with(url, refs_path))
		return;
	t->url = tw_xstrdup(url);
	t->url[strlen(url) - strlen(refs_path)] = '\0';
}

static int judge(const struct tw_http_response *res, bool post)
{
	char line[120];
	const char *type = tw_str_c(&res->content_type);
	if (res->status != 200) {
		const char *hint = res->status == 401 || res->status == 403 || res->status == 404
					   ? " (no such repository, or it is private)"
					   : "";
		snprintf(line, sizeof(line), "the server answered %d%s", res->status, hint);
	} else if (!tw_starts_with(type, post ? "application/x-git-upload-pack-result"
					      : "application/x-git-upload-pack-advertisement")) {
		snprintf(line, sizeof(line), "what answers there is no git server");
	} else {
		return 0;
	}
	git_error_set_str(GIT_ERROR_HTTP, line);
	return -1;
}

/* A file without a name. */
static FILE *scratch(const char *dir)
{
	struct tw_arena a;
	tw_arena_init(&a);
	char *path = tw_sprintf(&a, "%s/answer.XXXXXX", dir);
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	FILE *f = fd >= 0 ? fdopen(fd, "w+b") : NULL;
	tw_arena_release(&a);
	return f;
}

static int send_request(struct stream *s)
{
	static const char *const headers[] = {"Content-Type: application/x-git-upload-pack-request",
					      "Accept: application/x-git-upload-pack-result", NULL};
	struct tw_http_response res = {0};
	struct tw_err err = TW_ERR_INIT;
	struct tw_http_request req = {.url = s->url,
				      .timeout_s = TIMEOUT_S,
				      .max_body = MAX_PACK,
				      .on_data = on_answer,
				      .ctx = s};
	s->sent = true;
	s->answer = scratch(s->t->way->dir);
	if (!s->answer) {
		git_error_set_str(GIT_ERROR_OS, "no temporary file could be made");
		return -1;
	}
	if (s->post) {
		req.headers = headers;
		req.body = tw_str_c(&s->body);
		req.body_len = s->body.len;
	}
	int rc = tw_http_fetch(&res, s->t->way->http, &req, &err) == TW_OK ? judge(&res, s->post)
									   : -1;
	if (err.code != TW_OK)
		git_error_set_str(GIT_ERROR_NET, err.msg);
	if (rc == 0)
		keep_redirect(s->t, &res);
	tw_http_response_release(&res);
	rewind(s->answer);
	return rc;
}

static int stream_read(git_smart_subtransport_stream *base, char *buf, size_t cap, size_t *got)
{
	struct stream *s = (struct stream *)base;
	*got = 0;
	if (!s->sent && send_request(s) < 0)
		return -1;
	*got = fread(buf, 1, cap, s->answer);
	return ferror(s->answer) ? -1 : 0;
}

static void stream_free(git_smart_subtransport_stream *base)
{
	struct stream *s = (struct stream *)base;
	if (s->answer)
		fclose(s->answer);
	tw_str_release(&s->body);
	free(s->url);
	free(s);
}

static int start(git_smart_subtransport_stream **out, git_smart_subtransport *base, const char *url,
		 git_smart_service_t action)
{
	struct subtransport *t = (struct subtransport *)base;
	struct tw_str full = TW_STR_INIT;
	if (action != GIT_SERVICE_UPLOADPACK_LS && action != GIT_SERVICE_UPLOADPACK) {
		git_error_set_str(GIT_ERROR_NET, "only fetching is done here");
		return -1;
	}
	struct stream *s = tw_xcalloc(1, sizeof(*s));
	s->base.subtransport = base;
	s->base.read = stream_read;
	s->base.write = stream_write;
	s->base.free = stream_free;
	s->t = t;
	s->post = action == GIT_SERVICE_UPLOADPACK;
	tw_str_adds(&full, t->url ? t->url : url);
	while (full.len && full.data[full.len - 1] == '/')
		full.data[--full.len] = '\0';
	tw_str_adds(&full, s->post ? "/git-upload-pack" : refs_path);
	s->url = tw_str_detach(&full);
	*out = &s->base;
	return 0;
}

static int end_transport(git_smart_subtransport *base TW_UNUSED)
{
	return 0;
}

static void free_transport(git_smart_subtransport *base)
{
	struct subtransport *t = (struct subtransport *)base;
	free(t->url);
	free(t);
}

static int new_transport(git_smart_subtransport **out, git_transport *owner TW_UNUSED, void *way)
{
	struct subtransport *t = tw_xcalloc(1, sizeof(*t));
	t->base.action = start;
	t->base.close = end_transport;
	t->base.free = free_transport;
	t->way = way;
	*out = &t->base;
	return 0;
}

int git_http_transport(git_transport **out, git_remote *owner, void *way)
{
	git_smart_subtransport_definition def = {new_transport, 1, way};
	return git_transport_smart(out, owner, &def);
}
