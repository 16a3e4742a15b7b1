#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/print.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "collect/extract.h"

struct extract {
	const char *url, *charset;
	bool markdown;
};

static const struct tw_opt opts[] = {
	{"markdown", TW_OPT_BOOL, offsetof(struct extract, markdown),
	 .help = "Markdown with links, headings, lists, tables and code, in place of plain text"},
	{"url", TW_OPT_STRING, offsetof(struct extract, url),
	 .help = "where the page was: the base of its links"},
	{"charset", TW_OPT_STRING, offsetof(struct extract, charset),
	 .help = "what the server said that it is in (default: found by the page itself)"},
	{0},
};

static enum tw_status read_page(struct tw_str *out, const char *file, struct tw_err *err)
{
	bool standard = !file || strcmp(file, "-") == 0;
	if (standard && isatty(STDIN_FILENO))
		tw_info("reading HTML from the terminal; end it with Ctrl-D (or name a file)");
	enum tw_status st = standard ? tw_read_stdin(out, TW_PAGE_MOST, err)
				     : tw_read_file(out, file, TW_PAGE_MOST, err);
	if (st == TW_BAD_DATA)
		tw_wrap(err, st, "a page has at most %d MiB", TW_PAGE_MOST >> 20);
	return st;
}

/* No escape sequence of a page reaches a terminal. */
static void print_text(const char *s)
{
	struct tw_str plain = TW_STR_INIT;
	tw_text_plain(&plain, s, strlen(s), "\n\t");
	fputs(tw_str_c(&plain), stdout);
	tw_str_release(&plain);
}

static void add_date(struct tw_json_writer *w, struct tw_arena *a, const char *key, int64_t ms)
{
	tw_jw_str(w, key, ms ? tw_format_time(a, ms) : NULL);
}

static void print_json(struct tw_app *app, const struct tw_page *p)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_jw_str(&w, "title", p->title);
	tw_jw_str(&w, "author", p->author);
	add_date(&w, &app->arena, "date", p->created_ms);
	add_date(&w, &app->arena, "modified", p->modified_ms);
	tw_jw_str(&w, "language", p->lang);
	tw_jw_str(&w, "url", p->canonical);
	tw_jw_str(&w, "description", p->description);
	tw_jw_str(&w, "charset", p->charset);
	tw_jw_str(&w, "text", p->text);
	tw_jw_str(&w, "markdown", p->markdown);
	tw_jw_end(&w);
	tw_print_json(&s);
	tw_str_release(&s);
}

static enum tw_status extract(struct tw_app *app, const void *options, char *const *args, int n,
			      struct tw_err *err)
{
	const struct extract *o = options;
	const char *file = n ? args[0] : NULL;
	struct tw_str html = TW_STR_INIT;
	struct tw_page page;
	enum tw_status st = read_page(&html, file, err);
	if (st == TW_OK) {
		st = tw_extract_page_apart(&page, tw_str_c(&html), html.len, o->url, o->charset,
					   &app->arena, err);
		if (st != TW_OK)
			tw_wrap(err, st, "%s", file ? file : "standard input");
	}
	tw_str_release(&html);
	if (st != TW_OK)
		return st;
	if (app->json)
		print_json(app, &page);
	else
		print_text(o->markdown ? page.markdown : page.text);
	return TW_OK;
}

const struct tw_command tw_cmd_extract = {
	.name = "extract",
	.args = "[FILE]",
	.help = "Print what a web page says, without menus, advertisements and comments",
	.more = "Reads HTML from FILE or standard input, in any encoding. Needs no twin.yaml and fetches nothing.\n"
		"  curl -s https://example.org/post | twin extract\n"
		"  twin extract page.html --markdown --url https://example.org/post > post.md\n"
		"  twin extract page.html --json | jq -r '.title, .author, .date'\n"
		"--json: title, author, date, modified, language, url, description, charset, text, markdown;\n"
		"null where the page says nothing. Kept as a document of yours: twin add page.html.",
	.opts = opts,
	.opts_size = sizeof(struct extract),
	.max_args = 1,
	.flags = TW_CMD_ANYWHERE,
	.run = extract,
};
