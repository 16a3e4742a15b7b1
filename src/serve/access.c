#include "serve/access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

bool tw_access_is_public(const char *path)
{
	static const char *const paths[] = {"/",	"/app.js", "/style.css", "/favicon.svg",
					    "/healthz", NULL};
	for (const char *const *p = paths; *p; p++)
		if (strcmp(*p, path) == 0)
			return true;
	return false;
}

void tw_access_set_token(struct tw_access *a, const char *token)
{
	a->has_token = true;
	a->token = tw_sha256(token, strlen(token));
}

/* The name in "name", "name:port" or "[::1]:port"; false for anything else. */
static bool host_name(char *out, size_t size, const char *host)
{
	size_t n;
	if (host[0] == '[') {
		const char *end = strchr(host, ']');
		if (!end)
			return false;
		n = (size_t)(end - host) - 1;
		host++;
		if (end[1] && (end[1] != ':' || strspn(end + 2, "0123456789") != strlen(end + 2)))
			return false;
	} else {
		n = strcspn(host, ":");
		if (host[n] && strspn(host + n + 1, "0123456789") != strlen(host + n + 1))
			return false;
	}
	if (n == 0 || n >= size)
		return false;
	memcpy(out, host, n);
	out[n] = '\0';
	return true;
}

static bool host_allowed(const struct tw_access *a, const char *host)
{
	static const char *const local[] = {"localhost", "127.0.0.1", "::1", NULL};
	char name[256];
	if (!host || !host_name(name, sizeof(name), host))
		return false;
	for (const char *const *p = local; *p; p++)
		if (strcasecmp(name, *p) == 0)
			return true;
	if (strcmp(a->address, "0.0.0.0") != 0 && strcmp(a->address, "::") != 0 &&
	    strcasecmp(name, a->address) == 0)
		return true;
	for (size_t i = 0; i < a->hosts.n; i++)
		if (strcasecmp(name, a->hosts.at[i]) == 0)
			return true;
	return false;
}

static bool same_origin(const char *origin, const char *host)
{
	const char *rest = strncmp(origin, "http://", 7) == 0	 ? origin + 7
			   : strncmp(origin, "https://", 8) == 0 ? origin + 8
								 : NULL;
	return rest && strcasecmp(rest, host) == 0;
}

/* Another page may link to ours; it may not use the API with the user's browser. */
static bool foreign(const struct tw_access_request *r)
{
	if (r->origin && !same_origin(r->origin, r->host))
		return true;
	return r->fetch_site && strcmp(r->fetch_site, "same-origin") != 0 &&
	       strcmp(r->fetch_site, "none") != 0 && !tw_access_is_public(r->path);
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t n = strlen(json);
	if (!type || strncasecmp(type, json, n) != 0)
		return false;
	type += n;
	type += strspn(type, " \t");
	return *type == '\0' || *type == ';';
}

/* Both are hashed to the same length first, and every byte is looked at. */
static bool token_matches(const struct tw_access *a, const char *authorization)
{
	static const char bearer[] = "Bearer ";
	if (!authorization || strncasecmp(authorization, bearer, strlen(bearer)) != 0)
		return false;
	const char *given = authorization + strlen(bearer);
	struct tw_digest d = tw_sha256(given, strlen(given));
	volatile unsigned char diff = 0;
	for (size_t i = 0; i < TW_DIGEST_LEN; i++)
		diff = (unsigned char)(diff | (d.hex[i] ^ a->token.hex[i]));
	return diff == 0;
}

static int refuse(const char **why, int status, const char *text)
{
	*why = text;
	return status;
}

int tw_access_check(const struct tw_access *a, const struct tw_access_request *r, const char **why)
{
	if (!host_allowed(a, r->host))
		return refuse(why, 421,
			      "this server does not answer to that Host; add it to serve.hosts");
	if (foreign(r))
		return refuse(why, 403, "requests from other sites are refused");
	if (a->has_token && !tw_access_is_public(r->path) && !token_matches(a, r->authorization))
		return refuse(why, 401,
			      "a valid token is needed: send Authorization: Bearer TOKEN");
	if (strcmp(r->method, "POST") == 0 && !is_json(r->content_type))
		return refuse(why, 415, "send Content-Type: application/json");
	return 0;
}
