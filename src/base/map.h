/*
 * base/map.h: a hash map from strings to pointers or integers.
 *
 * Keys are copied into the map; values are the caller's. Not for threads.
 * Start from TW_MAP_INIT, end with tw_map_release().
 */
#ifndef TW_BASE_MAP_H
#define TW_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tw_map_slot {
	char *key;
	size_t len;
	uint64_t hash;
	union {
		void *p;
		int64_t i;
	} v;
};

struct tw_map {
	struct tw_map_slot *slots;
	size_t n, cap;
};

#define TW_MAP_INIT \
	{           \
		0   \
	}

void tw_map_release(struct tw_map *m);
void tw_map_clear(struct tw_map *m);

/* The slot of `key`, made with a zero value when absent. Valid until the next insertion. */
struct tw_map_slot *tw_map_at(struct tw_map *m, const char *key, size_t len);

/* NULL when absent. */
struct tw_map_slot *tw_map_find(const struct tw_map *m, const char *key, size_t len);

void tw_map_set(struct tw_map *m, const char *key, void *p);
void *tw_map_get(const struct tw_map *m, const char *key); /* NULL when absent */
void tw_map_set_int(struct tw_map *m, const char *key, int64_t i);
int64_t tw_map_get_int(const struct tw_map *m, const char *key, int64_t absent);
bool tw_map_has(const struct tw_map *m, const char *key);
bool tw_map_remove(struct tw_map *m, const char *key); /* false when absent */

/* Iterates in no fixed order: size_t it = 0; while ((s = tw_map_next(m, &it))) ... */
struct tw_map_slot *tw_map_next(const struct tw_map *m, size_t *it);

#endif
