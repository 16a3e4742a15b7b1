#include "llm/text_gate_int.h"

#include <string.h>

#include "base/text.h"

/* Bytes at the end that begin a sequence and don't end it. */
static size_t unfinished(const char *s, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		unsigned char c = (unsigned char)s[len - n];
		if ((c & 0xc0) == 0x80)
			continue;
		size_t want = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
		return c < 0xf5 && want > n ? n : 0;
	}
	return 0;
}

static void emit(struct tw_gate *g, size_t n)
{
	if (n == 0)
		return;
	tw_str_add(g->out, g->held.data, n);
	if (g->fn && !g->fn(g->fn_ctx, g->held.data, n))
		g->refused = true;
	memmove(g->held.data, g->held.data + n, g->held.len - n);
	g->held.len -= n;
	g->held.data[g->held.len] = '\0';
}

/* Start of the first stop string in what is held, or its length. */
static size_t find_stop(const struct tw_gate *g)
{
	size_t first = g->held.len;
	for (size_t i = 0; g->stop && g->stop[i]; i++) {
		size_t n = strlen(g->stop[i]);
		const char *at = n ? memmem(g->held.data, g->held.len, g->stop[i], n) : NULL;
		if (at && (size_t)(at - g->held.data) < first)
			first = (size_t)(at - g->held.data);
	}
	return first;
}

/* Length of the longest end of the text that begins a stop string. */
static size_t may_stop(const struct tw_gate *g)
{
	size_t most = 0;
	for (size_t i = 0; g->stop && g->stop[i]; i++) {
		size_t n = strlen(g->stop[i]);
		for (size_t k = n < g->held.len + 1 ? n : g->held.len + 1; k-- > most + 1;)
			if (memcmp(g->held.data + g->held.len - k, g->stop[i], k) == 0)
				most = k;
	}
	return most;
}

bool tw_gate_add(struct tw_gate *g, const char *data, size_t len)
{
	if (g->stopped || g->refused)
		return false;
	tw_str_add(&g->raw, data, len);
	size_t keep = unfinished(g->raw.data, g->raw.len), whole = g->raw.len - keep;
	if (whole == 0)
		return true;
	tw_utf8_repair(&g->held, g->raw.data, whole);
	memmove(g->raw.data, g->raw.data + whole, keep);
	g->raw.len = keep;
	size_t stop = find_stop(g);
	if (stop < g->held.len) {
		emit(g, stop);
		g->stopped = true;
		tw_str_clear(&g->held);
	} else {
		emit(g, g->held.len - may_stop(g));
	}
	return !g->stopped && !g->refused;
}

void tw_gate_end(struct tw_gate *g)
{
	if (!g->stopped && !g->refused)
		emit(g, g->held.len);
	tw_str_release(&g->raw);
	tw_str_release(&g->held);
}
