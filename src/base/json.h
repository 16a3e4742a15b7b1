/*
 * base/json.h: one tree for JSON and YAML, and a writer.
 *
 * Reading: strict JSON (RFC 8259: valid UTF-8, no duplicates, nothing after
 * the value, depth at most 64) through jansson; a safe subset of YAML 1.1 through libyaml
 * (one document, no tags, no anchors; plain scalars typed as in YAML 1.2's
 * core schema). Nodes live in the caller's arena. Errors name the line.
 *
 * Writing: a struct tw_json_writer adds to a tw_str. Keys are NULL inside arrays.
 */
#ifndef TW_BASE_JSON_H
#define TW_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

enum tw_json_type {
	TW_JSON_NULL,
	TW_JSON_BOOL,
	TW_JSON_INT,
	TW_JSON_REAL,
	TW_JSON_STRING,
	TW_JSON_ARRAY,
	TW_JSON_OBJECT,
};

struct tw_json {
	enum tw_json_type type;
	int line;	 /* 1-based, in YAML only; 0 in JSON */
	const char *key; /* member name when the parent is an object, else NULL */
	bool b;
	int64_t i;	       /* INT */
	double r;	       /* REAL, and INT as a real number */
	const char *s;	       /* STRING; in YAML also the scalar as it was written */
	size_t len;	       /* bytes of s */
	struct tw_json *child; /* first element or member */
	struct tw_json *next;  /* sibling, in order */
	size_t n;	       /* number of children */
};

TW_MUST_USE enum tw_status tw_json_parse(struct tw_json **out, const char *text, size_t len,
					 struct tw_arena *a, struct tw_err *err);

/* What Twin itself wrote down, or nothing: NULL when the text is no JSON. */
struct tw_json *tw_json_of(const char *text, struct tw_arena *a);

/* `name` is used in messages: "twin.yaml:12: …". An empty text gives an empty object. */
TW_MUST_USE enum tw_status tw_yaml_parse(struct tw_json **out, const char *text, size_t len,
					 const char *name, struct tw_arena *a, struct tw_err *err);

/* NULL when v is NULL, not an object, or has no such member. */
struct tw_json *tw_json_get(const struct tw_json *v, const char *key);

/* A copy of an object, in the arena, without the members named in the NULL-terminated list; NULL stays NULL. */
struct tw_json *tw_json_without(const struct tw_json *v, const char *const *keys,
				struct tw_arena *a);
/* Only with those. */
struct tw_json *tw_json_only(const struct tw_json *v, const char *const *keys, struct tw_arena *a);

/* The value, or `absent` when v is NULL or of another type. */
const char *tw_json_str(const struct tw_json *v, const char *absent);
int64_t tw_json_int(const struct tw_json *v, int64_t absent);
double tw_json_real(const struct tw_json *v, double absent); /* takes INT too */
bool tw_json_bool(const struct tw_json *v, bool absent);

#define TW_JSON_MAX_DEPTH 64

struct tw_json_writer {
	struct tw_str *out;
	int depth;
	bool comma[TW_JSON_MAX_DEPTH];
	char close[TW_JSON_MAX_DEPTH];
};

void tw_jw_init(struct tw_json_writer *w, struct tw_str *out);
void tw_jw_object(struct tw_json_writer *w, const char *key);
void tw_jw_array(struct tw_json_writer *w, const char *key);
void tw_jw_end(struct tw_json_writer *w); /* closes the innermost */
void tw_jw_str(struct tw_json_writer *w, const char *key,
	       const char *val); /* NULL writes null; bad UTF-8 is replaced */
void tw_jw_strn(struct tw_json_writer *w, const char *key, const char *val, size_t len);
void tw_jw_int(struct tw_json_writer *w, const char *key, int64_t val);
void tw_jw_real(struct tw_json_writer *w, const char *key,
		double val); /* shortest that reads back; NaN writes null */
void tw_jw_bool(struct tw_json_writer *w, const char *key, bool val);
void tw_jw_null(struct tw_json_writer *w, const char *key);
void tw_jw_value(struct tw_json_writer *w, const char *key,
		 const struct tw_json *v);				     /* a whole tree */
void tw_jw_raw(struct tw_json_writer *w, const char *key, const char *json); /* already JSON */

#endif
