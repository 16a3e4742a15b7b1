/* Formulas of LaTeX, which stay what they are: between "$" in a line, "$$" alone. */
#include <ctype.h>
#include <string.h>

#include "collect/markup/tex_int.h"

void tex_copy_math(struct tw_str *out, struct tex *t, const struct tex_source *x, size_t i,
		   size_t to, int depth)
{
	enum { DEEPEST = 8 };
	while (i < to) {
		const char *back = memchr(x->s + i, '\\', to - i);
		size_t at = back ? (size_t)(back - x->s) : to;
		tw_str_add(out, x->s + i, at - i);
		if (at == to)
			return;
		size_t n = tex_name(x, at, to), from, end;
		const struct tw_map_slot *macro = tw_map_find(&t->macros, x->s + at + 1, n);
		i = at + 1 + n;
		if (macro && depth < DEEPEST) {
			const struct tex_source *m = macro->v.p;
			if (markup_may_expand(&t->m, m->n + 16))
				tex_copy_math(out, t, m, 0, m->n, depth + 1);
		} else if (n == 5 && memcmp(x->s + at + 1, "label", 5) == 0 &&
			   tex_arg(x, &i, to, &from, &end)) {
			continue;
		} else {
			tw_str_add(out, x->s + at, 1 + n);
		}
	}
}

/* No empty line and no space at the ends: both would end the formula for who reads Markdown. */
static void add_folded(struct tw_str *out, const struct tw_str *tex)
{
	for (size_t i = 0; i < tex->len; i++) {
		if (!markup_is_space(tex->data[i]))
			tw_str_addc(out, tex->data[i]);
		else if (out->len && out->data[out->len - 1] != ' ')
			tw_str_addc(out, ' ');
	}
}

static void write_formula(struct tex *t, const struct tex_source *x, size_t i, size_t to,
			  bool display)
{
	struct tw_str tex = TW_STR_INIT, line = TW_STR_INIT;
	tex_copy_math(&tex, t, x, i, to, 0);
	tw_str_trim(&tex);
	if (display && !t->within) {
		tex_flush(t);
		add_folded(&line, &tex);
		markup_math(&t->m, &line);
	} else if (tex.len) {
		add_folded(&line, &tex);
		tw_str_addf(&t->para, "$%s$", line.data);
	}
	tw_str_release(&line);
	tw_str_release(&tex);
}

/* The mark that ends a formula which begins at i, or `to`. */
static size_t find(const struct tex_source *x, size_t i, size_t to, const char *mark)
{
	size_t n = strlen(mark);
	for (; i + n <= to; i++) {
		if (memcmp(x->s + i, mark, n) == 0)
			return i;
		i += x->s[i] == '\\';
	}
	return to;
}

/* The same, with what is known from before. */
static size_t find_end(struct tex *t, const struct tex_source *x, size_t i, size_t to, int mark)
{
	static const char *const marks[] = {"$", "$$", "\\)", "\\]"};
	if (t->endless[mark].x == x && i >= t->endless[mark].from && to <= t->endless[mark].to)
		return to;
	size_t end = find(x, i, to, marks[mark]);
	if (end == to) {
		t->endless[mark].x = x;
		t->endless[mark].from = i;
		t->endless[mark].to = to;
	}
	return end;
}

size_t tex_formula(struct tex *t, const struct tex_source *x, size_t i, size_t to)
{
	bool dollar = x->s[i] == '$', two = i + 1 < to && x->s[i + 1] == '$';
	int mark = dollar ? two : x->s[i + 1] == '(' ? 2 : 3;
	size_t from = i + (dollar && !two ? 1 : 2);
	size_t end = from < to ? find_end(t, x, from, to, mark) : to;
	if (end >= to)
		return 0;
	write_formula(t, x, from, end, mark == 1 || mark == 3);
	return end + (mark ? 2 : 1);
}
