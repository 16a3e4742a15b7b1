/*
 * Elements of a large XML file, as text. Only what hides a tag is followed:
 * CDATA and comments. So a file of any length takes one element's memory, and
 * an element that is no good XML spoils nothing but itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "collect/export/export_xml_int.h"

enum inside { IN_TEXT, IN_CDATA, IN_COMMENT };

struct slices {
	struct export_in *x;
	export_recognise recognise;
	char open[2][32], close[32]; /* "<item>", "<item ", "</item>" */
	char *buf;
	struct tw_str text; /* since the last answer */
	bool in_entry;
	/* of the present entry */
	size_t at, n;
	enum inside in;
	bool in_element, any, over, done;
	char charset[40]; /* of the XML declaration, "" when UTF-8 */
};

#define BUFFER ((size_t)1 << 16)

struct slices *slices_new(struct export_in *x, export_recognise recognise, const char *element)
{
	struct slices *s = tw_xcalloc(1, sizeof(*s));
	s->x = x;
	s->recognise = recognise;
	snprintf(s->open[0], sizeof(s->open[0]), "<%s>", element);
	snprintf(s->open[1], sizeof(s->open[1]), "<%s ", element);
	snprintf(s->close, sizeof(s->close), "</%s>", element);
	s->buf = tw_xmalloc(BUFFER);
	return s;
}

void slices_free(struct slices *s)
{
	if (!s)
		return;
	tw_str_release(&s->text);
	free(s->buf);
	free(s);
}

static bool ends_in(const struct tw_str *s, const char *with)
{
	size_t n = strlen(with);
	return s->len >= n && memcmp(s->data + s->len - n, with, n) == 0;
}

static void follow(struct slices *s, char c)
{
	if (s->in == IN_TEXT && c == '[' && ends_in(&s->text, "<![CDATA["))
		s->in = IN_CDATA;
	else if (s->in == IN_TEXT && c == '-' && ends_in(&s->text, "<!--"))
		s->in = IN_COMMENT;
	else if (c == '>' && s->in == IN_CDATA && ends_in(&s->text, "]]>"))
		s->in = IN_TEXT;
	else if (c == '>' && s->in == IN_COMMENT && ends_in(&s->text, "-->"))
		s->in = IN_TEXT;
}

/* What is too long is passed over: its end alone is kept, in which tags are looked for. */
static void keep_tail(struct slices *s)
{
	const size_t tail = sizeof(s->close);
	if (s->text.len <= EXPORT_MAX_PIECE)
		return;
	memmove(s->text.data, s->text.data + s->text.len - tail, tail);
	s->text.len = tail;
	s->over = true;
}

/* "<item>" has just been read: what stands before it is an answer when it is the head. */
static bool begins(const struct slices *s, char c, size_t *tag)
{
	for (int i = 0; i < 2; i++) {
		*tag = strlen(s->open[i]);
		if (c == s->open[i][*tag - 1] && ends_in(&s->text, s->open[i]))
			return true;
	}
	return false;
}

static void note_charset(struct slices *s)
{
	const char *p = strstr(tw_str_c(&s->text), "encoding=");
	const char *end = strstr(tw_str_c(&s->text), "?>");
	size_t n = p && end && p < end ? strcspn(p + 10, "\"'") : 0;
	if (n && n < sizeof(s->charset) && strncasecmp(p + 10, "utf-8", n) != 0)
		snprintf(s->charset, sizeof(s->charset), "%.*s", (int)n, p + 10);
}

/* Answers with the first `len` bytes of the text, and drops them. */
static enum tw_status answer(struct tw_bytes *out, struct slices *s, size_t len, struct tw_arena *a,
			     struct tw_err *err)
{
	struct tw_str text = TW_STR_INIT;
	enum tw_status st = TW_OK;
	if (s->over)
		st = tw_fail(err, TW_SKIPPED, "an element of more than %zu MiB",
			     EXPORT_MAX_PIECE >> 20);
	else if (s->charset[0])
		st = tw_text_decode(&text, s->text.data, len, s->charset, err);
	else
		tw_str_add(&text, s->text.data, len);
	export_mend(&text);
	*out = (struct tw_bytes){tw_strndup(a, tw_str_c(&text), text.len), text.len};
	tw_str_release(&text);
	memmove(s->text.data, s->text.data + len, s->text.len - len);
	s->text.len -= len;
	s->over = false;
	return st;
}

static enum tw_status finish(struct tw_bytes *out, struct slices *s, struct tw_arena *a,
			     struct tw_err *err)
{
	if (s->done)
		return TW_DONE;
	s->done = true;
	if (s->in_element || s->in != IN_TEXT || !memmem(tw_str_c(&s->text), s->text.len, "</", 2))
		return tw_fail(err, TW_BAD_DATA, "the file ends too early; download it again");
	if (s->any)
		return TW_DONE;
	s->any = true;
	return answer(out, s, s->text.len, a, err);
}

/* TW_DONE: there is none. */
static enum tw_status begin_entry(struct slices *s, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, s->x, s->recognise, err);
	tw_str_clear(&s->text);
	s->at = s->n = 0;
	s->in = IN_TEXT;
	s->in_element = s->any = s->over = s->done = false;
	s->charset[0] = '\0';
	s->in_entry = st == TW_OK;
	return st;
}

/* TW_DONE behind the last of the entry. */
static enum tw_status next_in_entry(struct tw_bytes *out, struct slices *s, struct tw_arena *a,
				    struct tw_err *err)
{
	size_t tag;
	for (;;) {
		if (s->at == s->n) {
			s->at = 0;
			enum tw_status st = bundle_read(s->x->files, s->buf, BUFFER, &s->n, err);
			if (st != TW_OK)
				return st;
			if (!s->n)
				return finish(out, s, a, err);
		}
		char c = s->buf[s->at++];
		tw_str_addc(&s->text, c);
		follow(s, c);
		keep_tail(s);
		if (s->in != IN_TEXT)
			continue;
		if (s->in_element && c == '>' && ends_in(&s->text, s->close)) {
			s->in_element = false;
			return answer(out, s, s->text.len, a, err);
		}
		if (s->in_element || !begins(s, c, &tag))
			continue;
		s->in_element = true;
		if (!s->any) {
			s->any = true;
			note_charset(s);
			return answer(out, s, s->text.len - tag, a, err);
		}
		memmove(s->text.data, s->text.data + s->text.len - tag, tag);
		s->text.len = tag;
		s->over = false;
	}
}

enum tw_status slices_next(struct tw_bytes *out, bool *is_head, struct slices *s,
			   struct tw_arena *a, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = s->in_entry ? TW_OK : begin_entry(s, err);
		if (st != TW_OK)
			return st;
		*is_head = !s->any;
		st = next_in_entry(out, s, a, err);
		if (st != TW_DONE)
			return st;
		s->in_entry = false;
	}
}
