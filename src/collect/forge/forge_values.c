/* What kinds of answers ask of the options, and of values in JSON. */
#include "collect/forge/forge_content_int.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/time.h"

bool forge_wants(const struct forge *f, const char *what)
{
	for (size_t i = 0; i < f->what.n; i++)
		if (strcasecmp(f->what.at[i], what) == 0)
			return true;
	return false;
}

bool forge_wants_any(const struct forge *f, const char *const *words)
{
	while (*words && !forge_wants(f, *words))
		words++;
	return *words || f->code.n;
}

bool forge_is_user(const struct forge *f, const char *login)
{
	return login && strcasecmp(login, f->user) == 0;
}

bool forge_is_own(const struct forge *f, const struct tw_json *v)
{
	const struct tw_json *who = tw_json_get(v, f->service->person);
	return forge_is_user(f, tw_json_str(tw_json_get(who, f->service->login), NULL));
}

bool forge_is_old(const struct forge *f, const struct tw_json *v)
{
	return f->since_ms && forge_created_of(v) < f->since_ms;
}

int64_t forge_created_of(const struct tw_json *v)
{
	int64_t ms = forge_date_of(v, "created_at");
	return ms ? ms : forge_date_of(v, "submitted_at");
}

const char *forge_text_of(const struct tw_json *v, const char *member)
{
	const char *s = tw_json_str(tw_json_get(v, member), NULL);
	return s && *s ? s : NULL;
}

int64_t forge_date_of(const struct tw_json *v, const char *member)
{
	int64_t ms;
	const char *s = forge_text_of(v, member);
	return s && tw_parse_date(&ms, s) ? ms : 0;
}

const char *forge_encode(const char *s, const char *keep, struct tw_arena *a)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	struct tw_str out = TW_STR_INIT;
	for (; *s; s++) {
		if (strchr(plain, *s) || strchr(keep, *s))
			tw_str_addc(&out, *s);
		else
			tw_str_addf(&out, "%%%02X", (unsigned char)*s);
	}
	const char *text = tw_strdup(a, tw_str_c(&out));
	tw_str_release(&out);
	return text;
}
