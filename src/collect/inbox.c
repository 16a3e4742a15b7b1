/* What is handed in becomes a file: parsed as a folder's files are, and written with all that is known of it in front. */
#include "core/inbox.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "collect/child/child_int.h"
#include "collect/collect.h"
#include "collect/file/files_int.h"

#define NAME_MOST 60   /* bytes of a file's name that come from the title */
#define LINE_MOST 2000 /* bytes of a title, an address */
#define LOOK_AT	  512  /* bytes in which a page says that it is one */
#define CLOCK_S	  60   /* for a text, on a machine that has much else to do */
#define UNNAMED	  "unnamed"

static bool contains_word(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(s + i, word, n) == 0)
			return true;
	return false;
}

static bool looks_like_a_page(const struct tw_bytes *t)
{
	size_t i = 0, n = t->len < LOOK_AT ? t->len : LOOK_AT;
	while (i < n && strchr(" \t\r\n\xef\xbb\xbf", t->data[i]))
		i++;
	return i < n && t->data[i] == '<' &&
	       (contains_word(t->data + i, n - i, "<!doctype html") ||
		contains_word(t->data + i, n - i, "<html"));
}

/* The first whole words of a text: the title of one that has none. */
static const char *first_words(const struct tw_bytes *body, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	size_t most = tw_utf8_prefix(body->data, body->len, NAME_MOST), n = most;
	while (n > 0 && n < body->len && !strchr(" \t\r\n", body->data[n]))
		n--;
	tw_text_plain(&s, body->data, n ? n : most, "");
	tw_str_trim(&s);
	if (most < body->len)
		tw_str_adds(&s, "…");
	const char *words = tw_str_dup(&s, a);
	tw_str_release(&s);
	return words;
}

/* One line, without what YAML takes for no text. */
static const char *line_of(const char *text, struct tw_arena *a)
{
	struct tw_str s = TW_STR_INIT;
	size_t len = strlen(text);
	tw_text_plain(&s, text, tw_utf8_floor(text, len < LINE_MOST ? len : LINE_MOST), "");
	tw_str_trim(&s);
	const char *line = s.len ? tw_str_dup(&s, a) : NULL;
	tw_str_release(&s);
	return line;
}

static const char *either(const char *given, const char *found, struct tw_arena *a)
{
	const char *line = given ? line_of(given, a) : NULL;
	return line || !found ? line : line_of(found, a);
}

/* How the file would be called in a folder. */
static const char *name_to_parse(const struct tw_inbox_item *item, struct tw_arena *a)
{
	const bool page = item->media ? strcmp(item->media, "text/html") == 0
				      : looks_like_a_page(&item->text);
	if (!item->media && item->file)
		for (const struct file_format *const *f = file_formats; f[1]; f++)
			if (file_has_ext(item->file, (*f)->exts))
				return tw_sprintf(a, UNNAMED ".%s", tw_path_ext(item->file));
	if (page)
		return UNNAMED ".html";
	return tw_streq(item->media, "text/plain") ? UNNAMED ".txt" : UNNAMED ".md";
}

static enum tw_status parse(struct tw_document *doc, const struct tw_inbox_item *item,
			    struct tw_arena *a, struct tw_err *err)
{
	struct reports none = {0};
	const struct file_input in = {.rel = name_to_parse(item, a),
				      .label = "the text",
				      .data = item->text,
				      .report = &none};
	*doc = (struct tw_document){0};
	if (item->text.len > TW_INBOX_MOST)
		return tw_fail(err, TW_BAD_DATA, "the text has %zu bytes; %d are the most",
			       item->text.len, TW_INBOX_MOST);
	if (parse_file(doc, &in, a, err) != TW_OK)
		return tw_fail(err, TW_BAD_DATA, "%s", tw_strdup(a, err->msg));
	if (doc->title && strcasecmp(doc->title, UNNAMED) == 0)
		doc->title = NULL;
	doc->title = either(item->title, doc->title, a);
	doc->author = either(item->author, doc->author, a);
	doc->url = either(item->url, doc->url, a);
	doc->lang = either(item->lang, doc->lang, a);
	doc->created_ms = item->created_ms ? item->created_ms : doc->created_ms;
	return TW_OK;
}

struct handed_in {
	const struct tw_inbox_item *item;
	struct tw_document *doc;
	struct tw_arena *a;
};

static enum tw_status parse_apart(struct wire *w, void *ctx, struct tw_err *err)
{
	const struct handed_in *h = ctx;
	enum tw_status st = parse(h->doc, h->item, h->a, err);
	h->doc->key = "";
	if (st == TW_OK)
		wire_put_document(w, h->doc);
	return st;
}

static void take_document(struct wire_frame *f, void *ctx)
{
	const struct handed_in *h = ctx;
	struct tw_document *d = h->doc;
	wire_get_document(d, f);
	f->bad |= !d->body.len;
	d->title = tw_strdup(h->a, d->title);
	d->author = tw_strdup(h->a, d->author);
	d->url = tw_strdup(h->a, d->url);
	d->lang = tw_strdup(h->a, d->lang);
	d->media = tw_strdup(h->a, d->media);
	d->extra = tw_strdup(h->a, d->extra);
	d->body.data = d->body.data ? tw_strndup(h->a, d->body.data, d->body.len) : "";
}

/* --- the file --- */

struct search {
	const char *end; /* of the name that is looked for */
	const char *found;
	struct tw_arena *a;
};

static enum tw_status compare_name(void *ctx, const char *rel, const struct tw_stat *st,
				   const char *problem, struct tw_err *err)
{
	struct search *s = ctx;
	(void)st;
	(void)err;
	if (!problem && !s->found && tw_ends_with(rel, s->end))
		s->found = tw_strdup(s->a, rel);
	return TW_OK;
}

static bool stay_here(void *ctx, const char *rel)
{
	(void)ctx;
	(void)rel;
	return false;
}

/* The file of the same address or title, whatever it was called then; NULL: there is none. */
static const char *name_before(const char *folder, const char *end, struct tw_arena *a)
{
	struct search s = {.end = end, .a = a};
	return tw_walk(folder, stay_here, compare_name, &s, NULL) == TW_OK ? s.found : NULL;
}

/* "Wheels & spokes" → "wheels-spokes-1f3a…": readable, and the same for the same address or title. */
static const char *name_of(const char *folder, const char *words, const char *identity, size_t len,
			   struct tw_arena *a)
{
	const struct tw_digest digest = tw_sha256(identity, len);
	const char *end = tw_sprintf(a, "%.8s.md", digest.hex);
	const char *before = name_before(folder, end, a);
	if (before)
		return before;
	struct tw_str low = TW_STR_INIT, s = TW_STR_INIT;
	tw_text_fold(&low, words, strlen(words));
	const struct tw_spans found = tw_text_words(tw_str_c(&low), low.len, a);
	for (size_t i = 0; i < found.n; i++) {
		size_t n = found.at[i].end - found.at[i].start;
		if (s.len + n > NAME_MOST)
			break;
		tw_str_add(&s, low.data + found.at[i].start, n);
		tw_str_adds(&s, "-");
	}
	tw_str_adds(&s, end);
	const char *name = tw_str_dup(&s, a);
	tw_str_release(&low);
	tw_str_release(&s);
	return name;
}

/* JSON's texts and lists are YAML's too. */
static void add_line(struct tw_str *s, const char *key, const char *text)
{
	struct tw_json_writer w;
	if (!text || !*text)
		return;
	tw_str_addf(s, "%s: ", key);
	tw_jw_init(&w, s);
	tw_jw_str(&w, NULL, text);
	tw_str_adds(s, "\n");
}

static void add_extra(struct tw_str *s, const char *json, struct tw_arena *a)
{
	struct tw_json *tree;
	if (!json || tw_json_parse(&tree, json, strlen(json), a, NULL) != TW_OK)
		return;
	for (const struct tw_json *v = tree->child; v; v = v->next) {
		struct tw_str value = TW_STR_INIT;
		struct tw_json_writer w;
		tw_str_addf(s, "%s: ", v->key);
		tw_jw_init(&w, &value);
		tw_jw_value(&w, NULL, v);
		tw_text_plain(s, tw_str_c(&value), value.len, "");
		tw_str_adds(s, "\n");
		tw_str_release(&value);
	}
}

static void write_text(struct tw_str *s, const struct tw_document *doc, struct tw_arena *a)
{
	tw_str_adds(s, "---\n");
	add_line(s, "title", doc->title);
	add_line(s, "author", doc->author);
	add_line(s, "date", tw_format_time(a, doc->created_ms));
	add_line(s, "updated", tw_format_time(a, doc->modified_ms));
	add_line(s, "url", doc->url);
	add_line(s, "lang", doc->lang);
	add_extra(s, doc->extra, a);
	tw_str_adds(s, "---\n\n");
	tw_str_add(s, doc->body.data, doc->body.len);
	if (s->data[s->len - 1] != '\n')
		tw_str_adds(s, "\n");
}

/* The date of what is there already, for a text that brings none: handed in again it is the same. */
static int64_t date_before(const struct tw_str *old, struct tw_arena *a)
{
	struct meta meta = {0};
	struct reports none = {0};
	size_t skip;
	front_matter_read(&meta, &skip, tw_str_c(old), old->len, "the file", &none, a);
	return meta.created_ms ? meta.created_ms : tw_now_ms();
}

static enum tw_status store(struct tw_inbox_receipt *out, struct tw_document *doc,
			    struct tw_arena *a, struct tw_err *err)
{
	struct tw_str old = TW_STR_INIT, text = TW_STR_INIT;
	enum tw_status st = TW_OK;
	const bool there = tw_exists(out->path);
	if (there)
		st = tw_read_file(&old, out->path, 0, err);
	if (!doc->created_ms)
		doc->created_ms = date_before(&old, a);
	write_text(&text, doc, a);
	const bool same = there && text.len == old.len && memcmp(text.data, old.data, old.len) == 0;
	out->outcome = same ? TW_INBOX_UNCHANGED : there ? TW_INBOX_CHANGED : TW_INBOX_NEW;
	if (st == TW_OK && text.len > TW_INBOX_MOST)
		st = tw_fail(err, TW_BAD_DATA, "the file would have %zu bytes; %d are the most",
			     text.len, TW_INBOX_MOST);
	if (st == TW_OK && !same)
		st = tw_write_file(out->path, text.data, text.len, err);
	tw_str_release(&old);
	tw_str_release(&text);
	return st;
}

static enum tw_status add(struct tw_inbox_receipt *out, const struct tw_inbox *inbox,
			  const struct tw_inbox_item *item, struct tw_arena *a, struct tw_err *err)
{
	struct tw_document doc;
	struct handed_in in = {item, &doc, a};
	struct tw_source_needs needs = {0};
	if (item->file)
		file_needs(&needs, &(struct file_rules){0}, name_to_parse(item, a));
	tw_str_trim(&needs.run);
	const struct child_question q = {.what = "what is handed in",
					 .run = needs.run.len ? needs.run.data : NULL,
					 .parse = parse_apart,
					 .take = take_document,
					 .ctx = &in,
					 .clock_s = CLOCK_S};
	enum tw_status st = child_ask(&q, err);
	tw_str_release(&needs.run);
	if (st == TW_OK)
		st = tw_mkdirs(inbox->folder, err);
	if (st != TW_OK)
		return st;
	const char *identity = doc.url ? doc.url : doc.title ? doc.title : doc.body.data;
	size_t len = doc.url || doc.title ? strlen(identity) : doc.body.len;
	if (!doc.title)
		doc.title = first_words(&doc.body, a);
	*out = (struct tw_inbox_receipt){.key = name_of(inbox->folder, doc.title, identity, len, a),
					 .title = doc.title};
	out->path = tw_path_join(a, inbox->folder, out->key);
	return store(out, &doc, a, err);
}

struct tw_inbox tw_inbox_of(const char *folder)
{
	return (struct tw_inbox){folder, add};
}
