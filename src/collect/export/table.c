#include "collect/export/table_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BUFFER	  ((size_t)1 << 16)
#define MAX_NOTES 20 /* lines before the names */
#define MAX_NAMES 500

enum place { FIELD_START, IN_PLAIN, IN_QUOTES, AFTER_QUOTE, AFTER_BACKSLASH, AFTER_RETURN };

struct table_file {
	char *name, *buf;
	size_t at, n;
	struct tw_str row;
	enum place place;
	bool over, ended;
	struct tw_arena arena; /* of the names */
};

static const char *without_mark(const char *s)
{
	return tw_starts_with(s, "\xef\xbb\xbf") ? s + 3 : s;
}

static int64_t index_of(const struct tw_strings *names, const char *column)
{
	for (size_t i = 0; i < names->n && i < MAX_NAMES; i++)
		if (strcasecmp(names->at[i], column) == 0)
			return (int64_t)i;
	return -1;
}

static bool has_all(const struct tw_strings *names, const char *const *columns)
{
	while (*columns && index_of(names, *columns) >= 0)
		columns++;
	return !*columns;
}

bool table_is(const char *head, size_t n, const char *const *columns)
{
	struct tw_arena a;
	struct csv csv = {.end = head + n};
	struct tw_strings names;
	bool found = false;
	if (!n || !memchr(head, ',', n) || memchr(head, '\0', n))
		return false;
	tw_arena_init(&a);
	csv.at = n > 3 ? without_mark(head) : head;
	for (int i = 0; !found && i < MAX_NOTES && csv_next(&names, &csv, &a); i++)
		found = has_all(&names, columns);
	tw_arena_release(&a);
	return found;
}

static void end_file(struct table *t)
{
	struct table_file *f = t->file;
	if (!f)
		return;
	free(f->name);
	free(f->buf);
	tw_str_release(&f->row);
	tw_arena_release(&f->arena);
	free(f);
	t->file = NULL;
	t->names = t->fields = (struct tw_strings){0};
}

void table_release(struct table *t)
{
	end_file(t);
}

static enum tw_status begin_file(struct table *t, struct export_in *x, struct tw_err *err)
{
	struct bundle_entry e;
	enum tw_status st = export_next_entry(&e, x, t->recognise, err);
	if (st != TW_OK)
		return st;
	t->file = tw_xcalloc(1, sizeof(*t->file));
	t->file->name = tw_xstrdup(e.name);
	t->file->buf = tw_xmalloc(BUFFER);
	tw_arena_init(&t->file->arena);
	return TW_OK;
}

/* Where the next character stands, told by csv.c's rules; true when it ends the row. */
static bool follow(struct table_file *f, char c, bool backslash)
{
	switch (f->place) {
	case IN_QUOTES:
		if (c == '"')
			f->place = AFTER_QUOTE;
		else if (c == '\\' && backslash)
			f->place = AFTER_BACKSLASH;
		return false;
	case AFTER_BACKSLASH:
		f->place = c == '\\' ? AFTER_BACKSLASH : IN_QUOTES;
		return false;
	case AFTER_QUOTE:
		if (c == '"') {
			f->place = IN_QUOTES;
			return false;
		}
		break;
	case FIELD_START:
		if (c == '"') {
			f->place = IN_QUOTES;
			return false;
		}
		break;
	case IN_PLAIN:
	case AFTER_RETURN:
		break;
	}
	f->place = c == ',' ? FIELD_START : c == '\r' ? AFTER_RETURN : IN_PLAIN;
	return c == '\n';
}

/* The bytes of a row, of which those beyond the limit are passed over; TW_DONE at the end of the file. */
static enum tw_status read_row(struct table *t, struct export_in *x, struct tw_err *err)
{
	struct table_file *f = t->file;
	tw_str_clear(&f->row);
	f->place = FIELD_START;
	f->over = false;
	for (;;) {
		if (f->at == f->n) {
			f->at = f->n = 0;
			enum tw_status st = bundle_read(x->files, f->buf, BUFFER, &f->n, err);
			if (st != TW_OK)
				return st;
			if (!f->n) {
				f->ended = true;
				return f->row.len || f->over ? TW_OK : TW_DONE;
			}
		}
		/* A carriage return alone ends a row too. */
		if (f->place == AFTER_RETURN && f->buf[f->at] != '\n')
			return TW_OK;
		char c = f->buf[f->at++];
		bool ends = follow(f, c, t->backslash);
		f->over |= f->row.len >= EXPORT_MAX_PIECE;
		if (!f->over)
			tw_str_addc(&f->row, c);
		if (ends)
			return TW_OK;
	}
}

static enum tw_status cut(const struct table_file *f, struct tw_err *err)
{
	return tw_fail(err, TW_BAD_DATA, "%s is cut; download the export again", f->name);
}

static void take_fields(struct table *t, struct tw_arena *a)
{
	struct table_file *f = t->file;
	export_mend(&f->row);
	const char *row = tw_str_c(&f->row);
	struct csv csv = {without_mark(row), row + f->row.len, .backslash = t->backslash};
	if (!csv_next(&t->fields, &csv, a))
		t->fields = (struct tw_strings){0};
}

static bool is_empty(const struct tw_strings *fields)
{
	return fields->n == 0 || (fields->n == 1 && !*fields->at[0]);
}

/* TW_DONE: the file ends. */
static enum tw_status next_in_file(const char **key, struct table *t, struct export_in *x,
				   struct tw_arena *a, struct tw_err *err)
{
	struct table_file *f = t->file;
	for (;;) {
		enum tw_status st = read_row(t, x, err);
		if (st != TW_OK)
			return st;
		if (f->ended && (f->place == IN_QUOTES || f->place == AFTER_BACKSLASH))
			return cut(f, err);
		*key = tw_sprintf(a, "%s/", f->name); /* which row it was is not known */
		if (f->over)
			return tw_fail(err, TW_SKIPPED, "%s: a row of more than %zu MiB", f->name,
				       EXPORT_MAX_PIECE >> 20);
		bool heading = !t->names.n;
		take_fields(t, heading ? &f->arena : a);
		if (heading && has_all(&t->fields, t->columns))
			t->names = t->fields;
		else if (heading)
			tw_arena_reset(&f->arena);
		else if (f->ended && !is_empty(&t->fields) && t->fields.n < t->names.n)
			return cut(f, err);
		else if (!is_empty(&t->fields))
			return TW_OK;
	}
}

enum tw_status table_next(const char **key, struct table *t, struct export_in *x,
			  struct tw_arena *a, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = t->file ? TW_OK : begin_file(t, x, err);
		if (st != TW_OK)
			return st;
		st = next_in_file(key, t, x, a, err);
		if (st != TW_DONE)
			return st;
		end_file(t);
	}
}

const char *table_get(const struct table *t, const char *column)
{
	int64_t i = index_of(&t->names, column);
	return i >= 0 && (size_t)i < t->fields.n ? t->fields.at[i] : "";
}

const char *table_entry(const struct table *t)
{
	return t->file ? t->file->name : "";
}

bool table_has(const struct table *t, const char *column)
{
	return index_of(&t->names, column) >= 0;
}
