#include "feature/outline_int.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

struct blocks TW_VEC_BODY(struct outline_block);
struct sections TW_VEC_BODY(struct outline_section);

static size_t skip_marks(const char *s, size_t i, size_t end)
{
	while (i < end && (s[i] == ' ' || s[i] == '\t' || s[i] == '>'))
		i++;
	return i;
}

static size_t list_mark(const char *s, size_t n)
{
	size_t i = 0;
	if (n > 1 && strchr("-*+", s[0]) && s[0])
		i = 1;
	else
		while (i < n && i < 9 && s[i] >= '0' && s[i] <= '9')
			i++;
	if (!i || i >= n)
		return 0;
	if (s[0] >= '0' && s[0] <= '9' && s[i++] != '.' && s[i - 1] != ')')
		return 0;
	return i < n && s[i] == ' ' ? i + 1 : 0;
}

/* Run of ` or ~ that opens or closes a fence at s; 0 for none. A list mark may stand in front. */
static size_t fence_run(const char *s, size_t n, char *mark)
{
	size_t skip = list_mark(s, n), run = 0;
	s += skip, n -= skip;
	if (!n || (s[0] != '`' && s[0] != '~'))
		return 0;
	while (run < n && s[run] == s[0])
		run++;
	*mark = s[0];
	return run >= 3 && !(s[0] == '`' && memchr(s + run, '`', n - run)) ? run : 0;
}

static bool is_rule(const char *s, size_t n)
{
	size_t marks = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == ' ')
			continue;
		if (s[i] != s[0])
			return false;
		marks++;
	}
	return marks >= 3 && strchr("-*_", s[0]);
}

static int heading_level(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] == '#')
		i++;
	return i >= 1 && i <= 6 && i < n && s[i] == ' ' ? (int)i : 0;
}

struct scan {
	const char *s;
	size_t n, pos;
	bool open; /* the last block goes on with the next line */
	struct blocks blocks;
};

static size_t line_end(const struct scan *k, size_t pos)
{
	const char *nl = memchr(k->s + pos, '\n', k->n - pos);
	return nl ? (size_t)(nl - k->s) : k->n;
}

static void take_code(struct scan *k, size_t run, char mark)
{
	struct outline_block b = {OUTLINE_CODE, 0, k->pos, line_end(k, k->pos), 0, 0};
	k->pos = b.end + 1;
	while (k->pos < k->n) {
		size_t end = line_end(k, k->pos), at = skip_marks(k->s, k->pos, end);
		char other = 0;
		size_t close = fence_run(k->s + at, end - at, &other);
		b.end = end;
		k->pos = end + 1;
		if (close >= run && other == mark && at + close == end)
			break;
	}
	tw_vec_push(&k->blocks, b);
	k->open = false;
}

static enum outline_type type_of(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	if (i < n && s[i] == '>')
		return OUTLINE_QUOTE;
	if (list_mark(s + i, n - i))
		return OUTLINE_ITEM;
	if (i < n && s[i] == '|')
		return OUTLINE_TABLE;
	return OUTLINE_PROSE;
}

static void take_line(struct scan *k)
{
	size_t end = line_end(k, k->pos), at = skip_marks(k->s, k->pos, end);
	const char *line = k->s + k->pos;
	size_t len = end - k->pos;
	char mark = 0;
	size_t run = fence_run(k->s + at, end - at, &mark);
	int level = heading_level(line, len);
	if (run) {
		take_code(k, run, mark);
		return;
	}
	if (level || (len && is_rule(line, len))) {
		struct outline_block b = {level ? OUTLINE_HEADING : OUTLINE_RULE,
					  level,
					  k->pos,
					  end,
					  k->pos + (size_t)level + 1,
					  level ? len - (size_t)level - 1 : 0};
		tw_vec_push(&k->blocks, b);
		k->open = false;
	} else if (at == end && k->s[at == k->pos ? at : at - 1] != '>') {
		k->open = false;
	} else {
		enum outline_type type = type_of(line, len);
		struct outline_block *last = k->blocks.n ? &k->blocks.at[k->blocks.n - 1] : NULL;
		if (k->open && type != OUTLINE_ITEM &&
		    (type == last->type || type == OUTLINE_PROSE)) {
			last->end = end;
		} else {
			struct outline_block b = {type, 0, k->pos, end, 0, 0};
			tw_vec_push(&k->blocks, b);
		}
		k->open = true;
	}
	k->pos = end + 1;
}

char *tw_outline_line(const char *s, size_t n, struct tw_arena *a)
{
	char *line = tw_alloc(a, n + 1);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] > ' ')
			line[len++] = s[i];
		else if (len && line[len - 1] != ' ')
			line[len++] = ' ';
	}
	while (len && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	return line;
}

/* Titles and headings are a line; what is longer must not be copied for each section below it. */
#define MAX_STEP 200

static void add_step(struct tw_str *path, const char *step)
{
	size_t n = strnlen(step, MAX_STEP + 1);
	if (path->len && n)
		tw_str_adds(path, " > ");
	tw_str_add(path, step, n > MAX_STEP ? tw_utf8_floor(step, MAX_STEP) : n);
}

static const char *path_of(const char *title, const char *const heads[7], struct tw_arena *a)
{
	struct tw_str path = TW_STR_INIT;
	add_step(&path, title);
	for (int l = 1; l <= 6; l++)
		if (heads[l])
			add_step(&path, heads[l]);
	const char *out = tw_str_dup(&path, a);
	tw_str_release(&path);
	return out;
}

static void find_sections(struct outline *o, const char *title, const char *s, struct tw_arena *a)
{
	struct sections all = {0};
	const char *heads[7] = {NULL};
	struct outline_section now = {SIZE_MAX, 0, 0, path_of(title, heads, a)};
	for (size_t i = 0; i < o->n_blocks; i++) {
		const struct outline_block *b = &o->blocks[i];
		if (b->type != OUTLINE_HEADING) {
			now.n++;
			continue;
		}
		tw_vec_push(&all, now);
		heads[b->level] = tw_outline_line(s + b->text, b->text_n, a);
		for (int l = b->level + 1; l <= 6; l++)
			heads[l] = NULL;
		now = (struct outline_section){i, i + 1, 0, path_of(title, heads, a)};
	}
	tw_vec_push(&all, now);
	o->sections = TW_NEW_ARRAY(a, all.n, struct outline_section);
	memcpy(o->sections, all.at, all.n * sizeof(*all.at));
	o->n_sections = all.n;
	tw_vec_release(&all);
}

struct outline tw_outline(const char *title, const char *s, size_t n, struct tw_arena *a)
{
	struct scan k = {.s = s, .n = n};
	struct outline o = {0};
	while (k.pos < k.n)
		take_line(&k);
	o.blocks = TW_NEW_ARRAY(a, k.blocks.n, struct outline_block);
	if (k.blocks.n)
		memcpy(o.blocks, k.blocks.at, k.blocks.n * sizeof(*o.blocks));
	o.n_blocks = k.blocks.n;
	tw_vec_release(&k.blocks);
	find_sections(&o, title, s, a);
	return o;
}

struct tw_spans tw_outline_sentences(const char *s, const struct outline_block *b,
				     struct tw_arena *a)
{
	size_t n = b->end - b->start;
	char *flat = tw_strndup(a, s + b->start, n);
	if (b->type == OUTLINE_PROSE || b->type == OUTLINE_ITEM || b->type == OUTLINE_QUOTE)
		for (size_t i = 0; i < n; i++)
			if (flat[i] == '\n')
				flat[i] = ' ';
	struct tw_spans spans = tw_text_sentences(flat, n, a);
	for (size_t i = 0; i < spans.n; i++) {
		spans.at[i].start += b->start;
		spans.at[i].end += b->start;
	}
	return spans;
}
