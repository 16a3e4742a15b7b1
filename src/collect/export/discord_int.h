/*
 * collect/export/discord_int.h: what the two exports of Discord share.
 */
#ifndef TW_COLLECT_DISCORD_INT_H
#define TW_COLLECT_DISCORD_INT_H

#include "collect/export/export_bunch_int.h"

/* Appends a message as Markdown, which it is but for mentions and emoji: <@1>, <#1>, <:name:1>, <t:1:R>. `mentions` is an
 * array of users (id, nickname, name), NULL: nobody is known. One who is not known is left out. */
void discord_markdown(struct tw_str *out, const char *text, const struct tw_json *mentions,
		      struct tw_arena *a);

/* A snowflake, as a number or a text; 0 when it is none. They ascend with time. */
int64_t discord_id(const struct tw_json *v, const char *key);

#endif
