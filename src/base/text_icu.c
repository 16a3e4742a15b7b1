#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unicode/ubrk.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include "base/vec.h"

/* ICU counts in int32_t and a text may triple; longer ones go in pieces. */
#define PIECE ((size_t)64 * 1024 * 1024)

static bool is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return false;
	return true;
}

/* UTF-16 in a heap buffer; what is no UTF-8 becomes U+FFFD. */
static UChar *to_utf16(const char *s, size_t len, int32_t *n)
{
	UChar *u = tw_xmalloc((len + 1) * sizeof(*u)); /* never more units than bytes */
	UErrorCode e = U_ZERO_ERROR;

	u_strFromUTF8WithSub(u, (int32_t)len + 1, n, s, (int32_t)len, 0xfffd, NULL, &e);
	if (U_FAILURE(e))
		*n = 0;
	return u;
}

static void add_utf16(struct tw_str *out, const UChar *u, int32_t n)
{
	UErrorCode e = U_ZERO_ERROR;
	int32_t len = 0;

	tw_str_reserve(out, (size_t)n * 3);
	u_strToUTF8WithSub(out->data + out->len, n * 3 + 1, &len, u, n, 0xfffd, NULL, &e);
	if (U_FAILURE(e))
		return;
	out->len += (size_t)len;
	out->data[out->len] = '\0';
}

typedef int32_t (*transform_fn)(UChar *to, int32_t cap, const UChar *from, int32_t n,
				UErrorCode *e);

static int32_t nfc(UChar *to, int32_t cap, const UChar *from, int32_t n, UErrorCode *e)
{
	const UNormalizer2 *norm = unorm2_getNFCInstance(e);

	return U_FAILURE(*e) ? 0 : unorm2_normalize(norm, from, n, to, cap, e);
}

static int32_t fold(UChar *to, int32_t cap, const UChar *from, int32_t n, UErrorCode *e)
{
	return u_strFoldCase(to, cap, from, n, U_FOLD_CASE_DEFAULT, e);
}

static void transform_piece(struct tw_str *out, const char *s, size_t len, transform_fn fn)
{
	int32_t n, cap, m;
	UErrorCode e = U_ZERO_ERROR;
	UChar *from = to_utf16(s, len, &n), *to;

	cap = n + n / 4 + 16; /* nearly always enough; if not, ICU says how much is */
	to = tw_xmalloc((size_t)cap * sizeof(*to));
	m = fn(to, cap, from, n, &e);
	if (e == U_BUFFER_OVERFLOW_ERROR) {
		e = U_ZERO_ERROR;
		to = tw_xrealloc(to, ((size_t)m + 1) * sizeof(*to));
		m = fn(to, m + 1, from, n, &e);
	}
	if (U_FAILURE(e)) /* ICU without its data: the text as it was */
		add_utf16(out, from, n);
	else
		add_utf16(out, to, m);
	free(to);
	free(from);
}

static void transform(struct tw_str *out, const char *s, size_t len, transform_fn fn)
{
	while (len) {
		size_t n = len;

		if (len > PIECE) {
			const char *line = memrchr(s, '\n', PIECE);

			/* Nothing composes across a line feed. */
			n = line ? (size_t)(line - s) + 1 : tw_utf8_floor(s, PIECE);
		}
		transform_piece(out, s, n, fn);
		s += n;
		len -= n;
	}
}

void tw_text_nfc(struct tw_str *out, const char *s, size_t len)
{
	if (is_ascii(s, len))
		tw_str_add(out, s, len);
	else
		transform(out, s, len, nfc);
}

void tw_text_fold(struct tw_str *out, const char *s, size_t len)
{
	size_t from = out->len;

	if (!is_ascii(s, len)) {
		transform(out, s, len, fold);
		return;
	}
	tw_str_add(out, s, len);
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] >= 'A' && out->data[i] <= 'Z')
			out->data[i] = (char)(out->data[i] + ('a' - 'A'));
}

struct span_vec TW_VEC_BODY(struct tw_span);

static struct tw_spans to_arena(struct span_vec *v, struct tw_arena *a)
{
	struct tw_spans out = {NULL, v->n};

	if (v->n) {
		out.at = TW_NEW_ARRAY(a, v->n, struct tw_span);
		memcpy(out.at, v->at, v->n * sizeof(*v->at));
	}
	tw_vec_release(v);
	return out;
}

/* Calls for each boundary over the bytes themselves; NULL when ICU lacks its data. */
static UBreakIterator *open_breaks(UBreakIteratorType type, UText *ut, const char *s, size_t len)
{
	UErrorCode e = U_ZERO_ERROR;
	UBreakIterator *b = ubrk_open(type, "", NULL, 0, &e);

	if (U_FAILURE(e))
		return NULL;
	utext_openUTF8(ut, s, (int64_t)len, &e);
	ubrk_setUText(b, ut, &e);
	if (U_SUCCESS(e))
		return b;
	utext_close(ut);
	ubrk_close(b);
	return NULL;
}

static struct span_vec spans(UBreakIteratorType type, const char *s, size_t len, int32_t least)
{
	UText ut = UTEXT_INITIALIZER;
	UBreakIterator *b = open_breaks(type, &ut, s, len);
	struct span_vec v = {0};
	int32_t start = 0, end;

	if (!b)
		return v;
	while ((end = ubrk_next(b)) != UBRK_DONE) {
		if (ubrk_getRuleStatus(b) >= least)
			tw_vec_push(&v, ((struct tw_span){(size_t)start, (size_t)end}));
		start = end;
	}
	ubrk_close(b);
	utext_close(&ut);
	return v;
}

/* Positions of ICU are int32_t, so a huge text goes in pieces. */
static struct tw_spans all_spans(UBreakIteratorType type, const char *s, size_t len, int32_t least,
				 struct tw_arena *a)
{
	struct span_vec all = {0};

	for (size_t at = 0; at < len;) {
		size_t n = len - at > PIECE ? tw_utf8_floor(s + at, PIECE) : len - at;
		struct span_vec v = spans(type, s + at, n, least);

		if (all.n == 0 && n == len)
			return to_arena(&v, a);
		for (size_t i = 0; i < v.n; i++)
			tw_vec_push(&all, ((struct tw_span){at + v.at[i].start, at + v.at[i].end}));
		tw_vec_release(&v);
		at += n;
	}
	return to_arena(&all, a);
}

struct tw_spans tw_text_sentences(const char *s, size_t len, struct tw_arena *a)
{
	struct tw_spans v = all_spans(UBRK_SENTENCE, s, len, 0, a);

	/* Whatever happens the spans cover the text. */
	if (v.n == 0 && len > 0) {
		v.at = TW_NEW(a, struct tw_span);
		v.at[0] = (struct tw_span){0, len};
		v.n = 1;
	}
	return v;
}

struct tw_spans tw_text_words(const char *s, size_t len, struct tw_arena *a)
{
	/* Up to this rule status stand spaces and punctuation. */
	return all_spans(UBRK_WORD, s, len, UBRK_WORD_NONE_LIMIT, a);
}

/* The WHATWG's Encoding standard: what calls itself Latin-1 or ASCII is windows-1252. */
static const char *real_charset(const char *name)
{
	static const char *const latin1[] = {"iso-8859-1", "iso8859-1", "iso_8859-1", "latin1",
					     "ascii",	   "us-ascii",	"l1",	      NULL};

	for (size_t i = 0; latin1[i]; i++)
		if (strcasecmp(name, latin1[i]) == 0)
			return "windows-1252";
	return name;
}

enum tw_status tw_text_decode(struct tw_str *out, const char *data, size_t len, const char *charset,
			      struct tw_err *err)
{
	UErrorCode e = U_ZERO_ERROR;
	UConverter *c;
	int32_t n;

	size_t mark = tw_utf8_mark(data, len);
	if (mark && tw_utf8_valid(data, len)) {
		tw_str_add(out, data + mark, len - mark);
		return TW_OK;
	}
	if (strcasecmp(charset, "utf-8") == 0 || strcasecmp(charset, "utf8") == 0) {
		tw_utf8_repair(out, data, len);
		return TW_OK;
	}
	if (len > (size_t)INT32_MAX / 4)
		return tw_fail(err, TW_BAD_DATA, "text of %zu bytes is too long to decode", len);
	c = charset[0] ? ucnv_open(real_charset(charset), &e) : NULL;
	if (!c || U_FAILURE(e))
		return tw_fail(err, TW_UNSUPPORTED, "unknown character set \"%.40s\"", charset);
	n = ucnv_toAlgorithmic(UCNV_UTF8, c, NULL, 0, data, (int32_t)len, &e);
	if (e == U_BUFFER_OVERFLOW_ERROR) {
		e = U_ZERO_ERROR;
		tw_str_reserve(out, (size_t)n);
		n = ucnv_toAlgorithmic(UCNV_UTF8, c, out->data + out->len, n + 1, data,
				       (int32_t)len, &e);
		if (U_SUCCESS(e)) {
			out->len += (size_t)n;
			out->data[out->len] = '\0';
		}
	}
	ucnv_close(c);
	if (U_FAILURE(e))
		return tw_fail(err, TW_BAD_DATA, "decoding from \"%.40s\": %s", charset,
			       u_errorName(e));
	return TW_OK;
}

const char *tw_text_detect_charset(const char *data, size_t len, struct tw_arena *a)
{
	const size_t enough = 64 * 1024;
	const UCharsetMatch *match = NULL;
	UErrorCode e = U_ZERO_ERROR;
	const char *name = NULL;
	UCharsetDetector *d;

	if (tw_utf8_valid(data, len))
		return "utf-8";
	d = ucsdet_open(&e);
	if (U_SUCCESS(e)) {
		ucsdet_setText(d, data, (int32_t)(len < enough ? len : enough), &e);
		match = ucsdet_detect(d, &e);
		if (match)
			name = ucsdet_getName(match, &e);
		if (U_FAILURE(e))
			name = NULL;
	}
	name = tw_strdup(a, real_charset(name ? name : "windows-1252"));
	ucsdet_close(d);
	return name;
}
