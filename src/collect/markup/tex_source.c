/* The text of a LaTeX file without comments, and which braces belong together. */
#include <ctype.h>
#include <string.h>

#include "collect/markup/tex_int.h"

#define MAX_VERB 1000 /* bytes of code within a line */

bool tex_is_verbatim(const char *name, size_t len)
{
	static const char all[] =
		" verbatim verbatim* Verbatim Verbatim* BVerbatim LVerbatim lstlisting "
		"minted alltt comment filecontents filecontents* code tcblisting "
		"pycode pyconsole ";
	char key[24];
	if (!len || len + 3 > sizeof(key))
		return false;
	key[0] = ' ';
	memcpy(key + 1, name, len);
	memcpy(key + 1 + len, " ", 2);
	return strstr(all, key) != NULL;
}

static size_t name_length(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && (isalpha((unsigned char)s[n]) || s[n] == '*'))
		n++;
	return n;
}

static bool at_is(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && memcmp(s, word, n) == 0;
}

size_t tex_verbatim_end(const struct tex_source *x, const char *name, size_t len, size_t from)
{
	char end[40] = "\\end{";
	if (len + 7 > sizeof(end))
		return x->n;
	memcpy(end + 5, name, len);
	end[5 + len] = '}';
	const char *p = memmem(x->s + from, x->n - from, end, len + 6);
	return p ? (size_t)(p - x->s) : x->n;
}

/* Length of what stands at s as it is, whatever is in it: verbatim environments and "\verb"; 0 for all else. */
static size_t verbatim(const struct tex_source *x, size_t i)
{
	const char *s = x->s + i;
	size_t len = x->n - i;
	if (at_is(s, len, "\\begin{")) {
		size_t n = name_length(s + 7, len - 7);
		if (7 + n < len && s[7 + n] == '}' && tex_is_verbatim(s + 7, n))
			return tex_verbatim_end(x, s + 7, n, i + 8 + n) - i;
	}
	if (at_is(s, len, "\\verb") && len > 6) {
		size_t from = s[5] == '*' ? 6 : 5;
		size_t most = len < MAX_VERB ? len : MAX_VERB;
		const char *nl = memchr(s, '\n', most);
		size_t line = nl ? (size_t)(nl - s) : most;
		if (from >= line || !ispunct((unsigned char)s[from]))
			return 0;
		const char *end = memchr(s + from + 1, s[from], line - from - 1);
		return end ? (size_t)(end - s) + 1 : 0;
	}
	return 0;
}

/* From "%" the line goes, with its end and the white space that the next one begins with. */
static size_t skip_comment(const char *s, size_t len)
{
	const char *nl = memchr(s, '\n', len);
	size_t n = nl ? (size_t)(nl - s) + 1 : len;
	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n;
}

/* Behind the "\fi" that ends what is never true. */
static size_t skip_iffalse(const struct tex_source *x, size_t i)
{
	while (i < x->n) {
		const char *end = memmem(x->s + i, x->n - i, "\\fi", 3);
		i = end ? (size_t)(end - x->s) + 3 : x->n;
		if (i == x->n || !isalpha((unsigned char)x->s[i]))
			break;
	}
	return i;
}

void tex_read(struct tex_source *out, struct tex *t)
{
	struct tex_source raw = {.s = t->m.text.data, .n = t->m.text.len};
	struct tw_str clean = TW_STR_INIT;
	for (size_t i = 0, n; i < raw.n;) {
		char c = raw.s[i];
		if (c == '\\' && (n = verbatim(&raw, i))) {
			tw_str_add(&clean, raw.s + i, n);
			i += n;
		} else if (c == '\\' && at_is(raw.s + i, raw.n - i, "\\iffalse")) {
			i = skip_iffalse(&raw, i);
		} else if (c == '\\' && i + 1 < raw.n) {
			tw_str_add(&clean, raw.s + i, 2);
			i += 2;
		} else if (c == '%') {
			i += skip_comment(raw.s + i, raw.n - i);
		} else {
			if (c != '\r')
				tw_str_addc(&clean, c);
			i++;
		}
	}
	out->s = tw_strndup(t->m.a, tw_str_c(&clean), clean.len);
	out->n = clean.len;
	tw_str_release(&clean);
	tex_match(out, t->m.a);
}

struct bracket {
	uint32_t at;
	size_t depth; /* of braces */
};

void tex_match(struct tex_source *x, struct tw_arena *a)
{
	TW_VEC(uint32_t) braces = {0}, begins = {0};
	TW_VEC(struct bracket) brackets = {0};
	x->match = TW_NEW_ARRAY(a, x->n + 1, uint32_t);
	for (size_t i = 0, n; i < x->n; i++) {
		size_t left = x->n - i;
		if (x->s[i] == '{') {
			tw_vec_push(&braces, (uint32_t)i);
		} else if (x->s[i] == '}' && braces.n) {
			x->match[braces.at[--braces.n]] = (uint32_t)i;
			while (brackets.n && brackets.at[brackets.n - 1].depth > braces.n)
				brackets.n--;
		} else if (x->s[i] == '[') {
			tw_vec_push(&brackets, ((struct bracket){(uint32_t)i, braces.n}));
		} else if (x->s[i] == ']' && brackets.n &&
			   brackets.at[brackets.n - 1].depth == braces.n) {
			x->match[brackets.at[--brackets.n].at] = (uint32_t)i;

		} else if (x->s[i] == '\\' && (n = verbatim(x, i))) {
			if (x->s[i + 1] == 'b')
				tw_vec_push(&begins, (uint32_t)i);
			i += n - 1;
		} else if (x->s[i] == '\\') {
			if (at_is(x->s + i, left, "\\begin{"))
				tw_vec_push(&begins, (uint32_t)i);
			else if (at_is(x->s + i, left, "\\end{") && begins.n)
				x->match[begins.at[--begins.n]] = (uint32_t)i;
			i++;
		}
	}
	tw_vec_release(&braces);
	tw_vec_release(&brackets);
	tw_vec_release(&begins);
}
