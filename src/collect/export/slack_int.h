/*
 * collect/export/slack_int.h: Slack's mrkdwn as Markdown.
 */
#ifndef TW_COLLECT_SLACK_INT_H
#define TW_COLLECT_SLACK_INT_H

#include "base/map.h"
#include "base/str.h"

/* What ids are called; NULL when nobody knows. */
struct slack_names {
	const char *(*user)(void *ctx, const char *id);
	const char *(*channel)(void *ctx, const char *id);
	void *ctx;
};

/* Appends the text of a message. Time is linear in it. */
void slack_markdown(struct tw_str *out, const char *mrkdwn, const struct slack_names *names);

#endif
