/* The beginning of a pass over a service, and its end. */
#include "collect/forge/forge_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/time.h"

#define A_DAY_MS ((int64_t)86400 * 1000) /* a pass that was cut short before that begins anew */

static enum tw_status read_url(struct forge *f, struct tw_err *err)
{
	const char *url = f->url, *host = strstr(url, "://");
	bool plain = strncasecmp(url, "http://", 7) == 0;
	if (!host || (!plain && strncasecmp(url, "https://", 8) != 0) ||
	    !tw_url_host(&f->arena, url) || strpbrk(url, "@?# "))
		return tw_fail(err, TW_BAD_USE,
			       "%s: url must be the address of an API, like https://host%s",
			       f->service->name, f->service->api);
	size_t n = (size_t)(host - url) + 3, len = strlen(url);
	n += strcspn(url + n, "/");
	while (len > n && url[len - 1] == '/')
		len--;
	f->origin = tw_strndup(&f->arena, url, n);
	f->root = tw_strndup(&f->arena, url + n, len - n);
	if (!*f->root && strcmp(tw_url_host(&f->arena, url), "api.github.com") != 0)
		f->root = f->service->api;
	return TW_OK;
}

static enum tw_status read_token(struct forge *f, struct tw_err *err)
{
	const char *token = getenv(f->token_env);
	if (!token || !*token) {
		f->whole = f->service->tells_all && !f->private_too;
		tw_warn("%s: no token in %s: only what is public is read, and few requests are "
			"allowed%s",
			f->service->name, f->token_env,
			f->whole ? "" : "; nothing is removed in this pass");
		return TW_OK;
	}
	if (strpbrk(token, "\r\n"))
		return tw_fail(err, TW_BAD_USE, "%s: the token in %s has a line end",
			       f->service->name, f->token_env);
	if (strncasecmp(f->origin, "http://", 7) == 0 && !f->allow_private)
		return tw_fail(err, TW_BAD_USE,
			       "%s: the token is not sent without encryption; use https",
			       f->service->name);
	f->authorization = tw_sprintf(&f->arena, "Authorization: Bearer %s", token);
	return TW_OK;
}

static enum tw_status read_since(struct forge *f, struct tw_err *err)
{
	if (f->since && *f->since && !tw_parse_date(&f->since_ms, f->since))
		return tw_fail(err, TW_BAD_USE, "%s: since: \"%s\" is no date, like 2020-01-31",
			       f->service->name, f->since);
	return TW_OK;
}

/* "RULES MOMENT": a pass that was cut short goes on, unless the options are others. */
static void read_pass(struct forge *f)
{
	const char *s = f->host->get_state(f->host->host, "pass");
	size_t n = strlen(f->rules_tag);
	int64_t began = 0, now = tw_now_ms();
	if (s && strncmp(s, f->rules_tag, n) == 0 && s[n] == ' ' &&
	    tw_parse_i64(&began, s + n + 1, NULL) == TW_OK && now - began < A_DAY_MS)
		f->pass = tw_strdup(&f->arena, s + n + 1);
	else
		f->pass = tw_sprintf(&f->arena, "%lld", (long long)now);
}

static enum tw_status check_words(const struct forge *f, struct tw_err *err)
{
	for (size_t i = 0; i < f->what.n; i++) {
		const char *const *w = f->service->words;
		while (*w && strcasecmp(*w, f->what.at[i]) != 0)
			w++;
		if (!*w)
			return tw_unknown(err, "what", f->what.at[i], f->service->words);
	}
	return TW_OK;
}

static enum tw_status check(struct forge *f, struct tw_err *err)
{
	struct tw_http_policy policy = tw_http_policy_of(f->host->http);
	if (policy.offline)
		return tw_fail(err, TW_NETWORK, "%s: not asked, because twin is offline",
			       f->service->name);
	enum tw_status st = check_words(f, err);
	if (st == TW_OK)
		st = read_url(f, err);
	if (st == TW_OK)
		st = read_since(f, err);
	if (st == TW_OK)
		st = read_token(f, err);
	return st;
}

enum tw_status forge_open(struct forge *f, const struct forge_service *service,
			  const struct tw_opt *opts, const struct tw_source_host *host,
			  struct tw_err *err)
{
	f->service = service;
	f->host = host;
	f->whole = true;
	if (!host->http)
		return tw_fail(err, TW_NETWORK, "%s: no network is to be used", service->name);
	enum tw_status st = polite_init(&f->polite, host->http, f->delay, f->allow_private, err);
	if (st != TW_OK)
		return st;
	tw_arena_init(&f->arena);
	tw_arena_init(&f->page);
	tw_arena_init(&f->talk);
	st = check(f, err);
	if (st != TW_OK) {
		forge_close(f);
		return st;
	}
	const char *who = tw_sprintf(&f->arena, "%s%s %s", f->origin, f->root, f->user);
	f->tag = tw_sprintf(&f->arena, "%d.%.8s:", FORGE_VERSION, tw_sha256(who, strlen(who)).hex);
	f->rules_tag = tw_source_tag(f, opts, FORGE_VERSION, &f->arena);
	read_pass(f);
	service->begin(f);
	return TW_OK;
}

void forge_close(void *ctx)
{
	struct forge *f = ctx;
	reports_end(&f->reports, f->service->name);
	forge_tasks_release(&f->tasks);
	tw_vec_push(&f->children, f->task);
	forge_tasks_release(&f->children);
	tw_vec_release(&f->items);
	tw_vec_release(&f->keys);
	tw_map_release(&f->asked);
	polite_release(&f->polite);
	tw_arena_release(&f->talk);
	tw_arena_release(&f->page);
	tw_arena_release(&f->arena);
}

void forge_hosts(const void *ctx, struct tw_str *out)
{
	const struct forge *f = ctx;
	tw_source_add_host(out, f->url);
}
