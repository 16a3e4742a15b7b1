/*
 * Who is at the other end: the spec, and what /models says of the model.
 *
 * Fields that say what the model is go into the digest; those that change with
 * every answer (created, permission) don't. What was learnt is kept in the
 * cache folder, so that work which needs no model goes on without the server.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "llm/openai_int.h"

static enum tw_status parse_spec(struct tw_openai *c, const char *rest, struct tw_err *err)
{
	const char *hash = strchr(rest, '#');
	if (!hash || !hash[1] || hash == rest)
		return tw_fail(err, TW_BAD_USE,
			       "\"openai:%s\": write openai:URL#MODEL, as in "
			       "openai:http://127.0.0.1:8080/v1#qwen3",
			       rest);
	char *url = tw_strndup(&c->arena, rest, (size_t)(hash - rest));
	while (tw_ends_with(url, "/"))
		url[strlen(url) - 1] = '\0';
	if (!tw_starts_with(url, "http://") && !tw_starts_with(url, "https://"))
		return tw_fail(err, TW_BAD_USE,
			       "\"%s\": the URL must begin with http:// or https://", url);
	const char *authority = strchr(url, ':') + 3;
	if (memchr(authority, '@', strcspn(authority, "/?")))
		return tw_fail(err, TW_BAD_USE,
			       "a URL with a password in it; put the key into TWIN_OPENAI_API_KEY");
	c->url = url;
	c->model = tw_strdup(&c->arena, hash + 1);
	c->host = tw_url_host(&c->arena, url);
	if (!c->host)
		return tw_fail(err, TW_BAD_USE, "\"%s\" is not a URL with a host", url);
	return TW_OK;
}

static void read_key(struct tw_openai *c)
{
	const char *key = getenv("TWIN_OPENAI_API_KEY");
	if (!key || !key[0])
		key = getenv("OPENAI_API_KEY");
	if (key && key[0] && !strpbrk(key, "\r\n"))
		c->key = tw_xstrdup(key);
}

/* "host:8080" or "[::1]:8080" to the bare name. */
static char *bare_host(const char *host, struct tw_arena *a)
{
	if (host[0] == '[')
		return tw_strndup(a, host + 1, strcspn(host + 1, "]"));
	return tw_strndup(a, host, strcspn(host, ":"));
}

/*
 * A model server on this machine or in this network is what many users have, and the config names it;
 * a server outside must not send us back inside.
 */
static enum tw_status make_client(struct tw_openai *c, const struct tw_http *of, struct tw_err *err)
{
	struct tw_http_policy policy = tw_http_policy_of(of);
	struct tw_http *outside;
	policy.allow_private = false;
	enum tw_status st = tw_http_new(&outside, &policy, err);
	if (st != TW_OK || policy.offline) {
		c->http = outside;
		return st;
	}
	if (tw_http_check_host(outside, bare_host(c->host, &c->arena), NULL) == TW_OK) {
		c->http = outside;
		return TW_OK;
	}
	tw_http_free(outside);
	policy.allow_private = true;
	return tw_http_new(&c->http, &policy, err);
}

/* --- the cache: one small file a model and value --- */

static char *cache_path(struct tw_openai *c, const char *key, const char *name)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, "openai");
	tw_digest_str(h, key);
	tw_digest_str(h, name);
	struct tw_digest d = tw_hasher_end(h);
	return tw_path_join(&c->arena, tw_path_join(&c->arena, tw_cache_dir(&c->arena), "digests"),
			    d.hex);
}

static bool cache_read(struct tw_openai *c, const char *key, const char *name, struct tw_str *out)
{
	return tw_read_file(out, cache_path(c, key, name), 1 << 20, NULL) == TW_OK;
}

static void cache_write(struct tw_openai *c, const char *key, const char *name, const char *text)
{
	char *path = cache_path(c, key, name);
	if (tw_mkdirs(tw_path_dir(&c->arena, path), NULL) != TW_OK ||
	    tw_write_file(path, text, strlen(text), NULL) != TW_OK)
		tw_debug("%s can't be written; the next start asks the server again", path);
}

int64_t tw_openai_recall(struct tw_openai *c, const char *name)
{
	struct tw_str s = TW_STR_INIT;
	int64_t v = -1;
	if (!cache_read(c, c->digest.hex, name, &s) ||
	    tw_parse_i64(&v, tw_str_c(&s), NULL) != TW_OK)
		v = -1;
	tw_str_release(&s);
	return v;
}

void tw_openai_remember(struct tw_openai *c, const char *name, int64_t value)
{
	cache_write(c, c->digest.hex, name, tw_sprintf(&c->arena, "%" PRId64, value));
}

/* --- what the server says --- */

/* Canonical JSON of the lasting fields of the model's entry; "{}" when the server doesn't list it. */
static void fingerprint(struct tw_str *out, const struct tw_openai *c, const struct tw_json *root)
{
	static const char *const lasting[] = {"owned_by",      "root",		 "parent",
					      "max_model_len", "context_length", "meta"};
	struct tw_json_writer w;
	const struct tw_json *entry = NULL, *list = tw_json_get(root, "data");
	for (const struct tw_json *e = list ? list->child : NULL; e && !entry; e = e->next)
		if (tw_streq(tw_json_str(tw_json_get(e, "id"), NULL), c->model))
			entry = e;
	tw_jw_init(&w, out);
	tw_jw_object(&w, NULL);
	for (size_t i = 0; i < sizeof(lasting) / sizeof(*lasting); i++) {
		const struct tw_json *v = tw_json_get(entry, lasting[i]);
		if (v)
			tw_jw_value(&w, lasting[i], v);
	}
	tw_jw_end(&w);
}

static enum tw_status ask(struct tw_str *out, struct tw_openai *c, struct tw_err *err)
{
	struct tw_openai_answer answer = {0};
	struct tw_json *root = NULL;
	struct tw_arena a;
	tw_arena_init(&a);
	enum tw_status st = tw_openai_call(&answer, c, "/models", NULL, NULL, NULL, err);
	/* Some servers have no list; that they answer is enough. */
	if (st != TW_OK && (answer.status == 404 || answer.status == 405 || answer.status == 501)) {
		tw_err_clear(err);
		st = TW_OK;
		tw_str_clear(&answer.body);
	}
	if (st == TW_OK) {
		if (tw_json_parse(&root, tw_str_c(&answer.body), answer.body.len, &a, NULL) !=
		    TW_OK)
			root = NULL;
		fingerprint(out, c, root);
	}
	tw_openai_answer_release(&answer);
	tw_arena_release(&a);
	return st;
}

static int context_of(const struct tw_json *f)
{
	int64_t n = tw_json_int(tw_json_get(f, "max_model_len"),
				tw_json_int(tw_json_get(f, "context_length"), 0));
	const struct tw_json *meta = tw_json_get(f, "meta");
	if (n <= 0)
		n = tw_json_int(tw_json_get(meta, "n_ctx"),
				tw_json_int(tw_json_get(meta, "n_ctx_train"), 0));
	return n > 0 && n < INT32_MAX ? (int)n : 0;
}

static enum tw_status identify(struct tw_openai *c, struct tw_err *err)
{
	struct tw_str print = TW_STR_INIT;
	struct tw_json *f = NULL;
	const char *key = tw_sprintf(&c->arena, "%s#%s", c->url, c->model);
	struct tw_err why = TW_ERR_INIT;
	enum tw_status st = ask(&print, c, &why);
	if (st == TW_OK) {
		cache_write(c, key, "fingerprint", tw_str_c(&print));
	} else if (cache_read(c, key, "fingerprint", &print)) {
		tw_debug("%s; going on with what it said earlier", why.msg);
		st = TW_OK;
	}
	if (st != TW_OK) {
		tw_str_release(&print);
		return tw_fail(err, st, "%s", why.msg);
	}
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, "openai");
	tw_digest_str(h, c->url);
	tw_digest_str(h, c->model);
	tw_digest_str(h, tw_str_c(&print));
	c->digest = tw_hasher_end(h);
	if (tw_json_parse(&f, tw_str_c(&print), print.len, &c->arena, NULL) == TW_OK)
		c->context = context_of(f);
	tw_str_release(&print);
	return TW_OK;
}

enum tw_status tw_openai_open(struct tw_openai *c, const char *rest, const struct tw_llm_options *o,
			      struct tw_err *err)
{
	tw_arena_init(&c->arena);
	enum tw_status st = parse_spec(c, rest, err);
	if (st == TW_OK && o->adapter)
		st = tw_fail(
			err, TW_UNSUPPORTED,
			"%s: a LoRA adapter can't be given to a remote server; load it there, or "
			"use a GGUF in process (llama:…)",
			c->host);
	if (st == TW_OK && !o->http)
		st = tw_fail(err, TW_BAD_USE, "%s: a remote model, and no network allowed here",
			     c->host);
	if (st == TW_OK) {
		read_key(c);
		st = make_client(c, o->http, err);
	}
	if (st == TW_OK)
		st = identify(c, err);
	if (st != TW_OK)
		tw_openai_close(c);
	return st;
}

void tw_openai_close(struct tw_openai *c)
{
	tw_http_free(c->http);
	if (c->key)
		explicit_bzero(c->key, strlen(c->key));
	free(c->key);
	tw_arena_release(&c->arena);
	*c = (struct tw_openai){0};
}

void tw_openai_hosts(const char *rest, struct tw_str *out)
{
	struct tw_arena a;
	tw_arena_init(&a);
	char *host = tw_url_host(&a, tw_strndup(&a, rest, strcspn(rest, "#")));
	if (host)
		tw_str_adds(out, host);
	tw_arena_release(&a);
}
