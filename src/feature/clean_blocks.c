#include "feature/clean_int.h"

#include <string.h>

#include "base/text.h"

/*
 * Reads lines into blocks. `pos` is always at the start of what is left of a
 * line; a dropped range (comment, script, import) may end within one.
 */
struct scan {
	struct cleaner *c;
	const char *s;
	size_t n, pos;
	bool in_list;	  /* indentation belongs to a list item */
	bool after_blank; /* the line before was empty: indented code may begin */
	bool open;	  /* the last block is a paragraph that the next line may continue */
	int open_quotes;  /* '>' marks of its last line */
};

/* What stands at the front of one line. */
struct front {
	size_t start, text, end; /* end: before the newline */
	int indent;		 /* columns before the first mark */
	int quotes;
	bool list;
};

static bool is_blank_char(char ch)
{
	return ch == ' ' || ch == '\t';
}

static size_t line_end(const struct scan *k, size_t pos)
{
	const char *nl = memchr(k->s + pos, '\n', k->n - pos);
	return nl ? (size_t)(nl - k->s) : k->n;
}

static size_t skip_blanks(const struct scan *k, size_t i, size_t end, int *columns)
{
	for (; i < end && is_blank_char(k->s[i]); i++)
		*columns += k->s[i] == '\t' ? 4 - *columns % 4 : 1;
	return i;
}

/* "---", "* * *", "___". */
static bool is_rule(const char *s, size_t n)
{
	size_t marks = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_blank_char(s[i]))
			continue;
		if (s[i] != s[0])
			return false;
		marks++;
	}
	return n && strchr("-*_", s[0]) && marks >= 3;
}

/* Length of "- ", "* ", "+ ", "12. " with the space; 0 when it is none. */
static size_t list_mark(const char *s, size_t n)
{
	size_t i = 0;
	if (!n)
		return 0;
	if (strchr("-*+", s[0]) && s[0]) {
		i = 1;
	} else {
		while (i < n && i < 9 && s[i] >= '0' && s[i] <= '9')
			i++;
		if (i == 0 || i >= n || (s[i] != '.' && s[i] != ')'))
			return 0;
		i++;
	}
	if (i < n && !is_blank_char(s[i]))
		return 0;
	size_t mark = i;
	while (i < n && is_blank_char(s[i]))
		i++;
	return i - mark > 4 ? mark + 1 : i;
}

static struct front read_front(const struct scan *k, size_t pos)
{
	struct front f = {.start = pos, .end = line_end(k, pos)};
	size_t i = skip_blanks(k, pos, f.end, &f.indent);
	while (i < f.end) {
		size_t mark = 0;
		if (k->s[i] == '>') {
			f.quotes++;
			i++;
		} else if (!is_rule(k->s + i, f.end - i) &&
			   (mark = list_mark(k->s + i, f.end - i)) > 0) {
			f.list = true;
			i += mark;
		} else {
			break;
		}
		int columns = 0;
		size_t at = skip_blanks(k, i, f.end, &columns);
		if (columns > 4 && at < f.end)
			break; /* indented code inside */
		i = at;
	}
	f.text = i;
	return f;
}

static void add_line(struct scan *k, enum clean_block_type type, int level, bool join,
		     struct clean_line line)
{
	struct clean_blocks *b = &k->c->blocks;
	if (!join || !b->n) {
		const struct clean_block block = {type, level, k->c->lines.n, 0};
		tw_vec_push(b, block);
	}
	b->at[b->n - 1].n++;
	tw_vec_push(&k->c->lines, line);
}

static struct tw_bytes slice(const struct scan *k, size_t from, size_t to)
{
	return (struct tw_bytes){k->s + from, to - from};
}

static size_t next_line(const struct scan *k, size_t end)
{
	return end < k->n ? end + 1 : k->n;
}

/* Length of the run of ` or ~ that opens a fence; 0 when it is none. */
static size_t fence_run(const char *s, size_t n)
{
	size_t run = 0;
	if (!n || (s[0] != '`' && s[0] != '~'))
		return 0;
	while (run < n && s[run] == s[0])
		run++;
	if (run < 3 || (s[0] == '`' && memchr(s + run, '`', n - run)))
		return 0;
	return run;
}

/* The text of a line inside a fence, behind at most `quotes` marks; *found counts them. */
static size_t inside_quotes(const struct scan *k, size_t pos, size_t end, int quotes, int *found)
{
	size_t i = pos;
	int columns = 0;
	*found = 0;
	for (;;) {
		size_t at = skip_blanks(k, i, end, &columns);
		if (*found == quotes || at >= end || k->s[at] != '>')
			return at;
		++*found;
		i = at + 1;
	}
}

static void take_fence(struct scan *k, const struct front *f, size_t run)
{
	char mark = k->s[f->text];
	add_line(k, CLEAN_CODE, 0, false, (struct clean_line){.text = slice(k, f->start, f->end)});
	k->pos = next_line(k, f->end);
	while (k->pos < k->n) {
		size_t end = line_end(k, k->pos);
		int quotes;
		size_t at = inside_quotes(k, k->pos, end, f->quotes, &quotes);
		if (quotes < f->quotes)
			break;
		add_line(k, CLEAN_CODE, 0, true,
			 (struct clean_line){.text = slice(k, k->pos, end)});
		k->pos = next_line(k, end);
		size_t i = at;
		while (i < end && k->s[i] == mark)
			i++;
		size_t len = i - at;
		while (i < end && is_blank_char(k->s[i]))
			i++;
		if (len >= run && i == end)
			break;
	}
	k->open = false;
}

static void take_indented_code(struct scan *k)
{
	bool first = true;
	size_t keep = k->c->lines.n; /* lines up to the last that is not blank */
	size_t pos = k->pos;
	while (pos < k->n) {
		size_t end = line_end(k, pos);
		int columns = 0;
		size_t at = skip_blanks(k, pos, end, &columns);
		if (at < end && columns < 4)
			break;
		add_line(k, CLEAN_CODE, 0, !first, (struct clean_line){.text = slice(k, pos, end)});
		first = false;
		pos = next_line(k, end);
		if (at < end) {
			keep = k->c->lines.n;
			k->pos = pos;
		}
	}
	struct clean_block *b = &k->c->blocks.at[k->c->blocks.n - 1];
	b->n -= k->c->lines.n - keep;
	k->c->lines.n = keep;
	k->open = false;
}

static bool take_atx(struct scan *k, const struct front *f)
{
	size_t i = f->text, level = 0;
	while (i < f->end && k->s[i] == '#')
		i++;
	level = i - f->text;
	if (level < 1 || level > 6 || (i < f->end && !is_blank_char(k->s[i])))
		return false;
	while (i < f->end && is_blank_char(k->s[i]))
		i++;
	size_t end = f->end;
	while (end > i && is_blank_char(k->s[end - 1]))
		end--;
	size_t hashes = end;
	while (hashes > i && k->s[hashes - 1] == '#')
		hashes--;
	if (hashes == i || is_blank_char(k->s[hashes - 1]))
		end = hashes;
	while (end > i && is_blank_char(k->s[end - 1]))
		end--;
	add_line(k, CLEAN_HEAD, (int)level, false,
		 (struct clean_line){slice(k, f->start, f->text), slice(k, i, end)});
	k->pos = next_line(k, f->end);
	k->open = false;
	return true;
}

/* "===" or "---" under a short paragraph of one line makes it a heading; under a longer one "---" is a rule. */
static bool take_underline(struct scan *k, const struct front *f)
{
	size_t i = f->text;
	char mark = k->s[i];
	if (!k->open || (mark != '=' && mark != '-') || f->list || f->quotes != k->open_quotes)
		return false;
	while (i < f->end && k->s[i] == mark)
		i++;
	size_t marks = i - f->text;
	while (i < f->end && is_blank_char(k->s[i]))
		i++;
	struct clean_block *b = &k->c->blocks.at[k->c->blocks.n - 1];
	const struct clean_line *line = &k->c->lines.at[b->first];
	if (i < f->end || marks < 2 || b->n != 1 || line->text.len > 120 ||
	    memchr(line->text.data, '|', line->text.len))
		return false;
	b->type = CLEAN_HEAD;
	b->level = mark == '=' ? 1 : 2;
	k->pos = next_line(k, f->end);
	k->open = false;
	return true;
}

char *tw_clean_label(struct cleaner *c, const char *s, size_t n)
{
	struct tw_str folded = TW_STR_INIT, one = TW_STR_INIT;
	tw_text_fold(&folded, s, n);
	for (size_t i = 0; i < folded.len; i++) {
		char ch = folded.data[i];
		if (ch != ' ' && ch != '\t' && ch != '\n')
			tw_str_addc(&one, ch);
		else if (one.len && one.data[one.len - 1] != ' ')
			tw_str_addc(&one, ' ');
	}
	tw_str_trim(&one);
	char *label = tw_str_dup(&one, c->a);
	tw_str_release(&folded);
	tw_str_release(&one);
	return label;
}

/* The rest of a definition behind its destination: nothing, or a title in quotes. */
static bool is_title(const char *s, size_t n)
{
	while (n && is_blank_char(s[n - 1]))
		n--;
	while (n && is_blank_char(*s))
		s++, n--;
	if (!n)
		return true;
	return n >= 2 && ((s[0] == '"' && s[n - 1] == '"') || (s[0] == '\'' && s[n - 1] == '\'') ||
			  (s[0] == '(' && s[n - 1] == ')'));
}

/* "[label]: destination" is dropped, "[^label]: text" keeps its text; both are remembered. */
static bool take_definition(struct scan *k, struct front *f)
{
	if (k->open || f->list || f->text >= f->end || k->s[f->text] != '[')
		return false;
	const char *s = k->s + f->text;
	size_t n = f->end - f->text;
	const char *close = memchr(s, ']', n < 500 ? n : 500);
	if (!close || close == s + 1 || (size_t)(close - s) + 1 >= n || close[1] != ':')
		return false;
	size_t label = (size_t)(close - s) - 1, at = label + 3;
	while (at < n && is_blank_char(s[at]))
		at++;
	if (s[1] == '^') {
		tw_map_set_int(&k->c->labels, tw_clean_label(k->c, s + 1, label), 1);
		f->text += at;
		return false;
	}
	size_t dest = at;
	if (at < n && s[at] == '<')
		while (at < n && s[at] != '>')
			at++;
	while (at < n && !is_blank_char(s[at]))
		at++;
	if (at == dest || !is_title(s + at, n - at))
		return false;
	tw_map_set_int(&k->c->labels, tw_clean_label(k->c, s + 1, label), 1);
	k->pos = next_line(k, f->end);
	return true;
}

static void drop_to(struct scan *k, size_t pos)
{
	k->pos = pos;
	int columns = 0;
	size_t at = skip_blanks(k, pos, k->n, &columns);
	if (at >= k->n || k->s[at] == '\n')
		k->pos = at < k->n ? at + 1 : k->n;
	k->open = false;
}

static bool spans_lines(const char *s, size_t n)
{
	return memchr(s, '\n', n) != NULL;
}

static bool take_pre(struct scan *k, const struct front *f, const struct clean_tag *t)
{
	if (strcmp(t->name, "pre") != 0 || t->closing)
		return false;
	size_t from = f->text + t->len;
	size_t at = tw_clean_find_close(k->c, "pre", k->s + from, k->n - from);
	const char *gt = memchr(k->s + from + at, '>', k->n - from - at);
	if (!gt)
		return false;
	add_line(k, CLEAN_PRE, 0, false, (struct clean_line){.text = slice(k, from, from + at)});
	drop_to(k, (size_t)(gt - k->s) + 1);
	return true;
}

/* Ranges that begin at the text of a line and may run over many lines. */
static bool take_range(struct scan *k, const struct front *f)
{
	const char *s = k->s + f->text;
	size_t n = k->n - f->text, len = 0;
	struct clean_tag t;
	if (k->c->mdx && f->indent == 0 && !f->quotes && !f->list && !k->open &&
	    (len = tw_clean_esm(k->c, s, n)) > 0) {
		drop_to(k, f->text + len);
		return true;
	}
	if (k->c->mdx && s[0] == '{' && (len = tw_clean_expression(k->c, s, n)) > 0 &&
	    spans_lines(s, len)) {
		drop_to(k, f->text + len);
		return true;
	}
	if (s[0] != '<')
		return false;
	if ((len = tw_clean_comment(k->c, s, n)) > 0) {
		if (!spans_lines(s, len))
			return false; /* the rest of the line goes with it: inline */
		drop_to(k, f->text + len);
		return true;
	}
	if (!tw_clean_tag(k->c, &t, s, n))
		return false;
	if (take_pre(k, f, &t))
		return true;
	if ((len = tw_clean_dropped_element(k->c, &t, s, n)) > 0 && spans_lines(s, len)) {
		drop_to(k, f->text + len);
		return true;
	}
	return false;
}

static void take_blank(struct scan *k, const struct front *f)
{
	add_line(k, CLEAN_BLANK, 0, false, (struct clean_line){0});
	k->pos = next_line(k, f->end);
	k->open = false;
	k->after_blank = true;
}

/* Length of the tag at `at`, or of the whole element where its content is no prose; 0 for neither. */
static size_t tag_length(const struct scan *k, size_t at)
{
	struct clean_tag t;
	if (!tw_clean_tag(k->c, &t, k->s + at, k->n - at))
		return 0;
	size_t whole = tw_clean_dropped_element(k->c, &t, k->s + at, k->n - at);
	return whole ? whole : t.len;
}

/* End of the line in which the last tag of [from, end) ends: formatters break tags over lines (`</a` and `></p>`). */
static size_t end_of_tags(const struct scan *k, size_t from, size_t end)
{
	bool code = false;
	for (size_t i = from; i < end; i++) {
		code ^= k->s[i] == '`';
		size_t len = k->s[i] == '<' && !code ? tag_length(k, i) : 0;
		if (i + len > end)
			end = line_end(k, i + len);
		i += len ? len - 1 : 0;
	}
	return end;
}

static void take_text(struct scan *k, const struct front *f)
{
	bool join = k->open && !f->list && f->quotes == k->open_quotes;
	size_t next = f->quotes ? f->end : end_of_tags(k, f->text, f->end), end = next;
	while (end > f->text && is_blank_char(k->s[end - 1]))
		end--;
	/* Outside of lists indentation means nothing (children of a component have it). */
	bool bare = !k->in_list && !f->quotes && !f->list;
	add_line(k, CLEAN_TEXT, 0, join,
		 (struct clean_line){slice(k, bare ? f->text : f->start, f->text),
				     slice(k, f->text, end)});
	k->pos = next_line(k, next);
	k->open = true;
	k->open_quotes = f->quotes;
}

/* Blank lines don't end a list; a line that is neither indented nor an item does. */
static void follow_list(struct scan *k, const struct front *f)
{
	if (f->list)
		k->in_list = true;
	else if (k->after_blank && f->indent < 2)
		k->in_list = false;
}

static void take_line(struct scan *k)
{
	struct front f = read_front(k, k->pos);
	if (f.text == f.end && !f.quotes && !f.list) {
		take_blank(k, &f);
		return;
	}
	bool code = f.indent >= 4 && k->after_blank && !k->c->mdx && !k->in_list;
	if (code) {
		take_indented_code(k);
		k->after_blank = false;
		return;
	}
	follow_list(k, &f);
	k->after_blank = false;
	size_t run = fence_run(k->s + f.text, f.end - f.text);
	if (run)
		take_fence(k, &f, run);
	else if (f.text < f.end && (take_underline(k, &f) || take_atx(k, &f)))
		return;
	else if (is_rule(k->s + f.text, f.end - f.text)) {
		add_line(k, CLEAN_CODE, 0, false,
			 (struct clean_line){.text = slice(k, f.start, f.end)});
		k->pos = next_line(k, f.end);
		k->open = false;
	} else if (f.text == f.end || (!take_range(k, &f) && !take_definition(k, &f)))
		take_text(k, &f);
}

void tw_clean_find_blocks(struct cleaner *c, const char *s, size_t n)
{
	struct scan k = {.c = c, .s = s, .n = n, .after_blank = true};
	while (k.pos < k.n)
		take_line(&k);
}
