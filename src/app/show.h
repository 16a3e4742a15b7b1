/*
 * app/show.h: what `twin show` can show, one function a kind, in show_*.c.
 *
 * To add a kind: a function here, a line in the table of cmd_show.c. `ref` is
 * the word behind the kind, NULL when there is none; runs take several (options.refs).
 */
#ifndef TW_APP_SHOW_H
#define TW_APP_SHOW_H

#include <stdio.h>

#include "app/app.h"

struct tw_show_options {
	int64_t limit;
	bool deleted;
	const char *svg; /* path of a file for the charts; NULL: none */
	/* Filled by the command: */
	const char *const *refs; /* all words behind the kind */
	size_t n_refs;
	bool one; /* the kind was named in the singular: "run" */
};

/* How many of `n` are shown. */
static inline size_t tw_show_n(const struct tw_show_options *o, size_t n)
{
	return o->limit && (size_t)o->limit < n ? (size_t)o->limit : n;
}

typedef enum tw_status (*tw_show_fn)(struct tw_app *app, const char *ref,
				     const struct tw_show_options *o, struct tw_err *err);

enum tw_status tw_show_documents(struct tw_app *app, const char *ref,
				 const struct tw_show_options *o, struct tw_err *err);
enum tw_status tw_show_views(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			     struct tw_err *err);
/* Rows as JSON lines: the form in which other programs read features. `limit` 0: all. */
enum tw_status tw_print_rows(FILE *f, struct tw_app *app, const struct tw_view *v, int64_t limit,
			     struct tw_err *err);
enum tw_status tw_show_datasets(struct tw_app *app, const char *ref,
				const struct tw_show_options *o, struct tw_err *err);
enum tw_status tw_show_runs(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			    struct tw_err *err);
enum tw_status tw_show_models(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			      struct tw_err *err);
enum tw_status tw_show_deployments(struct tw_app *app, const char *ref,
				   const struct tw_show_options *o, struct tw_err *err);
enum tw_status tw_show_answers(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			       struct tw_err *err);
enum tw_status tw_show_lineage(struct tw_app *app, const char *ref, const struct tw_show_options *o,
			       struct tw_err *err);

#endif
