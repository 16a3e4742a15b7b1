/*
 * Slack's mrkdwn as Markdown: *bold* and ~struck~ have their marks twice there, what
 * stands in <…> is a link or a mention, and &, < and > are written as entities.
 * Described under "Formatting message text" at docs.slack.dev. Code stays as it is, but
 * for the entities.
 */
#include <string.h>

#include "collect/export/slack_int.h"

#define FAR 4000 /* bytes to look for an end in */

/* Where `what` stands in the line, NULL when it doesn't within FAR bytes. */
static const char *find(const char *from, const char *end, const char *what, bool in_line)
{
	size_t n = strlen(what), left = (size_t)(end - from);
	left = left < FAR ? left : FAR;
	const char *nl = in_line ? memchr(from, '\n', left) : NULL;
	return memmem(from, nl ? (size_t)(nl - from) : left, what, n);
}

static void add_unescaped(struct tw_str *out, const char *s, size_t len)
{
	static const struct {
		const char *name;
		char c;
	} names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}};
	for (size_t i = 0; i < len;) {
		size_t k = 0, n = 0;
		for (; s[i] == '&' && k < 3; k++) {
			n = strlen(names[k].name);
			if (n <= len - i && memcmp(s + i, names[k].name, n) == 0)
				break;
		}
		bool found = s[i] == '&' && k < 3;
		tw_str_addc(out, found ? names[k].c : s[i]);
		i += found ? n : 1;
	}
}

/* --- what stands in <…> --- */

struct part {
	const char *at;
	size_t len;
};

static bool begins(struct part p, const char *with)
{
	size_t n = strlen(with);
	return p.len >= n && memcmp(p.at, with, n) == 0;
}

static void add_name(struct tw_str *out, struct part id, struct part label, char mark,
		     const char *(*name_of)(void *ctx, const char *id), void *ctx)
{
	char key[64] = "";
	if (id.len < sizeof(key))
		memcpy(key, id.at, id.len);
	const char *name = label.len ? NULL : name_of(ctx, key);
	if (!label.len || *label.at != mark)
		tw_str_addc(out, mark);
	if (label.len)
		add_unescaped(out, label.at, label.len);
	else
		tw_str_adds(out, name ? name : key);
}

/* <!here>, <!subteam^S1|@crew>, <!date^1392734382^{date}|18 February> */
static void add_special(struct tw_str *out, struct part what, struct part label)
{
	const char *caret = memchr(what.at, '^', what.len);
	if (label.len && caret) {
		add_unescaped(out, label.at, label.len);
		return;
	}
	tw_str_addc(out, '@');
	tw_str_add(out, what.at, caret ? (size_t)(caret - what.at) : what.len);
}

/* What was typed is enough where the link says no more: example.org, ann@example.org. */
static void add_link(struct tw_str *out, struct part url, struct part label)
{
	bool same = label.len && label.len <= url.len &&
		    (memcmp(url.at + url.len - label.len, label.at, label.len) == 0 ||
		     memmem(url.at, url.len, label.at, label.len));
	if (!label.len || same) {
		struct part shown = same ? label : url;
		add_unescaped(out, shown.at, shown.len);
		return;
	}
	tw_str_addc(out, '[');
	add_unescaped(out, label.at, label.len);
	tw_str_adds(out, "](");
	add_unescaped(out, url.at, url.len);
	tw_str_addc(out, ')');
}

static void add_angle(struct tw_str *out, struct part in, const struct slack_names *names)
{
	const char *bar = memchr(in.at, '|', in.len);
	struct part what = {in.at, bar ? (size_t)(bar - in.at) : in.len};
	struct part label = {bar ? bar + 1 : in.at, bar ? in.len - what.len - 1 : 0};
	struct part rest = {what.at + 1, what.len ? what.len - 1 : 0};
	if (begins(what, "@"))
		add_name(out, rest, label, '@', names->user, names->ctx);
	else if (begins(what, "#"))
		add_name(out, rest, label, '#', names->channel, names->ctx);
	else if (begins(what, "!"))
		add_special(out, rest, label);
	else
		add_link(out, what, label);
}

/* --- marks --- */

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (unsigned char)c >= 0x80;
}

/* The mark that ends what this one begins; NULL when it is a character like others. */
static const char *closing(const char *text, const char *mark, const char *end)
{
	const char c[2] = {*mark, '\0'};
	bool opens = mark + 1 < end && !strchr(" \t\n*~", mark[1]) &&
		     (mark == text || (!is_word(mark[-1]) && mark[-1] != *mark));
	const char *p = opens ? find(mark + 2, end, c, true) : NULL;
	if (!p || strchr(" \t", p[-1]) || (p + 1 < end && (is_word(p[1]) || p[1] == *mark)))
		return NULL;
	return p;
}

struct render {
	const char *text, *end;
	const char *bold, *struck; /* where they end; NULL: not in one */
	bool quoted;		   /* behind ">>>": to the end */
	const struct slack_names *names;
};

/* ``` … ``` and ` … `. NULL: it is none. */
static const char *add_code(struct tw_str *out, const struct render *r, const char *p)
{
	bool block = r->end - p >= 3 && memcmp(p, "```", 3) == 0;
	const char *mark = block ? "```" : "`";
	size_t n = strlen(mark);
	const char *to = find(p + n, r->end, mark, !block);
	if (!to || to == p + n)
		return NULL;
	bool own_line = block && memchr(p, '\n', (size_t)(to - p));
	tw_str_adds(out, mark);
	if (own_line && p[n] != '\n')
		tw_str_addc(out, '\n');
	add_unescaped(out, p + n, (size_t)(to - p - (ptrdiff_t)n));
	if (own_line && to[-1] != '\n')
		tw_str_addc(out, '\n');
	tw_str_adds(out, mark);
	return to + n;
}

static const char *add_marked(struct tw_str *out, struct render *r, const char *p)
{
	const char **open = *p == '*' ? &r->bold : &r->struck;
	bool ends = *open == p, begun = false;
	if (ends || (*open && *open < p)) /* or code hid the end */
		*open = NULL;
	if (!ends && !*open) {
		*open = closing(r->text, p, r->end);
		begun = *open != NULL;
	}
	tw_str_addc(out, *p);
	if (ends || begun)
		tw_str_addc(out, *p);
	return p + 1;
}

/* "&gt; quoted", and "&gt;&gt;&gt; all from here" */
static const char *add_line_begin(struct tw_str *out, struct render *r, const char *p)
{
	const struct part rest = {p, (size_t)(r->end - p)};
	if (begins(rest, "&gt;&gt;&gt;")) {
		r->quoted = true;
		p += 12;
		p += p < r->end && *p == ' ';
	} else if (!r->quoted && begins(rest, "&gt;")) {
		p += 4;
		p += p < r->end && *p == ' ';
		tw_str_adds(out, "> ");
		return p;
	}
	if (r->quoted)
		tw_str_adds(out, "> ");
	return p;
}

void slack_markdown(struct tw_str *out, const char *mrkdwn, const struct slack_names *names)
{
	struct render r = {.text = mrkdwn, .end = mrkdwn + strlen(mrkdwn), .names = names};
	bool line_begins = true;
	for (const char *p = r.text; p < r.end;) {
		const char *next = NULL;
		if (line_begins)
			p = add_line_begin(out, &r, p);
		line_begins = false;
		if (p == r.end)
			break;
		if (*p == '<' && (next = find(p, r.end, ">", false)))
			add_angle(out, (struct part){p + 1, (size_t)(next++ - p - 1)}, names);
		else if (*p == '`')
			next = add_code(out, &r, p);
		else if (*p == '*' || *p == '~')
			next = add_marked(out, &r, p);
		if (!next) {
			size_t n = 1;
			while (*p == '&' && n < 5 && p + n < r.end && p[n - 1] != ';')
				n++;
			add_unescaped(out, p, n);
			line_begins = *p == '\n';
			next = p + n;
		}
		p = next;
	}
}
