#include "base/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/base_int.h"
#include "base/stop.h"
#include "base/version.h"

#define DEFAULT_TIMEOUT_S 60
#define DEFAULT_MAX_BODY  ((int64_t)32 * 1024 * 1024)
#define CONNECT_TIMEOUT_S 20L
#define MAX_REDIRECTS	  5L

struct tw_http {
	const struct tw_http_carrier *carrier; /* does it all; NULL: curl does */
	CURL *curl;			       /* keeps connections alive between fetches */
	bool offline, allow_private;
	char *user_agent;

	/* Of the fetch that is under way. */
	const struct tw_http_request *req;
	struct tw_http_response *res;
	int64_t got, max_body;
	bool too_large, ended_by_caller, stopped;
	char refused[160]; /* the address that the guard turned down, and why */
	char reason[CURL_ERROR_SIZE];
};

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum tw_status tw_http_new(struct tw_http **out, const struct tw_http_policy *policy,
			   struct tw_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct tw_http *h = tw_xcalloc(1, sizeof(*h));

	pthread_once(&once, global_init);
	h->curl = curl_easy_init();
	if (!h->curl) {
		free(h);
		*out = NULL;
		return tw_fail(err, TW_NETWORK, "libcurl could not be started");
	}
	h->offline = policy->offline;
	h->allow_private = policy->allow_private;
	h->user_agent = tw_xstrdup(policy->user_agent ? policy->user_agent : "twin/" TW_VERSION);
	*out = h;
	return TW_OK;
}

struct tw_http *tw_http_through(const struct tw_http_carrier *carrier)
{
	struct tw_http *h = tw_xcalloc(1, sizeof(*h));

	h->carrier = carrier;
	h->offline = carrier->policy.offline;
	h->allow_private = carrier->policy.allow_private;
	h->user_agent = tw_xstrdup(carrier->policy.user_agent);
	return h;
}

void tw_http_free(struct tw_http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	free(h->user_agent);
	free(h);
}

struct tw_http_policy tw_http_policy_of(const struct tw_http *h)
{
	return (struct tw_http_policy){h->offline, h->allow_private, h->user_agent};
}

enum tw_status tw_http_check_host(const struct tw_http *h, const char *host, struct tw_err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const char *why = NULL;
	int rc;

	if (h->carrier)
		return h->carrier->check_host(h->carrier->ctx, host, err);
	if (h->offline)
		return tw_fail(err, TW_NETWORK, "%s: not reached, because twin is offline", host);
	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc != 0)
		return tw_fail(err, TW_NETWORK, "%s: %s", host, gai_strerror(rc));
	for (const struct addrinfo *p = list; p && !why; p = p->ai_next)
		why = tw_addr_refused(p->ai_addr, h->allow_private);
	freeaddrinfo(list);
	if (why)
		return tw_fail(err, TW_NETWORK, "%s is %s, which may not be connected to", host,
			       why);
	return TW_OK;
}

/* The guard: called with the address itself before each connection, redirects too. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose TW_UNUSED,
				 struct curl_sockaddr *addr)
{
	struct tw_http *h = ctx;
	const char *why = tw_addr_refused(&addr->addr, h->allow_private);
	char text[INET6_ADDRSTRLEN] = "?";

	if (!why)
		return socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (addr->family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)&addr->addr)->sin_addr, text,
			  sizeof(text));
	else if (addr->family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)&addr->addr)->sin6_addr, text,
			  sizeof(text));
	snprintf(h->refused, sizeof(h->refused), "%s is %s, which this fetch may not connect to",
		 text, why);
	return CURL_SOCKET_BAD;
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
	struct tw_http *h = ctx;

	(void)one; /* always 1 */
	h->got += (int64_t)len;
	if (h->got > h->max_body) {
		h->too_large = true;
		return 0;
	}
	if (!h->req->on_data) {
		tw_str_add(&h->res->body, data, len);
		return len;
	}
	if (h->req->on_data(h->req->ctx, data, len))
		return len;
	h->ended_by_caller = true;
	return len ? 0 : 1;
}

static void clear_headers(struct tw_http_response *r)
{
	tw_str_clear(&r->content_type);
	tw_str_clear(&r->etag);
	tw_str_clear(&r->last_modified);
	tw_str_clear(&r->retry_after);
	tw_str_clear(&r->location);
	tw_str_clear(&r->robots_tag);
	tw_str_clear(&r->link);
	tw_str_clear(&r->rate_left);
	tw_str_clear(&r->rate_reset);
}

static size_t on_header(char *data, size_t one, size_t len, void *ctx)
{
	struct tw_http *h = ctx;
	struct tw_http_response *r = h->res;
	const struct {
		const char *name;
		struct tw_str *to;
		bool each; /* may come more than once, each time with something else to say */
	} wanted[] = {
		{"Content-Type:", &r->content_type, false},
		{"ETag:", &r->etag, false},
		{"Last-Modified:", &r->last_modified, false},
		{"Retry-After:", &r->retry_after, false},
		{"Location:", &r->location, false},
		{"X-Robots-Tag:", &r->robots_tag, true},
		{"Link:", &r->link, true},
		{"X-RateLimit-Remaining:", &r->rate_left, false},
		{"X-RateLimit-Reset:", &r->rate_reset, false},
		{"RateLimit-Remaining:", &r->rate_left, false},
		{"RateLimit-Reset:", &r->rate_reset, false},
	};

	(void)one;
	/* Each answer of a redirect chain begins anew. */
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
		clear_headers(r);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		size_t n = strlen(wanted[i].name);

		if (len < n || strncasecmp(data, wanted[i].name, n) != 0)
			continue;
		while (n < len && strchr(" \t", data[n]))
			n++;
		if (!wanted[i].each)
			tw_str_clear(wanted[i].to);
		tw_str_add(wanted[i].to, data + n, len - n);
		tw_str_trim(wanted[i].to);
		if (wanted[i].each)
			tw_str_addc(wanted[i].to, '\n');
	}
	return len;
}

static int on_progress(void *ctx, curl_off_t a TW_UNUSED, curl_off_t b TW_UNUSED,
		       curl_off_t c TW_UNUSED, curl_off_t d TW_UNUSED)
{
	struct tw_http *h = ctx;

	h->stopped = tw_stopping() && !h->req->to_the_end;
	return h->stopped;
}

static enum tw_status add_headers(struct curl_slist **list, const struct tw_http_request *req,
				  struct tw_err *err)
{
	/* Without it, curl waits a second for "100 Continue" before a large body. */
	*list = curl_slist_append(NULL, "Expect:");
	for (const char *const *p = req->headers; p && *p; p++) {
		struct curl_slist *longer;

		if (strpbrk(*p, "\r\n"))
			return tw_fail(err, TW_BAD_USE, "a line end in an HTTP header");
		longer = curl_slist_append(*list, *p);
		if (!longer)
			return tw_fail(err, TW_NO_MEMORY, "out of memory");
		*list = longer;
	}
	return TW_OK;
}

static void set_method(CURL *c, const struct tw_http_request *req)
{
	const char *method = req->method ? req->method : req->body ? "POST" : "GET";

	if (req->body || strcmp(method, "POST") == 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)req->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, req->body ? req->body : "");
		if (strcmp(method, "POST") != 0)
			curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	} else if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET") != 0) {
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	}
}

/* Every option, after a reset: nothing stays from the fetch before but the connections. */
static void set_options(struct tw_http *h, struct curl_slist *headers)
{
	const struct tw_http_request *req = h->req;
	const char *bundle = getenv("SSL_CERT_FILE");
	CURL *c = h->curl;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, req->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, req->no_redirects ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_PROXY,
			 ""); /* a proxy would connect where the guard can't see */
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->reason);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT,
			 (long)(req->timeout_s ? req->timeout_s : DEFAULT_TIMEOUT_S));
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)h->max_body);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, ""); /* the limit counts decoded bytes */
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (bundle && bundle[0]) /* how OpenSSL's own tools are told of a company's CA */
		curl_easy_setopt(c, CURLOPT_CAINFO, bundle);
	set_method(c, req);
}

static enum tw_status judge(struct tw_http *h, CURLcode code, const char *host, struct tw_err *err)
{
	if (code == CURLE_OK)
		return TW_OK;
	if (h->ended_by_caller || h->stopped)
		return tw_fail(err, TW_CANCELLED, "%s: the transfer was ended", host);
	if (h->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return tw_fail(err, TW_NETWORK, "%s: the answer is larger than %lld bytes", host,
			       (long long)h->max_body);
	if (h->refused[0])
		return tw_fail(err, TW_NETWORK, "%s: %s", host, h->refused);
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		return tw_fail(err, TW_NETWORK, "%s: only http and https are fetched", host);
	if (code == CURLE_TOO_MANY_REDIRECTS)
		return tw_fail(err, TW_NETWORK, "%s: more than %ld redirects", host, MAX_REDIRECTS);
	return tw_fail(err, TW_NETWORK, "%s: %s", host,
		       h->reason[0] ? h->reason : curl_easy_strerror(code));
}

static void begin(struct tw_http *h, struct tw_http_response *res,
		  const struct tw_http_request *req)
{
	h->req = req;
	h->res = res;
	h->got = 0;
	h->max_body = req->max_body ? req->max_body : DEFAULT_MAX_BODY;
	h->too_large = h->ended_by_caller = h->stopped = false;
	h->refused[0] = h->reason[0] = '\0';
	res->status = 0;
	tw_str_clear(&res->body);
	tw_str_clear(&res->url);
	clear_headers(res);
}

enum tw_status tw_http_fetch(struct tw_http_response *out, struct tw_http *h,
			     const struct tw_http_request *req, struct tw_err *err)
{
	struct curl_slist *headers = NULL;
	struct tw_arena a;
	enum tw_status st;
	const char *host;
	char *url = NULL;
	long status = 0;

	if (h->carrier)
		return h->carrier->fetch(out, h->carrier->ctx, req, err);
	tw_arena_init(&a);
	begin(h, out, req);
	/* For messages: without user, password and path. */
	host = tw_url_host(&a, req->url);
	if (!host) {
		st = tw_fail(err, TW_NETWORK, "\"%.100s\" is not a URL with a host", req->url);
		goto out;
	}
	if (h->offline) {
		st = tw_fail(err, TW_NETWORK, "%s: not fetched, because twin is offline", host);
		goto out;
	}
	st = add_headers(&headers, req, err);
	if (st != TW_OK)
		goto out;
	set_options(h, headers);
	st = judge(h, curl_easy_perform(h->curl), host, err);
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h->curl, CURLINFO_EFFECTIVE_URL, &url);
	out->status = (int)status;
	if (url)
		tw_str_adds(&out->url, url);
out:
	curl_slist_free_all(headers);
	h->req = NULL;
	h->res = NULL;
	tw_arena_release(&a);
	return st;
}

void tw_http_response_release(struct tw_http_response *r)
{
	tw_str_release(&r->body);
	tw_str_release(&r->url);
	tw_str_release(&r->content_type);
	tw_str_release(&r->etag);
	tw_str_release(&r->last_modified);
	tw_str_release(&r->retry_after);
	tw_str_release(&r->location);
	tw_str_release(&r->robots_tag);
	tw_str_release(&r->link);
	tw_str_release(&r->rate_left);
	tw_str_release(&r->rate_reset);
	memset(r, 0, sizeof(*r));
}
