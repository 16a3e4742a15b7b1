#include "llm/sse_int.h"

#include <string.h>

static void dispatch(struct tw_sse *s)
{
	if (s->has_data && !s->fn(s->ctx, tw_str_c(&s->data), s->data.len))
		s->ended = true;
	s->has_data = false;
	tw_str_clear(&s->data);
}

static void take_line(struct tw_sse *s)
{
	const char *line = tw_str_c(&s->line);
	size_t len = s->line.len;
	if (len == 0) {
		dispatch(s);
	} else if (len >= 4 && memcmp(line, "data", 4) == 0 && (len == 4 || line[4] == ':')) {
		size_t skip = len == 4 ? 4 : len > 5 && line[5] == ' ' ? 6 : 5;
		if (s->has_data)
			tw_str_addc(&s->data, '\n');
		tw_str_add(&s->data, line + skip, len - skip);
		s->has_data = true;
	}
	tw_str_clear(&s->line);
}

bool tw_sse_feed(struct tw_sse *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len && !s->ended;) {
		size_t n = 0;
		if (s->after_cr && bytes[i] == '\n')
			i++;
		s->after_cr = false;
		while (i + n < len && bytes[i + n] != '\r' && bytes[i + n] != '\n')
			n++;
		tw_str_add(&s->line, bytes + i, n);
		if (s->line.len + s->data.len > TW_SSE_MAX)
			s->too_long = s->ended = true;
		i += n;
		if (i < len && !s->ended) {
			s->after_cr = bytes[i++] == '\r';
			take_line(s);
		}
	}
	return !s->ended;
}

void tw_sse_end(struct tw_sse *s)
{
	if (!s->ended && s->line.len)
		take_line(s);
	if (!s->ended)
		dispatch(s);
	tw_str_release(&s->line);
	tw_str_release(&s->data);
}
