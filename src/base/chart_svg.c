/*
 * Charts as one SVG: shapes and a style sheet, no script, nothing from elsewhere.
 * A curve of many points is drawn by as many as its width shows, so that the file stays small.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/chart_int.h"
#include "base/text.h"

#define WIDTH	     960
#define MARGIN	     24
#define LARGE_HEIGHT 300
#define SMALL_HEIGHT 170
#define ROW_GAP	     28
#define COLUMN_GAP   24
#define IN_ROW	     3
#define LABEL	     6.6 /* width of a letter of 11 px, about */

/* Where a chart lies, in pixels; its curves are drawn in (x, y, w, h). */
struct area {
	double left, top; /* of the whole, title included */
	double x, y, w, h;
};

static const char style[] =
	"<style>"
	"svg{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:11px}"
	".bg{fill:#fff}.grid{stroke:#e5e7eb}.axis{stroke:#9ca3af}"
	"text{fill:#6b7280}.title{fill:#111827;font-size:18px;font-weight:600}"
	".name{fill:#111827;font-size:13px;font-weight:600}.key{fill:#374151;font-size:12px}"
	"path{fill:none;stroke-linejoin:round;stroke-linecap:round}"
	".line{stroke-width:2}.dash{stroke-dasharray:5 4}.faint{stroke-width:1;opacity:.28}.mark{stroke-width:1.5}"
	".c0{stroke:#2563eb}.c1{stroke:#d97706}.c2{stroke:#9333ea}.c3{stroke:#059669}"
	".c4{stroke:#dc2626}.c5{stroke:#0891b2}.c6{stroke:#be185d}.c7{stroke:#65a30d}"
	".mark{fill:#fff}"
	"@media(prefers-color-scheme:dark){"
	".bg{fill:#0f172a}.grid{stroke:#1e293b}.axis{stroke:#475569}"
	"text{fill:#94a3b8}.title,.name{fill:#f1f5f9}.key{fill:#cbd5e1}"
	".c0{stroke:#60a5fa}.c1{stroke:#fbbf24}.c2{stroke:#c084fc}.c3{stroke:#34d399}"
	".c4{stroke:#f87171}.c5{stroke:#22d3ee}.c6{stroke:#f472b6}.c7{stroke:#a3e635}"
	".mark{fill:#0f172a}}"
	"</style>\n";

static void add_escaped(struct tw_str *out, const char *s)
{
	struct tw_str clean = TW_STR_INIT, valid = TW_STR_INIT;
	tw_utf8_repair(&valid, s, strlen(s));
	tw_text_plain(&clean, tw_str_c(&valid), valid.len, "");
	for (const char *p = tw_str_c(&clean); *p; p++) {
		const char *as = *p == '&'   ? "&amp;"
				 : *p == '<' ? "&lt;"
				 : *p == '>' ? "&gt;"
				 : *p == '"' ? "&quot;"
					     : NULL;
		if (as)
			tw_str_adds(out, as);
		else
			tw_str_addc(out, *p);
	}
	tw_str_release(&valid);
	tw_str_release(&clean);
}

/* `how` is the rest of the tag's attributes. */
static void add_text(struct tw_str *out, double x, double y, const char *how, const char *text)
{
	tw_str_addf(out, "<text x=\"%.1f\" y=\"%.1f\"%s>", x, y, how);
	add_escaped(out, text);
	tw_str_adds(out, "</text>\n");
}

static double text_width(const char *s)
{
	return LABEL * (double)tw_utf8_count(s, strlen(s));
}

static double px(const struct area *a, const struct tw_frame *f, double x)
{
	return a->x + a->w * tw_frame_x(f, x);
}

static double py(const struct area *a, const struct tw_frame *f, double y)
{
	return a->y + a->h * (1 - tw_frame_y(f, y));
}

/* --- axes --- */

static void add_y_axis(struct tw_str *out, const struct area *a, const struct tw_frame *f)
{
	struct tw_str label = TW_STR_INIT;
	for (int i = 0; i < f->y.n; i++) {
		double y = py(a, f, f->y.first + i * f->y.step);
		tw_str_addf(
			out,
			"<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			a->x, a->x + a->w, y, y);
		tw_str_clear(&label);
		tw_tick_label(&label, &f->y, i);
		add_text(out, a->x - 8, y + 4, " text-anchor=\"end\"", tw_str_c(&label));
	}
	tw_str_release(&label);
}

static void add_x_axis(struct tw_str *out, const struct area *a, const struct tw_frame *f,
		       const char *name)
{
	struct tw_str label = TW_STR_INIT;
	double base = a->y + a->h, free_from = a->x - 100, right = a->x + a->w;
	tw_str_addf(out, "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
		    a->x, right, base, base);
	for (int i = 0; i < f->x.n; i++) {
		double x = px(a, f, f->x.first + i * f->x.step);
		tw_str_clear(&label);
		tw_tick_label(&label, &f->x, i);
		tw_str_addf(
			out,
			"<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
			x, x, base, base + 4);
		add_text(out, x, base + 17, " text-anchor=\"middle\"", tw_str_c(&label));
		free_from = x + text_width(tw_str_c(&label)) / 2;
	}
	if (name && free_from + 8 + text_width(name) < right)
		add_text(out, right, base + 17, " text-anchor=\"end\"", name);
	tw_str_release(&label);
}

/* Right-aligned, on the line of the title. */
static void add_legend(struct tw_str *out, const struct area *a, const struct tw_chart *c)
{
	double need = 0, at = a->x + a->w;
	for (size_t i = 0; i < c->n; i++)
		if (c->curves[i].name)
			need += 36 + text_width(c->curves[i].name) * 1.1;
	for (size_t i = 0, x = (size_t)(at - need); i < c->n; i++) {
		const struct tw_curve *k = &c->curves[i];
		if (!k->name)
			continue;
		int color = k->color % TW_CHART_COLORS;
		tw_str_addf(out, "<path class=\"line c%d\" d=\"M%zu %.1fh18\"/>\n", color, x,
			    a->top + 9);
		if (k->marked)
			tw_str_addf(
				out,
				"<circle class=\"mark c%d\" cx=\"%zu\" cy=\"%.1f\" r=\"3.5\"/>\n",
				color, x + 9, a->top + 9);
		add_text(out, (double)x + 24, a->top + 13, " class=\"key\"", k->name);
		x += (size_t)(36 + text_width(k->name) * 1.1);
	}
}

/* --- curves --- */

struct pen {
	struct tw_str *out;
	const struct area *a;
	const struct tw_frame *f;
	bool down;
};

static void go(struct pen *p, double x, double y)
{
	tw_str_addf(p->out, "%c%.1f %.1f", p->down ? 'L' : 'M', px(p->a, p->f, x),
		    py(p->a, p->f, y));
	p->down = true;
}

/* Of the points [from, to) the lowest and the highest, in their order. */
static void go_through(struct pen *p, const double *x, const double *y, size_t from, size_t to)
{
	size_t low = from, high = from;
	for (size_t i = from; i < to; i++) {
		low = y[i] < y[low] ? i : low;
		high = y[i] > y[high] ? i : high;
	}
	size_t first = low < high ? low : high, last = low < high ? high : low;
	go(p, x[first], y[first]);
	if (last != first)
		go(p, x[last], y[last]);
}

static void add_path(struct pen *p, const char *class, int color, const double *x, const double *y,
		     size_t n)
{
	size_t most = (size_t)p->a->w, parts = n <= 2 * most ? n : most;
	tw_str_addf(p->out, "<path class=\"%s c%d\" d=\"", class, color % TW_CHART_COLORS);
	p->down = false;
	for (size_t i = 0; i < parts; i++)
		go_through(p, x, y, i * n / parts, (i + 1) * n / parts);
	tw_str_adds(p->out, "\"/>\n");
}

static void add_marks(struct pen *p, int color, const struct tw_points *pt)
{
	for (size_t i = 0; i < pt->n; i++)
		tw_str_addf(
			p->out,
			"<circle class=\"mark c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"><title>%g: "
			"%.4g</title></circle>\n",
			color % TW_CHART_COLORS, px(p->a, p->f, pt->x[i]), py(p->a, p->f, pt->y[i]),
			pt->x[i], pt->y[i]);
}

static void add_curves(struct tw_str *out, const struct area *a, const struct tw_frame *f,
		       const struct tw_chart *c)
{
	struct pen pen = {out, a, f, false};
	for (int layer = 0; layer < 3; layer++)
		for (size_t i = 0; i < c->n; i++) {
			const struct tw_curve *k = &c->curves[i];
			struct tw_points pt = tw_points_of(k);
			if (layer == 0 && k->noisy)
				add_path(&pen, "faint", k->color, pt.x, pt.y, pt.n);
			else if (layer == 1)
				add_path(&pen, k->dashed ? "line dash" : "line", k->color, pt.x,
					 pt.mean, pt.n);
			else if (layer == 2 && k->marked)
				add_marks(&pen, k->color, &pt);
			free(pt.x);
		}
}

static void add_chart(struct tw_str *out, struct area a, double w, double h,
		      const struct tw_chart *c)
{
	struct tw_frame f;
	struct tw_str label = TW_STR_INIT;
	double widest = 0;
	tw_chart_frame(&f, c, (int)(w / 70) + 1, (int)(h / 40) + 1);
	for (int i = 0; i < f.y.n; i++) {
		tw_str_clear(&label);
		tw_tick_label(&label, &f.y, i);
		double width = text_width(tw_str_c(&label));
		widest = width > widest ? width : widest;
	}
	tw_str_release(&label);
	a.x = a.left + widest + 10;
	a.y = a.top + 26;
	a.w = w - widest - 14;
	a.h = h - 26 - 22;
	add_text(out, a.left, a.top + 13, " class=\"name\"", c->title);
	add_legend(out, &a, c);
	add_y_axis(out, &a, &f);
	add_x_axis(out, &a, &f, c->x_name);
	add_curves(out, &a, &f, c);
}

/* --- the page --- */

static void add_head(struct tw_str *out, const char *title, const char *subtitle, double height)
{
	tw_str_addf(
		out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" width=\"%d\" "
		"height=\"%.0f\" role=\"img\">\n<title>",
		WIDTH, height, WIDTH, height);
	add_escaped(out, title);
	tw_str_addf(out, "</title>\n%s<rect class=\"bg\" width=\"%d\" height=\"%.0f\" rx=\"8\"/>\n",
		    style, WIDTH, height);
	add_text(out, MARGIN, MARGIN + 16, " class=\"title\"", title);
	if (subtitle)
		add_text(out, MARGIN, MARGIN + 36, "", subtitle);
}

void tw_chart_svg(struct tw_str *out, const char *title, const char *subtitle,
		  const struct tw_chart *charts, size_t n)
{
	size_t shown = 0, small = 0;
	struct tw_frame f;
	for (size_t i = 0; i < n; i++)
		shown += tw_chart_frame(&f, &charts[i], 2, 2);
	size_t rows = shown ? (shown - 1 + IN_ROW - 1) / IN_ROW : 0;
	double inner = WIDTH - 2 * MARGIN, top = MARGIN + (subtitle ? 56 : 36);
	double each = (inner - COLUMN_GAP * (IN_ROW - 1)) / IN_ROW;
	double end = top + (shown ? LARGE_HEIGHT : 0);
	add_head(out, title, subtitle, end + (double)rows * (SMALL_HEIGHT + ROW_GAP) + MARGIN);
	for (size_t i = 0, k = 0; i < n; i++) {
		if (!tw_chart_frame(&f, &charts[i], 2, 2))
			continue;
		if (k++ == 0) {
			add_chart(out, (struct area){.left = MARGIN, .top = top}, inner,
				  LARGE_HEIGHT, &charts[i]);
			continue;
		}
		const struct area a = {
			.left = MARGIN + (each + COLUMN_GAP) * (double)(small % IN_ROW),
			.top = end + ROW_GAP + (double)(small / IN_ROW) * (SMALL_HEIGHT + ROW_GAP),
		};
		small++;
		add_chart(out, a, each, SMALL_HEIGHT, &charts[i]);
	}
	tw_str_adds(out, "</svg>\n");
}
