/*
 * Files of a person's own, in an archive that no format of exports knows: notes
 * of Apple (privacy.apple.com: a folder a note, with NAME.txt; "Export as
 * Markdown"), a vault, a folder of texts that was packed. They are read as those
 * of a folder are; never HTML, since whose words it holds nobody can tell.
 */
#include <string.h>

#include "base/fs.h"
#include "collect/export/export_files_int.h"
#include "collect/file/files_int.h"
#include "collect/notes/notes_int.h"

struct files {
	struct vault vault;
	struct tw_arena arena; /* of the vault */
};

/* Files of programs, and what a Mac adds to archives. */
static bool is_hidden(const char *name)
{
	return *name == '.' || strstr(name, "/.") || tw_starts_with(name, "__MACOSX/");
}

/* A chat that was not recognised has others' words. */
static bool is_chat(const char *name)
{
	return tw_ends_with(name, "_chat.txt") || strstr(tw_path_base(name), "WhatsApp");
}

static bool is_note(const char *name)
{
	static const char *const exts[] = {"md",   "markdown", "txt",  "org", "rst",
					   "adoc", "asciidoc", "docx", "odt", NULL};
	return !is_hidden(name) && !is_chat(name) && file_has_ext(name, exts);
}

void export_count_kind(struct export_kinds *k, const char *name)
{
	static const char *const data[] = {"html", "htm", "json", "jsonl", "js",   "csv", "tsv",
					   "xml",  "eml", "mbox", "vcf",   "yaml", "sql", NULL};
	k->notes += is_note(name);
	k->others += !is_hidden(name) && file_has_ext(name, data);
}

/* A single text may be anything, such as a chat; and where most is data, it is an unknown service's, with others' words. */
bool export_are_notes(const struct export_kinds *k)
{
	return k->notes > 1 && k->notes > k->others;
}

static void files_close(void *state)
{
	tw_arena_release(&((struct files *)state)->arena);
}

static enum tw_status see_entry(struct files *s, const char *name, struct export_in *x,
				struct tw_err *err)
{
	struct tw_bytes head, *text = NULL;
	if (vault_wants(name)) {
		enum tw_status st = bundle_peek(&head, x->files, err);
		if (st != TW_OK)
			return st;
		text = &head;
	}
	vault_see(&s->vault, name, text, &s->arena);
	return TW_OK;
}

static enum tw_status files_open(void *state, struct export_in *x, struct tw_err *err)
{
	struct files *s = state;
	struct bundle_entry e;
	enum tw_status st = TW_OK;
	s->vault.root = "";
	tw_arena_init(&s->arena);
	while (st == TW_OK && (st = bundle_next(&e, x->files, err)) == TW_OK)
		st = see_entry(s, e.name, x, err);
	if (st == TW_DONE)
		st = bundle_rewind(x->files, err);
	if (st != TW_OK)
		files_close(s);
	return st;
}

/* TW_DONE: there is nothing in it. */
static enum tw_status read_file(struct tw_document *doc, const struct bundle_entry *e,
				const struct files *s, struct export_in *x, struct tw_arena *a,
				struct tw_err *err)
{
	struct tw_str bytes = TW_STR_INIT;
	struct file_input in = {.rel = doc->key, .label = doc->key, .report = x->reports};
	enum tw_status st = bundle_read_all(&bytes, x->files, EXPORT_MAX_PIECE, err);
	if (st == TW_OK) {
		in.vault = &s->vault;
		in.data = (struct tw_bytes){tw_strndup(a, tw_str_c(&bytes), bytes.len), bytes.len};
		st = file_is_blank(&in.data) ? TW_DONE : parse_file(doc, &in, a, err);
	} else if (st == TW_SKIPPED) {
		tw_wrap(err, st, "%s", in.label);
	}
	tw_str_release(&bytes);
	if (st == TW_OK && !doc->created_ms && !doc->modified_ms)
		doc->created_ms = doc->modified_ms = e->modified_ms;
	return st;
}

static enum tw_status files_next(struct tw_document *doc, void *state, struct export_in *x,
				 struct tw_arena *a, struct tw_err *err)
{
	const struct files *s = state;
	struct bundle_entry e;
	enum tw_status st;
	while ((st = bundle_next(&e, x->files, err)) == TW_OK) {
		if (!is_note(e.name) || vault_leaves_out(&s->vault, e.name))
			continue;
		tw_arena_reset(a);
		*doc = (struct tw_document){.key = tw_strdup(a, e.name)};
		st = read_file(doc, &e, s, x, a, err);
		if (st != TW_DONE)
			return st;
	}
	return st;
}

/* All of it is seen in export_are_notes(). */
static bool never(const char *name TW_UNUSED, const char *head TW_UNUSED, size_t n TW_UNUSED)
{
	return false;
}

const struct export_format export_files = {
	.name = "files",
	.recognise = never,
	.state_size = sizeof(struct files),
	.open = files_open,
	.next = files_next,
	.close = files_close,
};
