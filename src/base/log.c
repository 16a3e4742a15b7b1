#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base_int.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/talk.h"
#include "base/text.h"

static _Atomic enum tw_log_level threshold = TW_LOG_INFO;
static const struct tw_talk *other;

static pthread_mutex_t talk = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void tw_talk_lock(void)
{
	pthread_mutex_lock(&talk);
}

void tw_talk_unlock(void)
{
	pthread_mutex_unlock(&talk);
}

void tw_talk_through(const struct tw_talk *through)
{
	other = through;
}

const struct tw_talk *tw_talk_other(void)
{
	return other;
}

void tw_log_set_level(enum tw_log_level level)
{
	atomic_store(&threshold, level);
}

enum tw_log_level tw_log_level(void)
{
	return atomic_load(&threshold);
}

static bool wants_color(FILE *f);

static const struct {
	const char *name, *code;
} colors[] = {
	{"bold", "\033[1m"},	{"dim", "\033[2m"},   {"red", "\033[31m"},  {"green", "\033[32m"},
	{"yellow", "\033[33m"}, {"blue", "\033[34m"}, {"reset", "\033[0m"},
};
enum { N_COLORS = sizeof(colors) / sizeof(*colors) };

/* Length of the colour that `s` begins with; 0 for none. */
static size_t color_at(const char *s)
{
	for (size_t i = 0; i < N_COLORS; i++)
		if (tw_starts_with(s, colors[i].code))
			return strlen(colors[i].code);
	return 0;
}

/* Names of files, addresses and documents stand in messages: of escape sequences only our colours pass. */
static void add_plain(struct tw_str *out, const char *s, size_t len, bool color)
{
	for (size_t at = 0; at < len;) {
		const char *esc = color ? memchr(s + at, '\033', len - at) : NULL;
		size_t end = esc ? (size_t)(esc - s) : len;
		size_t code = esc ? color_at(esc) : 0;

		tw_text_plain(out, s + at, end - at, "\n\t");
		if (code)
			tw_str_add(out, esc, code);
		else if (esc)
			tw_str_addc(out, ' ');
		at = end + (esc ? (code ? code : 1) : 0);
	}
}

/* A line as it stands on standard error. */
static void write_line(enum tw_log_level level, const char *text, size_t len)
{
	static const char *const words[] = {"error: ", "warning: ", "", ""};
	static const char *const by_level[] = {"red", "yellow", "", "dim"};
	struct tw_str line = TW_STR_INIT;

	tw_str_adds(&line, tw_color(stderr, by_level[level]));
	tw_str_adds(&line, words[level]);
	if (level != TW_LOG_DEBUG)
		tw_str_adds(&line, tw_color(stderr, level == TW_LOG_INFO ? "" : "reset"));
	add_plain(&line, text, len, wants_color(stderr));
	if (level == TW_LOG_DEBUG)
		tw_str_adds(&line, tw_color(stderr, "reset"));
	tw_str_addc(&line, '\n');

	/* The progress bar takes it too: lines never mix. */
	tw_talk_lock();
	tw_progress_hide();
	fwrite(line.data, 1, line.len, stderr);
	fflush(stderr);
	tw_talk_unlock();
	tw_str_release(&line);
}

void tw_log(enum tw_log_level level, const char *fmt, ...)
{
	char small[1024], *text = small;
	va_list ap;
	int len;

	if (level > tw_log_level())
		return;
	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(small)) {
		text = tw_xmalloc((size_t)len + 1);
		va_start(ap, fmt);
		vsnprintf(text, (size_t)len + 1, fmt, ap);
		va_end(ap);
	}
	if (other)
		other->line(other->ctx, level, text);
	else
		write_line(level, text, len > 0 ? (size_t)len : 0);
	if (text != small)
		free(text);
}

static bool wants_color(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && no[0]) || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(f));
}

const char *tw_color(FILE *f, const char *name)
{
	for (size_t i = 0; i < N_COLORS; i++)
		if (strcmp(name, colors[i].name) == 0)
			return wants_color(f) ? colors[i].code : "";
	return "";
}

bool tw_locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}
