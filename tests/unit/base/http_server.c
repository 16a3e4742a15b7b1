#include "http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1, port;
static pthread_t acceptor;
static atomic_int hits, open_connections;

static bool send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void send_text(int fd, const char *text)
{
	send_all(fd, text, strlen(text));
}

static void answer(int fd, const char *head, const char *body)
{
	char buf[70000];

	snprintf(buf, sizeof(buf),
		 "HTTP/1.1 %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s", head,
		 strlen(body), body);
	send_text(fd, buf);
}

static void redirect(int fd, const char *to)
{
	char head[300];

	snprintf(head, sizeof(head), "302 Found\r\nETag: \"of the redirect\"\r\nLocation: %s", to);
	answer(fd, head, "not this body");
}

/* gzip (RFC 1952) of zeros without end: one literal 0, then copies of 258 bytes at distance 1 */
static void send_bomb(int fd)
{
	static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	const char *bits = "110" /* last block, fixed codes */
			   "00110000";
	uint64_t held = 0;
	unsigned n = 0;
	unsigned char out[4096];
	size_t len = 0;

	send_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
	send_all(fd, header, sizeof(header));
	for (int copies = 0; copies < 1000000; copies++) {
		for (; *bits; bits++)
			held |= (uint64_t)(*bits - '0') << n++;
		bits = "11000101"
		       "00000";
		for (; n >= 8; n -= 8, held >>= 8)
			out[len++] = (unsigned char)held;
		if (len > sizeof(out) - 16) {
			if (!send_all(fd, out, len))
				return;
			len = 0;
		}
	}
}

static void send_endless(int fd)
{
	char piece[4096];

	memset(piece, 'x', sizeof(piece));
	send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	while (send_all(fd, piece, sizeof(piece)))
		;
}

static void route(int fd, const char *path, const char *request, const char *body)
{
	char buf[200];
	int n;

	if (strcmp(path, "/ok") == 0) {
		answer(fd,
		       "200 OK\r\nContent-Type: text/plain; charset=utf-8\r\netag:  \"e1\" \r\n"
		       "Last-Modified: Tue, 24 Nov 2026 09:30:00 GMT",
		       "hello");
	} else if (strcmp(path, "/busy") == 0) {
		answer(fd, "429 Too Many Requests\r\nRetry-After: 7", "later");
	} else if (strcmp(path, "/echo") == 0) {
		char all[66000];

		snprintf(all, sizeof(all), "%s%s", request, body);
		answer(fd, "200 OK", all);
	} else if (sscanf(path, "/redirect/%d", &n) == 1) {
		snprintf(buf, sizeof(buf), n > 1 ? "/redirect/%d" : "/ok", n - 1);
		redirect(fd, buf);
	} else if (strcmp(path, "/robots-tags") == 0) {
		answer(fd, "200 OK\r\nX-Robots-Tag: noindex\r\nx-robots-tag:  otherbot: nofollow ",
		       "ok");
	} else if (strcmp(path, "/limits") == 0) {
		answer(fd,
		       "200 OK\r\nLink: </a?page=2>; rel=\"next\"\r\nx-ratelimit-remaining: 0\r\n"
		       "X-RateLimit-Reset: 1700000000",
		       "ok");
	} else if (strcmp(path, "/limits-of-another") == 0) {
		answer(fd, "200 OK\r\nRateLimit-Remaining: 7\r\nRateLimit-Reset: 60", "ok");
	} else if (strcmp(path, "/to-metadata") == 0) {
		redirect(fd, "http://169.254.169.254/latest/meta-data/");
	} else if (strcmp(path, "/to-file") == 0) {
		redirect(fd, "file:///etc/passwd");
	} else if (strcmp(path, "/endless") == 0) {
		send_endless(fd);
	} else if (strcmp(path, "/declared") == 0) {
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nx");
	} else if (strcmp(path, "/bomb") == 0) {
		send_bomb(fd);
	} else if (strcmp(path, "/cut") == 0) {
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	} else if (strcmp(path, "/silent") == 0) {
		sleep(3);
	} else if (strcmp(path, "/garbage") == 0) {
		send_text(fd, "\x01\x02 no http at all\r\n\r\n");
	} else {
		answer(fd, "404 Not Found", "nothing here");
	}
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	size_t len = 0, want = 0;
	char request[66000], path[300] = "", *end = NULL, *field;

	while (len + 1 < sizeof(request)) {
		ssize_t n = recv(fd, request + len, sizeof(request) - 1 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		request[len] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (!end)
			continue;
		field = strcasestr(request, "content-length:");
		want = field && field < end ? (size_t)atol(field + 15) : 0;
		if (len >= (size_t)(end + 4 - request) + want)
			break;
	}
	if (end && sscanf(request, "%*s %299s", path) == 1) {
		end[2] = '\0';
		route(fd, path, request, end + 4);
	}
	/* An end of the stream rather than a reset, with the request read whole. */
	shutdown(fd, SHUT_WR);
	close(fd);
	atomic_fetch_sub(&open_connections, 1);
	return NULL;
}

static void *accept_all(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t t;

		if (fd < 0)
			return NULL;
		atomic_fetch_add(&hits, 1);
		atomic_fetch_add(&open_connections, 1);
		if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
	}
}

void http_server_start(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int rc;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = bind(listener, (struct sockaddr *)&addr, sizeof(addr));
	assert(rc == 0);
	rc = listen(listener, 64);
	assert(rc == 0);
	getsockname(listener, (struct sockaddr *)&addr, &len);
	port = ntohs(addr.sin_port);
	rc = pthread_create(&acceptor, NULL, accept_all, NULL);
	assert(rc == 0);
	(void)rc;
}

void http_server_stop(void)
{
	shutdown(listener, SHUT_RDWR);
	pthread_join(acceptor, NULL);
	close(listener);
	while (atomic_load(&open_connections) > 0)
		usleep(1000);
}

int http_server_port(void)
{
	return port;
}

int http_server_hits(void)
{
	return atomic_load(&hits);
}
