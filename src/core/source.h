/*
 * core/source.h: a source yields documents, one at a time.
 *
 * Owns the contract and the handle; cleaning is feature/'s work, saving is
 * the feature store's. A handle belongs to one thread. The config outlives it.
 *
 * A document's identity is its source's name and its key. Unless twin.yaml has
 * a `name:`, the name is the type and the place, "dir:posts" (core/config.h): so
 * the option that says where a source is, is called `path` or `url`, and that
 * which says whose account it is, `user`.
 *
 * To add one: collect/source_x.c, its extern in collect/collect.h, one line
 * in app/plugins.c, one row in tests/contract/test_source.c. It runs in a
 * sandbox: see tw_source_enter() and struct tw_source_needs.
 */
#ifndef TW_CORE_SOURCE_H
#define TW_CORE_SOURCE_H

#include "base/err.h"
#include "base/http.h"
#include "base/mem.h"
#include "core/document.h"
#include "core/opt.h"

struct tw_source; /* opaque */

/* What a source may ask while it runs. All strings borrowed for the length of the pass. */
struct tw_source_host {
	/* The stored fingerprint of a live document, NULL when there is none. */
	const char *(*known)(void *host, const char *key);
	/* Small texts that the source keeps between passes (ETag, last commit); NULL when never set.
	 * What is set is stored with the last documents of the pass, in one transaction, or by commit(). */
	const char *(*get_state)(void *host, const char *name);
	void (*set_state)(void *host, const char *name, const char *value);
	void *host;
	struct tw_http *http; /* the one way to the network */
	/* Stores what was yielded and set so far in one transaction. For sources that are slow by nature: a pass
	 * that was killed then has lost one step. NULL: there is nothing to store in. */
	enum tw_status (*commit)(void *host, struct tw_err *err);
	const char *twin; /* whose writing it is, as twin.yaml says; NULL unknown */
	/* Says that every stored document of the source is there as it was: for one that sees so at a glance, and
	 * then yields none. NULL: it cannot be said here. */
	void (*keep_all)(void *host);
	/* See tw_source_enter() and tw_source_alive(); NULL: nobody watches. */
	bool (*enter)(void *host, const char *key);
};

/* To be asked before what others wrote is parsed: `key` is its document's, or with "/" at the end that of a part with many.
 * TW_SKIPPED, which next() passes on: it has ended a parser in this pass, and is left out. */
TW_MUST_USE enum tw_status tw_source_enter(const struct tw_source_host *host, const char *key,
					   struct tw_err *err);
/* For what goes on for long within one document: it gets on. */
void tw_source_alive(const struct tw_source_host *host);

/* What a source needs beside its own memory; all else is denied to it (docs/architecture.md). Paths, a line each. */
struct tw_source_needs {
	struct tw_str read;  /* its places are in it */
	struct tw_str write; /* folders; those that are missing are made */
	struct tw_str run;   /* programs */
	struct tw_str env;   /* names of variables */
	bool http;	     /* it names hosts: it may fetch */
	bool allow_private;  /* its option of this name */
	bool sockets;	     /* it speaks to hosts by itself */
};

/* What a collector supplies: one const instance, listed in app/plugins.c. */
struct tw_source_type {
	const char *name;	   /* `type:` in twin.yaml */
	const char *help;	   /* one line for `twin collect --help` */
	const struct tw_opt *opts; /* written into ctx before open() */
	size_t ctx_size;

	/* A pass yields every live document, so one that is not seen was removed. A feed, which only shows the
	 * newest items, says false. */
	bool complete;

	/* Optional. Asked after TW_DONE: whether this pass of a complete source saw all. With it a skipped key without
	 * a document's name means nothing (see next). */
	bool (*whole)(const void *ctx);

	/* Required. On failure leaves nothing for close() to undo. `host` outlives the instance. */
	enum tw_status (*open)(void *ctx, const struct tw_source_host *host, struct tw_err *err);

	/* Required. Fills *doc out of `a`, or returns TW_DONE at the end. TW_SKIPPED: this one could not be taken;
	 * doc->key and *err say which and why, and the document counts as still there. A key that ends in "/" is a
	 * folder that could not be read, NULL says that it is not known which document it was: the pass then removes
	 * nothing. */
	enum tw_status (*next)(struct tw_document *doc, void *ctx, struct tw_arena *a,
			       struct tw_err *err);

	/* Optional. Called once, and only after open() succeeded. */
	void (*close)(void *ctx);

	/* Optional. Appends each host ("example.org") that this configuration would reach, for `twin status --network`. */
	void (*hosts)(const void *ctx, struct tw_str *out);

	/* Optional. Appends each folder or file of this machine that it reads, a line each, for `twin collect --watch`. */
	void (*places)(const void *ctx, struct tw_str *out);
	/* Optional. Whether nothing at `rel`, a path below such a folder, is read; a folder's ends in "/". Not opened. */
	bool (*leaves_out)(const void *ctx, const char *rel);

	/* Optional. Adds what it needs beyond places, hosts and options `allow_private` and `token_env`. */
	void (*needs)(const void *ctx, struct tw_source_needs *out);
};

/* `where` and `dir` as in tw_opt_parse(). On TW_OK the caller owns *out and ends it with tw_source_free(). */
TW_MUST_USE enum tw_status tw_source_new(struct tw_source **out, const struct tw_source_type *type,
					 const struct tw_json *node, const char *where,
					 const char *dir, const struct tw_source_host *host,
					 struct tw_err *err);

/* *doc is zeroed first and borrowed from `a`: valid until the caller resets it. */
TW_MUST_USE enum tw_status tw_source_next(struct tw_document *doc, struct tw_source *s,
					  struct tw_arena *a, struct tw_err *err);

const struct tw_source_type *tw_source_type(const struct tw_source *s);

/* For hosts(): appends that of an address, if it has one. False: none. */
bool tw_source_add_host(struct tw_str *out, const char *url);

/* For sources, as part of a fingerprint: the version of what makes documents of the content, and a digest of the identity
 * options. */
char *tw_source_tag(const void *ctx, const struct tw_opt *opts, int version, struct tw_arena *a);
/* After TW_DONE: whether what the pass has not seen is gone. */
bool tw_source_is_whole(const struct tw_source *s);
void tw_source_free(struct tw_source *s); /* NULL is fine */

/* Appends a line for each host that this configuration would reach; opens nothing. */
TW_MUST_USE enum tw_status tw_source_hosts(struct tw_str *out, const struct tw_source_type *type,
					   const struct tw_json *node, const char *where,
					   const char *dir, struct tw_err *err);
/* Likewise for each folder or file that it reads. *ctx is what leaves_out() takes, in the arena. */
TW_MUST_USE enum tw_status tw_source_places(struct tw_str *out, void **ctx,
					    const struct tw_source_type *type,
					    const struct tw_json *node, const char *where,
					    const char *dir, struct tw_arena *a,
					    struct tw_err *err);
/* Likewise what it needs; end *out with tw_source_needs_release(). */
TW_MUST_USE enum tw_status tw_source_needs(struct tw_source_needs *out,
					   const struct tw_source_type *type,
					   const struct tw_json *node, const char *where,
					   const char *dir, struct tw_err *err);
void tw_source_needs_release(struct tw_source_needs *n);

/* The type named `name` in a NULL-terminated list; TW_BAD_USE names the nearest. */
TW_MUST_USE enum tw_status tw_source_find(const struct tw_source_type **out,
					  const struct tw_source_type *const *types,
					  const char *name, struct tw_err *err);

#endif
