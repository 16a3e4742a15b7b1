/* Discord's messages as Markdown. Described at docs.discord.com, "Message formatting". */
#include "collect/export/discord_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define MAX_TAG	     80	 /* bytes between < and > */
#define MAX_MENTIONS 200 /* looked through for a name */

int64_t discord_id(const struct tw_json *v, const char *key)
{
	const struct tw_json *id = tw_json_get(v, key);
	int64_t n;
	return tw_parse_i64(&n, tw_json_str(id, ""), NULL) == TW_OK ? n : tw_json_int(id, 0);
}

static const char *name_of(const struct tw_json *mentions, const char *id, size_t len)
{
	const struct tw_json *u =
		mentions && mentions->type == TW_JSON_ARRAY ? mentions->child : NULL;
	for (int i = 0; u && i < MAX_MENTIONS; i++, u = u->next) {
		const char *one = export_text(u, "id");
		if (one && strlen(one) == len && memcmp(one, id, len) == 0)
			return export_text(u, "nickname") ? export_text(u, "nickname")
							  : export_text(u, "name");
	}
	return NULL;
}

static bool is_digits(const char *s, const char *end)
{
	const char *p = s;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p == end && p > s;
}

/* False: what stands between < and > is no tag of Discord's. */
static bool add_tag(struct tw_str *out, const char *s, const char *end,
		    const struct tw_json *mentions, struct tw_arena *a)
{
	if (*s == '@' || *s == '#') {
		const char *id = s + 1 + (s[1] == '!' || s[1] == '&');
		const char *name = *s == '@' && is_digits(id, end)
					   ? name_of(mentions, id, (size_t)(end - id))
					   : NULL;
		if (name)
			tw_str_addf(out, "@%s", name);
		return is_digits(id, end);
	}
	const char *name = s + (*s == 'a' && s[1] == ':');
	const char *colon = *name == ':' ? memchr(name + 1, ':', (size_t)(end - name - 1)) : NULL;
	if (colon && is_digits(colon + 1, end)) {
		tw_str_add(out, name, (size_t)(colon + 1 - name));
		return true;
	}
	if (s[0] == 't' && s[1] == ':') {
		const char *to = memchr(s + 2, ':', (size_t)(end - s - 2));
		to = to ? to : end;
		if (is_digits(s + 2, to) && to - s < 16)
			tw_str_adds(out, tw_format_date(a, strtoll(s + 2, NULL, 10) * 1000));
		return is_digits(s + 2, to);
	}
	return false;
}

/* Bytes before the '>' that ends what may be a tag; 0: it is none. */
static size_t tag_length(const char *p)
{
	size_t n = 1;
	if (*p != '<')
		return 0;
	while (n <= MAX_TAG && p[n] && !strchr("<> \n", p[n]))
		n++;
	return n >= 3 && n <= MAX_TAG && p[n] == '>' ? n : 0;
}

void discord_markdown(struct tw_str *out, const char *text, const struct tw_json *mentions,
		      struct tw_arena *a)
{
	for (const char *p = text; *p;) {
		size_t n = tag_length(p), before = out->len;
		if (!n || !add_tag(out, p + 1, p + n, mentions, a)) {
			tw_str_addc(out, *p++);
			continue;
		}
		p += n + 1;
		/* nothing was put there: one of the spaces goes with it */
		bool space_before = !before || strchr(" \n", out->data[before - 1]);
		p += out->len == before && space_before && *p == ' ';
	}
}
