/*
 * The assembler reads the files itself, from the repository's root where make
 * runs; the Makefile makes this object depend on them.
 */
#include "serve/web_assets.h"

#define EMBED(name, file)                                                        \
	__asm__(".section .rodata\n"                                             \
		".balign 16\n"                                                   \
		"tw_web_" #name ":\n"                                            \
		".incbin \"src/serve/web/" file "\"\n"                           \
		"tw_web_" #name "_end:\n"                                        \
		".byte 0\n"                                                      \
		".previous\n");                                                  \
	extern const char tw_web_##name[] __attribute__((visibility("hidden"))); \
	extern const char tw_web_##name##_end[] __attribute__((visibility("hidden")))

EMBED(html, "index.html");
EMBED(css, "style.css");
EMBED(js, "app.js");
EMBED(icon, "favicon.svg");

const struct tw_web_asset tw_web_assets[] = {
	{"/", "text/html; charset=utf-8", tw_web_html, tw_web_html_end},
	{"/style.css", "text/css; charset=utf-8", tw_web_css, tw_web_css_end},
	{"/app.js", "text/javascript; charset=utf-8", tw_web_js, tw_web_js_end},
	{"/favicon.svg", "image/svg+xml", tw_web_icon, tw_web_icon_end},
	{0},
};
