/*
 * base/log.h: talk for people, on stderr.
 *
 * Data goes to stdout and is the command's work; everything said about the
 * work goes through here, so that it interleaves well with a progress bar.
 * Thread-safe. Colours only on a terminal without NO_COLOR.
 */
#ifndef TW_BASE_LOG_H
#define TW_BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

enum tw_log_level { TW_LOG_ERROR, TW_LOG_WARN, TW_LOG_INFO, TW_LOG_DEBUG };

void tw_log_set_level(enum tw_log_level level); /* INFO at start */
enum tw_log_level tw_log_level(void);

void tw_log(enum tw_log_level level, const char *fmt, ...) TW_PRINTF(2, 3);

#define tw_error(...) tw_log(TW_LOG_ERROR, __VA_ARGS__)
#define tw_warn(...)  tw_log(TW_LOG_WARN, __VA_ARGS__)
#define tw_info(...)  tw_log(TW_LOG_INFO, __VA_ARGS__)
#define tw_debug(...) tw_log(TW_LOG_DEBUG, __VA_ARGS__)

/* ANSI sequence for `name` ("bold", "dim", "red", "green", "yellow", "blue", "reset") or "" when f gets no colour. */
const char *tw_color(FILE *f, const char *name);

#endif
