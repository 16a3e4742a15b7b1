#include "support/web_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct web_server {
	web_handler handler;
	void *ctx;
	int fd, port;
	pthread_t thread;
	atomic_bool stop;
};

static void send_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static size_t body_length(const char *head)
{
	const char *p = strcasestr(head, "\r\ncontent-length:");
	return p ? (size_t)strtoul(p + 17, NULL, 10) : 0;
}

/* The whole request in *in; the offset of its body, 0 when it never came. */
static size_t receive(struct tw_str *in, int fd)
{
	char block[16384];
	size_t body = 0;
	for (;;) {
		char *end = in->len && !body ? strstr(in->data, "\r\n\r\n") : NULL;
		if (end)
			body = (size_t)(end - in->data) + 4;
		if (body && in->len >= body + body_length(in->data))
			return body;
		ssize_t n = recv(fd, block, sizeof(block), 0);
		if (n <= 0)
			return 0;
		tw_str_add(in, block, (size_t)n);
	}
}

static void answer(struct web_server *s, int fd, char *head, const char *body, size_t len)
{
	struct web_answer out = {.status = 200, .type = "text/html"};
	struct web_request req = {.method = head, .body = body, .body_len = len};
	struct tw_str text = TW_STR_INIT;
	char *path = strchr(head, ' '), *end = path ? strchr(path + 1, ' ') : NULL;
	if (!end)
		return;
	*path = *end = '\0';
	req.path = path + 1;
	req.headers = end + 1;
	s->handler(&out, &req, s->ctx);
	tw_str_addf(&text,
		    "HTTP/1.1 %d x\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		    "Connection: close\r\n%s\r\n",
		    out.status, out.type, out.body.len, out.headers);
	tw_str_add(&text, tw_str_c(&out.body), out.body.len);
	send_all(fd, text.data, text.len);
	tw_str_release(&text);
	tw_str_release(&out.body);
}

static void *serve(void *arg)
{
	struct web_server *s = arg;
	for (;;) {
		int fd = accept(s->fd, NULL, NULL);
		if (fd < 0 || s->stop) {
			close(fd);
			return NULL;
		}
		struct tw_str in = TW_STR_INIT;
		size_t body = receive(&in, fd);
		if (body) {
			in.data[body - 1] = '\0'; /* the last line feed of the head */
			answer(s, fd, in.data, in.data + body, in.len - body);
		}
		tw_str_release(&in);
		shutdown(fd, SHUT_WR);
		close(fd);
	}
}

struct web_server *web_server_start(web_handler handler, void *ctx)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct web_server *s = tw_xcalloc(1, sizeof(*s));
	s->handler = handler;
	s->ctx = ctx;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = bind(s->fd, (struct sockaddr *)&at, sizeof(at));
	rc |= listen(s->fd, 16);
	rc |= getsockname(s->fd, (struct sockaddr *)&at, &len);
	assert(rc == 0);
	s->port = ntohs(at.sin_port);
	rc = pthread_create(&s->thread, NULL, serve, s);
	assert(rc == 0);
	(void)rc;
	return s;
}

void web_server_stop(struct web_server *s)
{
	s->stop = true;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	free(s);
}

int web_server_port(const struct web_server *s)
{
	return s->port;
}
