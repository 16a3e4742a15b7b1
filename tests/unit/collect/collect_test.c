#include "collect_test.h"

#include "base/fs.h"
#include "base/json.h"

const char *fresh_dir(const char *name, struct tw_arena *a)
{
	const char *top = getenv("TWIN_TEST_TMP");
	struct tw_err err = TW_ERR_INIT;
	char *dir = tw_path_join(a, top ? top : "/tmp", name);
	assert_ok(tw_remove_all(dir, &err), &err);
	assert_ok(tw_mkdirs(dir, &err), &err);
	return dir;
}

void write_file(const char *dir, const char *name, const char *text)
{
	struct tw_err err = TW_ERR_INIT;
	struct tw_arena a;
	tw_arena_init(&a);
	char *path = tw_path_join(&a, dir, name);
	assert_ok(tw_mkdirs(tw_path_dir(&a, path), &err), &err);
	assert_ok(tw_write_file(path, text, strlen(text), &err), &err);
	tw_arena_release(&a);
}

static const char *known(void *host, const char *key)
{
	const struct memory_host *h = host;
	return tw_map_get(&h->known, key);
}

static const char *get_state(void *host, const char *name)
{
	const struct memory_host *h = host;
	return tw_map_get(&h->state, name);
}

static void set_state(void *host, const char *name, const char *value)
{
	struct memory_host *h = host;
	tw_map_set(&h->next_state, name, tw_strdup(&h->arena, value));
}

/* A complete pass forgets what it has not seen. */
static void keep(struct memory_host *h, bool complete)
{
	const struct tw_map_slot *s;
	struct tw_map before = h->known;
	if (complete)
		h->known = (struct tw_map)TW_MAP_INIT;
	for (size_t i = 0; i < h->seen.n; i++) {
		const struct tw_document *d = &h->seen.at[i].doc;
		if (h->seen.at[i].status == TW_OK)
			tw_map_set(&h->known, d->key, tw_strdup(&h->arena, d->fingerprint));
		else if (tw_map_has(&before, d->key))
			tw_map_set(&h->known, d->key, tw_map_get(&before, d->key));
	}
	if (complete)
		tw_map_release(&before);
	for (size_t it = 0; (s = tw_map_next(&h->next_state, &it));)
		tw_map_set(&h->state, s->key, s->v.p);
}

/* As the store does: what was yielded since the pass began, and the state. */
static enum tw_status commit(void *host, struct tw_err *err)
{
	struct memory_host *h = host;
	(void)err;
	keep(h, false);
	h->commits++;
	return TW_OK;
}

void memory_host_init(struct memory_host *h, struct tw_http *http)
{
	memset(h, 0, sizeof(*h));
	tw_arena_init(&h->arena);
	h->host = (struct tw_source_host){.known = known,
					  .get_state = get_state,
					  .set_state = set_state,
					  .host = h,
					  .http = http,
					  .commit = commit};
}

void memory_host_release(struct memory_host *h)
{
	tw_map_release(&h->known);
	tw_map_release(&h->state);
	tw_map_release(&h->next_state);
	tw_vec_release(&h->seen);
	tw_arena_release(&h->arena);
}

enum tw_status memory_pass(struct memory_host *h, const struct tw_source_type *type,
			   const char *yaml)
{
	struct tw_source *s = NULL;
	struct tw_json *node = NULL;
	h->seen.n = 0;
	h->commits = 0;
	tw_err_clear(&h->err);
	tw_map_clear(&h->next_state);
	assert_ok(tw_yaml_parse(&node, yaml, strlen(yaml), "test", &h->arena, &h->err), &h->err);
	enum tw_status st = tw_source_new(&s, type, node, "test", "/", &h->host, &h->err);
	while (st == TW_OK) {
		struct seen one = {0};
		struct tw_err why = TW_ERR_INIT;
		st = one.status = tw_source_next(&one.doc, s, &h->arena, &why);
		one.why = tw_strdup(&h->arena, why.msg);
		if (st == TW_OK || st == TW_SKIPPED) {
			tw_vec_push(&h->seen, one);
			st = TW_OK;
		} else if (st != TW_DONE) {
			h->err = why;
		}
	}
	bool whole = st == TW_DONE && tw_source_is_whole(s);
	tw_source_free(s);
	if (st == TW_DONE)
		keep(h, whole);
	return st == TW_DONE ? TW_OK : st;
}

const struct seen *find_seen(const struct memory_host *h, const char *key)
{
	for (size_t i = 0; i < h->seen.n; i++)
		if (strcmp(h->seen.at[i].doc.key, key) == 0)
			return &h->seen.at[i];
	return NULL;
}

size_t count_unchanged(const struct memory_host *h)
{
	size_t n = 0;
	for (size_t i = 0; i < h->seen.n; i++)
		n += h->seen.at[i].status == TW_OK && h->seen.at[i].doc.unchanged;
	return n;
}
