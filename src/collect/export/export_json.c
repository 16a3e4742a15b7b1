/* Exports that are JSON. */
#include <stdlib.h>
#include <string.h>

#include "collect/export/export_int.h"

enum tw_status export_find_json(struct tw_json **out, struct export_in *x,
				export_recognise recognise, struct tw_arena *a, struct tw_err *err)
{
	struct bundle_entry e = {0};
	struct tw_str text = TW_STR_INIT;
	*out = NULL;
	enum tw_status st = export_next_entry(&e, x, recognise, err);
	bool found = st == TW_OK;
	if (found)
		st = bundle_read_all(&text, x->files, EXPORT_MAX_PIECE, err);
	if (st == TW_OK) {
		const char *s = tw_str_c(&text), *from = s + strcspn(s, "{[");
		st = tw_json_parse(out, from, text.len - (size_t)(from - s), a, err);
	}
	if (found && st != TW_OK)
		tw_wrap(err, st, "%s", e.name);
	tw_str_release(&text);
	if (st == TW_OK || st == TW_DONE)
		st = bundle_rewind(x->files, err);
	return st;
}

/* Before the first element. TW_DONE: the object has no such member. */
static enum tw_status begin_entry(struct elements *e, struct export_in *x, struct tw_err *err)
{
	e->r = tw_json_reader_new(bundle_read, x->files, EXPORT_MAX_PIECE);
	enum tw_status st = tw_json_seek(e->r, e->member ? '{' : '[', err);
	if (st == TW_OK)
		st = tw_json_enter(e->r, err);
	return st == TW_OK && e->member ? tw_json_enter_member(e->r, e->member, err) : st;
}

static void end_entry(struct elements *e)
{
	tw_json_reader_free(e->r);
	free(e->name);
	e->r = NULL;
	e->name = NULL;
}

/* What stands behind the array must be there too, or the file is cut. */
static enum tw_status pass_rest(struct elements *e, struct tw_err *err)
{
	return e->member ? tw_json_leave(e->r, err) : TW_OK;
}

static enum tw_status next_in_entry(struct tw_json **out, struct elements *e, struct tw_arena *a,
				    struct tw_err *err)
{
	enum tw_status st = tw_json_next(NULL, e->r, err);
	if (st == TW_OK)
		return tw_json_value(out, e->r, a, err);
	if (st == TW_DONE && pass_rest(e, err) != TW_OK)
		return TW_BAD_DATA;
	return st;
}

enum tw_status elements_next(struct tw_json **out, const char **key, struct elements *e,
			     struct export_in *x, struct tw_arena *a, struct tw_err *err)
{
	for (;;) {
		enum tw_status st = TW_OK;
		if (!e->r) {
			struct bundle_entry entry;
			st = export_next_entry(&entry, x, e->recognise, err);
			if (st != TW_OK)
				return st;
			e->name = tw_xstrdup(entry.name);
			st = begin_entry(e, x, err);
		}
		if (st == TW_OK)
			st = next_in_entry(out, e, a, err);
		if (st == TW_OK)
			return st;
		if (st == TW_DONE) {
			end_entry(e);
			continue;
		}
		/* It is not known which one it was: with the slash nothing is taken for removed. */
		*key = tw_sprintf(a, "%s/", e->name);
		return tw_wrap(err, st, "%s", e->name);
	}
}

void elements_release(struct elements *e)
{
	end_entry(e);
}

void elements_close(void *elements)
{
	elements_release(elements);
}
