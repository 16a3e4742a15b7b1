/*
 * collect/collect.h: data collection: sources, and the pass that stores what they yield.
 *
 * Owns the source types that read writing from where it lies (folders, git
 * repositories, feeds, services) and the driver of one pass. What a source is stands in
 * core/source.h; saving, identity and tombstones are the feature store's;
 * cleaning a document's text is feature/'s. One pass belongs to one thread.
 *
 * To add a source: see core/source.h.
 */
#ifndef TW_COLLECT_COLLECT_H
#define TW_COLLECT_COLLECT_H

#include "core/config.h"
#include "core/document_store.h"
#include "core/inbox.h"
#include "core/source.h"

extern const struct tw_source_type tw_source_dir, tw_source_git, tw_source_feed, tw_source_site,
	tw_source_export, tw_source_hackernews, tw_source_github, tw_source_gitlab;

/*
 * One pass over one source: opens it in a sandboxed child (child/child_int.h), puts what it yields into the store, ends
 * the pass. A document that cannot be taken is reported with tw_warn() (the
 * first 20, then a count) and the pass goes on. Shows progress. TW_CANCELLED
 * on tw_stopping(): what was committed stays, nothing is removed. On any other
 * failure likewise. *out is zeroed first.
 */
TW_MUST_USE enum tw_status tw_collect_source(struct tw_pass_stats *out, struct tw_feature_store *fs,
					     const struct tw_source_type *type,
					     const struct tw_config_source *src,
					     const struct tw_config *conf, struct tw_http *http,
					     struct tw_err *err);

/* Takes what is handed in into `folder`, which the first document makes. Borrows the name. */
struct tw_inbox tw_inbox_of(const char *folder);

/* Appends what an export is, by its content: "Mastodon". TW_BAD_DATA when it is none that is known. */
TW_MUST_USE enum tw_status tw_export_kind(struct tw_str *out, const char *path, struct tw_err *err);

#endif
