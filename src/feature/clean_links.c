/* Links, images, references and footnote marks: CommonMark 0.30, section 6.3. */
#include "feature/clean_inline_int.h"

#include <string.h>

static size_t skip_white(const struct inline_scan *k, size_t i)
{
	while (i < k->n && (k->s[i] == ' ' || k->s[i] == '\t' || k->s[i] == '\n'))
		i++;
	return i;
}

/* Past a link's destination at s[i]; 0 when it is none. CommonMark 6.3. */
static size_t skip_destination(const struct inline_scan *k, size_t i)
{
	if (i < k->n && k->s[i] == '<') {
		for (i++; i < k->n && k->s[i] != '>'; i++)
			if (k->s[i] == '\n' || k->s[i] == '<')
				return 0;
		return i < k->n ? i + 1 : 0;
	}
	int depth = 0;
	for (; i < k->n && (unsigned char)k->s[i] > ' '; i++) {
		if (k->s[i] == '\\' && i + 1 < k->n && tw_clean_is_punct(k->s[i + 1]))
			i++;
		else if (k->s[i] == '(' && ++depth > 32)
			return 0;
		else if (k->s[i] == ')' && --depth < 0)
			break;
	}
	return depth > 0 ? 0 : i;
}

/* End of "(destination "title")" at s[i]; 0 when it is none. */
static size_t link_tail(struct inline_scan *k, size_t i)
{
	if (i >= k->n || k->s[i] != '(')
		return 0;
	i = skip_destination(k, skip_white(k, i + 1));
	if (!i)
		return 0;
	i = skip_white(k, i);
	if (i < k->n && k->s[i] && strchr("\"'(", k->s[i])) {
		char quote = k->s[i] == '(' ? ')' : k->s[i];
		size_t at = i + 1 + tw_clean_search(k->c, k->s + i + 1, k->n - i - 1, &quote, 1);
		i = at < k->n ? skip_white(k, at + 1) : k->n;
	}
	return i < k->n && k->s[i] == ')' ? i + 1 : 0;
}

static bool is_label(struct inline_scan *k, size_t from, size_t to)
{
	if (!k->c->labels.n || to <= from || to - from > 500)
		return false;
	return tw_map_has(&k->c->labels, tw_clean_label(k->c, k->s + from, to - from));
}

/* End of what makes [from, close) a link: "(…)", "[label]", "[]", or a label of its own; 0 when it is none. */
static size_t link_end(struct inline_scan *k, size_t from, size_t close)
{
	size_t end = link_tail(k, close + 1);
	if (end)
		return end;
	if (close + 1 < k->n && k->s[close + 1] == '[') {
		size_t room = k->n - close - 2 < 501 ? k->n - close - 2 : 501;
		const char *p = memchr(k->s + close + 2, ']', room);
		size_t to = p ? (size_t)(p - k->s) : 0;
		if (p && to == close + 2 && is_label(k, from, close))
			return to + 1;
		if (p && is_label(k, close + 2, to))
			return to + 1;
	}
	return is_label(k, from, close) ? close + 1 : 0;
}

/* Skips tokens [first, …) that start before `end`; false when one of them reaches beyond it. */
static bool skip_until(struct inline_scan *k, size_t first, size_t end)
{
	size_t i = first;
	while (i < k->tokens.n && k->tokens.at[i].start < end)
		if (k->tokens.at[i++].end > end && k->tokens.at[i - 1].type != T_TEXT)
			return false;
	for (size_t j = first; j < i; j++) {
		struct token *t = &k->tokens.at[j];
		if (t->end > end)
			t->start = end; /* text beyond the link */
		else
			t->skip = true;
	}
	return true;
}

struct opener {
	size_t token;
	bool active;
};

static void skip_all(struct inline_scan *k, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++)
		k->tokens.at[i].skip = true;
}

/* [[Page]] and [[Page|shown]] of note-taking programs: tokens `open` and `close` are the inner brackets. */
static bool take_wiki_link(struct inline_scan *k, size_t open, size_t close)
{
	struct token *t = k->tokens.at;
	if (open == 0 || close + 1 >= k->tokens.n || t[open - 1].end != t[open].start ||
	    (t[open - 1].type != T_OPEN && t[open - 1].type != T_IMAGE) ||
	    t[close + 1].type != T_CLOSE || t[close + 1].start != t[close].end)
		return false;
	size_t from = t[open].end, to = t[close].start;
	if (from >= to || memchr(k->s + from, '\n', to - from) || k->s[from] == ' ' ||
	    k->s[from] == '-')
		return false;
	if (t[open - 1].type == T_IMAGE) {
		skip_all(k, open - 1, close + 1);
		return true;
	}
	t[open - 1].skip = t[open].skip = t[close].skip = t[close + 1].skip = true;
	const char *bar = memchr(k->s + from, '|', to - from);
	if (bar)
		return skip_until(k, open + 1, (size_t)(bar - k->s) + 1);
	return true;
}

/* Footnote marks go; the notes themselves are paragraphs. */
static bool is_footnote(struct inline_scan *k, size_t from, size_t close)
{
	return from < close && k->s[from] == '^' && is_label(k, from, close);
}

static bool resolve(struct inline_scan *k, struct opener o, size_t close)
{
	size_t from = k->tokens.at[o.token].end, at = k->tokens.at[close].start;
	bool image = k->tokens.at[o.token].type == T_IMAGE;
	if (!image && is_footnote(k, from, at)) {
		skip_all(k, o.token, close);
		return true;
	}
	if (!image && !o.active)
		return false;
	size_t end = link_end(k, from, at);
	if (!end)
		return take_wiki_link(k, o.token, close);
	if (!skip_until(k, close + 1, end))
		return false;
	if (image)
		skip_all(k, o.token, close);
	k->tokens.at[o.token].skip = k->tokens.at[close].skip = true;
	return true;
}

void tw_clean_links(struct inline_scan *k)
{
	TW_VEC(struct opener) stack = {0};
	size_t dead = 0; /* openers below this index hold a link already */
	for (size_t i = 0; i < k->tokens.n; i++) {
		struct token *t = &k->tokens.at[i];
		if (t->skip)
			continue;
		if (t->type == T_OPEN || t->type == T_IMAGE) {
			const struct opener o = {i, true};
			tw_vec_push(&stack, o);
		} else if (t->type == T_CLOSE && stack.n) {
			struct opener o = stack.at[--stack.n];
			o.active = stack.n >= dead;
			bool link = resolve(k, o, i) && k->tokens.at[o.token].type == T_OPEN;
			if (link)
				dead = stack.n;
			else if (dead > stack.n)
				dead = stack.n;
		}
	}
	tw_vec_release(&stack);
}
