/*
 * One bar at a time is on the line. A lock guards it together with the
 * log's lines; the count itself is atomic, so adding costs no lock.
 */
#include "base/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/base_int.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/talk.h"
#include "base/text.h"
#include "base/time.h"

#define TTY_EVERY_MS   100
#define PLAIN_EVERY_MS 10000
#define BAR_WIDTH      26 /* cells */
#define LEAST_BAR      8
#define LABEL_MOST     120	     /* code points */
#define MOST_S	       (999L * 3600) /* that are shown as left */

struct tw_progress {
	char *label, *unit;
	int64_t total;
	atomic_llong done, next_ms; /* next_ms: when to write again, on the monotonic clock */
	double start;
	bool tty, silent;
	const struct tw_talk *other; /* shows it; NULL: this process */
	char note[80];		     /* under tw_talk_lock() */
};

static bool drawn; /* a bar is on the line; under tw_talk_lock() */

static long long clock_ms(void)
{
	return (long long)(tw_monotonic_s() * 1000);
}

static void add_left(struct tw_str *out, double seconds)
{
	long s = seconds < MOST_S ? (long)(seconds + 0.5) : MOST_S;

	if (s >= 3600)
		tw_str_addf(out, "%ld:%02ld:%02ld left", s / 3600, s / 60 % 60, s % 60);
	else
		tw_str_addf(out, "%ld:%02ld left", s / 60, s % 60);
}

/* `cells` wide, brackets included where they are needed to see its end. */
static void add_bar(struct tw_str *out, double part, size_t cells)
{
	const bool utf8 = tw_locale_is_utf8();
	size_t n = utf8 ? cells : cells - 2;
	size_t full = (size_t)(part * (double)n);

	tw_str_adds(out, utf8 ? tw_color(stderr, "green") : "[");
	for (size_t i = 0; i < n; i++) {
		if (i == full && utf8)
			tw_str_addf(out, "%s%s", tw_color(stderr, "reset"),
				    tw_color(stderr, "dim"));
		tw_str_adds(out, i < full ? (utf8 ? "━" : "#") : utf8 ? "─" : ".");
	}
	tw_str_adds(out, utf8 ? tw_color(stderr, "reset") : "]");
}

/* "512/1024  38.2 chunks/s  0:14 left  loss 2.31" */
static void add_counts(struct tw_str *out, const struct tw_progress *p, int64_t done,
		       bool with_rate)
{
	double elapsed = tw_monotonic_s() - p->start;
	double rate = elapsed > 0 ? (double)done / elapsed : 0;

	if (p->total > 0)
		tw_str_addf(out, "%" PRId64 "/%" PRId64, done, p->total);
	else
		tw_str_addf(out, "%" PRId64 " %s", done, p->unit);
	if (done > 0 && elapsed > 0.5) {
		if (with_rate)
			tw_str_addf(out, rate < 100 ? "  %.1f %s/s" : "  %.0f %s/s", rate, p->unit);
		if (p->total > done) {
			tw_str_adds(out, "  ");
			add_left(out, (double)(p->total - done) / rate);
		}
	}
	if (p->note[0])
		tw_str_addf(out, "  %s", p->note);
}

static size_t columns(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 10)
		return w.ws_col;
	return 80;
}

/* One line, or it could not be taken back: what the note says comes before the rate, and both before a wide bar. */
static void draw_bar(const struct tw_progress *p, int64_t done)
{
	struct tw_str bar = TW_STR_INIT, counts = TW_STR_INIT;
	size_t left = columns() - 1, label = tw_utf8_count(p->label, strlen(p->label)) + 2;
	size_t least = p->total > 0 ? LEAST_BAR + 2 : 0;

	left -= label < left ? label : left;
	add_counts(&counts, p, done, true);
	if (least + tw_utf8_count(counts.data, counts.len) > left) {
		tw_str_clear(&counts);
		add_counts(&counts, p, done, false);
	}
	size_t need = tw_utf8_count(counts.data, counts.len);
	size_t cells = left > need + 2 ? left - need - 2 : 0;

	cells = cells < BAR_WIDTH ? cells : BAR_WIDTH;
	if (p->total > 0 && cells >= LEAST_BAR) {
		add_bar(&bar, done < p->total ? (double)done / (double)p->total : 1, cells);
		left -= cells + 2;
	}
	fprintf(stderr, "\r%s  %s%s%.*s\033[K", p->label, tw_str_c(&bar), bar.len ? "  " : "",
		(int)tw_utf8_prefix(counts.data, counts.len, left), counts.data);
	drawn = true;
	tw_str_release(&bar);
	tw_str_release(&counts);
}

/* tw_talk_lock() is held. */
static void draw(struct tw_progress *p, int64_t done)
{
	struct tw_str counts = TW_STR_INIT;

	if (p->tty) {
		draw_bar(p, done);
	} else {
		add_counts(&counts, p, done, true);
		fprintf(stderr, "%s: %s\n", p->label, counts.data);
	}
	fflush(stderr);
	tw_str_release(&counts);
}

/* On its way to a terminal, whoever named it. */
static char *plain(const char *s)
{
	struct tw_str out = TW_STR_INIT;

	tw_text_plain(&out, s, tw_utf8_prefix(s, strlen(s), LABEL_MOST), "");
	return out.data ? out.data : tw_xstrdup("");
}

struct tw_progress *tw_progress_new(const char *label, const char *unit, int64_t total)
{
	struct tw_progress *p = tw_xcalloc(1, sizeof(*p));
	const char *term = getenv("TERM");

	p->label = plain(label);
	p->unit = plain(unit);
	p->total = total;
	p->start = tw_monotonic_s();
	p->silent = tw_log_level() < TW_LOG_INFO;
	p->other = p->silent ? NULL : tw_talk_other();
	p->tty = p->other || (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0);
	atomic_init(&p->done, 0);
	atomic_init(&p->next_ms, clock_ms() + (p->tty ? TTY_EVERY_MS : PLAIN_EVERY_MS));
	if (p->other) {
		p->other->bar_begin(p->other->ctx, label, unit, total);
	} else if (!p->silent && !p->tty) {
		tw_talk_lock();
		if (total > 0)
			fprintf(stderr, "%s: %" PRId64 " %s\n", p->label, total, p->unit);
		else
			fprintf(stderr, "%s: started\n", p->label);
		fflush(stderr);
		tw_talk_unlock();
	}
	return p;
}

static void maybe_draw(struct tw_progress *p)
{
	long long now, due = atomic_load(&p->next_ms);

	if (p->silent)
		return;
	now = clock_ms();
	/* Of threads that come at once, the one whose exchange works draws. */
	if (now < due || !atomic_compare_exchange_strong(
				 &p->next_ms, &due, now + (p->tty ? TTY_EVERY_MS : PLAIN_EVERY_MS)))
		return;
	if (p->other) { /* no lock: in a forked process it may be held for ever */
		p->other->bar_at(p->other->ctx, atomic_load(&p->done));
		return;
	}
	tw_talk_lock();
	draw(p, atomic_load(&p->done));
	tw_talk_unlock();
}

void tw_progress_add(struct tw_progress *p, int64_t done)
{
	if (!p)
		return;
	atomic_fetch_add(&p->done, done);
	maybe_draw(p);
}

void tw_progress_set(struct tw_progress *p, int64_t done)
{
	if (!p)
		return;
	atomic_store(&p->done, done);
	maybe_draw(p);
}

void tw_progress_note(struct tw_progress *p, const char *fmt, ...)
{
	va_list ap;

	if (!p)
		return;
	tw_talk_lock();
	va_start(ap, fmt);
	vsnprintf(p->note, sizeof(p->note), fmt, ap);
	va_end(ap);
	tw_talk_unlock();
}

static void write_end(struct tw_progress *p)
{
	double elapsed = tw_monotonic_s() - p->start;
	int64_t done = atomic_load(&p->done);
	struct tw_str line = TW_STR_INIT;
	struct tw_arena a;

	tw_arena_init(&a);
	tw_str_addf(&line, "%s: %" PRId64 " %s in %s", p->label, done, p->unit,
		    tw_format_duration(&a, elapsed));
	if (done > 0 && elapsed > 0.5)
		tw_str_addf(&line, " (%.*f %s/s)", (double)done / elapsed < 100 ? 1 : 0,
			    (double)done / elapsed, p->unit);
	if (p->note[0])
		tw_str_addf(&line, ", %s", p->note);
	tw_progress_hide();
	fprintf(stderr, "%s\n", line.data);
	fflush(stderr);
	tw_str_release(&line);
	tw_arena_release(&a);
}

void tw_progress_free(struct tw_progress *p)
{
	if (!p)
		return;
	if (p->other) {
		p->other->bar_at(p->other->ctx, atomic_load(&p->done));
		p->other->bar_end(p->other->ctx);
	} else if (!p->silent) {
		tw_talk_lock();
		write_end(p);
		tw_talk_unlock();
	}
	free(p->label);
	free(p->unit);
	free(p);
}

void tw_progress_hide(void)
{
	tw_talk_lock();
	if (drawn)
		fputs("\r\033[K", stderr);
	drawn = false;
	tw_talk_unlock();
}
