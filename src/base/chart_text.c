/*
 * Charts of characters. With UTF-8 a cell of Braille holds 2 x 4 dots; without, one.
 * Where curves meet, what is clear hides what is faint, and the later curve gives the colour.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/base_int.h"
#include "base/chart_int.h"
#include "base/log.h"
#include "base/text.h"

#define LARGE_ROWS 12
#define SMALL_ROWS 6
#define GAP	   2
#define BRAILLE	   0x2800u

enum { PLAIN = 0, DIM = 1, BOLD = 2, FIRST_COLOR = 3 };

struct cell {
	uint32_t glyph; /* 0: blank */
	uint8_t color;
	bool faint;
};

struct canvas {
	const struct tw_chart_look *look;
	struct cell *at;
	int width, height;
};

/* The part of the canvas in which curves are drawn. */
struct plot {
	struct canvas *c;
	const struct tw_frame *f;
	int x, y, w, h; /* cells */
};

/* --- cells --- */

static struct cell *cell(struct canvas *c, int x, int y)
{
	static struct cell outside;
	return x >= 0 && x < c->width && y >= 0 && y < c->height ? &c->at[y * c->width + x]
								 : &outside;
}

static void put(struct canvas *c, int x, int y, uint32_t glyph, int color)
{
	*cell(c, x, y) = (struct cell){glyph, (uint8_t)color, false};
}

/* UTF-8 to code points, one a cell; cut at `most`. Returns how many cells. */
static int put_text(struct canvas *c, int x, int y, const char *s, int most, int color)
{
	int n = 0;
	for (const unsigned char *p = (const unsigned char *)s; *p && n < most; n++) {
		int more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : 0;
		uint32_t g = more ? *p & (0x3Fu >> more) : *p;
		for (p++; more > 0 && (*p & 0xC0) == 0x80; more--)
			g = g << 6 | (*p++ & 0x3Fu);
		put(c, x + n, y, !c->look->utf8 && g > 126 ? '?' : g, color);
	}
	return n;
}

static void add_glyph(struct tw_str *out, uint32_t g)
{
	if (g < 0x80) {
		tw_str_addc(out, (char)g);
		return;
	}
	if (g < 0x800) {
		tw_str_addc(out, (char)(0xC0 | g >> 6));
	} else {
		tw_str_addc(out, (char)(0xE0 | g >> 12));
		tw_str_addc(out, (char)(0x80 | (g >> 6 & 0x3F)));
	}
	tw_str_addc(out, (char)(0x80 | (g & 0x3F)));
}

static const char *code(int color)
{
	static const char *const codes[FIRST_COLOR + TW_CHART_COLORS] = {
		"\033[0m",  "\033[2m",	"\033[1m",  "\033[36m", "\033[33m", "\033[35m",
		"\033[32m", "\033[34m", "\033[31m", "\033[96m", "\033[93m"};
	return codes[color];
}

static void write_row(struct tw_str *out, struct canvas *c, int y)
{
	int end = c->width, color = PLAIN;
	while (end > 0 && !cell(c, end - 1, y)->glyph)
		end--;
	for (int x = 0; x < end; x++) {
		const struct cell *at = cell(c, x, y);
		if (c->look->color && at->glyph && at->color != color) {
			if (color != PLAIN && at->color != PLAIN)
				tw_str_adds(out, code(PLAIN));
			tw_str_adds(out, code(at->color));
			color = at->color;
		}
		add_glyph(out, at->glyph ? at->glyph : ' ');
	}
	if (color != PLAIN)
		tw_str_adds(out, code(PLAIN));
	tw_str_addc(out, '\n');
}

/* --- dots --- */

static int dots_x(const struct plot *p)
{
	return p->c->look->utf8 ? 2 : 1;
}

static int dots_y(const struct plot *p)
{
	return p->c->look->utf8 ? 4 : 1;
}

/* Marks tell curves apart where colours do not. */
static uint32_t mark_of(const struct canvas *c, int color)
{
	static const uint32_t shapes[TW_CHART_COLORS] = {0x25CF, 0x25B2, 0x25A0, 0x25C6,
							 0x25CB, 0x25B3, 0x25A1, 0x25C7};
	int i = color % TW_CHART_COLORS;
	return c->look->utf8 ? shapes[i] : (uint32_t) "ox+#@%&="[i];
}

/* What a line of this colour is made of without Braille. */
static uint32_t ascii_of(const struct plot *p, int color)
{
	(void)p;
	return (uint32_t) "*:~-^\"/|"[color % TW_CHART_COLORS];
}

/* A dot of the plot, counted from its upper left. */
static void dot(const struct plot *p, int dx, int dy, int color, bool faint)
{
	static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
	int w = dots_x(p), h = dots_y(p);
	struct cell *at = cell(p->c, p->x + dx / w, p->y + dy / h);
	int paint = faint ? DIM : FIRST_COLOR + color % TW_CHART_COLORS;
	if (at->glyph && at->faint != faint && faint)
		return;
	uint32_t g = at->faint == faint ? at->glyph : 0;
	if (!p->c->look->utf8)
		g = faint ? '.' : ascii_of(p, color);
	else
		g = ((g & ~0xFFu) == BRAILLE ? g : BRAILLE) | bits[dy % h][dx % w];
	*at = (struct cell){g, (uint8_t)paint, faint};
}

static int dot_at_x(const struct plot *p, double x)
{
	return (int)lround(tw_frame_x(p->f, x) * (p->w * dots_x(p) - 1));
}

static int dot_at_y(const struct plot *p, double y)
{
	return (int)lround((1 - tw_frame_y(p->f, y)) * (p->h * dots_y(p) - 1));
}

static void line(const struct plot *p, double x0, double y0, double x1, double y1, int color)
{
	int ax = dot_at_x(p, x0), ay = dot_at_y(p, y0);
	int dx = dot_at_x(p, x1) - ax, dy = dot_at_y(p, y1) - ay;
	int n = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
	for (int i = 0; i <= n; i++)
		dot(p, ax + (n ? (int)lround((double)dx * i / n) : 0),
		    ay + (n ? (int)lround((double)dy * i / n) : 0), color, false);
}

/* --- curves --- */

static void draw_faint(const struct plot *p, const struct tw_curve *c, const struct tw_points *pt)
{
	for (size_t i = 0; c->noisy && i < pt->n; i++)
		dot(p, dot_at_x(p, pt->x[i]), dot_at_y(p, pt->y[i]), c->color, true);
}

static void draw_line(const struct plot *p, const struct tw_curve *c, const struct tw_points *pt)
{
	for (size_t i = 0; i < pt->n; i++) {
		size_t from = i ? i - 1 : 0;
		line(p, pt->x[from], pt->mean[from], pt->x[i], pt->mean[i], c->color);
	}
}

/* Few points are all marked; without colours, every curve of several gets some. */
static void draw_marks(const struct plot *p, const struct tw_curve *c, const struct tw_points *pt,
		       bool several)
{
	size_t every = c->marked		       ? pt->n * 3 / (size_t)p->w + 1
		       : several && !p->c->look->color ? pt->n / 6 + 1
						       : 0;
	for (size_t i = every / 2; every && i < pt->n; i += every)
		put(p->c, p->x + dot_at_x(p, pt->x[i]) / dots_x(p),
		    p->y + dot_at_y(p, pt->mean[i]) / dots_y(p), mark_of(p->c, c->color),
		    FIRST_COLOR + c->color % TW_CHART_COLORS);
}

static void draw_curves(const struct plot *p, const struct tw_chart *chart)
{
	struct tw_points *pt = tw_xcalloc(chart->n + 1, sizeof(*pt));
	for (size_t i = 0; i < chart->n; i++)
		pt[i] = tw_points_of(&chart->curves[i]);
	for (size_t i = 0; i < chart->n; i++)
		draw_faint(p, &chart->curves[i], &pt[i]);
	for (size_t i = 0; i < chart->n; i++)
		draw_line(p, &chart->curves[i], &pt[i]);
	for (size_t i = 0; i < chart->n; i++)
		draw_marks(p, &chart->curves[i], &pt[i], chart->n > 1);
	for (size_t i = 0; i < chart->n; i++)
		free(pt[i].x);
	free(pt);
}

/* --- axes --- */

static int label_width(const struct tw_ticks *t)
{
	size_t width = 1;
	struct tw_str s = TW_STR_INIT;
	for (int i = 0; i < t->n; i++) {
		tw_str_clear(&s);
		tw_tick_label(&s, t, i);
		width = s.len > width ? s.len : width;
	}
	tw_str_release(&s);
	return (int)width;
}

static void draw_y_axis(const struct plot *p)
{
	const bool utf8 = p->c->look->utf8;
	struct tw_str s = TW_STR_INIT;
	for (int y = 0; y < p->h; y++)
		put(p->c, p->x - 1, p->y + y, utf8 ? 0x2502 : '|', DIM);
	for (int i = 0; i < p->f->y.n; i++) {
		int y = p->y + dot_at_y(p, p->f->y.first + i * p->f->y.step) / dots_y(p);
		tw_str_clear(&s);
		tw_tick_label(&s, &p->f->y, i);
		put_text(p->c, p->x - 2 - (int)s.len, y, tw_str_c(&s), (int)s.len, DIM);
		put(p->c, p->x - 1, y, utf8 ? 0x2524 : '+', DIM);
	}
	tw_str_release(&s);
}

static void draw_x_axis(const struct plot *p, const char *name)
{
	const bool utf8 = p->c->look->utf8;
	struct tw_str s = TW_STR_INIT;
	int y = p->y + p->h, free_from = p->x - 1;
	put(p->c, p->x - 1, y, utf8 ? 0x2514 : '+', DIM);
	for (int x = 0; x < p->w; x++)
		put(p->c, p->x + x, y, utf8 ? 0x2500 : '-', DIM);
	for (int i = 0; i < p->f->x.n; i++) {
		int x = p->x + dot_at_x(p, p->f->x.first + i * p->f->x.step) / dots_x(p);
		put(p->c, x, y, utf8 ? 0x252C : '+', DIM);
		tw_str_clear(&s);
		tw_tick_label(&s, &p->f->x, i);
		int left = x - ((int)s.len - 1) / 2, over = left + (int)s.len - (p->x + p->w);
		left -= over > 0 ? over : 0;
		if (left <= free_from && i > 0)
			continue;
		free_from = left + put_text(p->c, left, y + 1, tw_str_c(&s), (int)s.len, DIM);
	}
	if (name && free_from + 2 + (int)strlen(name) <= p->x + p->w)
		put_text(p->c, p->x + p->w - (int)strlen(name), y + 1, name, (int)strlen(name),
			 DIM);
	tw_str_release(&s);
}

/* From the right, behind the title: a mark and the name of each curve. */
static void draw_legend(struct canvas *c, int x, int y, int width, const struct tw_chart *chart)
{
	int end = x + width;
	int at = x + put_text(c, x, y, chart->title, width, BOLD) + GAP, need = 0;
	for (size_t i = 0; i < chart->n; i++)
		if (chart->curves[i].name)
			need += (int)tw_utf8_count(chart->curves[i].name,
						   strlen(chart->curves[i].name)) +
				2 + GAP;
	at = end - need + GAP > at ? end - need + GAP : at;
	for (size_t i = 0; i < chart->n && need; i++) {
		const struct tw_curve *k = &chart->curves[i];
		int color = FIRST_COLOR + k->color % TW_CHART_COLORS;
		bool mark = k->marked || (chart->n > 1 && !c->look->color);
		if (!k->name || at + 3 > end)
			continue;
		put(c, at, y, mark ? mark_of(c, k->color) : c->look->utf8 ? 0x2501 : '*', color);
		at += 2 + put_text(c, at + 2, y, k->name, end - at - 2, PLAIN) + GAP;
	}
}

/* Title, `rows` of plot, axis, labels. False: nothing to draw. */
static bool draw_chart(struct canvas *c, int x, int y, int width, int rows,
		       const struct tw_chart *chart)
{
	struct tw_frame f;
	if (!tw_chart_frame(&f, chart, width / 9 + 1, rows / 2 + 1))
		return false;
	int left = label_width(&f.y) + 2;
	const struct plot p = {c, &f, x + left, y + 1, width - left, rows};
	draw_legend(c, x, y, width, chart);
	draw_y_axis(&p);
	draw_x_axis(&p, chart->x_name);
	draw_curves(&p, chart);
	return true;
}

/* --- the page --- */

/* Side by side; returns how many were drawn. */
static void draw_row(struct tw_str *out, const struct tw_chart *const *charts, int n, int rows,
		     int columns, const struct tw_chart_look *look)
{
	struct canvas c = {look, NULL, look->width, rows + 3};
	int width = (look->width - GAP * (columns - 1)) / columns;
	c.at = tw_xcalloc((size_t)(c.width * c.height), sizeof(*c.at));
	for (int i = 0; i < n; i++)
		draw_chart(&c, i * (width + GAP), 0, width, rows, charts[i]);
	if (out->len)
		tw_str_addc(out, '\n');
	for (int y = 0; y < c.height; y++)
		write_row(out, &c, y);
	free(c.at);
}

void tw_chart_text(struct tw_str *out, const struct tw_chart *charts, size_t n,
		   const struct tw_chart_look *look)
{
	struct tw_chart_look l = *look;
	l.width = l.width < 40 ? 40 : l.width;
	const int columns = l.width >= 72 ? 3 : l.width >= 50 ? 2 : 1;
	const struct tw_chart *row[3];
	int in_row = 0;
	bool large = true;
	struct tw_frame f;
	for (size_t i = 0; i < n; i++) {
		if (!tw_chart_frame(&f, &charts[i], 2, 2))
			continue;
		row[in_row++] = &charts[i];
		if (!large && in_row < columns)
			continue;
		draw_row(out, row, in_row, large ? LARGE_ROWS : SMALL_ROWS, large ? 1 : columns,
			 &l);
		in_row = 0;
		large = false;
	}
	if (in_row)
		draw_row(out, row, in_row, SMALL_ROWS, columns, &l);
}

struct tw_chart_look tw_chart_look_of(FILE *f)
{
	struct winsize w;
	bool wide = isatty(fileno(f)) && ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col > 10;
	return (struct tw_chart_look){
		.width = wide ? w.ws_col : 80,
		.color = tw_color(f, "bold")[0] != '\0',
		.utf8 = tw_locale_is_utf8(),
	};
}
