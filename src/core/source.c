#include "core/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "core/plugin.h"

struct tw_source {
	const struct tw_source_type *type;
	struct tw_arena arena; /* strings of the options */
	void *ctx;
};

/* These belong to the list of sources. */
static const char *const list_keys[] = {"type", "name", NULL};

enum tw_status tw_source_new(struct tw_source **out, const struct tw_source_type *type,
			     const struct tw_json *node, const char *where, const char *dir,
			     const struct tw_source_host *host, struct tw_err *err)
{
	struct tw_source *s = tw_xcalloc(1, sizeof(*s));
	s->type = type;
	s->ctx = tw_xcalloc(1, type->ctx_size);
	tw_arena_init(&s->arena);
	struct tw_json *opts = tw_json_without(node, list_keys, &s->arena);
	enum tw_status st = tw_opt_parse(s->ctx, type->opts, opts, where, dir, &s->arena, err);
	if (st == TW_OK)
		st = type->open(s->ctx, host, err);
	if (st == TW_OK) {
		*out = s;
		return TW_OK;
	}
	tw_arena_release(&s->arena);
	free(s->ctx);
	free(s);
	return st;
}

enum tw_status tw_source_next(struct tw_document *doc, struct tw_source *s, struct tw_arena *a,
			      struct tw_err *err)
{
	*doc = (struct tw_document){0};
	return s->type->next(doc, s->ctx, a, err);
}

enum tw_status tw_source_enter(const struct tw_source_host *host, const char *key,
			       struct tw_err *err)
{
	if (!host->enter || host->enter(host->host, key))
		return TW_OK;
	return tw_fail(err, TW_SKIPPED, "%s: left out, since it ended a parser", key);
}

void tw_source_alive(const struct tw_source_host *host)
{
	if (host->enter)
		host->enter(host->host, NULL);
}

bool tw_source_add_host(struct tw_str *out, const char *url)
{
	struct tw_arena a;
	tw_arena_init(&a);
	const char *host = tw_url_host(&a, url);
	bool has = host != NULL;
	if (has)
		tw_str_addf(out, "%s\n", host);
	tw_arena_release(&a);
	return has;
}

/* The options of a configuration, in the arena, without opening it. */
static enum tw_status read_options(void **ctx, const struct tw_source_type *type,
				   const struct tw_json *node, const char *where, const char *dir,
				   struct tw_arena *a, struct tw_err *err)
{
	*ctx = tw_alloc(a, type->ctx_size);
	return tw_opt_parse(*ctx, type->opts, tw_json_without(node, list_keys, a), where, dir, a,
			    err);
}

enum tw_status tw_source_hosts(struct tw_str *out, const struct tw_source_type *type,
			       const struct tw_json *node, const char *where, const char *dir,
			       struct tw_err *err)
{
	struct tw_arena a;
	void *ctx;
	tw_arena_init(&a);
	enum tw_status st = read_options(&ctx, type, node, where, dir, &a, err);
	if (st == TW_OK && type->hosts)
		type->hosts(ctx, out);
	tw_arena_release(&a);
	return st;
}

enum tw_status tw_source_places(struct tw_str *out, void **ctx, const struct tw_source_type *type,
				const struct tw_json *node, const char *where, const char *dir,
				struct tw_arena *a, struct tw_err *err)
{
	enum tw_status st = read_options(ctx, type, node, where, dir, a, err);
	if (st == TW_OK && type->places)
		type->places(*ctx, out);
	return st;
}

/* Where the value of an option is, NULL when there is none of this name and type. */
static const void *value_of(const struct tw_source_type *type, const void *ctx, const char *name,
			    enum tw_opt_type kind)
{
	for (const struct tw_opt *o = type->opts; o && o->name; o++)
		if (strcmp(o->name, name) == 0 && o->type == kind)
			return (const char *)ctx + o->offset;
	return NULL;
}

static void add_usual_needs(struct tw_source_needs *out, const struct tw_source_type *type,
			    const void *ctx)
{
	const bool *private = value_of(type, ctx, "allow_private", TW_OPT_BOOL);
	const char *const *token = value_of(type, ctx, "token_env", TW_OPT_STRING);
	struct tw_str hosts = TW_STR_INIT;
	if (type->places)
		type->places(ctx, &out->read);
	if (type->hosts)
		type->hosts(ctx, &hosts);
	out->http = hosts.len > 0;
	out->allow_private = private && *private;
	if (token && *token)
		tw_str_addf(&out->env, "%s\n", *token);
	tw_str_release(&hosts);
}

enum tw_status tw_source_needs(struct tw_source_needs *out, const struct tw_source_type *type,
			       const struct tw_json *node, const char *where, const char *dir,
			       struct tw_err *err)
{
	struct tw_arena a;
	void *ctx;
	tw_arena_init(&a);
	*out = (struct tw_source_needs){0};
	enum tw_status st = read_options(&ctx, type, node, where, dir, &a, err);
	if (st == TW_OK)
		add_usual_needs(out, type, ctx);
	if (st == TW_OK && type->needs)
		type->needs(ctx, out);
	tw_arena_release(&a);
	return st;
}

void tw_source_needs_release(struct tw_source_needs *n)
{
	tw_str_release(&n->read);
	tw_str_release(&n->write);
	tw_str_release(&n->run);
	tw_str_release(&n->env);
}

const struct tw_source_type *tw_source_type(const struct tw_source *s)
{
	return s->type;
}

char *tw_source_tag(const void *ctx, const struct tw_opt *opts, int version, struct tw_arena *a)
{
	const char *rules = tw_opt_canonical(ctx, opts, a);
	struct tw_digest digest = tw_sha256(rules, strlen(rules));
	return tw_sprintf(a, "%d.%.8s", version, digest.hex);
}

bool tw_source_is_whole(const struct tw_source *s)
{
	return s->type->complete && (!s->type->whole || s->type->whole(s->ctx));
}

void tw_source_free(struct tw_source *s)
{
	if (!s)
		return;
	if (s->type->close)
		s->type->close(s->ctx);
	tw_arena_release(&s->arena);
	free(s->ctx);
	free(s);
}

enum tw_status tw_source_find(const struct tw_source_type **out,
			      const struct tw_source_type *const *types, const char *name,
			      struct tw_err *err)
{
	const void *found;
	enum tw_status st = tw_plugin_find(&found, types, "source type", name, err);
	*out = found;
	return st;
}
