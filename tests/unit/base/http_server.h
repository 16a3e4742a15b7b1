/*
 * unit/base/http_server.h: a small server on loopback for the tests of http.h.
 *
 * One thread accepts, one serves each connection and ends with it. What it
 * answers is chosen by the path; see http_server.c.
 */
#ifndef TEST_BASE_HTTP_SERVER_H
#define TEST_BASE_HTTP_SERVER_H

void http_server_start(void);
void http_server_stop(void);
int http_server_port(void);
int http_server_hits(void); /* connections taken so far */

#endif
