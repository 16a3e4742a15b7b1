#include "serve/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "serve/head.h"

#define EVENTS	     64
#define TICK_MS	     250
#define LINGER_S     1.0 /* so that a refusal is read before the connection is reset */
#define LINGER_BYTES (1 << 20)

enum state { FREE, HEAD, HANDED, LINGER };

struct conn {
	enum state state;
	uint32_t generation; /* tells events of a reused descriptor apart */
	double deadline;     /* monotonic seconds; 0: none */
	void *tag;
	bool left; /* the client has closed its side */
	size_t drained;
};

struct tw_front {
	struct tw_front_config c;
	int listener, epoll, wake;
	int port;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock; /* of everything below */
	struct conn *conns;   /* by descriptor */
	size_t n_conns;
	int open;
	uint32_t generation;
};

/* --- addresses --- */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage room;
};

static socklen_t parse_address(union address *out, const char *text, int port)
{
	memset(out, 0, sizeof(*out));
	if (strcmp(text, "localhost") == 0)
		text = "127.0.0.1";
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		return sizeof(out->v4);
	}
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)port);
		return sizeof(out->v6);
	}
	return 0;
}

bool tw_address_is_known(const char *address)
{
	union address a;
	return parse_address(&a, address, 0) != 0;
}

bool tw_address_is_loopback(const char *address)
{
	union address a;
	if (!parse_address(&a, address, 0))
		return false;
	if (a.any.sa_family == AF_INET)
		return ntohl(a.v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

static enum tw_status listen_on(struct tw_front *f, struct tw_err *err)
{
	union address a;
	socklen_t len = parse_address(&a, f->c.address, f->c.port);
	int on = 1;
	if (!len)
		return tw_fail(err, TW_BAD_USE,
			       "serve.address must be an IP address or localhost, not \"%s\"",
			       f->c.address);
	f->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->listener < 0)
		return tw_fail_errno(err, TW_IO, "socket");
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(f->listener, &a.any, len) != 0 || listen(f->listener, 128) != 0)
		return tw_fail_errno(err, TW_IO,
				     "listening on %s port %d (choose another with serve.port)",
				     f->c.address, f->c.port);
	len = sizeof(a);
	if (getsockname(f->listener, &a.any, &len) != 0)
		return tw_fail_errno(err, TW_IO, "socket");
	f->port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
	return TW_OK;
}

/* --- connections; the lock is held --- */

static uint64_t event_id(int fd, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint32_t)fd;
}

static struct conn *conn_of(struct tw_front *f, int fd)
{
	return fd >= 0 && (size_t)fd < f->n_conns && f->conns[fd].state != FREE ? &f->conns[fd]
										: NULL;
}

static void watch(struct tw_front *f, int op, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events | EPOLLET,
				.data.u64 = event_id(fd, f->conns[fd].generation)};
	if (epoll_ctl(f->epoll, op, fd, &e) != 0)
		tw_debug("serve: epoll_ctl: %s", strerror(errno));
}

static void add_conn(struct tw_front *f, int fd)
{
	if ((size_t)fd >= f->n_conns) {
		size_t n = (size_t)fd + 64;
		f->conns = tw_xrealloc(f->conns, n * sizeof(*f->conns));
		memset(f->conns + f->n_conns, 0, (n - f->n_conns) * sizeof(*f->conns));
		f->n_conns = n;
	}
	f->conns[fd] = (struct conn){.state = HEAD,
				     .generation = ++f->generation,
				     .deadline = tw_monotonic_s() + f->c.header_timeout_s};
	f->open++;
}

static void drop(struct tw_front *f, int fd)
{
	f->conns[fd].state = FREE;
	f->open--;
	close(fd);
}

/* A refusal that the front writes itself; short enough for any socket buffer. */
static void write_refusal(int fd, int status, const char *why)
{
	char body[512], all[1024];
	int n = snprintf(body, sizeof(body),
			 "{\"error\":{\"message\":\"%s\",\"type\":\"invalid_request_error\","
			 "\"param\":null,\"code\":null}}\n",
			 why);
	int len = snprintf(all, sizeof(all),
			   "HTTP/1.1 %d Refused\r\nContent-Type: application/json\r\n"
			   "Content-Length: %d\r\nConnection: close\r\n%s\r\n%s",
			   status, n, status == 503 ? "Retry-After: 1\r\n" : "", body);
	if (send(fd, all, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len)
		tw_debug("serve: a refusal could not be written");
	shutdown(fd, SHUT_WR);
}

static void refuse(struct tw_front *f, int fd, int status, const char *why)
{
	struct conn *c = &f->conns[fd];
	tw_debug("serve: refused (%d): %s", status, why);
	write_refusal(fd, status, why);
	if (f->c.refused)
		f->c.refused(f->c.ctx, status);
	c->state = LINGER;
	c->deadline = tw_monotonic_s() + LINGER_S;
}

/* Reads away what a refused client still sends. */
static void linger(struct tw_front *f, int fd)
{
	char buf[4096];
	struct conn *c = &f->conns[fd];
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0 && (c->drained += (size_t)n) < LINGER_BYTES)
			continue;
		drop(f, fd);
		return;
	}
}

static void hand_over(struct tw_front *f, int fd)
{
	union address peer;
	socklen_t len = sizeof(peer);
	struct conn *c = &f->conns[fd];
	if (getpeername(fd, &peer.any, &len) != 0) {
		drop(f, fd);
		return;
	}
	c->state = HANDED;
	c->deadline = tw_monotonic_s() + f->c.body_timeout_s;
	watch(f, EPOLL_CTL_MOD, fd, EPOLLRDHUP);
	/* The library may call back from its own thread at once: it must not wait for us. */
	pthread_mutex_unlock(&f->lock);
	bool taken = f->c.take(f->c.ctx, fd, &peer.any, len);
	pthread_mutex_lock(&f->lock);
	if (!taken) {
		f->conns[fd].state = FREE;
		f->open--;
	}
}

static void look_at_head(struct tw_front *f, int fd)
{
	char buf[TW_HEAD_MAX + 1];
	struct tw_head head;
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(f, fd);
		return;
	}
	int status = tw_head_check(&head, buf, (size_t)n, f->c.max_body);
	if (status == 200)
		hand_over(f, fd);
	else if (status != 0)
		refuse(f, fd, status, head.why);
}

/* --- the thread --- */

static void accept_all(struct tw_front *f)
{
	for (;;) {
		int on = 1;
		int fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN && !atomic_load(&f->stop))
				tw_debug("serve: accept: %s", strerror(errno));
			return;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		add_conn(f, fd);
		watch(f, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP);
		if (f->open > f->c.max_connections)
			refuse(f, fd, 503, "too many connections");
	}
}

/* Returns the tag to be told, outside of the lock. */
static void *on_event(struct tw_front *f, const struct epoll_event *e)
{
	int fd = (int)(uint32_t)e->data.u64;
	struct conn *c = conn_of(f, fd);
	if (!c || c->generation != (uint32_t)(e->data.u64 >> 32))
		return NULL;
	switch (c->state) {
	case HEAD:
		look_at_head(f, fd);
		return NULL;
	case LINGER:
		linger(f, fd);
		return NULL;
	case HANDED:
		if (!(e->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) || c->left)
			return NULL;
		c->left = true;
		if (c->tag)
			f->c.hold(c->tag);
		return c->tag;
	case FREE:
		break;
	}
	return NULL;
}

static void check_deadlines(struct tw_front *f)
{
	double now = tw_monotonic_s();
	for (size_t i = 0; i < f->n_conns; i++) {
		struct conn *c = &f->conns[i];
		if (c->state == FREE || c->deadline == 0 || now < c->deadline)
			continue;
		if (c->state == HEAD)
			refuse(f, (int)i, 408, "the head of the request did not come in time");
		else if (c->state == LINGER)
			drop(f, (int)i);
		else {
			c->deadline = 0;
			shutdown((int)i, SHUT_RDWR); /* the library sees it and closes */
		}
	}
}

static void *loop(void *arg)
{
	struct tw_front *f = arg;
	struct epoll_event events[EVENTS];
	double next_check = 0;
	while (!atomic_load(&f->stop)) {
		pthread_mutex_lock(&f->lock);
		int wait = f->open > 0 ? TICK_MS : -1;
		pthread_mutex_unlock(&f->lock);
		int n = epoll_wait(f->epoll, events, EVENTS, wait);
		for (int i = 0; i < n; i++) {
			void *left = NULL;
			pthread_mutex_lock(&f->lock);
			if (events[i].data.u64 == event_id(f->listener, 0))
				accept_all(f);
			else if (events[i].data.u64 != event_id(f->wake, 0))
				left = on_event(f, &events[i]);
			pthread_mutex_unlock(&f->lock);
			if (left)
				f->c.gone(left);
		}
		if (tw_monotonic_s() < next_check)
			continue;
		next_check = tw_monotonic_s() + TICK_MS / 1000.0;
		pthread_mutex_lock(&f->lock);
		check_deadlines(f);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

/* --- from outside --- */

bool tw_front_tag(struct tw_front *f, int fd, void *tag)
{
	pthread_mutex_lock(&f->lock);
	struct conn *c = conn_of(f, fd);
	bool left = !c || c->left;
	if (c)
		c->tag = tag;
	pthread_mutex_unlock(&f->lock);
	return left;
}

void tw_front_body_done(struct tw_front *f, int fd)
{
	pthread_mutex_lock(&f->lock);
	struct conn *c = conn_of(f, fd);
	if (c)
		c->deadline = 0;
	pthread_mutex_unlock(&f->lock);
}

void tw_front_closed(struct tw_front *f, int fd)
{
	pthread_mutex_lock(&f->lock);
	struct conn *c = conn_of(f, fd);
	if (c) {
		epoll_ctl(f->epoll, EPOLL_CTL_DEL, fd, NULL);
		c->state = FREE;
		f->open--;
	}
	pthread_mutex_unlock(&f->lock);
}

static enum tw_status set_up(struct tw_front *f, struct tw_err *err)
{
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->epoll < 0 || f->wake < 0)
		return tw_fail_errno(err, TW_IO, "epoll");
	return listen_on(f, err);
}

enum tw_status tw_front_open(struct tw_front **out, const struct tw_front_config *c,
			     struct tw_err *err)
{
	struct tw_front *f = tw_xcalloc(1, sizeof(*f));
	f->c = *c;
	f->listener = f->epoll = f->wake = -1;
	pthread_mutex_init(&f->lock, NULL);
	enum tw_status st = set_up(f, err);
	if (st == TW_OK)
		*out = f;
	else
		tw_front_free(f);
	return st;
}

enum tw_status tw_front_run(struct tw_front *f, struct tw_err *err)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = event_id(f->listener, 0)};
	struct epoll_event w = {.events = EPOLLIN, .data.u64 = event_id(f->wake, 0)};
	if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->listener, &e) != 0 ||
	    epoll_ctl(f->epoll, EPOLL_CTL_ADD, f->wake, &w) != 0)
		return tw_fail_errno(err, TW_IO, "epoll");
	int rc = pthread_create(&f->thread, NULL, loop, f);
	if (rc != 0)
		return tw_fail(err, TW_IO, "cannot start a thread: %s", strerror(rc));
	f->running = true;
	return TW_OK;
}

int tw_front_port(const struct tw_front *f)
{
	return f->port;
}

void tw_front_stop_listening(struct tw_front *f)
{
	epoll_ctl(f->epoll, EPOLL_CTL_DEL, f->listener, NULL);
	shutdown(f->listener, SHUT_RDWR); /* new connections are refused from now on */
}

void tw_front_halt(struct tw_front *f)
{
	uint64_t one = 1;
	if (!f->running)
		return;
	atomic_store(&f->stop, true);
	if (write(f->wake, &one, sizeof(one)) < 0)
		tw_debug("serve: eventfd: %s", strerror(errno));
	pthread_join(f->thread, NULL);
	f->running = false;
}

void tw_front_free(struct tw_front *f)
{
	if (!f)
		return;
	tw_front_halt(f);
	for (size_t i = 0; i < f->n_conns; i++)
		if (f->conns[i].state == HEAD || f->conns[i].state == LINGER)
			close((int)i);
	if (f->listener >= 0)
		close(f->listener);
	if (f->epoll >= 0)
		close(f->epoll);
	if (f->wake >= 0)
		close(f->wake);
	pthread_mutex_destroy(&f->lock);
	free(f->conns);
	free(f);
}
