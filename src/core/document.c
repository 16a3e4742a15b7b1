#include "core/document.h"

struct tw_digest tw_document_digest(const struct tw_document *d)
{
	struct tw_hasher *h = tw_hasher_new();
	tw_digest_str(h, d->title ? d->title : "");
	tw_digest_str(h, d->author ? d->author : "");
	tw_digest_str(h, d->url ? d->url : "");
	tw_digest_str(h, d->lang ? d->lang : "");
	tw_digest_str(h, d->media ? d->media : "");
	tw_digest_str(h, d->extra ? d->extra : "");
	tw_digest_i64(h, d->created_ms);
	tw_digest_i64(h, d->modified_ms);
	tw_digest_bytes(h, d->body.data, d->body.len);
	return tw_hasher_end(h);
}
