/* What a model answered before its training and after it, in two columns. */
#include <string.h>

#include "app/run_view.h"
#include "base/chart.h"
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"

#define GAP	   3
#define MOST_LINES 8
#define WIDEST	   120

struct lines TW_VEC_BODY(const char *);

/* One paragraph, without control characters. */
static const char *flat(const char *s, struct tw_arena *a)
{
	struct tw_str out = TW_STR_INIT;
	tw_text_plain(&out, s, strlen(s), "");
	tw_str_trim(&out);
	char *text = tw_str_dup(&out, a);
	tw_str_release(&out);
	return text;
}

static size_t letters(const char *s)
{
	return tw_utf8_count(s, strlen(s));
}

/* Bytes of the longest beginning of s that fits into `width`, cut between words where there are any. */
static size_t line_length(const char *s, size_t width)
{
	const size_t end = tw_utf8_prefix(s, strlen(s), width);
	size_t space = end;
	while (s[end] && space && s[space] != ' ')
		space--;
	return space ? space : end;
}

static struct lines wrap(const char *text, size_t width, size_t most, struct tw_arena *a)
{
	struct lines out = {0};
	const char *p = flat(text, a);
	while (*p && out.n < most) {
		size_t n = line_length(p, width);
		const char *line = tw_strndup(a, p, n);
		for (p += n; *p == ' '; p++)
			;
		bool cut = *p && out.n + 1 == most;
		if (cut && letters(line) == width)
			line = tw_strndup(a, line, tw_utf8_floor(line, n - 1));
		line = cut ? tw_sprintf(a, "%s…", line) : line;
		tw_vec_push(&out, line);
	}
	if (!out.n)
		tw_vec_push(&out, "(nothing)");
	return out;
}

static void pad(FILE *f, const char *text, size_t width)
{
	size_t n = letters(text);
	fprintf(f, "%s%*s", text, n < width ? (int)(width - n) : 0, "");
}

static void print_columns(FILE *f, const struct lines *left, const struct lines *right,
			  size_t width)
{
	size_t n = left->n > right->n ? left->n : right->n;
	for (size_t i = 0; i < n; i++) {
		const char *l = i < left->n ? left->at[i] : "",
			   *r = i < right->n ? right->at[i] : "";
		fputs("  ", f);
		if (*r)
			pad(f, l, width + GAP);
		fprintf(f, "%s\n", *r ? r : l);
	}
}

static void print_heading(FILE *f, const char *left, const char *right, size_t width)
{
	fprintf(f, "  %s", tw_color(f, "dim"));
	if (*right)
		pad(f, left, width + GAP);
	fprintf(f, "%s%s\n", *right ? right : left, tw_color(f, "reset"));
}

static void print_one(FILE *f, const struct tw_run_sample *before,
		      const struct tw_run_sample *after, size_t width, struct tw_arena *a)
{
	struct lines prompt = wrap(before->prompt, 2 * width + GAP, 2, a);
	struct lines left = wrap(before->text, width, MOST_LINES, a);
	struct lines right = wrap(after->text, width, MOST_LINES, a);
	for (size_t i = 0; i < prompt.n; i++)
		fprintf(f, "%s%s%s\n", tw_color(f, "bold"), prompt.at[i], tw_color(f, "reset"));
	if (before->step == after->step) {
		right.n = 0;
		print_heading(f, tw_sprintf(a, "step %lld", (long long)after->step), "", width);
	} else {
		print_heading(f,
			      before->step ? tw_sprintf(a, "step %lld", (long long)before->step)
					   : "before",
			      tw_sprintf(a, "step %lld", (long long)after->step), width);
	}
	print_columns(f, &left, &right, width);
	if (before->expected[0]) {
		struct lines own = wrap(before->expected, 2 * width + GAP, 3, a), none = {0};
		print_heading(f, "the author", "", width);
		print_columns(f, &own, &none, width);
		tw_vec_release(&own);
	}
	tw_vec_release(&prompt);
	tw_vec_release(&left);
	tw_vec_release(&right);
}

void tw_run_samples_print(FILE *f, const struct tw_run_view *v, struct tw_arena *a)
{
	const struct tw_run_samples *s = &v->samples;
	int columns = tw_chart_look_of(f).width;
	columns = columns < 40 ? 40 : columns > WIDEST ? WIDEST : columns;
	size_t width = (size_t)(columns - 2 - GAP - 1) / 2;
	for (size_t i = 0; i < s->n;) {
		size_t first = i;
		while (i < s->n && s->at[i].item == s->at[first].item)
			i++;
		fputs("\n", f);
		print_one(f, &s->at[first], &s->at[i - 1], width, a);
	}
}
