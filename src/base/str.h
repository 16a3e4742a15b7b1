/*
 * base/str.h: a growing byte string, and small helpers on C strings.
 *
 * struct tw_str owns its buffer (heap); data is always NUL-terminated once
 * anything was added, and may hold NULs inside. Start from TW_STR_INIT, end
 * with tw_str_release().
 */
#ifndef TW_BASE_STR_H
#define TW_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct tw_str {
	char *data; /* "" when empty and never used: test len, or use tw_str_c() */
	size_t len, cap;
};

#define TW_STR_INIT \
	{           \
		0   \
	}

void tw_str_release(struct tw_str *s);
void tw_str_clear(struct tw_str *s); /* keeps the buffer */
void tw_str_reserve(struct tw_str *s, size_t extra);
void tw_str_add(struct tw_str *s, const char *data, size_t len);
void tw_str_adds(struct tw_str *s, const char *cstr);
void tw_str_addc(struct tw_str *s, char c);
void tw_str_addf(struct tw_str *s, const char *fmt, ...) TW_PRINTF(2, 3);
void tw_str_trim(struct tw_str *s);	      /* ASCII white space, both ends */
const char *tw_str_c(const struct tw_str *s); /* never NULL */
char *tw_str_detach(struct tw_str *s);	      /* caller frees; *s is empty again */
char *tw_str_dup(const struct tw_str *s, struct tw_arena *a);

bool tw_starts_with(const char *s, const char *prefix);
bool tw_ends_with(const char *s, const char *suffix);
bool tw_ends_with_nocase(const char *s, const char *suffix); /* ASCII */
bool tw_streq(const char *a, const char *b);		     /* NULLs: equal to each other only */

/* The whole string is the number, or TW_BAD_DATA. */
TW_MUST_USE enum tw_status tw_parse_i64(int64_t *out, const char *s, struct tw_err *err);
TW_MUST_USE enum tw_status tw_parse_f64(double *out, const char *s, struct tw_err *err);
/* Bytes: a number and a unit, "4GiB", "1.5 GB", "800M" (M is MiB, MB a million), "4096". */
TW_MUST_USE enum tw_status tw_parse_size(int64_t *out, const char *s, struct tw_err *err);

/* "1.2 GB", "345 kB", in a borrowed arena string. */
const char *tw_human_size(struct tw_arena *a, int64_t bytes);

/* "did you mean": the nearest of NULL-terminated `names` by edit distance, NULL if none is near. */
const char *tw_nearest(const char *word, const char *const *names);

/* TW_BAD_USE: unknown WHAT "name", with the nearest of NULL-terminated `names`, or all of them. */
TW_MUST_USE enum tw_status tw_unknown(struct tw_err *err, const char *what, const char *name,
				      const char *const *names);

#endif
