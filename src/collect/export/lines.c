#include "collect/export/lines_int.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER ((size_t)1 << 16)

void lines_begin(struct lines *l)
{
	if (!l->buf)
		l->buf = tw_xmalloc(BUFFER);
	l->at = l->n = 0;
	l->open = false;
}

enum tw_status lines_next(struct lines *l, struct export_in *x, size_t most, struct tw_err *err)
{
	tw_str_clear(&l->line);
	for (;;) {
		if (l->at == l->n) {
			l->at = 0;
			enum tw_status st = bundle_read(x->files, l->buf, BUFFER, &l->n, err);
			if (st != TW_OK)
				return st;
			if (!l->n) {
				l->open |= l->line.len > 0;
				return l->line.len ? TW_OK : TW_DONE;
			}
		}
		const char *from = l->buf + l->at, *nl = memchr(from, '\n', l->n - l->at);
		size_t len = nl ? (size_t)(nl - from) : l->n - l->at;
		if (l->line.len <= most)
			tw_str_add(&l->line, from, len);
		l->at += len + (nl != NULL);
		if (nl)
			return TW_OK;
	}
}

void lines_release(struct lines *l)
{
	free(l->buf);
	tw_str_release(&l->line);
}
