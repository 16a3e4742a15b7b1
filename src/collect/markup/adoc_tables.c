/* Tables of AsciiDoc: cells that begin with "|", or comma- and colon-separated values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "collect/markup/adoc_int.h"

bool adoc_is_table(const struct markup_line *l)
{
	return l->n >= 4 && strchr("|,:!", l->s[0]) && memcmp(l->s + 1, "===", 3) == 0 &&
	       l->s[l->n - 1] == '=';
}

/* "cols="1,2*"" and "cols=3": how many; 0 when nothing says so. */
static size_t columns_of(const char *style)
{
	const char *p = style ? strstr(style, "cols=") : NULL;
	size_t n = 1, total = 0;
	if (!p)
		return 0;
	p += 5;
	bool quoted = *p == '"';
	p += quoted;
	if (!quoted || strspn(p, "0123456789") == strcspn(p, "\""))
		if (!strchr(p, '*'))
			return (size_t)strtoul(p, NULL, 10) % 1000;
	for (; *p && *p != '"'; p += n + (p[n] == ',' || p[n] == ';')) {
		n = strcspn(p, ",;\"");
		size_t digits = strspn(p, "0123456789");
		total += p[digits] == '*' ? (size_t)strtoul(p, NULL, 10) % 1000 : 1;
	}
	return total;
}

/* Length of what says how a cell is, at the end of [s, len): "2+", "a", ".3+^s". */
static size_t spec_length(const char *s, size_t len)
{
	enum { LONGEST = 12 };
	size_t n = 0;
	while (n < len && n < LONGEST && strchr("0123456789.+*<^>adehlmsv", s[len - n - 1]))
		n++;
	return n == len || markup_is_space(s[len - n - 1]) ? n : 0;
}

struct reader {
	struct adoc *o;
	struct markup_table t;
	struct tw_str cell;
	bool open; /* a cell has begun */
	size_t columns, in_row, spans;
};

static void end_cell(struct reader *r)
{
	struct tw_str text = TW_STR_INIT;
	if (!r->open)
		return;
	adoc_inline(&text, r->o, tw_str_c(&r->cell), r->cell.len);
	for (size_t i = 0; i < r->spans; i++, tw_str_clear(&text)) {
		markup_cell(&r->o->m, &r->t, &text);
		if (r->columns && ++r->in_row == r->columns) {
			markup_row(&r->t);
			r->in_row = 0;
		}
	}
	tw_str_release(&text);
	tw_str_clear(&r->cell);
}

static void take_line(struct reader *r, const struct markup_line *l, char mark)
{
	size_t from = 0;
	for (size_t i = 0; i <= l->n; i++) {
		bool end = i == l->n;
		if (!end && (l->s[i] != mark || (i && l->s[i - 1] == '\\')))
			continue;
		size_t n = i - from, spec = end ? 0 : spec_length(l->s + from, n);
		for (size_t c = 0; c < n - spec; c++) /* "\|" is no mark of a cell */
			if (l->s[from + c] != '\\' || from + c + 1 >= l->n ||
			    l->s[from + c + 1] != mark)
				tw_str_addc(&r->cell, l->s[from + c]);
		if (end)
			break;
		end_cell(r);
		const char *plus = memchr(l->s + i - spec, '+', spec);
		unsigned long spans = plus ? strtoul(l->s + i - spec, NULL, 10) : 1;
		r->spans = spans > 0 && spans < 50 ? spans : 1;
		r->open = true;
		from = i + 1;
	}
	tw_str_addc(&r->cell, '\n');
}

static size_t count_cells(const struct markup_line *l, char mark)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n; i++)
		n += l->s[i] == mark && !(i && l->s[i - 1] == '\\');
	return n;
}

static void take_values(struct reader *r, const struct markup_line *l, char separator)
{
	bool quoted = false;
	for (size_t i = 0; i <= l->n; i++) {
		if (i == l->n || (l->s[i] == separator && !quoted)) {
			r->open = true;
			r->spans = 1;
			end_cell(r);
		} else if (l->s[i] == '"') {
			quoted = !quoted;
		} else {
			tw_str_addc(&r->cell, l->s[i]);
		}
	}
	markup_row(&r->t);
}

void adoc_table(struct adoc *o, size_t from, size_t to, char mark)
{
	struct reader r = {.o = o, .spans = 1};
	const char *style = o->style.raw;
	bool csv = mark == ',' || mark == ':' || (style && strstr(style, "format=\"csv\"")) ||
		   (style && strstr(style, "format=csv"));
	from = markup_skip_blank(&o->m, from, to);
	r.columns = csv ? 0 : columns_of(style);
	if (!r.columns && !csv && from < to)
		r.columns = count_cells(&o->m.at[from], mark);
	for (size_t i = from; i < to; i++) {
		const struct markup_line *l = &o->m.at[i];
		if (adoc_is_comment(l))
			continue;
		if (csv && l->n)
			take_values(&r, l, mark == ':' ? ':' : ',');
		else if (!csv)
			take_line(&r, l, mark);
	}
	if (!csv)
		end_cell(&r);
	markup_row(&r.t);
	markup_table(&o->m, &r.t);
	tw_str_release(&r.cell);
}
