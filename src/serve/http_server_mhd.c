/*
 * The HTTP server on libmicrohttpd, in its epoll mode with suspend and resume.
 *
 * A request that waits for its answer is a suspended connection. The lock of an
 * exchange is taken before libmicrohttpd's own; the front's lock is never held
 * over either.
 */
#include "serve/http_server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"
#include "serve/front.h"

#define CONNECTION_MEMORY (16 * 1024)
#define IDLE_S		  30 /* a client that neither sends nor reads */

struct pair {
	const char *name, *value;
};

struct tw_exchange {
	struct tw_http_server *server;
	atomic_int refs; /* the connection's and the handler's */
	int fd;
	double start;
	char id[24];
	struct tw_arena arena;
	/* The request: written before the handler sees it. */
	const char *method, *path;
	TW_VEC(struct pair) headers;
	TW_VEC(struct pair) query;
	struct tw_str body;
	bool admitted, complete;
	/* The answer. */
	pthread_mutex_t lock;
	struct MHD_Connection *conn; /* NULL when it is over */
	TW_VEC(struct pair) out_headers;
	const char *content_type;
	int status; /* 0: none yet */
	bool streaming, ended, gone, suspended;
	struct tw_str out;
	size_t sent; /* of `out` */
};

struct tw_http_server {
	struct tw_http_server_config c;
	struct tw_front *front;
	struct MHD_Daemon *daemon;
	uint64_t ids; /* state of the random numbers; the library's thread alone uses it */
	pthread_mutex_t lock;
	TW_VEC(struct tw_exchange *) live; /* with a connection */
	bool stopping;			   /* nobody may wait any more */
};

/* --- lifetime --- */

static void unref(struct tw_exchange *x)
{
	if (atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	tw_vec_release(&x->headers);
	tw_vec_release(&x->query);
	tw_vec_release(&x->out_headers);
	tw_str_release(&x->body);
	tw_str_release(&x->out);
	tw_arena_release(&x->arena);
	pthread_mutex_destroy(&x->lock);
	free(x);
}

/* With x->lock held: whoever waits on the connection looks again. */
static void wake(struct tw_exchange *x)
{
	if (!x->suspended)
		return;
	x->suspended = false;
	MHD_resume_connection(x->conn);
}

static void set_gone(struct tw_exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->gone = true;
	if (x->conn)
		wake(x);
	pthread_mutex_unlock(&x->lock);
}

static void hold_tag(void *tag)
{
	atomic_fetch_add(&((struct tw_exchange *)tag)->refs, 1);
}

static void tag_gone(void *tag)
{
	set_gone(tag);
	unref(tag);
}

/* --- the request --- */

static enum MHD_Result add_pair(void *cls, enum MHD_ValueKind kind, const char *name,
				const char *value)
{
	struct tw_exchange *x = cls;
	const struct pair p = {tw_strdup(&x->arena, name),
			       tw_strdup(&x->arena, value ? value : "")};
	if (kind == MHD_HEADER_KIND)
		tw_vec_push(&x->headers, p);
	else
		tw_vec_push(&x->query, p);
	return MHD_YES;
}

static struct tw_exchange *new_exchange(struct tw_http_server *s, struct MHD_Connection *conn,
					const char *path, const char *method)
{
	struct tw_exchange *x = tw_xcalloc(1, sizeof(*x));
	x->server = s;
	x->refs = 1;
	x->start = tw_monotonic_s();
	x->conn = conn;
	x->fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	tw_arena_init(&x->arena);
	pthread_mutex_init(&x->lock, NULL);
	snprintf(x->id, sizeof(x->id), "%016llx", (unsigned long long)tw_random_u64(&s->ids));
	x->method = tw_strdup(&x->arena, method);
	x->path = tw_strdup(&x->arena, path);
	MHD_get_connection_values(conn, MHD_HEADER_KIND, add_pair, x);
	MHD_get_connection_values(conn, MHD_GET_ARGUMENT_KIND, add_pair, x);
	bool left = tw_front_tag(s->front, x->fd, x);
	pthread_mutex_lock(&s->lock);
	tw_vec_push(&s->live, x);
	left = left || s->stopping;
	pthread_mutex_unlock(&s->lock);
	if (left)
		set_gone(x);
	return x;
}

static const char *find(const struct pair *p, size_t n, const char *name, bool fold)
{
	for (size_t i = 0; i < n; i++)
		if (fold ? strcasecmp(p[i].name, name) == 0 : strcmp(p[i].name, name) == 0)
			return p[i].value;
	return NULL;
}

const char *tw_exchange_method(const struct tw_exchange *x)
{
	return x->method;
}

const char *tw_exchange_path(const struct tw_exchange *x)
{
	return x->path;
}

const char *tw_exchange_query(const struct tw_exchange *x, const char *name)
{
	return find(x->query.at, x->query.n, name, false);
}

const char *tw_exchange_header(const struct tw_exchange *x, const char *name)
{
	return find(x->headers.at, x->headers.n, name, true);
}

struct tw_bytes tw_exchange_body(const struct tw_exchange *x)
{
	return (struct tw_bytes){tw_str_c(&x->body), x->body.len};
}

struct tw_arena *tw_exchange_arena(struct tw_exchange *x)
{
	return &x->arena;
}

const char *tw_exchange_id(const struct tw_exchange *x)
{
	return x->id;
}

double tw_exchange_age(const struct tw_exchange *x)
{
	return tw_monotonic_s() - x->start;
}

bool tw_exchange_gone(struct tw_exchange *x)
{
	pthread_mutex_lock(&x->lock);
	bool gone = x->gone;
	pthread_mutex_unlock(&x->lock);
	return gone;
}

/* --- the answer --- */

void tw_exchange_set_header(struct tw_exchange *x, const char *name, const char *value)
{
	const struct pair p = {tw_strdup(&x->arena, name), tw_strdup(&x->arena, value)};
	tw_vec_push(&x->out_headers, p);
}

void tw_exchange_reply(struct tw_exchange *x, int status, const char *content_type,
		       const void *body, size_t len)
{
	pthread_mutex_lock(&x->lock);
	x->content_type = content_type;
	tw_str_add(&x->out, body, len);
	x->status = status;
	x->ended = true;
	if (x->conn)
		wake(x);
	pthread_mutex_unlock(&x->lock);
	unref(x);
}

void tw_exchange_stream(struct tw_exchange *x, int status, const char *content_type)
{
	pthread_mutex_lock(&x->lock);
	x->content_type = content_type;
	x->status = status;
	x->streaming = true;
	if (x->conn)
		wake(x);
	pthread_mutex_unlock(&x->lock);
}

bool tw_exchange_write(struct tw_exchange *x, const void *data, size_t len)
{
	pthread_mutex_lock(&x->lock);
	bool gone = x->gone;
	if (!gone) {
		tw_str_add(&x->out, data, len);
		wake(x);
	}
	pthread_mutex_unlock(&x->lock);
	return !gone;
}

void tw_exchange_end(struct tw_exchange *x)
{
	pthread_mutex_lock(&x->lock);
	x->ended = true;
	if (x->conn)
		wake(x);
	pthread_mutex_unlock(&x->lock);
	unref(x);
}

/* What libmicrohttpd calls for more of a stream. */
static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct tw_exchange *x = cls;
	ssize_t n = 0;
	(void)pos;
	pthread_mutex_lock(&x->lock);
	size_t left = x->out.len - x->sent;
	if (x->gone) {
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (left > 0) {
		n = (ssize_t)(left < max ? left : max);
		memcpy(buf, x->out.data + x->sent, (size_t)n);
		x->sent += (size_t)n;
		if (x->sent == x->out.len) {
			tw_str_clear(&x->out);
			x->sent = 0;
		}
	} else if (x->ended) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		/* Without this the library would ask again and again. */
		x->suspended = true;
		MHD_suspend_connection(x->conn);
	}
	pthread_mutex_unlock(&x->lock);
	return n;
}

static enum MHD_Result queue_answer(struct tw_exchange *x, struct MHD_Connection *conn)
{
	struct MHD_Response *r;
	if (x->streaming)
		r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, x, NULL);
	else
		r = MHD_create_response_from_buffer(x->out.len, x->out.data,
						    MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	if (x->content_type)
		MHD_add_response_header(r, "Content-Type", x->content_type);
	MHD_add_response_header(r, "Connection", "close");
	for (size_t i = 0; i < x->out_headers.n; i++)
		MHD_add_response_header(r, x->out_headers.at[i].name, x->out_headers.at[i].value);
	enum MHD_Result ok = MHD_queue_response(conn, (unsigned)x->status, r);
	MHD_destroy_response(r);
	return ok;
}

/* Answers when the answer is there, else waits for it. */
static enum MHD_Result answer_or_wait(struct tw_exchange *x, struct MHD_Connection *conn)
{
	pthread_mutex_lock(&x->lock);
	bool ready = x->status != 0, wait = !ready && !x->gone;
	if (wait) {
		x->suspended = true;
		MHD_suspend_connection(conn);
	}
	pthread_mutex_unlock(&x->lock);
	/* Outside of the lock: the library has one of its own on a response. What is ready stays as it is. */
	if (ready)
		return queue_answer(x, conn);
	return wait ? MHD_YES : MHD_NO;
}

/* --- what libmicrohttpd calls --- */

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **con_cls)
{
	struct tw_http_server *s = cls;
	struct tw_exchange *x = *con_cls;
	(void)version;
	if (!x) {
		x = *con_cls = new_exchange(s, conn, url, method);
		x->admitted = s->c.admit(s->c.ctx, x);
		return MHD_YES;
	}
	if (*size > 0) {
		if (x->admitted && (int64_t)(x->body.len + *size) > s->c.max_body)
			return MHD_NO; /* the front has let nothing larger in */
		if (x->admitted)
			tw_str_add(&x->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!x->complete) {
		x->complete = true;
		tw_front_body_done(s->front, x->fd);
		atomic_fetch_add(&x->refs, 1);
		s->c.handle(s->c.ctx, x);
	}
	return answer_or_wait(x, conn);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode code)
{
	struct tw_http_server *s = cls;
	struct tw_exchange *x = *con_cls;
	(void)code;
	if (!x)
		return;
	*con_cls = NULL;
	/* 0.9.75 sometimes forgets a connection whose client left just when it was resumed, until the idle
	 * timeout looks at it again: let that be soon. */
	MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT, 1u);
	tw_front_tag(s->front, x->fd, NULL);
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->live.n; i++)
		if (s->live.at[i] == x) {
			s->live.at[i] = s->live.at[--s->live.n];
			break;
		}
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_lock(&x->lock);
	x->conn = NULL;
	x->suspended = false;
	x->gone = true;
	pthread_mutex_unlock(&x->lock);
	unref(x);
}

static void on_connection(void *cls, struct MHD_Connection *conn, void **socket_ctx,
			  enum MHD_ConnectionNotificationCode code)
{
	struct tw_http_server *s = cls;
	(void)socket_ctx;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		tw_front_closed(s->front,
				MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)
					->connect_fd);
}

static void on_log(void *cls, const char *fmt, va_list ap) TW_PRINTF(2, 0);
static void on_log(void *cls, const char *fmt, va_list ap)
{
	char line[512];
	(void)cls;
	vsnprintf(line, sizeof(line), fmt, ap);
	tw_debug("serve: microhttpd: %.*s", (int)strcspn(line, "\n"), line);
}

static bool take(void *ctx, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct tw_http_server *s = ctx;
	return MHD_add_connection(s->daemon, fd, addr, len) == MHD_YES;
}

static void refused(void *ctx, int status)
{
	struct tw_http_server *s = ctx;
	if (s->c.refused)
		s->c.refused(s->c.ctx, status);
}

/* --- start and stop --- */

static enum tw_status start_daemon(struct tw_http_server *s, struct tw_err *err)
{
	const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			       MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	s->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, s, MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->c.max_connections + 64,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
	if (s->daemon)
		return TW_OK;
	return tw_fail(err, TW_IO, "the HTTP server did not start");
}

enum tw_status tw_http_server_start(struct tw_http_server **out,
				    const struct tw_http_server_config *c, struct tw_err *err)
{
	struct tw_http_server *s = tw_xcalloc(1, sizeof(*s));
	s->c = *c;
	s->ids = (uint64_t)tw_now_ms() * 1000003u ^ (uint64_t)getpid() << 40;
	pthread_mutex_init(&s->lock, NULL);
	const struct tw_front_config fc = {
		.address = c->address,
		.port = c->port,
		.max_connections = c->max_connections,
		.header_timeout_s = c->header_timeout_s,
		.body_timeout_s = c->body_timeout_s,
		.max_body = c->max_body,
		.take = take,
		.hold = hold_tag,
		.gone = tag_gone,
		.refused = refused,
		.ctx = s,
	};
	enum tw_status st = tw_front_open(&s->front, &fc, err);
	if (st == TW_OK)
		st = start_daemon(s, err);
	if (st == TW_OK)
		st = tw_front_run(s->front, err);
	if (st == TW_OK)
		*out = s;
	else
		tw_http_server_free(s);
	return st;
}

int tw_http_server_port(const struct tw_http_server *s)
{
	return tw_front_port(s->front);
}

void tw_http_server_stop_listening(struct tw_http_server *s)
{
	tw_front_stop_listening(s->front);
}

void tw_http_server_wait_idle(struct tw_http_server *s, double seconds)
{
	const struct timespec nap = {0, 10 * 1000000L};
	double end = tw_monotonic_s() + seconds;
	for (;;) {
		pthread_mutex_lock(&s->lock);
		bool idle = s->live.n == 0;
		pthread_mutex_unlock(&s->lock);
		if (idle || tw_monotonic_s() > end)
			return;
		nanosleep(&nap, NULL);
	}
}

void tw_http_server_free(struct tw_http_server *s)
{
	if (!s)
		return;
	if (s->front)
		tw_front_halt(s->front);
	if (s->daemon) {
		/* The library must not be stopped with suspended connections. */
		pthread_mutex_lock(&s->lock);
		s->stopping = true;
		for (size_t i = 0; i < s->live.n; i++)
			set_gone(s->live.at[i]);
		pthread_mutex_unlock(&s->lock);
		MHD_stop_daemon(s->daemon);
	}
	tw_front_free(s->front);
	tw_vec_release(&s->live);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
