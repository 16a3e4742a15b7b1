/*
 * collect/child/child_int.h: what strangers wrote is parsed in a child of this process.
 *
 * The child is forked, so it knows what this process knew (the store's fingerprints, the options), at no cost; then it gives
 * up what it does not need: descriptors, shared memory, variables of the environment, and by base/sandbox.h files, network
 * and other processes. What it finds it says over a socket (wire_int.h); what it wants from the network or the store it
 * asks for there. Nothing that comes from it is believed further than a source's own words would be.
 *
 * child_process.c starts and ends one, child_source.c is the inside of a source, child_host.c answers it, child_read.c
 * begins anew without what ended the one before, child_ask.c has a single text parsed. One thread; `stall_s` of the
 * processor without getting on end a child.
 */
#ifndef TW_COLLECT_CHILD_INT_H
#define TW_COLLECT_CHILD_INT_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/map.h"
#include "base/sandbox.h"
#include "base/talk.h"
#include "collect/child/wire_int.h"
#include "core/source.h"

/* --- for who collects --- */

/* One pass over one source. */
struct child_pass {
	const char *name; /* of the source, for messages */
	const struct tw_source_type *type;
	const struct tw_json *node;
	const char *where, *dir; /* as in tw_source_new() */
	/* known() and get_state() are called in the child too, on its copy of all memory: they may only look. set_state() is
	 * called on both sides. `enter` is not used. */
	const struct tw_source_host *host;
	double stall_s; /* 0: CHILD_STALL_S */

	/* What comes out, in this process. Those that came before a child was lost come again. */
	void (*opened)(void *ctx); /* each child calls it */
	enum tw_status (*put)(void *ctx, const struct tw_document *doc, struct tw_err *err);
	void (*skip)(void *ctx, const struct tw_document *doc, const struct tw_err *why);
	void *ctx;
};

#define CHILD_STALL_S 120

/* Reads the source to its end; *whole as tw_source_is_whole(). What ends its parser is skipped, with a warning that names it;
 * when that happens too often, or where no document can be named, TW_BAD_DATA. TW_CANCELLED: tw_stopping(). */
TW_MUST_USE enum tw_status child_read(bool *whole, const struct child_pass *pass,
				      struct tw_err *err);

/* A parser that has only its bytes, in a child that nothing but `read` (a path, NULL for none) is shown to. */
struct child_question {
	const char *what; /* is parsed, for messages */
	const char *read;
	const char *run; /* the one program that may be executed; NULL: none */
	/* In the child: fills a frame that is begun and will be ended. */
	enum tw_status (*parse)(struct wire *w, void *ctx, struct tw_err *err);
	/* In this process, after TW_OK: what was filled, borrowed for the call. Sets f->bad for nonsense. */
	void (*take)(struct wire_frame *f, void *ctx);
	void *ctx;
	double clock_s; /* by the clock; 0: no limit */
};
/* The parser's own status. TW_BAD_DATA when it was ended, too. Also where there are other threads, if clock_s is set: one of
 * them may have held a lock of a library at the fork, which then is never free. */
TW_MUST_USE enum tw_status child_ask(const struct child_question *q, struct tw_err *err);

/* --- among the files here --- */

/* Seen by both processes: where the child is. */
struct child_page {
	atomic_ullong steps; /* it gets on */
	atomic_uint len;     /* of the key; 0: between two documents */
	char key[60000];
};

struct child {
	const char *name;
	pid_t pid;
	struct wire wire;
	int said;		 /* its standard error */
	struct child_page *page; /* shared */
	/* how it gets on */
	double stall_s;
	unsigned long long steps;
	size_t frames, frames_then;
	double cpu_then; /* its time when it last got on */
	double told_at;	 /* to stop; 0: not told */
	double clock_s;
	double started;
	bool stalled, late;
};

/* What a child is to be. */
struct child_kind {
	const char *name;
	struct tw_sandbox box;
	const char *
		env; /* names of variables that it keeps beside the harmless ones, a line each; NULL: none */
	double stall_s; /* of the processor without getting on */
	double clock_s; /* by the clock, in all; 0: no limit */
	/* In the child, confined; its return ends the process. */
	void (*be)(struct wire *w, struct child_page *page, void *ctx);
	void *ctx;
};

TW_MUST_USE enum tw_status child_start(struct child *c, const struct child_kind *kind,
				       struct tw_err *err);
/* The next frame; looks after the child while it waits. As wire_next(). */
TW_MUST_USE enum tw_status child_hear(struct wire_frame *f, struct child *c);
/* Ends it, if it is still there. `how`, appended: what became of it, "was ended by signal 11 (Segmentation fault)"; "" when it
 * ended as it should. */
void child_end(struct child *c, struct tw_str *how);

/* Notes where the child is. NULL: where it was, but getting on; "": between two documents. */
void child_mark(struct child_page *page, const char *key);

/* What is logged goes over the wire, WIRE_LINE and WIRE_BAR_…; `t` stays as long as the child. */
void child_talk(struct tw_talk *t, struct wire *w);
/* The other side. */
void child_print_line(struct wire_frame *f);

/* Inside: the source from its beginning to its end. */
struct child_inside {
	const struct child_pass *pass;
	const struct tw_map *left_out; /* keys */
	const struct tw_http
		*http; /* whose policy the source sees; NULL: no network is to be used */
};
void child_be_source(struct wire *w, struct child_page *page, void *inside);

/* Answers one child. TW_DONE: it has ended; `ended` says whether by its own word. */
struct child_answers {
	const struct child_pass *pass;
	struct child *child;
	struct tw_http *http; /* NULL: it may ask no host */
	bool whole, ended;
};
TW_MUST_USE enum tw_status child_answer(struct child_answers *a, struct tw_err *err);

#endif
