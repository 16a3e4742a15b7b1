/*
 * collect/export/export_wordpress_int.h: the text of a WordPress post as HTML.
 */
#ifndef TW_COLLECT_EXPORT_WORDPRESS_INT_H
#define TW_COLLECT_EXPORT_WORDPRESS_INT_H

#include "base/mem.h"

/* Posts of the classic editor have paragraphs without <p>, split by blank lines, as the theme adds it when it shows them
 * (wpautop() of WordPress); those of the block editor are whole. WordPress's own shortcodes, "[caption …]", go. */
const char *wordpress_html(const char *post, struct tw_arena *a);

#endif
