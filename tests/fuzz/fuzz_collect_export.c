/* An export in any bytes, as an archive or a file, through recognition and every format that recognises it; and a mail's words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "collect/collect.h"
#include "collect/export/exchange_int.h"
#include "collect/export/mail_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *nothing(void *host, const char *name)
{
	(void)host;
	(void)name;
	return NULL;
}

static void set_state(void *host, const char *name, const char *value)
{
	(void)host;
	(void)name;
	(void)value;
}

static bool is_json(const char *text, struct tw_arena *a)
{
	struct tw_json *v;
	return !text || tw_json_parse(&v, text, strlen(text), a, NULL) == TW_OK;
}

static void read_all(const char *path, const char *options, struct tw_arena *a)
{
	const struct tw_source_host host = {
		.known = nothing, .get_state = nothing, .set_state = set_state, .twin = "Ann"};
	struct tw_source *s;
	struct tw_json *node;
	const char *yaml = tw_sprintf(a, "{\"path\": \"%s\", \"drafts\": true%s}", path, options);
	if (tw_json_parse(&node, yaml, strlen(yaml), a, NULL) != TW_OK ||
	    tw_source_new(&s, &tw_source_export, node, "x", "/", &host, NULL) != TW_OK)
		return;
	enum tw_status st = TW_OK;
	while (st == TW_OK || st == TW_SKIPPED) {
		struct tw_document doc;
		struct tw_arena of_doc;
		tw_arena_init(&of_doc);
		st = tw_source_next(&doc, s, &of_doc, NULL);
		if (st == TW_OK &&
		    (!doc.key || !*doc.key || !tw_utf8_valid(doc.body.data, doc.body.len) ||
		     !is_json(doc.extra, &of_doc)))
			abort();
		tw_arena_release(&of_doc);
	}
	tw_source_free(s);
}

static void read_mail(const char *text, size_t len, struct tw_arena *a)
{
	const struct mail_part m = mail_split(text, len);
	const struct mail_person from = mail_from(&m, a);
	const struct mail_text t = mail_text(&m, a);
	const char *subject = mail_words(&m, "Subject", a);
	if (!tw_utf8_valid(t.text, strlen(t.text)) ||
	    (from.name && !tw_utf8_valid(from.name, strlen(from.name))) ||
	    (subject && !tw_utf8_valid(subject, strlen(subject))))
		abort();
	mail_own_words(t.text, a);
	static const char *const author[] = {"Tess", NULL};
	struct exchanges e = {0};
	mail_exchanges(&e, t.text, author);
	if (!is_json(exchanges_take(&e, a), a))
		abort();
	exchanges_release(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static char path[64];
	struct tw_arena a;
	tw_arena_init(&a);
	tw_log_set_level(TW_LOG_ERROR);
	if (!path[0])
		snprintf(path, sizeof(path), "/dev/shm/twin-fuzz-export.%d", (int)getpid());
	if (tw_write_file(path, bytes, len, NULL) == TW_OK)
		read_all(path,
			 len % 2 ? ", \"author\": [\"Tess T.\", \"8\"], \"direct\": true" : "", &a);
	unlink(path);
	read_mail(tw_strndup(&a, (const char *)bytes, len), len, &a);
	tw_arena_release(&a);
	return 0;
}
