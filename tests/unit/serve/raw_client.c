#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

int raw_connect(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((unsigned short)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void raw_send(int fd, const void *data, size_t len)
{
	const char *p = data;
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

void raw_sends(int fd, const char *text)
{
	raw_send(fd, text, strlen(text));
}

bool raw_read_until(int fd, struct tw_str *out, const char *part, double seconds)
{
	double end = tw_monotonic_s() + seconds;
	char buf[65536];
	for (;;) {
		if (part && out->data && memmem(out->data, out->len, part, strlen(part)))
			return true;
		double left = end - tw_monotonic_s();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (left <= 0 || poll(&p, 1, (int)(left * 1000) + 1) <= 0)
			return false;
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			return part == NULL;
		tw_str_add(out, buf, (size_t)n);
	}
}

bool raw_read_all(int fd, struct tw_str *out, double seconds)
{
	return raw_read_until(fd, out, NULL, seconds);
}

int raw_status(const struct tw_str *response)
{
	int status;
	return sscanf(tw_str_c(response), "HTTP/1.%*c %d", &status) == 1 ? status : 0;
}

const char *raw_body(const struct tw_str *response)
{
	const char *p = strstr(tw_str_c(response), "\r\n\r\n");
	return p ? p + 4 : "";
}

int raw_exchange(int port, const void *data, size_t len, struct tw_str *out)
{
	int fd = raw_connect(port);
	tw_str_clear(out);
	if (fd < 0)
		return 0;
	raw_send(fd, data, len);
	raw_read_all(fd, out, 20);
	close(fd);
	return raw_status(out);
}

int raw_get(int port, const char *path, struct tw_str *out)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_addf(&s, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", path, port);
	int status = raw_exchange(port, s.data, s.len, out);
	tw_str_release(&s);
	return status;
}

int raw_post(int port, const char *path, const char *body, struct tw_str *out)
{
	struct tw_str s = TW_STR_INIT;
	tw_str_addf(&s,
		    "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    path, port, strlen(body), body);
	int status = raw_exchange(port, s.data, s.len, out);
	tw_str_release(&s);
	return status;
}
