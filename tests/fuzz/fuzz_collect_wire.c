/* What a subverted child could say: frames in any bytes, and what the parent takes of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collect/child/wire_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile size_t sum; /* so that all of it is really read */

static size_t length(const char *s)
{
	return s ? strlen(s) : 0; /* runs over the end of what is not ended */
}

static size_t take_document(struct wire_frame *f)
{
	struct tw_document d;
	wire_get_document(&d, f);
	if (!f->bad && !d.key)
		abort();
	return length(d.key) + length(d.title) + length(d.extra) + length(d.body.data);
}

static size_t take_request(struct wire_frame *f)
{
	struct tw_http_request r;
	struct tw_arena a;
	size_t n = 0;
	tw_arena_init(&a);
	wire_get_request(&r, f, &a);
	if (!f->bad && (!r.url || r.max_body < 0 || r.timeout_s < 0))
		abort();
	for (size_t i = 0; !f->bad && r.headers[i]; i++)
		n += length(r.headers[i]);
	tw_arena_release(&a);
	return n + length(r.url) + length(r.method);
}

static size_t take_response(struct wire_frame *f)
{
	struct tw_http_response r = {0};
	wire_get_response(&r, f);
	size_t n = r.body.len + r.url.len;
	tw_http_response_release(&r);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_frame f;
	struct wire w = {.fd = memfd_create("wire", MFD_CLOEXEC)};
	if (w.fd < 0 || write(w.fd, data, len) != (ssize_t)len || lseek(w.fd, 0, SEEK_SET) != 0)
		abort();
	while (wire_next(&f, &w) == TW_OK) {
		struct wire_frame again = f;
		sum = sum + take_document(&again);
		again = f;
		sum = sum + take_request(&again);
		again = f;
		sum = sum + take_response(&again);
		sum = sum + (size_t)wire_get_status(&f) + length(wire_get_str(&f));
	}
	wire_release(&w);
	return 0;
}
