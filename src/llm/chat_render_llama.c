/*
 * A chat template with placeholders in place of the contents.
 *
 * Templates are Jinja programs; libllama recognises the common ones and has
 * them in C++. Some trim contents: a second rendering with spaces around the
 * placeholders shows whether this one does, and on which side.
 *
 * A model that has no template was never tuned for one: its messages are plain text, one after another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "llm/chat_int.h"

#define MARK_LEN 26

struct rendering {
	char *text;
	size_t n; /* placeholders found */
	struct {
		size_t at;
		int message;
	} * marks;
};

/* Neither white space nor anything that a template would look for. */
static void make_mark(char out[MARK_LEN + 1], size_t i)
{
	snprintf(out, MARK_LEN + 1, "@@tw%08x-content%04zx@@", 0x7e5a91c3u, i & 0xffff);
}

/* A role becomes part of the template's text, where control tokens are looked for. */
static enum tw_status check_roles(const struct tw_message *m, size_t n, struct tw_err *err)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(m[i].role);
		if (len == 0 || len > 32 || strspn(m[i].role, "abcdefghijklmnopqrstuvwxyz_") != len)
			return tw_fail(
				err, TW_BAD_USE,
				"message %zu has the role \"%.40s\"; use system, user, assistant",
				i + 1, m[i].role);
	}
	return TW_OK;
}

static enum tw_status no_template(const struct tw_chat_format *f, struct tw_err *err)
{
	return tw_fail(err, TW_UNSUPPORTED,
		       "%s: libllama doesn't know its chat template; choose another model that is "
		       "tuned for chat (an \"instruct\" one)",
		       f->path);
}

static enum tw_status apply(char **out, const struct tw_chat_format *f,
			    const struct llama_chat_message *m, size_t n, bool open_answer,
			    struct tw_arena *a, struct tw_err *err)
{
	size_t room = 1024 + n * (MARK_LEN + 256);
	for (int attempt = 0; attempt < 2; attempt++) {
		*out = tw_alloc(a, room + 1);
		int32_t len =
			llama_chat_apply_template(f->tmpl, m, n, open_answer, *out, (int32_t)room);
		if (len < 0)
			return no_template(f, err);
		if ((size_t)len <= room) {
			(*out)[len] = '\0';
			return TW_OK;
		}
		room = (size_t)len;
	}
	return no_template(f, err);
}

static void find_marks(struct rendering *r, size_t n_messages, struct tw_arena *a)
{
	static const char head[] = "@@tw7e5a91c3-content";
	r->marks = tw_alloc_array(a, 2 * n_messages + 2, sizeof(*r->marks));
	r->n = 0;
	for (char *p = r->text; (p = strstr(p, head)) && r->n <= 2 * n_messages; p += MARK_LEN) {
		r->marks[r->n].at = (size_t)(p - r->text);
		r->marks[r->n++].message = (int)strtol(p + sizeof(head) - 1, NULL, 16);
	}
}

static enum tw_status render(struct rendering *r, const struct tw_chat_format *f,
			     const struct tw_message *m, size_t n, bool open_answer,
			     const char *around, struct tw_arena *a, struct tw_err *err)
{
	struct llama_chat_message *c = tw_alloc_array(a, n + 1, sizeof(*c));
	for (size_t i = 0; i < n; i++) {
		char mark[MARK_LEN + 1];
		make_mark(mark, i);
		c[i].role = m[i].role;
		c[i].content = tw_sprintf(a, "%s%s%s", around, mark, around);
	}
	enum tw_status st = apply(&r->text, f, c, n, open_answer, a, err);
	if (st == TW_OK)
		find_marks(r, n, a);
	return st;
}

static enum tw_status check_all_there(const struct rendering *r, const struct tw_message *m,
				      size_t n, const struct tw_chat_format *f, struct tw_err *err)
{
	for (size_t i = 0; i < n; i++) {
		size_t seen = 0;
		for (size_t k = 0; k < r->n; k++)
			seen += r->marks[k].message == (int)i;
		if (seen == 0)
			return tw_fail(err, TW_UNSUPPORTED,
				       "%s: its chat template leaves out message %zu (role \"%s\")",
				       f->path, i + 1, m[i].role);
	}
	return TW_OK;
}

static size_t spaces_before(const struct rendering *r, size_t mark)
{
	size_t n = 0;
	while (n < r->marks[mark].at && r->text[r->marks[mark].at - n - 1] == ' ')
		n++;
	return n;
}

static size_t spaces_after(const struct rendering *r, size_t mark)
{
	return strspn(r->text + r->marks[mark].at + MARK_LEN, " ");
}

static struct tw_bytes trimmed(const char *s, bool left, bool right)
{
	static const char *const white = " \t\n\v\f\r";
	size_t len = strlen(s);
	while (left && len && strchr(white, *s)) {
		s++;
		len--;
	}
	while (right && len && strchr(white, s[len - 1]))
		len--;
	return (struct tw_bytes){s, len};
}

/*
 * Prompt, line break, answer, the token that ends a text. One line break: of two, some vocabularies make another token at the
 * end of a prompt than within a text.
 */
static enum tw_status render_plain(struct tw_chat_parts *out, const struct tw_chat_format *f,
				   const struct tw_message *m, size_t n, struct tw_arena *a,
				   struct tw_err *err)
{
	const llama_token eos = llama_vocab_eos(f->vocab);
	struct tw_chat_part *parts = TW_NEW_ARRAY(a, 2 * n + 1, struct tw_chat_part);
	if (eos == LLAMA_TOKEN_NULL)
		return tw_fail(err, TW_UNSUPPORTED,
			       "%s: it has neither a chat template nor a token that ends a text; "
			       "choose another model",
			       f->path);
	out->at = parts;
	*parts++ = (struct tw_chat_part){"", 0,
					 -1}; /* who looks for a mark of the beginning finds none */
	for (size_t i = 0; i < n; i++) {
		const bool answer = strcmp(m[i].role, "assistant") == 0;
		const char *end = answer ? llama_vocab_get_text(f->vocab, eos) : "\n";
		if (!answer && !m[i].content[0]) /* no system prompt is no line */
			continue;
		*parts++ = (struct tw_chat_part){m[i].content, strlen(m[i].content), (int)i};
		*parts++ = (struct tw_chat_part){end, strlen(end), -1};
	}
	out->n = (size_t)(parts - out->at);
	return TW_OK;
}

static enum tw_status render_template(struct tw_chat_parts *out, const struct tw_chat_format *f,
				      const struct tw_message *m, size_t n, bool open_answer,
				      struct tw_arena *a, struct tw_err *err)
{
	struct rendering tight, spaced;
	enum tw_status st = render(&tight, f, m, n, open_answer, "", a, err);
	if (st == TW_OK)
		st = render(&spaced, f, m, n, open_answer, " ", a, err);
	if (st == TW_OK)
		st = check_all_there(&tight, m, n, f, err);
	if (st != TW_OK)
		return st;
	struct tw_chat_part *parts = TW_NEW_ARRAY(a, 2 * tight.n + 1, struct tw_chat_part);
	size_t k = 0, at = 0;
	bool comparable = spaced.n == tight.n;
	for (size_t i = 0; i < tight.n; i++) {
		size_t mark = tight.marks[i].at;
		bool left = comparable && spaces_before(&spaced, i) == spaces_before(&tight, i);
		bool right = comparable && spaces_after(&spaced, i) == spaces_after(&tight, i);
		struct tw_bytes c = trimmed(m[tight.marks[i].message].content, left, right);
		parts[k++] = (struct tw_chat_part){tight.text + at, mark - at, -1};
		parts[k++] = (struct tw_chat_part){c.data, c.len, tight.marks[i].message};
		at = mark + MARK_LEN;
	}
	parts[k++] = (struct tw_chat_part){tight.text + at, strlen(tight.text + at), -1};
	*out = (struct tw_chat_parts){parts, k};
	return TW_OK;
}

enum tw_status tw_chat_render(struct tw_chat_parts *out, const struct tw_chat_format *f,
			      const struct tw_message *m, size_t n, bool open_answer,
			      struct tw_arena *a, struct tw_err *err)
{
	if (n > 0xffff)
		return tw_fail(err, TW_BAD_USE, "%zu messages are too many", n);
	enum tw_status st = check_roles(m, n, err);
	if (st != TW_OK)
		return st;
	return f->tmpl ? render_template(out, f, m, n, open_answer, a, err)
		       : render_plain(out, f, m, n, a, err);
}
