#include <stddef.h>

#include "collect/export/export_int.h"

extern const struct export_format export_mastodon, export_twitter, export_wordpress, export_chatgpt,
	export_claude, export_medium, export_telegram, export_substack, export_blogger,
	export_ghost, export_mbox, export_linkedin, export_reddit, export_stackexchange,
	export_kindle, export_kindle_html, export_readwise, export_goodreads, export_whatsapp,
	export_slack, export_discord, export_discord_chat, export_notion;

/* In the order in which they are asked. */
const struct export_format *const export_formats[] = {
	&export_mastodon,      &export_twitter, &export_wordpress,   &export_chatgpt,
	&export_claude,	       &export_medium,	&export_telegram,    &export_substack,
	&export_blogger,       &export_ghost,	&export_linkedin,    &export_reddit,
	&export_stackexchange, &export_kindle,	&export_kindle_html, &export_readwise,
	&export_goodreads,     &export_slack,	&export_discord,     &export_discord_chat,
	&export_notion,	       &export_mbox,	&export_whatsapp,    NULL,
};
