/*
 * base/text.h: Unicode text, over ICU.
 *
 * All text is UTF-8. Offsets are bytes. Nothing here knows about Markdown,
 * documents or models.
 */
#ifndef TW_BASE_TEXT_H
#define TW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

bool tw_utf8_valid(const char *s, size_t len);

/* Appends s with each invalid sequence replaced by U+FFFD; true when nothing was replaced. */
bool tw_utf8_repair(struct tw_str *out, const char *s, size_t len);

/* 3 where the text begins with a byte order mark, else 0. */
size_t tw_utf8_mark(const char *s, size_t len);

/* The largest n <= len that does not cut a code point of s. */
size_t tw_utf8_floor(const char *s, size_t len);
size_t tw_utf8_count(const char *s, size_t len); /* code points */
/* Bytes of the first `most` code points, or of all of them. */
size_t tw_utf8_prefix(const char *s, size_t len, size_t most);

/* Appends the text with a space for each control character that `but` does not name ("\n\t"): C0, DEL and C1. What documents,
 * models and file names hold goes through here on its way to a terminal: no escape sequence of theirs may reach it. */
void tw_text_plain(struct tw_str *out, const char *s, size_t len, const char *but);

/* Appends the text in NFC (Unicode TR 15). */
void tw_text_nfc(struct tw_str *out, const char *s, size_t len);
/* Appends the text in lower case, locale-free (full case folding). */
void tw_text_fold(struct tw_str *out, const char *s, size_t len);

struct tw_span {
	size_t start, end; /* bytes, end exclusive */
};
struct tw_spans {
	struct tw_span *at; /* in the arena */
	size_t n;
};

/* Sentences (Unicode TR 29): spans cover the whole text, trailing space belongs to the sentence before. */
struct tw_spans tw_text_sentences(const char *s, size_t len, struct tw_arena *a);
/* Words (TR 29) with at least one letter or digit; punctuation and space are not covered. */
struct tw_spans tw_text_words(const char *s, size_t len, struct tw_arena *a);

/* Decodes `len` bytes in the named charset ("windows-1252", "shift_jis", …) to UTF-8. TW_UNSUPPORTED for a name unknown to ICU. */
TW_MUST_USE enum tw_status tw_text_decode(struct tw_str *out, const char *data, size_t len,
					  const char *charset, struct tw_err *err);
/* The most likely charset of the bytes, for text that names none. */
const char *tw_text_detect_charset(const char *data, size_t len, struct tw_arena *a);

#endif
