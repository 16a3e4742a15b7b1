#include "collect/export/csv_int.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

static char *field(struct csv *c, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	bool quoted = c->at < c->end && *c->at == '"';
	c->at += quoted;
	while (c->at < c->end) {
		char ch = *c->at;
		if (quoted && c->backslash && ch == '\\' && c->at + 1 < c->end && c->at[1] == '"') {
			tw_str_addc(&s, '"');
			c->at += 2;
			continue;
		}
		if (quoted && ch == '"') {
			bool twice = c->at + 1 < c->end && c->at[1] == '"';
			c->at += 1 + twice;
			if (twice)
				tw_str_addc(&s, '"');
			quoted = twice;
			continue;
		}
		if (!quoted && (ch == ',' || ch == '\n' || ch == '\r'))
			break;
		tw_str_addc(&s, ch);
		c->at++;
	}
	c->cut |= quoted;
	char *text = tw_str_dup(&s, a);
	tw_str_release(&s);
	return text;
}

bool csv_next(struct tw_strings *out, struct csv *c, struct tw_arena *a)
{
	TW_VEC(char *) fields = {0};
	if (c->at >= c->end)
		return false;
	for (;;) {
		tw_vec_push(&fields, field(c, a));
		if (c->at >= c->end || *c->at != ',')
			break;
		c->at++;
	}
	c->at += c->at < c->end && *c->at == '\r';
	c->at += c->at < c->end && *c->at == '\n';
	out->n = fields.n;
	out->at = tw_copy_array(a, fields.at, fields.n, sizeof(*fields.at));
	tw_vec_release(&fields);
	return true;
}
