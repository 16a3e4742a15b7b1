/*
 * serve/web_assets.h: the files of src/serve/web/, inside the program.
 */
#ifndef TW_SERVE_WEB_ASSETS_H
#define TW_SERVE_WEB_ASSETS_H

#include <stddef.h>

struct tw_web_asset {
	const char *path, *type;
	const char *data, *end;
};

extern const struct tw_web_asset tw_web_assets[]; /* ended by {0} */

#endif
