/* Open addressing with linear probing; removal shifts back, so there are no tombstones. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void tw_map_release(struct tw_map *m)
{
	tw_map_clear(m);
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

void tw_map_clear(struct tw_map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	if (m->cap)
		memset(m->slots, 0, m->cap * sizeof(*m->slots));
	m->n = 0;
}

/* The slot that holds the key, or the free one where it belongs. cap > 0. */
static struct tw_map_slot *probe(const struct tw_map *m, uint64_t hash, const char *key, size_t len)
{
	size_t mask = m->cap - 1, i = (size_t)hash & mask;

	for (;; i = (i + 1) & mask) {
		struct tw_map_slot *s = &m->slots[i];

		if (!s->key)
			return s;
		if (s->hash == hash && s->len == len && (!len || memcmp(s->key, key, len) == 0))
			return s;
	}
}

static void grow(struct tw_map *m)
{
	struct tw_map old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = tw_xcalloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old.cap; i++) {
		struct tw_map_slot *s = &old.slots[i];

		if (s->key)
			*probe(m, s->hash, s->key, s->len) = *s;
	}
	free(old.slots);
}

struct tw_map_slot *tw_map_at(struct tw_map *m, const char *key, size_t len)
{
	uint64_t hash = tw_hash64(key, len, 0);
	struct tw_map_slot *s;

	if (m->cap) {
		s = probe(m, hash, key, len);
		if (s->key)
			return s;
	}
	if (m->n + 1 > m->cap / 4 * 3)
		grow(m);
	s = probe(m, hash, key, len);
	s->key = tw_xmalloc(len + 1);
	if (len)
		memcpy(s->key, key, len);
	s->key[len] = '\0';
	s->len = len;
	s->hash = hash;
	m->n++;
	return s;
}

struct tw_map_slot *tw_map_find(const struct tw_map *m, const char *key, size_t len)
{
	struct tw_map_slot *s;

	if (!m->n)
		return NULL;
	s = probe(m, tw_hash64(key, len, 0), key, len);
	return s->key ? s : NULL;
}

void tw_map_set(struct tw_map *m, const char *key, void *p)
{
	tw_map_at(m, key, strlen(key))->v.p = p;
}

void *tw_map_get(const struct tw_map *m, const char *key)
{
	struct tw_map_slot *s = tw_map_find(m, key, strlen(key));

	return s ? s->v.p : NULL;
}

void tw_map_set_int(struct tw_map *m, const char *key, int64_t i)
{
	tw_map_at(m, key, strlen(key))->v.i = i;
}

int64_t tw_map_get_int(const struct tw_map *m, const char *key, int64_t absent)
{
	struct tw_map_slot *s = tw_map_find(m, key, strlen(key));

	return s ? s->v.i : absent;
}

bool tw_map_has(const struct tw_map *m, const char *key)
{
	return tw_map_find(m, key, strlen(key)) != NULL;
}

bool tw_map_remove(struct tw_map *m, const char *key)
{
	struct tw_map_slot *s = tw_map_find(m, key, strlen(key));
	size_t mask = m->cap - 1, hole, i;

	if (!s)
		return false;
	free(s->key);
	hole = i = (size_t)(s - m->slots);
	for (;;) {
		size_t home;

		i = (i + 1) & mask;
		if (!m->slots[i].key)
			break;
		home = (size_t)m->slots[i].hash & mask;
		/* Stays when its home lies in (hole, i], going round. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	memset(&m->slots[hole], 0, sizeof(m->slots[hole]));
	m->n--;
	return true;
}

struct tw_map_slot *tw_map_next(const struct tw_map *m, size_t *it)
{
	while (*it < m->cap) {
		struct tw_map_slot *s = &m->slots[(*it)++];

		if (s->key)
			return s;
	}
	return NULL;
}
