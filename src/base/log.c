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

static _Atomic enum tw_log_level threshold = TW_LOG_INFO;

static pthread_mutex_t talk = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void tw_talk_lock(void)
{
	pthread_mutex_lock(&talk);
}

void tw_talk_unlock(void)
{
	pthread_mutex_unlock(&talk);
}

void tw_log_set_level(enum tw_log_level level)
{
	atomic_store(&threshold, level);
}

enum tw_log_level tw_log_level(void)
{
	return atomic_load(&threshold);
}

void tw_log(enum tw_log_level level, const char *fmt, ...)
{
	static const char *const words[] = {"error: ", "warning: ", "", ""};
	static const char *const colors[] = {"red", "yellow", "", "dim"};
	struct tw_str line = TW_STR_INIT;
	char small[1024];
	va_list ap;
	int len;

	if (level > tw_log_level())
		return;
	tw_str_adds(&line, tw_color(stderr, colors[level]));
	tw_str_adds(&line, words[level]);
	if (level != TW_LOG_DEBUG)
		tw_str_adds(&line, tw_color(stderr, level == TW_LOG_INFO ? "" : "reset"));
	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (len >= (int)sizeof(small)) {
		tw_str_reserve(&line, (size_t)len);
		va_start(ap, fmt);
		vsnprintf(line.data + line.len, line.cap - line.len, fmt, ap);
		va_end(ap);
		line.len += (size_t)len;
	} else if (len > 0) {
		tw_str_add(&line, small, (size_t)len);
	}
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

static bool wants_color(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && no[0]) || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(f));
}

const char *tw_color(FILE *f, const char *name)
{
	static const struct {
		const char *name, *code;
	} table[] = {
		{"bold", "\033[1m"},   {"dim", "\033[2m"},     {"red", "\033[31m"},
		{"green", "\033[32m"}, {"yellow", "\033[33m"}, {"blue", "\033[34m"},
		{"reset", "\033[0m"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return wants_color(f) ? table[i].code : "";
	return "";
}
