#include <string.h>

#include "app/command.h"
#include "app/print.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "collect/collect.h"

struct add {
	const char *title, *author, *url, *date, *lang, *type;
};

static const struct tw_opt opts[] = {
	{"title", TW_OPT_STRING, offsetof(struct add, title),
	 .help = "default: what the text says"},
	{"author", TW_OPT_STRING, offsetof(struct add, author), .help = "who wrote it"},
	{"url", TW_OPT_STRING, offsetof(struct add, url),
	 .help = "where it stands; added again under the same one, it is replaced"},
	{"date", TW_OPT_STRING, offsetof(struct add, date),
	 .help = "when it was written (default: what the text says, else now)"},
	{"lang", TW_OPT_STRING, offsetof(struct add, lang), .help = "en, de, pt-BR, …"},
	{"type", TW_OPT_STRING, offsetof(struct add, type),
	 .help = "html, markdown or text (default: by the file's name, else what it looks like)"},
	{0},
};

static enum tw_status item_of(struct tw_inbox_item *out, const struct add *o, const char *file,
			      struct tw_err *err)
{
	const char *type = o->type ? o->type : tw_path_ext(file);
	*out = (struct tw_inbox_item){
		.media = tw_inbox_media(strcmp(type, "htm") == 0 ? "html" : type),
		.file = file,
		.title = o->title,
		.author = o->author,
		.url = o->url,
		.lang = o->lang};
	if (o->type && !out->media)
		return tw_fail(err, TW_BAD_USE, "--type is html, markdown or text, not \"%s\"",
			       o->type);
	if (o->date && !tw_parse_date(&out->created_ms, o->date))
		return tw_fail(err, TW_BAD_USE, "--date: \"%s\" is no date; 2026-11-30 is one",
			       o->date);
	return TW_OK;
}

static void print(struct tw_app *app, const struct tw_inbox_receipt *r)
{
	struct tw_str s = TW_STR_INIT;
	struct tw_json_writer w;
	tw_jw_init(&w, &s);
	tw_jw_object(&w, NULL);
	tw_inbox_json(&w, r);
	tw_jw_str(&w, "path", r->path);
	tw_jw_end(&w);
	tw_print_object(app, &s);
	tw_str_release(&s);
}

static enum tw_status add_one(struct tw_app *app, const struct add *o, const char *file,
			      struct tw_err *err)
{
	const bool piped = strcmp(file, "-") == 0;
	const struct tw_inbox inbox =
		tw_inbox_of(tw_path_join(&app->arena, app->conf->dir, TW_INBOX));
	struct tw_str text = TW_STR_INIT;
	struct tw_inbox_item item;
	struct tw_inbox_receipt done;
	enum tw_status st = item_of(&item, o, file, err);
	if (st == TW_OK)
		st = piped ? tw_read_stdin(&text, TW_INBOX_MOST, err)
			   : tw_read_file(&text, file, TW_INBOX_MOST, err);
	item.text = (struct tw_bytes){tw_str_c(&text), text.len};
	if (st == TW_OK) {
		st = inbox.add(&done, &inbox, &item, &app->arena, err);
		if (st != TW_OK)
			tw_wrap(err, st, "%s", piped ? "standard input" : file);
	}
	if (st == TW_OK)
		print(app, &done);
	tw_str_release(&text);
	return st;
}

static enum tw_status run(struct tw_app *app, const void *options, char *const *args, int n,
			  struct tw_err *err)
{
	const struct add *o = options;
	enum tw_status st = TW_OK;
	if (n > 1 && (o->title || o->url))
		return tw_fail(err, TW_BAD_USE, "--title and --url name one document, not %d", n);
	for (int i = 0; i < n && st == TW_OK; i++)
		st = add_one(app, o, args[i], err);
	if (st == TW_OK)
		tw_info("`twin run` takes it up");
	return st;
}

const struct tw_command tw_cmd_add = {
	.name = "add",
	.args = "FILE...",
	.help = "Hand in a piece of writing; - is standard input",
	.more = "  pbpaste | twin add - --title \"On wheels\"\n"
		"  curl -s https://example.org/post | twin add - --url https://example.org/post\n"
		"Markdown, plain text, a page of HTML, of which the article is taken, or a file of any kind that folders may hold (DOCX,\n"
		"ODT, EPUB, PDF, …), which is known by its name. It becomes a Markdown file in the folder\n"
		"\"" TW_INBOX
		"\" beside twin.yaml, which is a source as soon as it is there: edit, move and remove files there as you like.\n"
		"Other programs hand in by POST /api/documents of `twin serve`.",
	.opts = opts,
	.opts_size = sizeof(struct add),
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
