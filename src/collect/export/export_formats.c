#include <stddef.h>

#include "collect/export/export_int.h"

extern const struct export_format export_mastodon, export_twitter, export_wordpress, export_chatgpt,
	export_claude, export_medium, export_telegram, export_substack, export_blogger,
	export_ghost, export_mbox;

/* In the order in which they are asked. */
const struct export_format *const export_formats[] = {
	&export_mastodon, &export_twitter, &export_wordpress, &export_chatgpt,
	&export_claude,	  &export_medium,  &export_telegram,  &export_substack,
	&export_blogger,  &export_ghost,   &export_mbox,      NULL,
};
