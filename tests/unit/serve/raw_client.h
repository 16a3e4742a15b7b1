/*
 * A client that says exactly the bytes that a test wants, over a loopback socket.
 */
#ifndef TEST_SERVE_RAW_CLIENT_H
#define TEST_SERVE_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

int raw_connect(int port);
void raw_send(int fd, const void *data, size_t len); /* errors are the test's subject: ignored */
void raw_sends(int fd, const char *text);

/* Reads until the other side closes or `seconds` are over; true when it closed. */
bool raw_read_all(int fd, struct tw_str *out, double seconds);
/* Until `part` is in what came. */
bool raw_read_until(int fd, struct tw_str *out, const char *part, double seconds);

/* Sends, reads all, closes; returns the HTTP status, 0 when there was no answer. */
int raw_exchange(int port, const void *data, size_t len, struct tw_str *out);
int raw_get(int port, const char *path, struct tw_str *out);
int raw_post(int port, const char *path, const char *body, struct tw_str *out);

int raw_status(const struct tw_str *response);
const char *raw_body(const struct tw_str *response); /* behind the head */

#endif
