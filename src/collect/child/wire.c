#include "collect/child/wire_int.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ENOUGH	   ((size_t)64 << 10) /* bytes to write at once */
#define READ_BYTES ((size_t)256 << 10)

void wire_release(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	tw_str_release(&w->in);
	tw_str_release(&w->out);
}

/* --- writing --- */

void wire_begin(struct wire *w, enum wire_word word)
{
	const uint32_t head[2] = {0, (uint32_t)word};
	w->open = w->out.len;
	tw_str_add(&w->out, (const char *)head, sizeof(head));
}

void wire_i64(struct wire *w, int64_t i)
{
	tw_str_add(&w->out, (const char *)&i, sizeof(i));
}

void wire_bytes(struct wire *w, const char *data, size_t len)
{
	wire_i64(w, data ? (int64_t)len : -1);
	if (!data)
		return;
	tw_str_add(&w->out, data, len);
	tw_str_addc(&w->out, '\0');
}

void wire_str(struct wire *w, const char *s)
{
	wire_bytes(w, s, s ? strlen(s) : 0);
}

void wire_rest(struct wire *w, const struct wire *from)
{
	const size_t head = from->open + 2 * sizeof(uint32_t);
	tw_str_add(&w->out, from->out.data + head, from->out.len - head);
}

bool wire_end(struct wire *w)
{
	const uint32_t len = (uint32_t)(w->out.len - w->open - 2 * sizeof(uint32_t));
	memcpy(w->out.data + w->open, &len, sizeof(len));
	return w->out.len < ENOUGH || wire_flush(w);
}

/* Until the socket is ready; false: not to be waited for any more. */
static bool wait_for(struct wire *w, short events)
{
	struct pollfd p = {w->fd, events, 0};
	for (;;) {
		int n = poll(&p, 1, w->tick ? WIRE_TICK_MS : -1);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (w->tick && !w->tick(w->ctx))
			return false;
	}
}

bool wire_flush(struct wire *w)
{
	size_t done = 0;
	while (done < w->out.len) {
		ssize_t n = write(w->fd, w->out.data + done, w->out.len - done);
		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno == EAGAIN && wait_for(w, POLLOUT))
			continue;
		else if (n == 0 || errno != EINTR)
			break;
	}
	bool all = done == w->out.len;
	tw_str_clear(&w->out);
	return all;
}

/* --- reading --- */

/* Makes room behind what was not read yet, and reads; TW_DONE at the end. */
static enum tw_status fill(struct wire *w)
{
	size_t left = w->in.len - w->at;
	if (w->at && left < READ_BYTES) { /* never a long move */
		memmove(w->in.data, w->in.data + w->at, left);
		w->in.len = left;
		w->at = 0;
	}
	tw_str_reserve(&w->in, READ_BYTES);
	for (;;) {
		ssize_t n = read(w->fd, w->in.data + w->in.len, READ_BYTES);
		if (n > 0) {
			w->in.len += (size_t)n;
			return TW_OK;
		}
		if (n == 0 || errno == ECONNRESET)
			return TW_DONE;
		if (errno == EAGAIN ? !wait_for(w, POLLIN) : errno != EINTR)
			return TW_IO;
	}
}

enum tw_status wire_next(struct wire_frame *out, struct wire *w)
{
	uint32_t head[2];
	for (;;) {
		size_t left = w->in.len - w->at;
		if (left >= sizeof(head)) {
			memcpy(head, w->in.data + w->at, sizeof(head));
			if (head[0] > WIRE_MOST)
				return TW_BAD_DATA;
			if (left >= sizeof(head) + head[0])
				break;
		}
		enum tw_status st = fill(w);
		if (st != TW_OK)
			return st;
	}
	const char *at = w->in.data + w->at + sizeof(head);
	*out = (struct wire_frame){.word = head[1], .at = at, .end = at + head[0]};
	w->at += sizeof(head) + head[0];
	return TW_OK;
}

bool wire_has_more(const struct wire *w)
{
	struct pollfd p = {w->fd, POLLIN, 0};
	return w->in.len > w->at || poll(&p, 1, 0) > 0;
}

static const char *take(struct wire_frame *f, size_t len)
{
	const char *at = f->at;
	if (f->bad || (size_t)(f->end - f->at) < len) {
		f->bad = true;
		return NULL;
	}
	f->at += len;
	return at;
}

int64_t wire_get_i64(struct wire_frame *f)
{
	int64_t i = 0;
	const char *at = take(f, sizeof(i));
	if (at)
		memcpy(&i, at, sizeof(i));
	return i;
}

struct tw_bytes wire_get_bytes(struct wire_frame *f)
{
	int64_t len = wire_get_i64(f);
	if (f->bad || len == -1)
		return (struct tw_bytes){NULL, 0};
	const char *at = len < 0 || len > (int64_t)WIRE_MOST ? NULL : take(f, (size_t)len + 1);
	if (!at || at[len] != '\0') {
		f->bad = true;
		return (struct tw_bytes){NULL, 0};
	}
	return (struct tw_bytes){at, (size_t)len};
}

const char *wire_get_str(struct wire_frame *f)
{
	return wire_get_bytes(f).data;
}

enum tw_status wire_get_status(struct wire_frame *f)
{
	int64_t i = wire_get_i64(f);
	if (i < TW_OK || i > TW_CANCELLED)
		f->bad = true;
	return f->bad ? TW_BAD_DATA : (enum tw_status)i;
}
