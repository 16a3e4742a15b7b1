/*
 * What a service gives when its user asks for their data: an archive, a folder
 * or a file. What it is, is seen by what is in it. A pass reads all of it, each
 * format that was recognised in its turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "collect/child/child_int.h"
#include "collect/collect.h"
#include "collect/export/export_files_int.h"
#include "collect/export/export_int.h"

#define MAX_FORMATS 32
#define VERSION	    2 /* raise it when the same export would give other documents */

struct export_source {
	/* options */
	const char *path;
	struct export_in x;
	/* state */
	const struct export_format *found[MAX_FORMATS];
	size_t n, at;
	void *state; /* of found[at], NULL: not opened yet */
	struct tw_map seen;
	struct reports reports;
	const struct tw_source_host *host;
	char stamp[48]; /* of the export, the options, and how it is read */
	bool unchanged; /* since the last whole pass */
	bool skipped;	/* something: it is tried again, and said again */
};

static const struct tw_opt export_opts[] = {
	{"path", TW_OPT_PATH, offsetof(struct export_source, path), .flags = TW_OPT_REQUIRED,
	 .help = "the export: a ZIP, 7z or tar as it was downloaded, a folder with what was in it, or "
		 "a file of it"},
	{"author", TW_OPT_LIST, offsetof(struct export_source, x.author),
	 .help = "names, handles and addresses of the author, where an export has others' words "
		 "too; without it `twin:`"},
	{"drafts", TW_OPT_BOOL, offsetof(struct export_source, x.drafts), .def = "false",
	 .help = "drafts and unpublished posts too"},
	{"direct", TW_OPT_BOOL, offsetof(struct export_source, x.direct), .def = "false",
	 .help = "posts that were sent to single people too"},
	{0},
};

static bool is_found(const struct export_source *s, const struct export_format *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->found[i] == f)
			return true;
	return false;
}

static enum tw_status recognise(struct export_source *s, struct tw_err *err)
{
	struct export_kinds kinds = {0};
	struct bundle_entry e;
	struct tw_bytes head;
	enum tw_status st;
	while ((st = bundle_next(&e, s->x.files, err)) == TW_OK) {
		export_count_kind(&kinds, e.name);
		st = bundle_peek(&head, s->x.files, err);
		if (st != TW_OK)
			return st;
		const struct export_format *const *f = export_formats;
		while (*f && !(*f)->recognise(e.name, head.data, head.len))
			f++;
		if (*f && !is_found(s, *f) && s->n < MAX_FORMATS)
			s->found[s->n++] = *f;
	}
	if (!s->n && bundle_is_archive(s->x.files) && export_are_notes(&kinds))
		s->found[s->n++] = &export_files;
	return st == TW_DONE ? TW_OK : st;
}

static enum tw_status fail_unknown(const struct export_source *s, struct tw_err *err)
{
	struct tw_str known = TW_STR_INIT;
	for (const struct export_format *const *f = export_formats; *f; f++)
		tw_str_addf(&known, "%s%s", f == export_formats ? "" : ", ", (*f)->name);
	tw_fail(err, TW_BAD_DATA,
		"%s: nothing %s is an export that is known here; known are those of %s", s->path,
		bundle_left_out(s->x.files) ? "else in it" : "in it", tw_str_c(&known));
	tw_str_release(&known);
	return TW_BAD_DATA;
}

static void export_close(void *ctx)
{
	struct export_source *s = ctx;
	if (s->state && s->found[s->at]->close)
		s->found[s->at]->close(s->state);
	free(s->state);
	bundle_close(s->x.files);
	reports_end(&s->reports, s->path);
	tw_map_release(&s->seen);
}

static enum tw_status open_bundle(struct export_source *s, struct tw_err *err)
{
	enum tw_status st = bundle_open(&s->x.files, s->path, &s->reports, err);
	if (st != TW_OK)
		return st;
	s->x.reports = &s->reports;
	if (s->host)
		bundle_watch(s->x.files, s->host);
	st = recognise(s, err);
	if (st == TW_OK && !s->n)
		st = fail_unknown(s, err);
	if (st != TW_OK)
		export_close(s);
	return st;
}

static enum tw_status make_stamp(struct export_source *s, struct tw_err *err)
{
	struct tw_digest files, options;
	struct tw_arena a;
	tw_arena_init(&a);
	const char *text = tw_sprintf(&a, "%s%s", tw_opt_canonical(s, export_opts, &a), s->x.twin);
	options = tw_sha256(text, strlen(text));
	tw_arena_release(&a);
	enum tw_status st = bundle_stamp(&files, s->path, err);
	if (st == TW_OK)
		snprintf(s->stamp, sizeof(s->stamp), "%d.%.8s:%.24s", VERSION, options.hex,
			 files.hex);
	return st;
}

/* A pass that is cut short leaves documents of this export: the stamp of another is no longer true then. */
static enum tw_status forget_stamp(const struct tw_source_host *host, const char *known,
				   struct tw_err *err)
{
	if (!known || !*known)
		return TW_OK;
	host->set_state(host->host, "export", "");
	return host->commit ? host->commit(host->host, err) : TW_OK;
}

static enum tw_status export_open(void *ctx, const struct tw_source_host *host, struct tw_err *err)
{
	struct export_source *s = ctx;
	s->host = host;
	s->x.twin = host->twin ? host->twin : "";
	enum tw_status st = make_stamp(s, err);
	if (st != TW_OK)
		return st;
	const char *known = host->get_state(host->host, "export");
	s->unchanged = host->keep_all && tw_streq(known, s->stamp);
	if (s->unchanged)
		return TW_OK;
	st = open_bundle(s, err);
	if (st == TW_OK && (st = forget_stamp(host, known, err)) != TW_OK)
		export_close(s);
	return st;
}

struct kind {
	const char *path;
	struct tw_str *out;
};

static enum tw_status find_kind(struct wire *w, void *ctx, struct tw_err *err)
{
	const struct kind *k = ctx;
	struct tw_str names = TW_STR_INIT;
	struct export_source s = {.path = k->path};
	enum tw_status st = open_bundle(&s, err);
	if (st != TW_OK)
		return st;
	for (size_t i = 0; i < s.n; i++)
		tw_str_addf(&names, "%s%s", i ? ", " : "", s.found[i]->name);
	wire_str(w, tw_str_c(&names));
	tw_str_release(&names);
	export_close(&s);
	return TW_OK;
}

static void take_kind(struct wire_frame *f, void *ctx)
{
	const struct kind *k = ctx;
	const char *names = wire_get_str(f);
	f->bad |= !names;
	tw_str_adds(k->out, names ? names : "");
}

enum tw_status tw_export_kind(struct tw_str *out, const char *path, struct tw_err *err)
{
	struct kind k = {path, out};
	const struct child_question q = {
		.what = path, .read = path, .parse = find_kind, .take = take_kind, .ctx = &k};
	enum tw_status st = child_ask(&q, err);
	return st == TW_OK || tw_starts_with(err->msg, path) ? st : tw_wrap(err, st, "%s", path);
}

static enum tw_status begin_format(struct export_source *s, struct tw_err *err)
{
	const struct export_format *f = s->found[s->at];
	enum tw_status st = bundle_rewind(s->x.files, err);
	if (st != TW_OK)
		return st;
	s->state = tw_xcalloc(1, f->state_size + 1);
	st = f->open ? f->open(s->state, &s->x, err) : TW_OK;
	if (st == TW_OK)
		return st;
	free(s->state);
	s->state = NULL;
	return st == TW_SKIPPED ? TW_BAD_DATA : st; /* it would be begun again and again */
}

static void end_format(struct export_source *s)
{
	const struct export_format *f = s->found[s->at++];
	if (f->close)
		f->close(s->state);
	free(s->state);
	s->state = NULL;
}

static bool is_blank(const struct tw_bytes *b)
{
	size_t i = 0;
	while (i < b->len && strchr(" \t\r\n", b->data[i]))
		i++;
	return i == b->len;
}

/* Parts of an export may repeat each other: the first one counts. */
static bool is_new(struct export_source *s, const char *key)
{
	struct tw_map_slot *slot = tw_map_at(&s->seen, key, strlen(key));
	return slot->v.i++ == 0;
}

static enum tw_status export_next(struct tw_document *doc, void *ctx, struct tw_arena *a,
				  struct tw_err *err)
{
	struct export_source *s = ctx;
	while (s->at < s->n) {
		enum tw_status st = s->state ? TW_OK : begin_format(s, err);
		if (st != TW_OK)
			return st;
		*doc = (struct tw_document){0};
		tw_arena_reset(a); /* of those without text */
		st = s->found[s->at]->next(doc, s->state, &s->x, a, err);
		if (st == TW_DONE)
			end_format(s);
		else if (st != TW_OK) {
			s->skipped |= st == TW_SKIPPED;
			return tw_wrap(err, st, "%s", s->path);
		}
		if (st == TW_OK && !is_blank(&doc->body) && is_new(s, doc->key)) {
			doc->author = doc->author ? doc->author : s->host->twin;
			return TW_OK;
		}
	}
	if (s->unchanged)
		s->host->keep_all(s->host->host);
	else if (!s->skipped && !bundle_left_out(s->x.files))
		s->host->set_state(s->host->host, "export", s->stamp);
	return TW_DONE;
}

static void export_places(const void *ctx, struct tw_str *out)
{
	tw_str_addf(out, "%s\n", ((const struct export_source *)ctx)->path);
}

const struct tw_source_type tw_source_export = {
	.name = "export",
	.help = "an export of Mastodon, X, WordPress, ChatGPT, Claude, Medium, Telegram, WhatsApp, "
		"Slack, Discord, Substack, Blogger, Ghost, Notion and others, mail in mbox, or an archive "
		"of notes",
	.opts = export_opts,
	.ctx_size = sizeof(struct export_source),
	.complete = true,
	.open = export_open,
	.next = export_next,
	.close = export_close,
	.places = export_places,
};
